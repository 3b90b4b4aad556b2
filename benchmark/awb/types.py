"""The data types of the benchmark: events, clips, instances, explanations and their cost.

All are frozen and validated when they are made; arrays are read-only views, so that no plugin can
change them for the next one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from awb.errors import AudioError, LabelError, ParameterError, RelevanceError
from awb.intervals import FloatArray, total_s, union

AudioArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
Item = TypeVar("Item", bound=np.generic)


def read_only(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Return a view of an array that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view


def immutable(array: npt.NDArray[Item]) -> npt.NDArray[Item]:
    """Return a copy of an array that cannot be made writable again.

    Parameters
    ----------
    array : np.ndarray
        Any array of numbers.

    Returns
    -------
    np.ndarray
        Of the same shape and type, backed by an immutable buffer.
    """
    copied = np.frombuffer(array.tobytes(), dtype=array.dtype) if array.size else array.copy()
    return read_only(copied.reshape(array.shape))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Event:
    """A labelled half-open interval of a clip.

    Attributes
    ----------
    onset_s, offset_s : float
        Start and end in seconds from the clip's start, ``0 <= onset_s < offset_s``.
    label : str
        Class name as spelled in the dataset.
    mid : str or None
        AudioSet machine id of the class, if the dataset has it.
    low_hz, high_hz : float or None
        Lowest and highest frequency of the sound, ``0 <= low_hz < high_hz``; None if unknown.

    Raises
    ------
    LabelError
        If the times are not finite, not ordered or negative, the label is empty, or the frequencies
        are not finite, not ordered, negative, or only one of them is given.
    """

    onset_s: float
    offset_s: float
    label: str
    mid: str | None = None
    low_hz: float | None = None
    high_hz: float | None = None

    def __post_init__(self) -> None:
        """Validate times, label and frequencies."""
        if not (math.isfinite(self.onset_s) and math.isfinite(self.offset_s)):
            raise LabelError(f"event times must be finite: [{self.onset_s}, {self.offset_s})")
        if self.onset_s < 0:
            raise LabelError(f"onset {self.onset_s:g} s lies before the start of the clip")
        if self.offset_s <= self.onset_s:
            raise LabelError(
                f"offset {self.offset_s:g} s is not after onset {self.onset_s:g} s"
                " (did you swap the columns?)"
            )
        if not self.label.strip():
            raise LabelError("an event needs a label")
        _check_band(self.low_hz, self.high_hz)

    @property
    def band_hz(self) -> tuple[float, float] | None:
        """Lowest and highest frequency in Hz, or None if unknown."""
        if self.low_hz is None or self.high_hz is None:
            return None
        return self.low_hz, self.high_hz


def _check_band(low_hz: float | None, high_hz: float | None) -> None:
    """Refuse frequencies that are no band."""
    if low_hz is None and high_hz is None:
        return
    if low_hz is None or high_hz is None:
        missing = "low_hz" if low_hz is None else "high_hz"
        raise LabelError(f"{missing} is missing: an event has both low_hz and high_hz, or neither")
    if not (math.isfinite(low_hz) and math.isfinite(high_hz)):
        raise LabelError(f"frequencies must be finite: {low_hz} to {high_hz} Hz")
    if low_hz < 0:
        raise LabelError(f"low_hz must not be negative: {low_hz:g}")
    if high_hz <= low_hz:
        raise LabelError(
            f"high_hz {high_hz:g} is not above low_hz {low_hz:g} (did you swap the columns?)"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One mono waveform with its labelled events.

    Attributes
    ----------
    id : str
        Unique within the dataset.
    waveform : np.ndarray, shape=(samples,), dtype=float32
        Samples in [-1, 1]; read-only.
    sample_rate_hz : int
        Sample rate in Hz.
    events : tuple of Event
        All labelled events, in any order.
    labels : tuple of str
        Classes that are known to occur at times that are not annotated (clip-level labels). For a
        class that has events, only the events count.
    group : str
        What related clips share (a speaker, an actor, a fold, a source recording); a training split
        keeps a group in one part. Empty: a group of its own.

    Raises
    ------
    AudioError
        If the waveform is empty, not one-dimensional, not finite, or exceeds [-1, 1].
    LabelError
        If an event ends after the clip does, or a clip-level label is empty.
    """

    id: str
    waveform: AudioArray
    sample_rate_hz: int
    events: tuple[Event, ...] = ()
    labels: tuple[str, ...] = ()
    group: str = ""

    def __post_init__(self) -> None:
        """Validate the waveform and the events, and make the waveform read-only."""
        waveform = np.asarray(self.waveform)
        if waveform.ndim != 1 or waveform.dtype != np.float32:
            raise AudioError(
                f"clip {self.id}: expected a mono float32 waveform,"
                f" got {waveform.dtype} of shape {waveform.shape}"
            )
        if waveform.size == 0:
            raise AudioError(f"clip {self.id}: the audio is empty")
        if self.sample_rate_hz <= 0:
            raise AudioError(f"clip {self.id}: sample rate must be positive")
        peak = max(float(waveform.max()), -float(waveform.min()))
        if not math.isfinite(peak):
            raise AudioError(f"clip {self.id}: the audio contains NaN or infinite samples")
        if peak > 1.0:
            raise AudioError(f"clip {self.id}: samples reach {peak:g}, expected [-1, 1]")
        object.__setattr__(self, "waveform", read_only(waveform))
        if not all(label.strip() for label in self.labels):
            raise LabelError(f"clip {self.id}: a clip-level label is empty")
        for event in self.events:
            if event.offset_s > self.duration_s + 0.5 / self.sample_rate_hz:
                raise LabelError(
                    f"clip {self.id}: event {event.label!r} ends at {event.offset_s:g} s,"
                    f" after the clip's end at {self.duration_s:g} s"
                )

    @property
    def duration_s(self) -> float:
        """Length of the clip in seconds."""
        return self.waveform.size / self.sample_rate_hz


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One (clip, target) pair: the question that an explanation answers.

    Attributes
    ----------
    dataset : str
        Reference of the dataset that the clip comes from.
    clip : Clip
        The clip, at the model's sample rate.
    target : str
        The label whose score is explained, as spelled in the dataset.
    class_index : int
        Column of the target in the model's scores.
    intervals_s : np.ndarray, shape=(n, 2)
        Union of the target's events in seconds; empty if the labels are hidden.

    Raises
    ------
    ParameterError
        If the class index is negative.
    """

    dataset: str
    clip: Clip
    target: str
    class_index: int
    intervals_s: FloatArray

    def __post_init__(self) -> None:
        """Merge the intervals and make them read-only."""
        if self.class_index < 0:
            raise ParameterError(f"class index must not be negative: {self.class_index}")
        object.__setattr__(self, "intervals_s", read_only(union(self.intervals_s)))

    @property
    def event_fraction(self) -> float:
        """Part of the clip that the target's events cover, in [0, 1]."""
        return total_s(self.intervals_s) / self.clip.duration_s

    @property
    def name(self) -> str:
        """Readable identity, for messages and file names."""
        return f"{self.clip.id} / {self.target}"

    def blind(self) -> Instance:
        """Return the instance without labels, as explainers other than baselines get it."""
        return replace(
            self, clip=replace(self.clip, events=(), labels=()), intervals_s=np.empty((0, 2))
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of an explanation.

    Attributes
    ----------
    calls : int
        Model calls requested, in clips. The same on every machine.
    forwards : float
        Clips actually computed, after reuse; a part of a clip counts as a fraction.
    seconds : float
        Wall-clock seconds of the explainer's own work. Over the explainers of a run they add up to
        less than the run.
    shared_seconds : float
        Wall-clock seconds of the designs that it read. Their masks are scored once per instance for
        all explainers, whichever asks first. Alone, it would take `seconds` and these.
    """

    calls: int = 0
    forwards: float = 0.0
    seconds: float = 0.0
    shared_seconds: float = 0.0


Surrogate = Callable[[BoolArray], FloatArray]
"""Maps drop masks of segments, ``bool[n, segments]``, to predicted log-odds, ``(n,)``."""


def _finite(values: npt.ArrayLike, name: str) -> FloatArray:
    """Copy an explainer's numbers as float64, or refuse them."""
    try:
        given = np.asanyarray(values)
        if given.dtype.kind not in "biufO":
            raise TypeError(f"it is of {given.dtype}")
        array = np.array(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise RelevanceError(f"{name} is not an array of numbers: {error}") from error
    if np.ma.is_masked(given):
        raise RelevanceError(f"{name} has masked values; fill them in first")
    bad = int(np.count_nonzero(~np.isfinite(array)))
    if bad:
        raise RelevanceError(f"{name} has {bad} NaN or infinite of {array.size} values")
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """The relevance of every segment, and the cost of finding it.

    Attributes
    ----------
    relevance : np.ndarray, shape=(segments,), dtype=float64
        Signed relevance, higher = more evidence for the target; read-only.
    time_frequency : np.ndarray, shape=(frames, bins), or None
        Optional map from which the relevance was computed; read-only.
    cost : Cost
        Filled in by the harness.
    uncertainty : np.ndarray, shape=(segments,), or None
        Standard error of each segment's relevance, if the explainer estimates it; read-only.
    notes : tuple of str
        Remarks by the explainer, one sentence each.
    surrogate : callable or None
        The model that the explainer fitted to the scores, if any: maps drop masks of segments,
        ``bool[n, segments]``, to predicted log-odds, ``(n,)``.
    interactions : np.ndarray, shape=(segments, segments), or None
        What two segments add together beyond what each adds, if the explainer estimates it;
        symmetric, read-only.

    Raises
    ------
    RelevanceError
        If the relevance is not one-dimensional or not finite, the map is not two-dimensional or not
        finite, the uncertainty does not have the shape of the relevance, or the interactions are
        not a symmetric matrix of its size.
    """

    relevance: FloatArray
    time_frequency: FloatArray | None = None
    cost: Cost = Cost()
    uncertainty: FloatArray | None = None
    notes: tuple[str, ...] = ()
    surrogate: Surrogate | None = None
    interactions: FloatArray | None = None

    def __post_init__(self) -> None:
        """Validate the relevance and make the arrays read-only."""
        relevance = _finite(self.relevance, "relevance")
        if relevance.ndim != 1:
            raise RelevanceError(f"relevance must have one dimension, got shape {relevance.shape}")
        object.__setattr__(self, "relevance", read_only(relevance))
        if self.time_frequency is not None:
            grid = _finite(self.time_frequency, "the time-frequency map")
            if grid.ndim != 2:
                raise RelevanceError(f"a time-frequency map has two dimensions, got {grid.shape}")
            object.__setattr__(self, "time_frequency", read_only(grid))
        if self.uncertainty is not None:
            uncertainty = _finite(self.uncertainty, "the uncertainty")
            if uncertainty.shape != relevance.shape:
                raise RelevanceError(
                    f"uncertainty has shape {uncertainty.shape}, relevance {relevance.shape}"
                )
            object.__setattr__(self, "uncertainty", read_only(uncertainty))
        if self.interactions is not None:
            pairs = _finite(self.interactions, "the matrix of interactions")
            if pairs.shape != 2 * relevance.shape or not np.array_equal(pairs, pairs.T):
                raise RelevanceError(
                    f"interactions must be symmetric of shape {2 * relevance.shape}, got"
                    f" {pairs.shape}"
                )
            object.__setattr__(self, "interactions", read_only(pairs))

    def check_length(self, n_segments: int) -> Explanation:
        """Return self if there is one relevance per segment.

        Parameters
        ----------
        n_segments : int
            Expected number of segments.

        Returns
        -------
        Explanation
            This explanation.

        Raises
        ------
        RelevanceError
            If the lengths differ.
        """
        if self.relevance.size != n_segments:
            raise RelevanceError(
                f"relevance has {self.relevance.size} values for {n_segments} segments"
            )
        return self
