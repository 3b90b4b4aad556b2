"""Models that score windows and pool them: `windowed_model`.

Conventions
-----------
Windows start every hop from the first sample. With ``last="align"`` the last one ends where the
clip ends, wherever the hop would have put it: all audio is heard, and no window holds samples that
are not the clip's. With ``last="pad"`` it starts on the grid and zeros follow the clip, as BirdNET,
silero-vad and the published YAMNet have it. Zeros follow a clip that is shorter than a window
either way.

A window's score must depend on its own samples only. The engine then computes each distinct
pair of a window and the drop pattern inside it once, instead of every window of every masked clip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import numpy as np

from awb.authoring.callables import (
    called,
    check_batch_size,
    check_classes,
    check_rate,
    check_threshold,
    is_number,
    kebab,
    last_of,
)
from awb.authoring.fingerprints import fingerprint
from awb.authoring.meaning import meaning_of
from awb.authoring.outputs import (
    Output,
    check_output,
    checked_output,
    to_log_odds,
    to_target_log_odds,
)
from awb.authoring.pooling import Pooling, check_pooling, pooled
from awb.authoring.scaffold import check_name
from awb.errors import ParameterError, did_you_mean
from awb.intervals import IntArray, to_samples
from awb.protocols import ScoreArray
from awb.reprs import DescribedModel
from awb.types import AudioArray

LastWindow = Literal["align", "pad"]
"""Where the last window lies: it ends with the clip, or it starts on the grid and zeros follow."""


class WindowedModel(DescribedModel):
    """A model around a function of windows, an `awb.protocols.TargetPatchModel`.

    Made by `windowed_model`, which describes the settings.

    Attributes
    ----------
    name : str
        Its name on boards.
    sample_rate_hz : int
        Rate of the waveforms.
    classes : tuple of str
        Names in the order of the columns.
    patch_samples : int
        Length of a window.
    decision_threshold : float
        Log-odds from which it is taken to say yes.
    notes : tuple of str
        What a reader of its boards must know.
    """

    def __init__(
        self,
        score_window: Callable[[AudioArray], Any],
        *,
        window_s: float,
        hop_s: float | None,
        pooling: Pooling,
        last: LastWindow,
        classes: Sequence[str],
        sample_rate_hz: int,
        output: Output | None,
        batch_size: int | None,
        name: str,
        decision_threshold: float,
    ) -> None:
        self.sample_rate_hz = check_rate(sample_rate_hz)
        self.classes: Sequence[str] = check_classes(classes)
        check_output(output, len(self.classes))
        check_name(name)
        check_pooling(pooling, len(self.classes))
        if last not in get_args(LastWindow):
            raise ParameterError(
                f"unknown last={last!r}.{did_you_mean(last, get_args(LastWindow))}"
            )
        if batch_size is not None:
            check_batch_size(batch_size)
        self.name = name
        self.decision_threshold = check_threshold(decision_threshold)
        self.patch_samples, self._hop_samples = self._lengths(window_s, hop_s)
        self._score_window = score_window
        self._pooling: Pooling = pooling
        self._last = last
        self._batch_size = batch_size
        self._output: Output | None = output
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, self.patch_samples)
        windows = np.stack([noise, np.zeros_like(noise)]).astype(np.float32)
        probe = self._raw(windows)
        first = windows[0] if batch_size is None else np.stack([windows[0]] * batch_size)
        last_step = last_of(score_window, first)
        meaning = meaning_of(output, last_step, probe, name, "probabilities")
        self._output = meaning.output
        self.notes = (meaning.note,) if meaning.note else ()

    def _lengths(self, window_s: float, hop_s: float | None) -> tuple[int, int]:
        """Return window and hop in samples."""
        rate_hz = self.sample_rate_hz
        window = int(to_samples(window_s, rate_hz)) if _is_length(window_s) else 0
        if window < 1:
            raise ParameterError(
                f"window_s must be a positive number of seconds: {window_s!r}"
                f" (a window of N samples lasts N / {rate_hz} s)"
            )
        if hop_s is None:
            return window, window
        hop = int(to_samples(hop_s, rate_hz)) if _is_length(hop_s) else 0
        if not 1 <= hop <= window:
            raise ParameterError(
                f"hop_s must be positive and at most window_s = {window_s:g}, or audio between the"
                f" windows would go unheard: {hop_s!r}"
            )
        return window, hop

    def patch_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each window of a waveform.

        Parameters
        ----------
        n_samples : int
            Length of the waveform.

        Returns
        -------
        np.ndarray, shape=(windows,), dtype=int64
            Increasing, the first 0; at least one.
        """
        last = max(0, n_samples - self.patch_samples)
        if self._last == "align":
            return np.append(np.arange(0, last, self._hop_samples, dtype=np.int64), last)
        count = -(-last // self._hop_samples) + 1
        return np.arange(count, dtype=np.int64) * self._hop_samples

    def patch_scores(self, patches: AudioArray) -> ScoreArray:
        """Score windows: ``(n, patch_samples)`` to log-odds ``(n, classes)``."""
        return to_log_odds(self._raw(patches), self._output or "probabilities")

    def target_patch_scores(self, patches: AudioArray, class_index: int) -> ScoreArray:
        """Score windows for one class: ``(n, patch_samples)`` to log-odds ``(n,)``."""
        return to_target_log_odds(self._raw(patches), class_index, self._output or "probabilities")

    def pool(self, patch_scores: ScoreArray) -> ScoreArray:
        """Pool log-odds of shape ``(..., windows, classes)`` over the windows."""
        return pooled(patch_scores, self._pooling)

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score waveforms; see `awb.protocols.AudioModel`.

        Raises
        ------
        ParameterError
            If they are not float32 of shape ``(batch, samples)``, or have no samples.
        """
        if waveforms.ndim != 2 or waveforms.shape[1] == 0 or waveforms.dtype != np.float32:
            raise ParameterError(
                f"model {self.name}: waveforms must be float32 of shape (batch, samples),"
                f" got {waveforms.dtype} of shape {waveforms.shape}"
            )
        starts = self.patch_starts(waveforms.shape[1])
        missing = max(0, int(starts[-1]) + self.patch_samples - waveforms.shape[1])
        padded = np.pad(waveforms, ((0, 0), (0, missing)))
        found = np.empty((len(waveforms), len(self.classes)), dtype=np.float32)
        for row, waveform in enumerate(padded):
            windows = np.stack([waveform[start : start + self.patch_samples] for start in starts])
            found[row] = self.pool(self.patch_scores(windows))
        return found

    def version(self) -> str:
        """Return a hash of the function, of all values behind it, and of the settings."""
        settings = (
            *(self.patch_samples, self._hop_samples, self._pooling, self._last, self._batch_size),
            *(self._output, self.decision_threshold, tuple(self.classes), self.sample_rate_hz),
        )
        return fingerprint(self._score_window, settings)

    def _raw(self, windows: AudioArray) -> ScoreArray:
        """Score windows one by one, or in batches of one size, so that none depends on others."""
        size = self._batch_size
        if size is None:
            return np.concatenate([self._asked(window, (1,)) for window in windows])
        rows = []
        for start in range(0, len(windows), size):
            some = windows[start : start + size]
            batch = np.zeros((size, self.patch_samples), dtype=np.float32)
            batch[: len(some)] = some
            rows.append(self._asked(batch, (size,))[: len(some)])
        return np.concatenate(rows)

    def _asked(self, given: AudioArray, n: tuple[int]) -> ScoreArray:
        """Call the function with a copy, which it may change: ``(n, classes)``."""
        found = called(self._score_window, given, self.name, self.sample_rate_hz)
        if self._batch_size is None and found.ndim == 1:
            found = found[np.newaxis]
        return checked_output(found, (*n, len(self.classes)), self._output, self.name)


def _is_length(seconds: float) -> bool:
    return is_number(seconds) and 0 < seconds < np.inf


def windowed_model(
    score_window: Callable[[AudioArray], Any],
    *,
    window_s: float,
    classes: Sequence[str],
    sample_rate_hz: int,
    hop_s: float | None = None,
    pooling: Pooling = "max",
    last: LastWindow = "align",
    output: Output | None = None,
    batch_size: int | None = None,
    name: str | None = None,
    decision_threshold: float = 0.0,
) -> WindowedModel:
    """Make a model of a function that scores windows of one length.

    Explaining it costs far less than `awb.callable_model` around the same function and a loop: each
    window is scored once for each drop pattern inside it, and only the target's class is pooled.

    Parameters
    ----------
    score_window : callable
        ``score_window(window) -> values``: float32 ``(samples,)`` in [-1, 1] to floats
        ``(classes,)``. With ``batch_size`` it takes ``(batch_size, samples)`` and gives
        ``(batch_size, classes)``. It must not remember the window before.
    window_s : float
        Length of a window, in seconds.
    classes : sequence of str
        Names, in the order of the columns.
    sample_rate_hz : int
        Rate of the waveforms that it takes.
    hop_s : float, optional
        Distance between the starts of two windows in seconds, at most `window_s`, which it is if
        left out.
    pooling : str or callable
        How the windows become the clip: ``max``, ``mean`` (of the log-odds), ``mean-probability``,
        ``noisy-or``, ``log-mean-exp`` (of the log-odds), or a function of log-odds
        ``(..., windows, classes)`` giving ``(..., classes)``, each class by itself.
    last : str
        ``align``: the last window ends where the clip ends. ``pad``: it starts on the grid and
        zeros follow the clip. A clip shorter than a window is followed by zeros either way.
    output : str, optional
        What the values are: ``probabilities``, ``log-probabilities``, ``logits`` or
        ``softmax-logits``, as in `awb.callable_model`.
    batch_size : int, optional
        Windows in a call, always as many: zeros fill the last one. None for one window a call.
    name : str, optional
        Kebab-case name for boards; that of the function if left out.
    decision_threshold : float
        Log-odds from which it is taken to say yes.

    Returns
    -------
    WindowedModel
        For ``awb.run(models=[...])`` and ``awb.explain(file, model=...)``.

    Raises
    ------
    ParameterError
        If a setting is wrong, or the output cannot be what it is said to be.
    PluginError
        If the function gives something else than such values; it is tried here.

    Examples
    --------
    >>> def loudness(window):
    ...     level = float(np.sqrt(np.mean(window**2)))
    ...     return np.array([min(level, 1.0)])
    >>> model = windowed_model(loudness, window_s=0.5, classes=["Loud"], sample_rate_hz=8000)
    >>> model.patch_starts(10_000).tolist()
    [0, 4000, 6000]
    """
    return WindowedModel(
        score_window,
        window_s=window_s,
        hop_s=hop_s,
        pooling=pooling,
        last=last,
        classes=classes,
        sample_rate_hz=sample_rate_hz,
        output=output,
        batch_size=batch_size,
        name=name or kebab(score_window),
        decision_threshold=decision_threshold,
    )
