"""Weights files of torch models: safetensors, or PyTorch files read as data and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awb.errors import WeightsError, one_line

if TYPE_CHECKING:
    import torch


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read piece by piece."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def existing(path: Path, name: str, advice: str) -> Path:
    """Return a path with ``~`` expanded if there is a file.

    Parameters
    ----------
    path : Path
        As typed.
    name : str
        Name of the model, for messages.
    advice : str
        What to type next, a sentence without its full stop.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    WeightsError
        If there is none.
    """
    found = path.expanduser()
    if found.is_file():
        return found
    problem = "is a folder, expected a file" if found.is_dir() else "does not exist"
    raise WeightsError(f"{name}: {path} {problem}. {advice}")


def read_state(path: Path, name: str, advice: str) -> dict[str, torch.Tensor]:
    """Read the tensors of a PyTorch file, without running anything that it may hold.

    Parameters
    ----------
    path : Path
        A file of ``torch.save``: tensors by name, alone or under the key ``model``.
    name : str
        Name of the model, for messages.
    advice : str
        What to type next, a sentence without its full stop.

    Returns
    -------
    dict of str to torch.Tensor
        On the CPU.

    Raises
    ------
    WeightsError
        If there is no such file, it is not a PyTorch file, or it holds anything but plain data.
    """
    import pickle
    import warnings

    import torch

    found = existing(path, name, advice)
    try:
        with torch.serialization.safe_globals(_numpy_data()), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of pickles, which are refused anyway
            content = torch.load(found, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        first = str(error).split("WeightsUnpickler error: ")[-1].split("\n")[0].split(". ")[0]
        raise WeightsError(
            f"{name}: {path} is not a plain PyTorch weights file ({first[:160]}). {advice}"
        ) from error
    except (LookupError, TypeError, AttributeError) as error:  # of bytes that are read as a pickle
        raise WeightsError(f"{name}: {path} is not a PyTorch weights file. {advice}") from error
    except (OSError, EOFError, ValueError, RuntimeError) as error:
        reason = one_line(error, 160) or type(error).__name__
        raise WeightsError(f"{name}: {path} cannot be read: {reason}. {advice}") from error
    state = content.get("model", content) if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not state:
        raise WeightsError(f"{name}: {path} contains no named weights. {advice}")
    wrong = [key for key, value in state.items() if not isinstance(value, torch.Tensor)]
    if wrong:
        raise WeightsError(f"{name}: {path}: {wrong[0]} is not a tensor. {advice}")
    return dict(state)


def _numpy_data() -> list[Any]:
    """List what NumPy arrays are pickled with: published checkpoints keep a sampler's state.

    Old files name ``numpy.core``, which NumPy 2 calls ``numpy._core``.
    """
    import numpy as np

    makers = {
        "_reconstruct": np.zeros(1).__reduce__()[0],
        "scalar": np.int64(0).__reduce__()[0],
    }
    named = [
        (function, f"numpy.{core}.multiarray.{name}")
        for name, function in makers.items()
        for core in ("core", "_core")
    ]
    plain = (np.bool_, np.int32, np.int64, np.uint32, np.float32, np.float64)
    return [*named, np.ndarray, np.dtype, *(type(np.dtype(one)) for one in plain)]


def open_safetensors(path: Path, name: str, advice: str, framework: str = "pt") -> Any:
    """Open a safetensors file.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Name of the model, for messages.
    advice : str
        What to type next, a sentence without its full stop.
    framework : str
        ``pt`` or ``np``; the second needs no torch.

    Returns
    -------
    safetensors.safe_open
        With ``keys``, ``get_tensor`` and ``metadata``.

    Raises
    ------
    WeightsError
        If there is no such file, or it is not a safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    found = existing(path, name, advice)
    try:
        return safe_open(found, framework=framework)
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"{name}: {path} is not a valid safetensors file ({error}). {advice}"
        ) from error


def check_layout(
    state: Mapping[str, torch.Tensor],
    expected: Mapping[str, tuple[int, ...]],
    name: str,
    path: Path,
    advice: str,
) -> None:
    """Refuse weights that are not exactly those of a network.

    Parameters
    ----------
    state : mapping of str to torch.Tensor
        What a file holds.
    expected : mapping of str to tuple of int
        Names and shapes that the network has.
    name : str
        Name of the model, for messages.
    path : Path
        The file, for messages.
    advice : str
        What to type next, a sentence without its full stop.

    Raises
    ------
    WeightsError
        If a tensor is absent, superfluous, of another shape, not of floats, or not finite.
    """
    where = f"{name}: {path}"
    absent = [key for key in expected if key not in state]
    if absent:
        raise WeightsError(f"{where} lacks {len(absent)} tensors, {absent[0]} first. {advice}")
    unknown = [key for key in state if key not in expected]
    if unknown:
        raise WeightsError(
            f"{where} has {len(unknown)} unknown tensors, {unknown[0]} first. {advice}"
        )
    for key, shape in expected.items():
        if tuple(state[key].shape) != shape:
            raise WeightsError(
                f"{where}: {key} has shape {tuple(state[key].shape)}, expected {shape}. {advice}"
            )
        if shape and not state[key].is_floating_point():  # counters of batch norm have no shape
            kind = str(state[key].dtype).removeprefix("torch.")
            raise WeightsError(f"{where}: {key} is {kind}, expected float32. {advice}")
        if not bool(state[key].isfinite().all()):
            raise WeightsError(f"{where}: {key} is not finite. {advice}")
