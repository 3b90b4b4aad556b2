"""Any function of waveforms is a model: `callable_model`."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt

from awb.authoring.fingerprints import fingerprint
from awb.authoring.meaning import Last, meaning_of
from awb.authoring.outputs import (
    Output,
    as_array,
    check_output,
    checked_output,
    to_log_odds,
)
from awb.authoring.repeats import Advice, check_repeats
from awb.authoring.scaffold import check_name
from awb.errors import AwbError, ParameterError, PluginError, described
from awb.perturbation.scorers.batches import is_out_of_memory
from awb.protocols import ScoreArray
from awb.types import AudioArray

_PROBE_S = 1.0

_ADVICE = Advice(
    random="Does the function draw random numbers, or remember what it was given before?",
    depends="Does the function divide by a mean or a maximum of the whole batch? Score each row by"
    " itself",
)


class CallableModel:
    """A model around a function of waveforms; made by `callable_model`.

    Attributes
    ----------
    name : str
        Its name on boards.
    sample_rate_hz : int
        Rate of the waveforms.
    classes : tuple of str
        Names in the order of the columns.
    decision_threshold : float
        Log-odds from which it is taken to say yes.
    notes : tuple of str
        What a reader of its boards must know.
    """

    def __init__(
        self,
        function: Callable[[AudioArray], Any],
        *,
        sample_rate_hz: int,
        classes: Sequence[str],
        output: Output | None,
        name: str,
        decision_threshold: float = 0.0,
    ) -> None:
        self.sample_rate_hz = check_rate(sample_rate_hz)
        self.classes: Sequence[str] = check_classes(classes)
        check_output(output, len(self.classes))
        check_name(name)
        self.name = name
        self.decision_threshold = check_threshold(decision_threshold)
        self._function = function
        self._output: Output | None = output
        waveforms = probe_waveforms(self.sample_rate_hz)
        probe = self._raw(waveforms)
        check_repeats(self._raw, waveforms, probe, name, together=True, advice=_ADVICE)
        last = last_of(function, waveforms)
        meaning = meaning_of(output, last, probe, name, "probabilities")
        self._output = meaning.output
        self.notes = (meaning.note,) if meaning.note else ()

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score waveforms; see `awb.protocols.AudioModel`."""
        return to_log_odds(self._raw(waveforms), self._output or "probabilities")

    def version(self) -> str:
        """Return a hash of the function, of all values behind it, and of the settings."""
        settings = (self._output, self.decision_threshold, tuple(self.classes))
        return fingerprint(self._function, self.sample_rate_hz, settings)

    def _raw(self, waveforms: AudioArray) -> ScoreArray:
        found = called(self._function, waveforms, self.name, self.sample_rate_hz)
        shape = (len(waveforms), len(self.classes))
        return checked_output(found, shape, self._output, self.name)


def called(
    function: Callable[[AudioArray], Any], given: AudioArray, name: str, sample_rate_hz: int
) -> npt.NDArray[Any]:
    """Call a function of waveforms or windows with a copy, which it may change.

    Parameters
    ----------
    function : callable
        Gives numbers, in an array of any library that numpy can read.
    given : np.ndarray, shape=(..., samples)
        What it is given.
    name : str
        Name of the model, for messages.
    sample_rate_hz : int
        Rate of what it is given.

    Returns
    -------
    np.ndarray
        What it gives, in its own type.

    Raises
    ------
    PluginError
        If it fails, or gives no array.
    """
    try:
        found = function(np.array(given, dtype=np.float32))
    except Exception as error:  # the plugin boundary: a function may raise anything
        if isinstance(error, AwbError) or is_out_of_memory(error):
            raise
        raise PluginError(failure(name, given, sample_rate_hz, error)) from error
    return as_array(found, name)


def last_of(function: Callable[[AudioArray], Any], given: AudioArray) -> Last:
    """Look for the last operation of a function, where it computes with torch."""
    if "torch" not in sys.modules:
        return Last()
    from awb.authoring.torch_meaning import last_operation

    return last_operation(lambda: function(np.array(given, dtype=np.float32)))


def failure(
    name: str, waveforms: AudioArray, sample_rate_hz: int, error: Exception, advice: str = ""
) -> str:
    """Say in one line that a model failed, on what, and why.

    Parameters
    ----------
    name : str
        Name of the model.
    waveforms : np.ndarray, shape=(batch, samples)
        What it was given.
    sample_rate_hz : int
        Their rate.
    error : Exception
        What it raised.
    advice : str
        What to do.

    Returns
    -------
    str
        A sentence without its full stop.
    """
    return (
        f"model {name} fails on {waveforms.shape[-1] / sample_rate_hz:g} s of audio:"
        f" {described(error)}{advice}"
    )


