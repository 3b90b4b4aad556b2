"""The weights file: a safetensors file whose header also names the classes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awb.errors import WeightsError

if TYPE_CHECKING:
    from awb_plugins.models.soundscape_cnn.network import BackEnd

EMBEDDED = Path(__file__).with_name("weights.safetensors")
RANDOM_LABELS = Path(__file__).with_name("random_labels.safetensors")
_ADVICE = "make one with: python -m awb_plugins.models.soundscape_cnn.train --output FILE"


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


def read_class_list(path: Path) -> ClassList:
    """Read the classes from the header; torch is not needed.

    Parameters
    ----------
    path : Path
        A file that `write_weights` wrote.

    Returns
    -------
    ClassList
        Names and machine ids.

    Raises
    ------
    WeightsError
        If the file is missing, no safetensors file, or its header names no classes.
    """
    metadata = _open(path, "np").metadata() or {}
    try:
        found = ClassList(*(tuple(json.loads(metadata[key])) for key in ("classes", "mids")))
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"soundscape-cnn: {path} names no classes; {_ADVICE}") from error
    if not found.names or len(found.mids) not in (0, len(found.names)):
        raise WeightsError(
            f"soundscape-cnn: {path} names {len(found.names)} classes and {len(found.mids)}"
            f" machine ids; {_ADVICE}"
        )
    return found


def read_back_end(path: Path, n_classes: int) -> BackEnd:
    """Read the back end.

    Parameters
    ----------
    path : Path
        A file that `write_weights` wrote.
    n_classes : int
        Number of classes that its header names.

    Returns
    -------
    BackEnd
        In evaluation mode; its parameters need no gradients.

    Raises
    ------
    WeightsError
        If the file is missing or corrupt, or a tensor is absent, superfluous, of the wrong shape or
        not finite.
    """
    import torch

    from awb_plugins.models.soundscape_cnn.network import BackEnd

    handle = _open(path, "pt")
    tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118 - no dict
    bad = [name for name, tensor in tensors.items() if not bool(tensor.isfinite().all())]
    if bad:
        raise WeightsError(f"soundscape-cnn: {path}: {bad[0]} is not finite; {_ADVICE}")
    with torch.random.fork_rng(devices=[]):  # layers draw weights when they are made
        back_end = BackEnd(n_classes).eval().requires_grad_(False)
    try:
        back_end.load_state_dict(tensors)
    except RuntimeError as error:
        reason = " ".join(str(error).split()).partition(": ")[2]
        raise WeightsError(f"soundscape-cnn: {path} does not fit: {reason} {_ADVICE}") from error
    return back_end


def write_weights(path: Path, back_end: BackEnd, names: Sequence[str], mids: Sequence[str]) -> None:
    """Write a back end and the names of its classes.

    Parameters
    ----------
    path : Path
        Where to.
    back_end : BackEnd
        Without batch normalization, see `BackEnd.folded`.
    names, mids : sequence of str
        Classes in the order of the scores; `mids` may be empty.
    """
    from safetensors.torch import save_file

    header: Mapping[str, str] = {"classes": json.dumps(list(names)), "mids": json.dumps(list(mids))}
    tensors = {name: tensor.contiguous() for name, tensor in back_end.state_dict().items()}
    save_file(tensors, path, metadata=dict(header))


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _open(path: Path, framework: str) -> Any:
    """Open a safetensors file, or say in one line why not."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"soundscape-cnn: there is no weights file {path}; {_ADVICE}")
    try:
        return safe_open(path, framework=framework)
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"soundscape-cnn: {path} is no sound safetensors file ({error}); {_ADVICE}"
        ) from error
