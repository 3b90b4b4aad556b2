"""Checkpoints of transformers: where they come from, and what they say about themselves.

Weights are read from safetensors only. A checkpoint that lacks weights is refused, where
transformers would fill in random ones and warn.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from awb.errors import ParameterError, WeightsError, one_line
from awb_plugins.models.audioset_labels import audioset_classes

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
        In evaluation mode, on the CPU, in float32 whatever it was saved in, its parameters without
        gradients.

    Raises
    ------
    WeightsError
        If the checkpoint cannot be had or read, or lacks weights.
    """

    def load() -> Any:
        model, info = family.from_pretrained(
            _place(checkpoint),
            revision=revision,
            use_safetensors=True,
            output_loading_info=True,
            local_files_only=offline,
        )
        return model.float(), info

    try:
        model, info = _guarded(load, checkpoint, name)
    except WeightsError as error:
        if _is_pickled(checkpoint, error):
            raise WeightsError(_convert(checkpoint, name)) from error
        raise
    missing = sorted(info["missing_keys"])
    if missing:
        raise WeightsError(
            f"{name}: checkpoint {checkpoint} lacks {len(missing)} weights, {missing[0]} among"
            " them; is it fine-tuned for audio classification?"
        )
    return model.eval().requires_grad_(False)


def _is_pickled(checkpoint: str, error: WeightsError) -> bool:
    """Tell whether a checkpoint has its weights in pickles only."""
    folder = Path(checkpoint).expanduser()
    if folder.is_dir():
        return any(folder.glob("*.bin")) and not any(folder.glob("*.safetensors"))
    return ".safetensors" in str(error) and "use_safetensors" in str(error)


def _convert(checkpoint: str, name: str) -> str:
    """Say how weights in a pickle become a safetensors file."""
    source, target = _place(checkpoint), _place(checkpoint)
    if not is_local(checkpoint):
        target = checkpoint.rpartition("/")[2]
    return (
        f"{name}: checkpoint {checkpoint} has its weights in a pickle (.bin) only, and loading a"
        f" pickle may run any code. If you trust it, convert it once, in Python:\n"
        "from transformers import AutoModelForAudioClassification as Model;\n"
        f"Model.from_pretrained({source!r}, use_safetensors=False).save_pretrained({target!r})"
    )


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
        reason = one_line(error).rstrip(". ")
        advice = (
            ""
            if is_local(checkpoint)
            else f" Fetch it where there is a network, and type --model {name}:checkpoint=FOLDER"
        )
        raise WeightsError(
            f"{name}: checkpoint {checkpoint} cannot be loaded: {reason}.{advice}"
        ) from error


def class_names(id2label: Mapping[Any, str]) -> tuple[str, ...]:
    """Return the names of the classes in the order of the logits."""
    return tuple(
        name for _, name in sorted((int(key), str(name)) for key, name in id2label.items())
    )


def problem_of(config: Any, given: Problem, name: str) -> tuple[Problem, str]:
    """Say whether classes exclude each other.

    Parameters
    ----------
    config : transformers.PretrainedConfig
        May say so in ``problem_type``.
    given : str
        As set by the user; ``auto`` asks the checkpoint.
    name : str
        Name of awb's model, for messages.

    Returns
    -------
    problem : str
        ``multi-label`` or ``single-label``. Where nobody says: AudioSet's class list, and a single
        class, are multi-label; all others are single-label, as transformers takes them.
    note : str
        What a reader of the board must know where nobody says; else empty.

    Raises
    ------
    WeightsError
        If the checkpoint is for something else, such as regression.
    """
    if given != "auto":
        return given, ""
    told = getattr(config, "problem_type", None)
    if told is not None:
        if told not in _PROBLEMS:
            raise WeightsError(
                f"{name}: the checkpoint says problem_type={told}: not a classifier. If it is one,"
                " type labels=multi-label or labels=single-label"
            )
        return _PROBLEMS[told], ""
    classes = class_names(config.id2label)
    if len(classes) == 1 or set(classes) == set(audioset_classes()):
        return "multi-label", ""
    return "single-label", (
        "The checkpoint does not say whether its classes exclude each other (problem_type); they"
        " were taken to, as transformers does (a softmax): type labels=multi-label for classes that"
        " may sound together, labels=single-label confirms it"
    )


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
    from awb.authoring.outputs.layers import against_the_others

    return logits if problem == "multi-label" else against_the_others(logits)


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


def local_classes(checkpoint: str) -> tuple[Sequence[str], Sequence[str]] | None:
    """Read the classes of a checkpoint without its weights.

    Parameters
    ----------
    checkpoint : str
        Hub id or local folder.

    Returns
    -------
    tuple of (sequence of str, sequence of str), or None
        Names and AudioSet's machine ids, see `mids_of`; None where no local folder says.
    """
    config = Path(checkpoint).expanduser() / "config.json"
    if not config.is_file():
        return None
    names = class_names(json.loads(config.read_text(encoding="utf-8")).get("id2label", {}))
    return names, mids_of(names, audioset_classes())
