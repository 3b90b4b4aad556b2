"""Every built-in metric by its name, compared with plain loops."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
from scipy.optimize import nnls
from scipy.special import expit
from sklearn.metrics import r2_score

from awb.builtins.metrics import METRICS, LabelParameters
from awb.randomness import RandomKey
from awb.scoring import Scoring
from awb.specs import MetricSpec
from fakes import WeightedEnergy, perturber_for, unit_clip
from golden import slow_fidelity, slow_localization

N = 40
EVENTS_S = [(0.2, 0.5), (1.5, 1.57), (3.0, 3.2)]
COVERAGE = np.zeros((3, N))
COVERAGE[0, 2:5] = COVERAGE[2, 30:32] = 1.0
COVERAGE[1, 15] = 0.7
RELAXED = [{0.0: 0, 0.7: -1, 1.0: 1}[part] for part in COVERAGE.sum(axis=0)]
STRICT = [{0.0: 0, 0.7: 1, 1.0: 1}[part] for part in COVERAGE.sum(axis=0)]

WEIGHTS = np.random.default_rng(3).normal(0.0, 1.0, N)
WEIGHTS[[2, 3, 4, 30]] = [4.0, 9.0, 6.0, 5.0]
CLIP_SCORE = 0.3
SURROGATE = WEIGHTS + np.random.default_rng(4).normal(0.0, 0.5, N)

_NOISE = np.random.default_rng(5).normal(0.0, 1.0, N)
EXPLANATIONS = {
    "near": WEIGHTS + 2 * _NOISE,
    "far": _NOISE,
    "inverted": -WEIGHTS,
    "one of many": np.where(np.arange(N) == 2, 3.0, _NOISE),
}

Expected = dict[str, float]


def _score(kept: set[int]) -> float:
    lost = sum(0.25 * WEIGHTS[cell] for cell in range(N) if cell not in kept)
    return float(CLIP_SCORE - lost)


def _probability(kept: set[int]) -> float:
    return float(expit(_score(kept)))


def _forecast(masks: np.ndarray) -> np.ndarray:
    return np.asarray(CLIP_SCORE - 0.25 * masks @ SURROGATE)


def _scoring(relevance: np.ndarray) -> Scoring:
    model = WeightedEnergy(WEIGHTS, CLIP_SCORE - 0.25 * WEIGHTS.sum())
    perturber = perturber_for(model, unit_clip(N), samples=60)
    return Scoring(
        relevance,
        np.array(EVENTS_S),
        perturber,
        RandomKey((0, "metric")),
        surrogate=_forecast,
    )


def _by_labels(relevance: list[float], labels: list[int]) -> Expected:
    slow = slow_localization
    mass = slow.mass_accuracy(relevance, labels)
    assert mass is not None
    found = {
        "roc-auc": slow.roc_auc(relevance, labels),
        "average-precision": slow.average_precision(relevance, labels),
        "pointing-game": slow.pointing_game(relevance, labels),
        "mass-accuracy": mass,
        "rank-accuracy": slow.rank_accuracy(relevance, labels),
    }
    for cut in ("mean", "otsu", "annotated"):
        found[f"iou-{cut}"] = slow.iou(relevance, labels, cut)
        found[f"f1-{cut}"] = slow.f1(relevance, labels, cut)
    return found


def _by_events(relevance: list[float]) -> Expected:
    slow, rows = slow_localization, COVERAGE.tolist()
    edges_s = [cell / 10 for cell in range(N + 1)]
    margin = slow.event_margin(relevance, rows)
    assert margin is not None
    return {
        "event-margin": margin,
        "psds": slow.psds(relevance, edges_s, EVENTS_S, 0.5, 0.5, 3600.0),
        **{f"event-recall@{k}": slow.event_recall(relevance, rows, k) for k in (5, 10, 20)},
    }


def _by_curves(relevance: list[float]) -> Expected:
    slow, every = slow_fidelity, set(range(N))
    order = sorted(every, key=lambda cell: -relevance[cell])
    deletion = [_probability(set(order[count:])) for count in range(N + 1)]
    insertion = [_probability(set(order[:count])) for count in range(N + 1)]
    percents = (1, 5, 10, 20, 50)
    alone = [insertion[slow.top_count(N, percent)] for percent in percents]
    return {
        "deletion-area": slow.area(deletion),
        "insertion-area": slow.area(insertion),
        **{f"ff@{percent}": slow.ff(deletion, percent) for percent in percents},
        "ff@annotated": deletion[0] - deletion[RELAXED.count(1)],
        "comprehensiveness": sum(slow.ff(deletion, percent) for percent in percents) / 5,
        "sufficiency": insertion[N] - sum(alone) / 5,
        "monotonicity": slow.monotonicity(deletion),
    }


def _by_masked_audio(relevance: list[float]) -> Expected:
    kept = {cell for cell in range(N) if relevance[cell] > sum(relevance) / N}
    clip = _probability(set(range(N)))
    masked_in, masked_out = _probability(kept), _probability(set(range(N)) - kept)
    return {
        "ai": float(masked_in > clip),
        "ad": max(0.0, clip - masked_in) / clip,
        "ag": max(0.0, masked_in - clip) / (1.0 - clip),
        "fid-in": float((masked_in >= 0.5) == (clip >= 0.5)),
        "ff-in": clip - masked_in,
        "ff-out": clip - masked_out,
    }


def _by_held_out_masks(relevance: list[float], masks: np.ndarray) -> Expected:
    slow, every = slow_fidelity, set(range(N))
    scores = [_score(every - set(np.flatnonzero(mask).tolist())) for mask in masks]
    lost = [CLIP_SCORE - score for score in scores]
    sums = slow.dropped_sums(relevance, masks.tolist())
    centred = []
    for values in (sums, lost):
        alike = [
            [v for v, m in zip(values, masks, strict=True) if m.sum() == o.sum()] for o in masks
        ]
        means = [sum(group) / len(group) for group in alike]
        centred.append([value - mean for value, mean in zip(values, means, strict=True)])
    correlation = slow.pearson(*centred)
    assert correlation is not None
    residual = nnls(np.array(sums)[:, None], np.array(lost))[1]
    return {
        "faithfulness-correlation": correlation,
        "infidelity": residual**2 / len(masks),
        "local-accuracy": float(r2_score(scores, _forecast(masks))),
    }


def _by_shape(relevance: list[float]) -> Expected:
    gini, entropy = slow_fidelity.gini(relevance), slow_fidelity.entropy(relevance)
    assert gini is not None
    assert entropy is not None
    return {"sparseness": gini, "complexity": entropy, "effective-support": exp(entropy) / N}


def _alone() -> list[MetricSpec]:
    """Metrics that need no variations and no map; those of maps are in test_bands."""
    return [
        spec
        for spec in METRICS
        if spec.facts.family not in ("robustness", "sanity")
        and not spec.name.startswith(("tf-", "band-"))
    ]


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_each_name_gives_its_metric(name: str) -> None:
    scoring, values = _scoring(EXPLANATIONS[name]), EXPLANATIONS[name].tolist()
    expected = {
        **_by_labels(values, RELAXED),
        **_by_events(values),
        **_by_curves(values),
        **_by_masked_audio(values),
        **_by_held_out_masks(values, scoring.held_out.drop_masks),
        **_by_shape(values),
    }
    found = {spec.name: spec.factory(spec.parameters())(scoring) for spec in _alone()}
    assert found == pytest.approx(expected, abs=1e-5)


def test_no_two_names_share_their_numbers() -> None:
    """Otherwise a metric with the input of another could pass the test above."""
    scorings = [_scoring(relevance) for relevance in EXPLANATIONS.values()]
    rows = [
        tuple(round(spec.factory(spec.parameters())(scoring), 9) for scoring in scorings)
        for spec in _alone()
        if spec.name not in ("f1-annotated", "rank-accuracy")  # one number, by definition
    ]
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_strict_labels_count_the_partly_covered_segment(name: str) -> None:
    scoring, values = _scoring(EXPLANATIONS[name]), EXPLANATIONS[name].tolist()
    labelled = [spec for spec in METRICS if issubclass(spec.parameters, LabelParameters)]
    found = {
        spec.name: spec.factory(spec.parameters(labels="strict"))(scoring) for spec in labelled
    }
    assert found == pytest.approx(_by_labels(values, STRICT))


def test_facts_and_headlines_are_those_of_the_name() -> None:
    assert [spec.name for spec in METRICS if spec.headline] == [
        *("roc-auc", "average-precision", "pointing-game"),
        *("deletion-area", "ff@10", "sparseness"),
    ]
    for spec in METRICS:
        facts = spec.facts
        assert (spec.name, spec.summary, spec.citation) == (
            facts.name,
            facts.summary,
            facts.citation,
        )
