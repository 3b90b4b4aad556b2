"""Any torch module is a model: `torch_model`. Split in two, it can be looked into."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from awb.authoring.callables import (
    check_classes,
    check_rate,
    check_threshold,
    failure,
    kebab,
    probe_waveforms,
)
from awb.authoring.meaning import meaning_of
from awb.authoring.outputs import Output, check_output, checked_output, to_log_odds
from awb.authoring.scaffold import check_name
from awb.authoring.torch_meaning import last_operation
from awb.authoring.torch_networks import (
    computing,
    device_of,
    is_dynamically_quantized,
    module_sha256,
    prepared,
    uncompiled,
)
from awb.authoring.torch_parts import AddChannel, LogOdds, Pool, Pooling, picking, pooled
from awb.authoring.torch_trials import check_repeats, misfit
from awb.errors import ParameterError, PluginError
from awb.intervals import FloatArray
from awb.perturbation.batches import is_out_of_memory
from awb.protocols import ScoreArray
from awb.types import AudioArray

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


class TorchModel:
    """A model around a torch module; made by `torch_model`.

    Attributes
    ----------
    name : str
        Its name on boards.
    module : torch.nn.Module
        The whole network, in evaluation mode, where its weights are; a float32 copy where they are
        of another type.
    device : torch.device
        Where it computes.
    precision : str
        What it computes in.
    batch_size : int
        Waveforms in a batch; 1 for dynamically quantized networks, which round by the whole batch.
    decision_threshold : float
        Log-odds from which it is taken to say yes.
    notes : tuple of str
        What a reader of its boards must know.
    """

    precision: str = "float32"

    def __init__(
        self,
        module: nn.Module,
        *,
        sample_rate_hz: int,
        classes: Sequence[str],
        output: Output | None,
        name: str,
        channel: bool,
        batch_size: int,
        pick: str | int | None = None,
        pooling: Pooling | None = None,
        decision_threshold: float = 0.0,
    ) -> None:
        self.sample_rate_hz = check_rate(sample_rate_hz)
        self.classes: Sequence[str] = check_classes(classes)
        check_output(output, len(self.classes))
        check_name(name)
        if batch_size < 1:
            raise ParameterError(f"batch_size must be at least 1: {batch_size}")
        self.name = name
        self.decision_threshold = check_threshold(decision_threshold)
        self.module = prepared(module, name)
        self.device = device_of(self.module, name)
        self.batch_size = 1 if is_dynamically_quantized(self.module) else batch_size
        self._channel = channel
        self._output: Output | None = output
        self._tail: nn.Sequential = nn.Sequential()
        self._understand(pick, pooling)

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score waveforms; see `awb.protocols.AudioModel`."""
        return to_log_odds(self._raw(waveforms), self._output or "logits")

    def version(self) -> str:
        """Return a hash of the network's code, of its weights and of the settings."""
        settings = (self._output, self._channel, self.decision_threshold, tuple(self.classes))
        return module_sha256(self.module, settings, self._tail)

    def in_precision(self, precision: str) -> Self:
        """Return the same model, computing in ``float32``, ``bfloat16`` or ``float16``."""
        twin = copy.copy(self)
        twin.precision = precision
        return twin

    def _understand(self, pick: str | int | None, pooling: Pooling | None) -> None:
        """Try the network, and find out what it returns and what that means."""
        waveforms = probe_waveforms(self.sample_rate_hz)
        found = self._tried(waveforms)
        n_classes = len(self.classes)
        picked = picking(found, pick, n_classes, self.name)
        self._tail = nn.Sequential(*([picked] if picked else []))
        values = self._tail(found)
        pool = self._pool(waveforms, values, pooling)
        self._tail = nn.Sequential(*self._tail, *([pool] if pool else []))
        probe = self._raw(waveforms)
        check_repeats(self._raw, waveforms, probe, self.name, together=self.batch_size > 1)
        given = torch.from_numpy(waveforms)
        last = last_operation(lambda: self._computed(given))
        meaning = meaning_of(self._output, last, probe, self.name, "logits")
        self._output = meaning.output
        self.notes = (meaning.note,) if meaning.note else ()

    def _pool(self, waveforms: AudioArray, values: Tensor, pooling: Pooling | None) -> Pool | None:
        longer = values
        if values.ndim == 3 and values.shape[1] == values.shape[2]:
            longer = self._tail(self._tried(np.concatenate([waveforms, waveforms], axis=1)))
        return pooled(values, longer, pooling, len(self.classes), self.name)

    def _tried(self, waveforms: AudioArray) -> Any:
        """Run the network on a second of noise and one of silence, or say what is wrong with it."""
        try:
            return self._whole(torch.from_numpy(waveforms))
        except Exception as error:  # the plugin boundary: it may raise anything
            given = torch.from_numpy(waveforms).to(self.device)
            with computing(self.device, self.precision):
                advice = misfit(self.module, given, self.sample_rate_hz, channel=self._channel)
            text = failure(self.name, waveforms, self.sample_rate_hz, error, f" ({advice})")
            raise ParameterError(text) from error

    def _raw(self, waveforms: AudioArray) -> ScoreArray:
        """Run the network a batch at a time, in evaluation mode, without gradients."""
        self.module.eval()  # whoever trained it further may have left it in training mode
        given = torch.from_numpy(np.array(waveforms, dtype=np.float32))
        parts = [self._part(part) for part in torch.split(given, self.batch_size)]
        return np.concatenate(parts)

    def _part(self, waveforms: Tensor) -> ScoreArray:
        found = self._computed(waveforms)
        values = found.float() if found.is_floating_point() else found
        shape = (len(waveforms), len(self.classes))
        try:
            return checked_output(values.cpu().numpy(), shape, self._output, self.name)
        except PluginError as error:
            seconds = waveforms.shape[1] / self.sample_rate_hz
            raise PluginError(f"{error} (on {seconds:g} s of audio)") from error

    def _computed(self, waveforms: Tensor) -> Tensor:
        """Return what the network gives for a batch, picked and pooled."""
        try:
            found: Tensor = self._tail(self._whole(waveforms))
        except Exception as error:  # the plugin boundary: a network may raise anything
            if is_out_of_memory(error):
                raise
            advice = " (for a network of windows of one length type awb.windowed_model)"
            text = failure(self.name, waveforms.numpy(), self.sample_rate_hz, error, advice)
            raise PluginError(text) from error
        return found

    def _whole(self, waveforms: Tensor) -> Any:
        placed = waveforms.to(self.device)
        with computing(self.device, self.precision):
            return self.module(placed[:, None] if self._channel else placed)


