"""Weights of small networks: safetensors files whose header names the classes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from awb.errors import WeightsError
from awb_plugins.models.torch_files import check_layout, open_safetensors

if TYPE_CHECKING:
    import torch

    Module = TypeVar("Module", bound=torch.nn.Module)


def _advice(name: str) -> str:
    return (
        f"Make weights with: awb train {name} --dataset DATASET --out FILE.safetensors, and type"
        f" --model {name}:weights=FILE.safetensors"
    )


def given(path: Path | None, name: str) -> Path:
    """Return the path of weights that are not shipped.

    Parameters
    ----------
    path : Path or None
        As the user gave it.
    name : str
        Name of the model, for messages.

    Returns
    -------
    Path
        The same.

    Raises
    ------
    WeightsError
        If there is none.
    """
    if path is None:
        raise WeightsError(f"{name} comes without weights. {_advice(name)}")
    return path


def read_classes(path: Path, name: str) -> tuple[str, ...]:
    """Read the classes from the header; torch is not needed.

    Parameters
    ----------
    path : Path
        A safetensors file whose metadata has ``classes``, a JSON list of names.
    name : str
        Name of the model, for messages.

    Returns
    -------
    tuple of str
        Class names in the order of the scores, two at least.

    Raises
    ------
    WeightsError
        If the file is missing, no safetensors file, or its header names no classes.
    """
    metadata = open_safetensors(path, name, _advice(name), "np").metadata() or {}
    try:
        classes = tuple(json.loads(metadata["classes"]))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise WeightsError(
            f"{name}: the header of {path} names no classes. {_advice(name)}"
        ) from error
    if len(classes) < 2 or not all(isinstance(one, str) for one in classes):
        raise WeightsError(
            f"{name}: the header of {path} must name two classes at least, in text:"
            f" {metadata['classes'][:80]}. {_advice(name)}"
        )
    return classes


def read_network(path: Path, make: Callable[[], Module], name: str) -> Module:
    """Read weights into a new network.

    Parameters
    ----------
    path : Path
        A safetensors file.
    make : callable
        Makes the network, with any weights.
    name : str
        Name of the model, for messages.

    Returns
    -------
    torch.nn.Module
        In evaluation mode; its parameters need no gradients.

    Raises
    ------
    WeightsError
        If the file is missing or corrupt, or a tensor is absent, superfluous, of the wrong shape or
        not finite.
    """
    import torch

    file = open_safetensors(path, name, _advice(name))
    state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no dict
    with torch.random.fork_rng(devices=[]):  # layers draw weights when they are made
        network = make().eval().requires_grad_(False)
    layout = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    check_layout(state, layout, name, path, _advice(name))
    network.load_state_dict(state)
    return network


def write_network(path: Path, network: torch.nn.Module, classes: Sequence[str]) -> None:
    """Write a network and the names of its classes.

    Parameters
    ----------
    path : Path
        Where to.
    network : torch.nn.Module
        The network.
    classes : sequence of str
        Names in the order of the scores.
    """
    from safetensors.torch import save_file

    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    header = {"classes": json.dumps(list(classes)), "mids": "[]"}
    save_file(tensors, path, metadata=header)
