"""Any function of waveforms is a model: `callable_model`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from awb.authoring.functions import source_sha256
from awb.authoring.outputs import (
    Output,
    check_output,
    checked_output,
    refuse_nonsense,
    to_log_odds,
)
from awb.authoring.scaffold import check_name
from awb.errors import ParameterError
from awb.protocols import ScoreArray
from awb.types import AudioArray

_PROBE_S = 1.0


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
    """

    def __init__(
        self,
        function: Callable[[AudioArray], Any],
        *,
        sample_rate_hz: int,
        classes: Sequence[str],
        output: Output,
        name: str,
    ) -> None:
        self.sample_rate_hz = check_rate(sample_rate_hz)
        self.classes: Sequence[str] = check_classes(classes)
        check_output(output, len(self.classes))
        check_name(name)
        self.name = name
        self._function = function
        self._output: Output = output
        waveforms = probe_waveforms(self.sample_rate_hz)
        refuse_nonsense(self._raw(waveforms), output, name)

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score waveforms; see `awb.protocols.AudioModel`."""
        return to_log_odds(self._raw(waveforms), self._output)

    def version(self) -> str:
        """Return a hash of the function's source."""
        return source_sha256(self._function)

    def _raw(self, waveforms: AudioArray) -> ScoreArray:
        """Call the function with a copy, which it may change."""
        found = self._function(np.array(waveforms, dtype=np.float32))
        if hasattr(found, "detach"):  # a torch tensor
            found = found.detach().cpu().numpy()
        return checked_output(found, (len(waveforms), len(self.classes)), self._output, self.name)


def check_rate(sample_rate_hz: float) -> int:
    """Return a sample rate as a whole number.

    Raises
    ------
    ParameterError
        If it is none, or so low that it must be meant in kHz.
    """
    if isinstance(sample_rate_hz, bool) or sample_rate_hz != int(sample_rate_hz):
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
    output: Output = "probabilities",
    name: str | None = None,
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
    output : str
        ``probabilities``, ``logits`` (as before a sigmoid) or ``softmax-logits``.
    name : str, optional
        Kebab-case name for boards; that of the function if left out.

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
    )


def kebab(thing: Any) -> str:
    """Return a kebab-case name for a function or an object of some class."""
    called = str(getattr(thing, "__name__", type(thing).__name__))
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", called).lower()
    return re.sub(r"[^a-z0-9]+", "-", split).strip("-0123456789") or "my-model"
