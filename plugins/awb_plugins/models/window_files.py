"""Networks in files (LiteRT, ONNX) that score one window: what both kinds share.

A file says the shape of what goes in and comes out, and nothing else. Rate, classes and the meaning
of the numbers are named by the user and checked against the file.
"""

from __future__ import annotations

import csv
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from awb.authoring.outputs import Output
from awb.authoring.windowed import LastWindow, WindowedModel, windowed_model
from awb.errors import ParameterError, PluginError, WeightsError, did_you_mean
from awb.protocols import ScoreArray
from awb.reprs import DescribedModel
from awb.specs import Parameters
from awb.types import AudioArray
from awb_plugins.models.audioset_labels import audioset_classes
from awb_plugins.models.checkpoints import mids_of

_NAMES = ("display_name", "name", "label", "class")


class WindowFileParameters(Parameters):
    """Settings of a network in a file."""

    path: Path = Field(description="The file.")
    classes: Path = Field(
        description="Class names in the order of the scores: one a line, or a .csv with a column"
        " display_name, name, label or class (and mid, for AudioSet's ids)."
    )
    sample_rate_hz: int = Field(ge=100, description="Rate that the network was trained at.")
    window_s: float | None = Field(
        None, gt=0, description="Length of a window; needed where the file leaves it open."
    )
    hop_s: float | None = Field(
        None, gt=0, description="Between two windows, at most window_s, which is the default."
    )
    pooling: Literal["max", "mean", "mean-probability", "noisy-or", "log-mean-exp"] = Field(
        "max", description="How windows become the clip, see awb.windowed_model."
    )
    last: LastWindow = Field(
        "align", description="The last window ends with the clip (align), or zeros follow (pad)."
    )
    output: Output | None = Field(
        None, description="What the scores are; must be named unless they are in [0, 1]."
    )
    scores: str | None = Field(
        None, description="Name of the output that holds the scores, where the file has several."
    )


@dataclass(frozen=True, slots=True)
class End:
    """An input or output of a file.

    Attributes
    ----------
    name : str
        Its name.
    shape : tuple of int
        Sizes; -1 for one that is left open.
    dtype : str
        NumPy's name of its type.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        """Describe it for a message."""
        return f"{self.name!r} ({self.dtype} {self.shape})"


class WindowFile(ABC, DescribedModel):
    """A network that was opened: it can be asked for the scores of one window."""

    inputs: Sequence[End]
    outputs: Sequence[End]

    @abstractmethod
    def run(self, given: AudioArray, output: int) -> ScoreArray:
        """Run the network on its only input, which has the network's own shape."""


def read_content(path: Path, name: str) -> bytes:
    """Read a network's file.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Name of awb's model, for messages.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    WeightsError
        If there is none, or it cannot be read.
    """
    path = path.expanduser()
    if not path.is_file():
        problem = "is a folder, expected a file" if path.is_dir() else "does not exist"
        raise WeightsError(f"{name}: {path} {problem}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{name}: {path} cannot be read: {error.strerror}") from error


