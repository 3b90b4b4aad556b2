"""Any torch module is a model: `torch_model`. Split in two, it can be looked into."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from awb.authoring.callables import check_classes, check_rate, kebab, probe_waveforms
from awb.authoring.functions import source_sha256
from awb.authoring.outputs import (
    Output,
    check_output,
    checked_output,
    refuse_nonsense,
    to_log_odds,
)
from awb.authoring.scaffold import check_name
from awb.authoring.torch_parts import AddChannel, LogOdds
from awb.errors import ParameterError
from awb.intervals import FloatArray
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
        The whole network, in evaluation mode, where its weights are.
    device : torch.device
        Where it computes.
    batch_size : int
        Waveforms in a batch.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        sample_rate_hz: int,
        classes: Sequence[str],
        output: Output,
        name: str,
        channel: bool,
        batch_size: int,
    ) -> None:
        self.sample_rate_hz = check_rate(sample_rate_hz)
        self.classes: Sequence[str] = check_classes(classes)
        check_output(output, len(self.classes))
        check_name(name)
        if batch_size < 1:
            raise ParameterError(f"batch_size must be at least 1: {batch_size}")
        self.name = name
        self.device = _device_of(module, name)
        self.module = module.eval()
        self.batch_size = batch_size
        self._output: Output = output
        self._channel = channel
        refuse_nonsense(self._tried(), output, name)

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score waveforms; see `awb.protocols.AudioModel`."""
        return to_log_odds(self._raw(waveforms), self._output)

    def version(self) -> str:
        """Return a hash of the network's code and of its weights."""
        digest = hashlib.sha256(repr(self.module).encode())
        for kind in sorted({type(one) for one in self.module.modules()}, key=repr):
            digest.update(source_sha256(kind).encode())
        for key, tensor in sorted(self.module.state_dict().items()):
            digest.update(f"{key} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def _raw(self, waveforms: AudioArray) -> ScoreArray:
        """Run the network a batch at a time, in evaluation mode, without gradients."""
        self.module.eval()  # whoever trained it further may have left it in training mode
        given = torch.from_numpy(np.array(waveforms, dtype=np.float32))
        with torch.inference_mode():
            parts = [self._part(part) for part in torch.split(given, self.batch_size)]
        return np.concatenate(parts)

    def _part(self, waveforms: Tensor) -> ScoreArray:
        placed = waveforms.to(self.device)
        found = self.module(placed[:, None] if self._channel else placed)
        if not isinstance(found, Tensor):
            raise ParameterError(
                f"model {self.name}: the module returns {type(found).__name__}, expected a tensor"
                " (batch, classes); wrap it in a module that picks it out"
            )
        values = found.float() if found.is_floating_point() else found
        shape = (len(waveforms), len(self.classes))
        return checked_output(values.cpu().numpy(), shape, self._output, self.name)

    def _tried(self) -> ScoreArray:
        """Run the network on a second of noise and one of silence."""
        waveforms = probe_waveforms(self.sample_rate_hz)
        try:
            return self._raw(waveforms)
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            shape = (2, 1, waveforms.shape[1]) if self._channel else waveforms.shape
            other = "False" if self._channel else "True"
            reason = " ".join(str(error).split())
            raise ParameterError(
                f"model {self.name}: the module fails on waveforms of shape {shape}:"
                f" {type(error).__name__}: {reason} (does it want channel={other}?)"
            ) from error


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
        output: Output,
        channel: bool,
        **settings: Any,
    ) -> None:
        front = nn.Sequential(AddChannel(), front_end) if channel else front_end
        super().__init__(nn.Sequential(front, back_end), output=output, channel=False, **settings)
        named = _last_convolution(back_end, last_convolution, self.name)
        self.front_end: nn.Module = front
        self.back_end: nn.Module = back_end
        self.last_convolution: str = named
        if output != "logits":
            self.back_end = nn.Sequential(back_end, LogOdds(output)).eval()
            self.last_convolution = f"0.{named}" if named else ""
        self._hop_s, self._first_s = self._frames(first_frame_s)

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each feature frame in seconds, ``shape=(n_frames,)``."""
        return np.arange(n_frames, dtype=np.float64) * self._hop_s + self._first_s

    def _frames(self, first_frame_s: float | None) -> tuple[float, float]:
        """Find the distance of two frames from how many there are in one and in three seconds."""
        counts = []
        for seconds in (1, 3):
            waveform = torch.zeros((1, seconds * self.sample_rate_hz), device=self.device)
            with torch.inference_mode():
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
                f" {counts[1]} for three: its features have no time"
            )
        hop_s = 2.0 / (counts[1] - counts[0])
        return hop_s, hop_s / 2 if first_frame_s is None else first_frame_s


def torch_model(
    module: nn.Module | None = None,
    *,
    sample_rate_hz: int,
    classes: Sequence[str],
    output: Output = "logits",
    front_end: nn.Module | None = None,
    back_end: nn.Module | None = None,
    last_convolution: str | None = None,
    first_frame_s: float | None = None,
    channel: bool = False,
    batch_size: int = 32,
    name: str | None = None,
) -> TorchModel:
    """Make a model of any torch module.

    Parameters
    ----------
    module : torch.nn.Module, optional
        Waveforms ``(batch, samples)`` to ``(batch, classes)``. It is put into evaluation mode and
        stays on its device.
    sample_rate_hz : int
        Rate of the waveforms that it takes.
    classes : sequence of str
        Names, in the order of the columns.
    output : str
        ``logits`` (as before a sigmoid), ``softmax-logits`` or ``probabilities``.
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
    name : str, optional
        Kebab-case name for boards; that of the module's class if left out.

    Returns
    -------
    TorchModel
        For ``awb.run(models=[...])`` and ``awb.explain(file, model=...)``.

    Raises
    ------
    ParameterError
        If a setting is wrong, or the module fails on a second of noise.
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
        "name": name or kebab(module if module is not None else back_end),
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


def _device_of(module: nn.Module, name: str) -> torch.device:
    """Return the device of a module's weights, which must be one."""
    if not isinstance(module, nn.Module):
        raise ParameterError(
            f"{kebab(module)} is no torch.nn.Module; for a function use awb.callable_model"
        )
    held = [*module.parameters(), *module.buffers()]
    devices = sorted({str(one.device) for one in held})
    if len(devices) > 1:
        raise ParameterError(
            f"model {name}: its weights are on {' and '.join(devices)}; move it with .to(device)"
        )
    return held[0].device if held else torch.device("cpu")


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
