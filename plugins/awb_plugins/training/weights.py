"""Weights files: safetensors whose header names the classes and how they were made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from awb.errors import WeightsError, one_line
from awb_plugins.training.examples import ClassKey

if TYPE_CHECKING:
    import torch

Module = TypeVar("Module", bound="torch.nn.Module")

_NOTES = "training"


@dataclass(frozen=True, slots=True)
class ClassList:
    """The classes of a weights file, in the order of the scores.

    Attributes
    ----------
    names : tuple of str
        Class names.
    mids : tuple of str
        AudioSet machine ids in the same order; empty if the classes are not AudioSet's.
    """

    names: tuple[str, ...]
    mids: tuple[str, ...]


def write_weights(
    path: Path,
    back_end: torch.nn.Module,
    classes: Sequence[ClassKey],
    notes: Mapping[str, Any],
) -> None:
    """Write a back end, the names of its classes, and how it was trained."""
    from safetensors.torch import save_file

    mids = [mid for _, mid in classes]
    header = {
        "classes": json.dumps([name for name, _ in classes]),
        "mids": json.dumps(mids if all(mids) else []),
        _NOTES: json.dumps(dict(notes), sort_keys=True),
    }
    tensors = {name: tensor.contiguous() for name, tensor in back_end.state_dict().items()}
    try:
        save_file(tensors, path, metadata=header)
    except OSError as error:
        raise WeightsError(f"cannot write {path}: {error.strerror or error}") from error


def read_class_list(path: Path, model: str) -> ClassList:
    """Read the classes from the header; torch is not needed."""
    metadata = _open(path, "np", model).metadata() or {}
    try:
        found = ClassList(*(tuple(json.loads(metadata[key])) for key in ("classes", "mids")))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise WeightsError(f"{model}: {path} names no classes; {_advice(model)}") from error
    if not found.names or len(found.mids) not in (0, len(found.names)):
        raise WeightsError(
            f"{model}: {path} names {len(found.names)} classes and {len(found.mids)}"
            f" machine ids; {_advice(model)}"
        )
    return found


def read_back_end(path: Path, make: Callable[[], Module], model: str) -> Module:
    """Read weights into a new back end."""
    import torch

    handle = _open(path, "pt", model)
    tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118 - no dict
    bad = [name for name, tensor in tensors.items() if not bool(tensor.isfinite().all())]
    if bad:
        raise WeightsError(f"{model}: {path}: {bad[0]} is not finite; {_advice(model)}")
    with torch.random.fork_rng(devices=[]):  # layers draw weights when they are made
        back_end = make().eval().requires_grad_(False)
    for name, one in back_end.state_dict().items():
        if name in tensors and tensors[name].dtype != one.dtype:
            raise WeightsError(
                f"{model}: {path}: {name} is {_kind(tensors[name])}, expected {_kind(one)};"
                f" {_advice(model)}"
            )
    try:
        back_end.load_state_dict(tensors)
    except RuntimeError as error:
        reason = one_line(error).partition(": ")[2]
        raise WeightsError(f"{model}: {path} does not fit: {reason} {_advice(model)}") from error
    return back_end


def _kind(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _advice(model: str) -> str:
    return f"make one with: awb train {model} --dataset DATASET --out FILE"


def _open(path: Path, framework: str, model: str) -> Any:
    """Open a safetensors file, or say in one line why not."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"{model}: there is no weights file {path}; {_advice(model)}")
    try:
        return safe_open(path, framework=framework)
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"{model}: {path} is not a valid safetensors file ({error}); {_advice(model)}"
        ) from error