def is_number(thing: object) -> bool:
    """Say whether something is a real number, and neither text nor a truth value."""
    return isinstance(thing, Real) and not isinstance(thing, bool)


def check_batch_size(batch_size: int) -> None:
    """Refuse a batch size that is no whole number of waveforms.

    Raises
    ------
    ParameterError
        If it is not a whole number, or less than 1.
    """
    if not isinstance(batch_size, Integral) or isinstance(batch_size, bool) or batch_size < 1:
        raise ParameterError(f"batch_size must be at least 1, a whole number: {batch_size!r}")


def check_threshold(decision_threshold: float) -> float:
    """Return a decision threshold in log-odds.

    Raises
    ------
    ParameterError
        If it is not a finite number.
    """
    if not is_number(decision_threshold) or not math.isfinite(decision_threshold):
        raise ParameterError(
            f"decision_threshold must be finite log-odds: {decision_threshold} (for a probability p"
            " type log(p / (1 - p)))"
        )
    return float(decision_threshold)


def check_rate(sample_rate_hz: float) -> int:
    """Return a sample rate as a whole number.

    Raises
    ------
    ParameterError
        If it is none, or so low that it must be meant in kHz.
    """
    if not is_number(sample_rate_hz) or sample_rate_hz % 1 != 0:
        raise ParameterError(f"the sample rate must be a whole number of Hz: {sample_rate_hz}")
    if sample_rate_hz < 100:
        raise ParameterError(f"a sample rate of {sample_rate_hz} Hz (did you give it in kHz?)")
    return int(sample_rate_hz)


def check_classes(classes: Sequence[str]) -> tuple[str, ...]:
    """Return class names as a tuple.

    Raises
    ------
    ParameterError
        If there are none, one is empty or no text, or one is there twice.
    """
    names = () if isinstance(classes, str) else tuple(classes)
    if not names or not all(isinstance(one, str) and one.strip() for one in names):
        raise ParameterError("classes must be a list of names, one a column of the output")
    if len(set(names)) != len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise ParameterError(f"the class {twice!r} is named twice")
    return names


def probe_waveforms(sample_rate_hz: int) -> AudioArray:
    """Make a second of noise and one of silence, ``(2, samples)``, to try a model with."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, round(_PROBE_S * sample_rate_hz))
    return np.stack([noise, np.zeros_like(noise)]).astype(np.float32)


def callable_model(
    function: Callable[[AudioArray], Any],
    sample_rate_hz: int,
    classes: Sequence[str],
    *,
    output: Output | None = None,
    name: str | None = None,
    decision_threshold: float = 0.0,
) -> CallableModel:
    """Make a model of any function of waveforms.

    Parameters
    ----------
    function : callable
        ``function(waveforms) -> values``: float32 ``(batch, samples)`` in [-1, 1] to floats
        ``(batch, classes)``; any library may be behind it.
    sample_rate_hz : int
        Rate of the waveforms that it takes.
    classes : sequence of str
        Names, in the order of the columns.
    output : str, optional
        ``probabilities``, ``log-probabilities``, ``logits`` (as before a sigmoid) or
        ``softmax-logits``. Left out, numbers in [0, 1] are taken for probabilities, which the board
        says where it is not certain; others must be named.
    name : str, optional
        Kebab-case name for boards; that of the function if left out.
    decision_threshold : float
        Log-odds from which it is taken to say yes.

    Returns
    -------
    CallableModel
        For ``awb.run(models=[...])`` and ``awb.explain(file, model=...)``.

    Raises
    ------
    ParameterError
        If a setting is wrong, or the output cannot be what it is said to be.
    PluginError
        If the function gives something else than such values; it is tried here.
    """
    return CallableModel(
        function,
        sample_rate_hz=sample_rate_hz,
        classes=classes,
        output=output,
        name=name or kebab(function),
        decision_threshold=decision_threshold,
    )


def kebab(thing: Any) -> str:
    """Return a kebab-case name for a function or an object of some class."""
    class_name = getattr(thing, "original_name", type(thing).__name__)  # of scripted modules
    called = str(getattr(thing, "__name__", class_name))
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", called).lower()
    return re.sub(r"[^a-z0-9]+", "-", split).strip("-0123456789") or "my-model"
