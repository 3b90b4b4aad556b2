"""A network and a clip, beside everything that oracles compute by themselves."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from awb.harness.config.run_config import make_config
from awb.harness.unit.question import Question
from awb.maskers import zeros
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.protocols import AudioModel, DifferentiableModel
from awb.randomness import RandomKey
from awb.types import AudioArray, Clip, Explanation, Instance
from networks.base import Network

SECONDS, FEWER_SECONDS = 2.0, 1.2  # the second for models that are dear
BURST = 8  # the only segment of the planted clip that is not silent
SAMPLES = 250


class WrongError(Exception):
    """A value that an oracle does not confirm."""


def log_odds(values: Tensor, output: str) -> Tensor:
    """Turn what a network gives into log-odds, plainly."""
    if output == "probabilities":
        return torch.log(values) - torch.log1p(-values)
    if output == "softmax-logits":
        columns = []
        for one in range(values.shape[1]):
            others = [other for other in range(values.shape[1]) if other != one]
            columns.append(values[:, one] - torch.logsumexp(values[:, others], dim=1))
        return torch.stack(columns, dim=1)
    return values


class Scored(nn.Module):
    """A network followed by `log_odds`."""

    def __init__(self, network: nn.Module, output: str) -> None:
        super().__init__()
        self.network, self.output = network, output

    def forward(self, features: Tensor) -> Tensor:
        return log_odds(self.network(features), self.output)


def varied(rate_hz: int, seconds: float = SECONDS) -> AudioArray:
    """Noise whose level and colour change all the time."""
    rng = np.random.default_rng(7)
    n = round(seconds * rate_hz)
    level = np.interp(np.arange(n), np.linspace(0, n, 23), rng.uniform(0.02, 0.4, 23))
    tone = np.sin(2 * np.pi * rng.uniform(200, 1500) * np.arange(n) / rate_hz)
    noise = level * (rng.standard_normal(n) * 0.4 + tone * rng.uniform(0.2, 0.8))
    return np.clip(noise, -1, 1).astype(np.float32)


def planted(rate_hz: int, seconds: float = SECONDS) -> AudioArray:
    """Silence but for one segment: its audio is all that a model can hear."""
    found = np.zeros(round(seconds * rate_hz), dtype=np.float32)
    size = rate_hz // 10
    rng = np.random.default_rng(2)
    found[BURST * size : (BURST + 1) * size] = rng.uniform(-0.8, 0.8, size)
    return found


@dataclass(frozen=True, eq=False)
class Case:
    """One network on one clip.

    Attributes
    ----------
    model : AudioModel
        What awb makes of the network.
    network : torch.nn.Module
        Features to log-odds, in double precision: the network as its author wrote it.
    waveform : np.ndarray, shape=(samples,)
        The clip.
    spec : Network or None
        What is known of it.
    """

    model: AudioModel
    network: nn.Module
    waveform: AudioArray
    spec: Any = None
    heard: list[Tensor] = field(default_factory=list)

    @property
    def front_end(self) -> nn.Module:
        """Waveforms to features."""
        if isinstance(self.spec, Network):
            return self.spec.front_end()
        if not isinstance(self.model, DifferentiableModel):
            raise WrongError("a value of the features of a model that has none")
        return self.model.front_end

    def features_of(self, waveforms: Any) -> Tensor:
        """Compute features in double precision, ``(n, frames, bins)``."""
        with torch.no_grad():
            found: Tensor = self.front_end(torch.as_tensor(np.array(waveforms)))
        return found.double()

    @cached_property
    def features(self) -> Tensor:
        """Features of the clip."""
        return self.features_of(self.waveform[None])

    @cached_property
    def nothing(self) -> Tensor:
        """Features of silence, which is what the masker leaves."""
        return self.features_of(np.zeros_like(self.waveform)[None])

    @cached_property
    def target(self) -> int:
        """The class whose score the clip raises most over that of silence."""
        both = np.stack([self.waveform, np.zeros_like(self.waveform)])
        clip, silence = self.model.scores(both)
        return int(np.argmax(clip - silence))

    def score(self, features: Tensor) -> Tensor:
        """The target's score, ``(n, frames, bins)`` to ``(n,)``, a few at a time."""
        with torch.no_grad():
            parts = [self.network(part)[:, self.target] for part in torch.split(features, 64)]
        return torch.cat(parts)

    def gradient(self, features: Tensor) -> Tensor:
        """Gradient of the score at each of several features."""
        found = []
        for part in torch.split(features, 32):
            given = part.detach().clone().requires_grad_()
            with torch.enable_grad():
                (one,) = torch.autograd.grad(self.network(given)[:, self.target].sum(), given)
            found.append(one)
        return torch.cat(found)

    @property
    def draws(self) -> int:
        """How many draws oracles of chance take: fewer where one is dear."""
        return 960 if self.features.numel() < 2000 else 160

    @cached_property
    def rise(self) -> float:
        """How much the score rises over that of silence."""
        return float(self.score(self.features) - self.score(self.nothing))

    @cached_property
    def question(self) -> Question:
        """The question, as a run asks it."""
        clip = Clip("matrix", self.waveform, self.model.sample_rate_hz)
        event = np.array([[BURST / 10, BURST / 10 + 0.1]])
        target = self.model.classes[self.target]
        instance = Instance("matrix", clip, target, self.target, event)
        config = make_config(samples=SAMPLES, explainers=["random"])
        key = RandomKey((0, "matrix", target))
        return Question(self.model, instance, config, zeros, key)

    def ask(self, reference: str) -> Explanation:
        """Ask an explainer as a run does; what the front end hears meanwhile is kept."""
        resolved = resolve(load(), "explainer", reference)
        self.question.perturber.clip_score()  # which is scored beside the dropped clip, once
        self.heard.clear()
        handles = []
        if isinstance(self.model, DifferentiableModel):
            handles = [
                self.model.front_end.register_forward_pre_hook(
                    lambda module, inputs: self.heard.append(inputs[0].detach().cpu().clone())
                )
            ]
        try:
            return self.question.explain(resolved, resolved.build()).explanation
        finally:
            for handle in handles:
                handle.remove()


def case_of(spec: Any, clip: Callable[[int, float], AudioArray], network: Any = None) -> Case:
    """Give a network to awb, and keep a copy for the oracles."""
    if isinstance(spec, Network):
        made = spec.network() if network is None else network
        model = spec.model(made)
        own: nn.Module = Scored(copy.deepcopy(made), spec.output).double().eval()
    else:
        model = spec.model()
        own = getattr(model, "back_end", None) or spec.network()
        own = copy.deepcopy(own).double().eval()
    seconds = SECONDS if isinstance(spec, Network) else FEWER_SECONDS
    return Case(model, own, clip(model.sample_rate_hz, seconds), spec)
