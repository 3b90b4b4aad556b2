"""A torch module in two halves as a model: split where its features are, it can be looked into."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from awb.authoring.callables import probe_waveforms
from awb.authoring.outputs.layers import LogOdds
from awb.authoring.torch_modules.networks import computing, evaluating, uncompiled
from awb.authoring.torch_modules.parts import AddChannel
from awb.authoring.torch_modules.trials import has_gradients
from awb.authoring.torch_modules.whole import TorchModel
from awb.errors import ParameterError
from awb.intervals import FloatArray

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


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
        scripted = isinstance(back, torch.jit.ScriptModule)  # which takes no hooks of ours
        wrapped = evaluating(nn.Sequential(back, *steps)) if steps or scripted else back
        self.back_end: nn.Module = wrapped
        behind = named and self.back_end is not back
        self.last_convolution: str = f"0.{named}" if behind else named
        self.target_layer = self.last_convolution if last_convolution else ""
        self._hop_s, self._first_s = self._frames(first_frame_s)

    def differentiable(self) -> bool:
        """Say whether gradients of the scores reach the features."""
        waveforms = torch.from_numpy(probe_waveforms(self.sample_rate_hz)[:1]).to(self.device)
        with computing(self.device, self.precision):
            features = self.front_end(waveforms)
        return has_gradients(self.back_end, features)

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
