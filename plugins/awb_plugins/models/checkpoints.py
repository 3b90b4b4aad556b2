"""Checkpoints of transformers: where they come from, and what they say about themselves.

Weights are read from safetensors only. A checkpoint that lacks weights is refused, where
transformers would fill in random ones and warn.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from awb.errors import ParameterError, WeightsError

if TYPE_CHECKING:
    import torch

Problem = Literal["auto", "multi-label", "single-label"]
"""Whether the logits are log-odds of independent classes, or of classes that exclude each other."""

_PROBLEMS: Mapping[str, Problem] = {
    "multi_label_classification": "multi-label",
    "single_label_classification": "single-label",
}


def is_local(checkpoint: str) -> bool:
    """Tell a local folder from a hub id.

    Parameters
    ----------
    checkpoint : str
        As typed: a folder that exists or looks like a path, else ``owner/name``.

    Returns
    -------
    bool
        True for a folder.

    Raises
    ------
    WeightsError
        If it looks like a path and there is no such folder.
    """
    path = Path(checkpoint).expanduser()
    if path.is_dir():
        return True
    if path.is_file():
        raise WeightsError(f"checkpoint {checkpoint} is a file; expected its folder")
    if checkpoint.startswith((".", "/", "~", "\\")) or checkpoint.count("/") > 1:
        raise WeightsError(f"checkpoint {checkpoint}: there is no such folder")
    return False


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' progress bars and advice off the terminal."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def load_model(
    family: Any, checkpoint: str, revision: str | None, name: str, *, offline: bool = False
) -> Any:
    """Load a classifier with all of its weights.

    Parameters
    ----------
    family : type
        A class of transformers with ``from_pretrained``.
    checkpoint : str
        Hub id or local folder.
    revision : str or None
        Commit of a hub id.
    name : str
        Name of awb's model, for messages.
    offline : bool
        Whether to look on this machine only.

    Returns
    -------
    transformers.PreTrainedModel
        In evaluation mode, on the CPU, its parameters without gradients.

    Raises
    ------
    WeightsError
        If the checkpoint cannot be had or read, or lacks weights.
    """

    def load() -> Any:
        return family.from_pretrained(
            _place(checkpoint),
            revision=revision,
            use_safetensors=True,
            output_loading_info=True,
            local_files_only=offline,
        )

    model, info = _guarded(load, checkpoint, name)
    missing = sorted(info["missing_keys"])
    if missing:
        raise WeightsError(
            f"{name}: checkpoint {checkpoint} lacks {len(missing)} weights, {missing[0]} among"
            " them; is it fine-tuned for audio classification?"
        )
    return model.eval().requires_grad_(False)


def load_extractor(
    family: Any, checkpoint: str, revision: str | None, name: str, *, offline: bool = False
) -> Any:
    """Load the settings of a checkpoint's feature extractor.

    Parameters
    ----------
    family : type
        A class of transformers with ``from_pretrained``.
    checkpoint : str
        Hub id or local folder.
    revision : str or None
        Commit of a hub id.
    name : str
        Name of awb's model, for messages.
    offline : bool
        Whether to look on this machine only.

    Returns
    -------
    transformers.FeatureExtractionMixin
        The extractor.

    Raises
    ------
    WeightsError
        If the checkpoint has none, or cannot be had.
    """
    return _guarded(
        lambda: family.from_pretrained(
            _place(checkpoint), revision=revision, local_files_only=offline
        ),
        checkpoint,
        name,
    )


def _place(checkpoint: str) -> str:
    return str(Path(checkpoint).expanduser()) if is_local(checkpoint) else checkpoint


def _guarded(load: Callable[[], Any], checkpoint: str, name: str) -> Any:
    """Turn what transformers and safetensors raise into one line."""
    from safetensors import SafetensorError

    try:
        with _quiet():
            return load()
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:300].rstrip(". ")
        advice = (
            ""
            if is_local(checkpoint)
            else f" Fetch it where there is a network, and type --model {name}:checkpoint=FOLDER"
        )
        raise WeightsError(
            f"{name}: checkpoint {checkpoint} cannot be loaded: {reason}.{advice}"
        ) from error


def weights_sha256(model: torch.nn.Module) -> str:
    """Hash all parameters and buffers by name, so that file format and sharding do not matter.

    Parameters
    ----------
    model : torch.nn.Module
        A model on the CPU.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def class_names(id2label: Mapping[Any, str]) -> tuple[str, ...]:
    """Return the names of the classes in the order of the logits."""
    return tuple(
        name for _, name in sorted((int(key), str(name)) for key, name in id2label.items())
    )


def problem_of(config: Any, given: Problem, otherwise: Problem) -> Problem:
    """Say whether classes exclude each other.

    Parameters
    ----------
    config : transformers.PretrainedConfig
        May say so in ``problem_type``.
    given : str
        As set by the user; ``auto`` asks the checkpoint.
    otherwise : str
        What is meant where the checkpoint does not say.

    Returns
    -------
    str
        ``multi-label`` or ``single-label``.
    """
    if given != "auto":
        return given
    return _PROBLEMS.get(str(getattr(config, "problem_type", None)), otherwise)


def log_odds(logits: torch.Tensor, problem: Problem) -> torch.Tensor:
    """Turn logits into log-odds.

    Parameters
    ----------
    logits : torch.Tensor, shape=(batch, classes)
        What the classifier gives.
    problem : str
        ``multi-label``: a logit is a log-odds. ``single-label``: the log-odds of a softmax
        probability, ``z_c - logsumexp(z_others)``.

    Returns
    -------
    torch.Tensor, shape=(batch, classes)
        Log-odds.

    Raises
    ------
    ParameterError
        If a softmax has a single class, which is then certain.
    """
    import torch

    if problem == "multi-label":
        return logits
    n_classes = logits.shape[-1]
    if n_classes < 2:
        raise ParameterError("a single-label model needs two classes at least")
    itself = torch.eye(n_classes, dtype=torch.bool, device=logits.device)
    others = logits.unsqueeze(-2).masked_fill(itself, -torch.inf)
    return logits - torch.logsumexp(others, dim=-1)


def device_named(name: str) -> torch.device:
    """Return the device to compute on.

    Parameters
    ----------
    name : str
        ``auto`` (a GPU if there is one, else the CPU), ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Returns
    -------
    torch.device
        The device.

    Raises
    ------
    ParameterError
        If there is no such device.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = " ".join(str(error).split("\n")[0].split())
        raise ParameterError(f"device {name}: {reason}. Known: auto, cpu, cuda, mps") from error
    return device


def mids_of(classes: Sequence[str], listed: Mapping[str, str]) -> tuple[str, ...]:
    """Find the machine ids of classes that are AudioSet's.

    Parameters
    ----------
    classes : sequence of str
        Names of the classes.
    listed : mapping of str to str
        Machine ids by AudioSet's display names.

    Returns
    -------
    tuple of str
        One a class; empty if one of the names is not AudioSet's.
    """
    found = [listed.get(name) for name in classes]
    return () if None in found else tuple(mid for mid in found if mid is not None)