def read_classes(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read class names, and AudioSet's machine ids where they are known.

    Parameters
    ----------
    path : Path
        One name a line, or a .csv with a header.

    Returns
    -------
    names : tuple of str
        In the order of the file.
    mids : tuple of str
        As many, or none.

    Raises
    ------
    ParameterError
        If the file cannot be read, or a table has no column of names.
    """
    try:
        text = path.expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ParameterError(f"classes={path}: cannot be read: {reason}") from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if path.suffix.lower() != ".csv":
        return tuple(lines), mids_of(lines, audioset_classes())
    table = list(csv.DictReader(lines))
    header = list(table[0]) if table else []
    column = next((name for name in _NAMES if name in header), None)
    if column is None:
        raise ParameterError(
            f"classes={path}: a .csv needs a header with a column {', '.join(_NAMES[:-1])} or"
            f" {_NAMES[-1]}; it has {', '.join(header) or 'no rows'}"
        )
    names = tuple(str(row[column]) for row in table)
    mids = tuple(str(row["mid"]) for row in table) if "mid" in header else ()
    return names, mids or mids_of(names, audioset_classes())


def class_list(parameters: WindowFileParameters) -> tuple[Sequence[str], Sequence[str]]:
    """Return the classes without the weights."""
    return read_classes(parameters.classes)


def windowed(
    parameters: WindowFileParameters, name: str, opened: Callable[[bytes], WindowFile]
) -> WindowedModel:
    """Make a model of a file.

    Parameters
    ----------
    parameters : WindowFileParameters
        Which, and what it means.
    name : str
        Name of awb's model.
    opened : callable
        Opens the file's content.

    Returns
    -------
    WindowedModel
        With ``weights_sha256``, and ``mids`` where they are known.

    Raises
    ------
    ParameterError
        If a setting contradicts the file.
    WeightsError
        If the file cannot be opened, or is not a network from one window to scores.
    """
    content = read_content(parameters.path, name)
    names, mids = read_classes(parameters.classes)
    file = opened(content)
    window_s = _window_s(file, parameters, name)
    column = _scores_end(file, parameters.scores, len(names), name)
    shape = _input_shape(file.inputs[0], round(window_s * parameters.sample_rate_hz))

    def score_window(window: AudioArray) -> ScoreArray:
        found = file.run(window.reshape(shape), column)
        if found.size != len(names):
            raise PluginError(
                f"{name}: {parameters.path.name} gives scores of shape {found.shape} for a window,"
                f" but {parameters.classes.name} names {len(names)} classes"
            )
        return found.reshape(-1)

    model = windowed_model(
        score_window,
        window_s=window_s,
        hop_s=parameters.hop_s,
        pooling=parameters.pooling,
        last=parameters.last,
        classes=names,
        sample_rate_hz=parameters.sample_rate_hz,
        output=parameters.output,
        name=name,
    )
    held: Any = model
    held.weights_sha256 = hashlib.sha256(content).hexdigest()
    held.mids = mids
    return model


def _window_s(file: WindowFile, parameters: WindowFileParameters, name: str) -> float:
    """Return the length of a window, as the file says or the user, who must agree."""
    if len(file.inputs) != 1:
        raise WeightsError(
            f"{name}: {parameters.path.name} has {len(file.inputs)} inputs,"
            f" {', '.join(map(str, file.inputs))}; expected one, the samples of a window. Call it"
            " from a function of your own: awb.windowed_model"
        )
    end = file.inputs[0]
    if end.dtype != "float32":
        raise WeightsError(
            f"{name}: {parameters.path.name} takes {end}; expected float32 samples in [-1, 1]."
            " Export it without quantized inputs, or call it from awb.windowed_model"
        )
    sizes = [size for size in end.shape if size != 1]
    rate_hz, given_s = parameters.sample_rate_hz, parameters.window_s
    known = [size for size in sizes if size != -1]
    if len(known) > 1 or (len(sizes) > 2 and not known) or not end.shape:
        raise WeightsError(
            f"{name}: {parameters.path.name} takes {end}, which is not a window of samples. If it"
            " takes a spectrogram, compute that in a function: awb.windowed_model"
        )
    if known and given_s is not None and round(given_s * rate_hz) != known[0]:
        raise ParameterError(
            f"{name}: window_s={given_s:g} at {rate_hz} Hz is {round(given_s * rate_hz)} samples,"
            f" but {parameters.path.name} takes {known[0]} (window_s={known[0] / rate_hz:g})"
        )
    if known:
        return known[0] / rate_hz
    if given_s is None:
        raise ParameterError(
            f"{name}: {parameters.path.name} takes windows of any length: type window_s=SECONDS"
        )
    return given_s


def _input_shape(end: End, samples: int) -> tuple[int, ...]:
    """Return the shape of one window: open sizes are 1, but the last, which is its samples."""
    shape = [1 if size == -1 else size for size in end.shape]
    if samples not in shape:
        place = max(index for index, size in enumerate(end.shape) if size == -1)
        shape[place] = samples
    return tuple(shape)


def _scores_end(file: WindowFile, given: str | None, n_classes: int, name: str) -> int:
    """Return which output holds the scores."""
    names = [end.name for end in file.outputs]
    if given is not None:
        if given not in names:
            raise ParameterError(f"{name}: no output {given!r}.{did_you_mean(given, names)}")
        chosen = names.index(given)
    elif len(names) == 1:
        chosen = 0
    else:
        raise ParameterError(
            f"{name}: the file has {len(names)} outputs, {', '.join(map(str, file.outputs))}: type"
            " scores=NAME of the one that holds the scores"
        )
    end = file.outputs[chosen]
    if end.dtype != "float32":
        raise WeightsError(
            f"{name}: its scores {end} are not float32 (quantized?); expected float32"
        )
    size = int(np.prod([abs(one) for one in end.shape], dtype=np.int64))
    if all(one != -1 for one in end.shape[1:]) and size != n_classes:
        raise ParameterError(
            f"{name}: its scores {end} are {size} classes, but {n_classes} are named in classes="
        )
    return chosen
