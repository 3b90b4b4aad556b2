"""Every registered explainer: deterministic, harmless, and sound where little is to explain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from awb.errors import NotApplicableError
from awb.maskers import Masker, noise, zeros
from awb.perturbation import Design, Perturber
from awb.protocols import AttentionModel, ScoreArray
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.specs import ExplainerSpec
from awb.types import AudioArray, Clip, Explanation
from awb_plugins.explainers import awb_explainers
from fakes import CELL, RATE_HZ, instance_of, unit_clip
from fakes_torch import SmallCnn, TorchModel
from spectrograms import varied_clip

SPECS = [spec for spec in awb_explainers() if spec.path_parameter is None and not spec.reference]
N = 8


class Everything(TorchModel):
    """A model with every capability."""

    def attentions(self, waveform: AudioArray) -> list[ScoreArray]:
        tokens = self.token_spans_s(waveform.size).shape[0]
        raw = np.random.default_rng(0).random((2, 2, tokens, tokens)).astype(np.float32)
        return list(raw / raw.sum(axis=-1, keepdims=True))

    def bin_centers_hz(self, n_bins: int) -> np.ndarray:
        return (np.arange(n_bins) + 0.5) * RATE_HZ / 2 / n_bins

    def token_spans_s(self, n_samples: int) -> np.ndarray:
        starts = np.arange(0, n_samples, 50) / RATE_HZ
        spans = np.stack([starts, starts + 0.05], axis=1)
        return np.concatenate([[[np.nan, np.nan]], spans])


class Constant(Everything):
    """A model that always says the same."""

    value = 1.5

    def __init__(self) -> None:
        net = SmallCnn()
        for parameter in net.parameters():
            parameter.data.zero_()
        net.dense.bias.data[0] = self.value
        super().__init__(net, "conv2")


class Certain(Constant):
    """A model that is infinitely sure, of one thing or the other, of what it hears first."""

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        sure = np.where(np.abs(waveforms[:, :CELL]).max(axis=1) > 0, np.inf, -np.inf)
        return np.stack([sure, -sure], axis=1).astype(np.float32)


def _model() -> Everything:
    return Everything(SmallCnn(), "conv2")


def _explain(
    spec: ExplainerSpec,
    model: Any,
    clip: Clip,
    *,
    seed: int = 0,
    segment_s: float = 0.1,
    masker: Masker = zeros,
) -> Explanation:
    segments = Segments(clip.waveform.size, clip.sample_rate_hz, segment_s, 0.1)
    key = RandomKey((0, "fake", clip.id, "Target"))
    perturber = Perturber(model, instance_of(clip), segments, masker, key, design=Design(40))
    explainer = spec.factory(spec.parameters())
    instance = instance_of(clip).blind()
    if spec.sees_labels:
        instance = replace(instance, intervals_s=np.array([[0.0, clip.duration_s / 2]]))
    found = explainer(perturber.view(), instance, np.random.default_rng(seed))
    explanation = found if isinstance(found, Explanation) else Explanation(found)
    return explanation.check_length(segments.n)


MAY_REFUSE = {"extremal-mask", "attention-gradients", "attn-lrp"}
"""Explainers that these small networks may not suit; tests of their own have networks that do."""

each = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
each_answer = pytest.mark.parametrize(
    "spec", [spec for spec in SPECS if spec.name not in MAY_REFUSE], ids=lambda spec: spec.name
)
each_that_may_refuse = pytest.mark.parametrize(
    "spec", [spec for spec in SPECS if spec.name in MAY_REFUSE], ids=lambda spec: spec.name
)


def test_the_model_of_these_tests_has_every_capability() -> None:
    assert isinstance(_model(), AttentionModel)
    needs = {capability for spec in SPECS for capability in spec.needs}
    assert all(isinstance(_model(), capability) for capability in needs)


def test_names_are_unique_and_baselines_come_last() -> None:
    names = [spec.name for spec in SPECS]
    assert len(set(names)) == len(names)
    marks = [spec.baseline for spec in SPECS]
    assert marks == sorted(marks)


@each
def test_it_cites_its_source_and_says_what_it_costs(spec: ExplainerSpec) -> None:
    assert spec.cost
    assert spec.baseline or "doi:" in spec.citation or "arXiv:" in spec.citation


@each
def test_unknown_settings_are_refused(spec: ExplainerSpec) -> None:
    with pytest.raises(ValidationError):
        spec.parameters(no_such_setting=1)


@each_answer
def test_it_is_deterministic_given_the_seed(spec: ExplainerSpec) -> None:
    one, other = (_explain(spec, _model(), varied_clip(N), seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.relevance, other.relevance)


@each_answer
def test_it_does_not_change_its_inputs(spec: ExplainerSpec) -> None:
    clip = varied_clip(N)
    waveform = np.array(clip.waveform)
    model = _model()
    before = {name: value.clone() for name, value in model.back_end.state_dict().items()}
    _explain(spec, model, clip)
    np.testing.assert_array_equal(clip.waveform, waveform)
    for name, value in model.back_end.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name].numpy())


MODELS = [_model(), Constant(), Certain()]
CLIPS = [
    Clip("silent", np.zeros(N * CELL, dtype=np.float32), RATE_HZ),
    Clip("short", unit_clip(1).waveform, RATE_HZ),
    Clip("shortest", unit_clip(1).waveform[:40], RATE_HZ),
    Clip("two", unit_clip(2).waveform[:-30], RATE_HZ),
    varied_clip(N),
]
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
each_clip = pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.id)


@each_answer
@each_model
@each_clip
def test_it_survives(spec: ExplainerSpec, model: Any, clip: Clip) -> None:
    """Finite relevance of the right length comes back; `Explanation` checks both."""
    _explain(spec, model, clip)
    _explain(spec, model, clip, masker=noise())


@each_that_may_refuse
@each_model
@each_clip
def test_it_answers_or_refuses_and_always_alike(
    spec: ExplainerSpec, model: Any, clip: Clip
) -> None:
    def answer() -> str:
        try:
            return repr(_explain(spec, model, clip, seed=4).relevance.tolist())
        except NotApplicableError as error:
            return str(error)

    first = answer()
    assert first
    assert first == answer()


@each_answer
def test_it_explains_longer_overlapping_segments(spec: ExplainerSpec) -> None:
    assert _explain(spec, _model(), varied_clip(N), segment_s=0.3).relevance.size == N - 2


ASKING = [
    spec
    for spec in SPECS
    if not spec.baseline and spec.name not in MAY_REFUSE | {"attention-rollout"}
]


@pytest.mark.parametrize("spec", ASKING, ids=lambda spec: spec.name)
def test_of_a_model_that_always_says_the_same_nothing_is_relevant(spec: ExplainerSpec) -> None:
    found = _explain(spec, Constant(), varied_clip(N))
    np.testing.assert_allclose(found.relevance, 0.0, atol=1e-6)