class SplitTorchModel(TorchModel):
    """A model around a front end and a back end: a `awb.protocols.DifferentiableModel`.

    Attributes
    ----------
    front_end, back_end : torch.nn.Module
        Waveforms to features ``(batch, frames, bins)``, and those to log-odds.
    last_convolution : str
        Name inside of the back end; empty where it has none.
    """

    def __init__(
        self,
        front_end: nn.Module,
        back_end: nn.Module,
        *,
        last_convolution: str | None,
        first_frame_s: float | None,
        channel: bool,
        **settings: Any,
    ) -> None:
        front = nn.Sequential(AddChannel(), front_end) if channel else front_end
        whole = nn.Sequential(uncompiled(front), uncompiled(back_end))
        super().__init__(whole, channel=False, **settings)
        self.front_end: nn.Module = self.module[0]  # type: ignore[index]
        back: nn.Module = self.module[1]  # type: ignore[index]
        named = _last_convolution(back, last_convolution, self.name)
        steps = [*self._tail]
        if self._output is not None and self._output != "logits":
            steps.append(LogOdds(self._output))
        self.back_end: nn.Module = nn.Sequential(back, *steps).eval() if steps else back
        self.last_convolution: str = f"0.{named}" if named and steps else named
        self._hop_s, self._first_s = self._frames(first_frame_s)

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each feature frame in seconds, ``shape=(n_frames,)``."""
        return np.arange(n_frames, dtype=np.float64) * self._hop_s + self._first_s

    def _frames(self, first_frame_s: float | None) -> tuple[float, float]:
        """Find the distance of two frames from how many there are in one and in three seconds."""
        counts = []
        for seconds in (1, 3):
            waveform = torch.zeros((1, seconds * self.sample_rate_hz), device=self.device)
            with computing(self.device, self.precision):
                features = self.front_end(waveform)
            if not isinstance(features, Tensor) or features.ndim != 3:
                shape = tuple(getattr(features, "shape", ()))
                raise ParameterError(
                    f"model {self.name}: the front end gives {shape} for one waveform, expected"
                    " features of shape (batch, frames, bins)"
                )
            counts.append(features.shape[1])
        if counts[1] <= counts[0]:
            raise ParameterError(
                f"model {self.name}: the front end gives {counts[0]} frames for one second and"
                f" {counts[1]} for three: its features have no time; is its output"
                " (batch, bins, frames)? Then transpose it"
            )
        hop_s = 2.0 / (counts[1] - counts[0])
        return hop_s, hop_s / 2 if first_frame_s is None else first_frame_s


def torch_model(
    module: nn.Module | None = None,
    *,
    sample_rate_hz: int,
    classes: Sequence[str],
    output: Output | None = None,
    front_end: nn.Module | None = None,
    back_end: nn.Module | None = None,
    last_convolution: str | None = None,
    first_frame_s: float | None = None,
    channel: bool = False,
    batch_size: int = 32,
    pick: str | int | None = None,
    pooling: Pooling | None = None,
    decision_threshold: float = 0.0,
    name: str | None = None,
) -> TorchModel:
    """Make a model of any torch module.

    Parameters
    ----------
    module : torch.nn.Module, optional
        Waveforms ``(batch, samples)`` to ``(batch, classes)``; eager, traced, scripted, compiled or
        quantized. It is put into evaluation mode, stays on its device and computes in float32.
    sample_rate_hz : int
        Rate of the waveforms that it takes.
    classes : sequence of str
        Names, in the order of the columns.
    output : str, optional
        ``logits`` (as before a sigmoid), ``softmax-logits``, ``probabilities`` or
        ``log-probabilities``. Left out, it is found from the module's last operation. A linear
        layer does not tell: it is taken for logits, and the board says so.
    front_end, back_end : torch.nn.Module, optional
        Instead of `module`: waveforms to features ``(batch, frames, bins)``, and those to
        ``(batch, classes)``. Explainers can then look inside: gradients, CAMs, LRP.
    last_convolution : str, optional
        Its name in the back end; the last one that was registered if left out.
    first_frame_s : float, optional
        Centre of the first feature frame in seconds; half a hop if left out.
    channel : bool
        Whether the module, or the front end, wants ``(batch, 1, samples)``.
    batch_size : int
        Waveforms in a batch.
    pick : str or int, optional
        Which entry of a dict, tuple or dataclass has the scores; found if only one can be.
    pooling : str, optional
        ``mean`` or ``max``, for a module that gives values of frames
        ``(batch, frames, classes)``.
    decision_threshold : float
        Log-odds from which it is taken to say yes.
    name : str, optional
        Kebab-case name for boards; that of the module's class if left out.

    Returns
    -------
    TorchModel
        For ``awb.run(models=[...])`` and ``awb.explain(file, model=...)``.

    Raises
    ------
    ParameterError
        If a setting is wrong, the module fails on a second of noise, its scores are not
        reproducible, or nothing tells what they mean.
    PluginError
        If it gives something else than it is said to.
    """
    if (module is None) == (front_end is None or back_end is None):
        raise ParameterError("give either a module, or front_end= and back_end=")
    settings: dict[str, Any] = {
        "sample_rate_hz": sample_rate_hz,
        "classes": classes,
        "output": output,
        "channel": channel,
        "batch_size": batch_size,
        "pick": pick,
        "pooling": pooling,
        "decision_threshold": decision_threshold,
        "name": name or kebab(uncompiled(module if module is not None else back_end)),
    }
    if module is not None:
        if front_end is not None or back_end is not None:
            raise ParameterError("give either a module, or front_end= and back_end=")
        return TorchModel(module, **settings)
    if front_end is None or back_end is None:
        raise ParameterError("give front_end= and back_end= together")
    return SplitTorchModel(
        front_end,
        back_end,
        last_convolution=last_convolution,
        first_frame_s=first_frame_s,
        **settings,
    )


def _last_convolution(back_end: nn.Module, given: str | None, name: str) -> str:
    """Find the convolution that CAMs look at; empty where there is none."""
    modules = dict(back_end.named_modules())
    found = [key for key, one in modules.items() if isinstance(one, _CONVOLUTIONS)]
    if given is None:
        return found[-1] if found else ""
    if given not in modules:
        raise ParameterError(
            f"model {name}: the back end has no module {given!r}."
            f" Its convolutions: {', '.join(found) or 'none'}"
        )
    return given
