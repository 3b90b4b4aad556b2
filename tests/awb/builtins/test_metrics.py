"""Every built-in metric by its name, compared with plain loops."""

from __future__ import annotations

from collections.abc import Set
from math import exp

import numpy as np
import pytest
from scipy.optimize import nnls
from scipy.special import expit
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from awb.builtins.metrics import METRICS, LabelParameters
from awb.randomness import RandomKey
from awb.scoring import Scoring
from awb.specs import MetricSpec
from fakes import WeightedEnergy, perturber_for, unit_clip
from golden import slow_fidelity, slow_localization

N = 40
OTHERS_S = [(0.4, 0.8), (2.0, 2.45)]
OTHERS = np.zeros(N)
OTHERS[4:8] = OTHERS[20:24] = 1.0
OTHERS[24] = 0.5
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

SHIFTS = (1 + RandomKey((0,)).generator("moved masks").permutation(N - 1)[:8]).tolist()
_NOISE = np.random.default_rng(5).normal(0.0, 1.0, N)
EXPLANATIONS = {
    "near": WEIGHTS + 2 * _NOISE,
    "far": _NOISE,
    "inverted": -WEIGHTS,
    "moved away": np.roll(WEIGHTS + 2 * _NOISE, -SHIFTS[0]),
    "one of many": np.where(np.arange(N) == 2, 3.0, _NOISE),
}

Expected = dict[str, float]


def _score(kept: Set[int]) -> float:
    lost = sum(0.25 * WEIGHTS[cell] for cell in range(N) if cell not in kept)
    return float(CLIP_SCORE - lost)


def _probability(kept: Set[int]) -> float:
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
        other_intervals_s=np.array(OTHERS_S),
        surrogate=_forecast,
        again=lambda _: _NOISE,
    )


def _by_labels(relevance: list[float], labels: list[int]) -> Expected:
    slow = slow_localization
    mass = slow.mass_accuracy(relevance, labels)
    assert mass is not None
    found = {
        "roc-auc": slow.roc_auc(relevance, labels),
        "average-precision": slow.average_precision(relevance, labels),
        "ndcg": slow.ndcg(relevance, labels),
        "pointing-game": slow.pointing_game(relevance, labels),
        "mass-accuracy": mass,
        "rank-accuracy": slow.rank_accuracy(relevance, labels),
    }
    for cut in ("mean", "otsu", "annotated"):
        found[f"iou-{cut}"] = slow.iou(relevance, labels, cut)
        found[f"f1-{cut}"] = slow.f1(relevance, labels, cut)
    found["iou-area"] = slow.iou_area(relevance, labels)
    return found


def _by_events(relevance: list[float]) -> Expected:
    slow, rows = slow_localization, COVERAGE.tolist()
    edges_s = [cell / 10 for cell in range(N + 1)]
    margin = slow.event_margin(relevance, rows)
    rank_margin = slow.event_rank_margin(relevance, rows)
    assert margin is not None
    assert rank_margin is not None
    contrast = slow.class_contrast(relevance, COVERAGE.sum(axis=0).tolist(), OTHERS.tolist())
    assert contrast is not None
    return {
        "class-contrast": contrast,
        "event-margin": margin,
        "event-rank-margin": rank_margin,
        "psds": slow.psds(relevance, edges_s, EVENTS_S, 0.5, 0.5, 3600.0),
        **{f"event-recall@{k}": slow.event_recall(relevance, rows, k) for k in (5, 10, 20)},
    }


def _best_areas(masks: np.ndarray) -> tuple[float, float]:
    """The best areas along three orders; in this model, effects alone and together are equal."""
    kept = 1.0 - masks
    scores = np.array([_score(set(np.flatnonzero(row).tolist())) for row in kept])
    fitted = Ridge(alpha=5.0, tol=1e-10).fit(kept, scores).coef_
    orders = [sorted(range(N), key=lambda cell: -values[cell]) for values in (WEIGHTS, fitted)]
    areas = [
        [slow_fidelity.area(curve) for curve in slow_fidelity.curves(_probability, order)]
        for order in orders
    ]
    return min(deletion for deletion, _ in areas), max(insertion for _, insertion in areas)


def _by_curves(relevance: list[float], masks: np.ndarray, random: float) -> Expected:
    slow, every = slow_fidelity, set(range(N))
    lowest, highest = _best_areas(masks)
    order = sorted(every, key=lambda cell: -relevance[cell])
    deletion = [_probability(set(order[count:])) for count in range(N + 1)]
    insertion = [_probability(set(order[:count])) for count in range(N + 1)]
    percents = (1, 5, 10, 20, 50)
    alone = [insertion[slow.top_count(N, percent)] for percent in percents]
    return {
        "deletion-gain": slow.gain(-slow.area(deletion), -random, -lowest),
        "insertion-gain": slow.gain(slow.area(insertion), random, highest),
        "srg": slow.srg(_probability, order),
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
    own = _by_mask(kept)
    moved = [_by_mask({(cell + shift) % N for cell in kept}) for shift in SHIFTS]
    found = {**own, "kept-share": len(kept) / N}
    for name, value in own.items():
        gain = value - sum(one[name] for one in moved) / 8
        found[f"{name}-over-random"] = -gain if name in ("ad", "ff-in") else gain
    return found


def _by_mask(kept: set[int]) -> Expected:
    clip = _probability(set(range(N)))
    masked_in, masked_out = _probability(kept), _probability(set(range(N)) - kept)
    return {
        "ai": float(masked_in > clip),
        "ad": max(0.0, clip - masked_in) / clip,
        "ag": max(0.0, masked_in - clip) / (1.0 - clip),
        "fid-in": float(masked_in >= 0.5),
        "ff-in": clip - masked_in,
        "ff-out": clip - masked_out,
    }


def _by_held_out_masks(relevance: list[float], masks: np.ndarray) -> Expected:
    slow, every = slow_fidelity, set(range(N))
    scores = [_score(every - set(np.flatnonzero(mask).tolist())) for mask in masks]
    lost = [CLIP_SCORE - score for score in scores]
    rows = masks.tolist()
    sums, ranks, loss = (
        slow.centred_within_sizes(values, rows)
        for values in (
            slow.dropped_sums(relevance, rows),
            slow.dropped_sums(slow.ranks(relevance), rows),
            lost,
        )
    )
    correlation, of_ranks = slow.pearson(sums, loss), slow.pearson(ranks, loss)
    assert correlation is not None
    assert of_ranks is not None
    residual = nnls(np.array(sums)[:, None], np.array(loss))[1]
    return {
        "faithfulness-correlation": correlation,
        "rank-faithfulness": of_ranks,
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
        **_by_curves(values, scoring.held_out.drop_masks, scoring.reference_areas.random),
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


@pytest.mark.parametrize(
    "name", ["class-contrast", "deletion-gain", "insertion-gain", "srg", "random-logit"]
)
@pytest.mark.parametrize("transform", [lambda r: np.exp(3 * r), lambda r: r**3, np.argsort])
def test_curves_and_contrasts_read_the_order_alone(name: str, transform: object) -> None:
    """Sharpening, or any other increasing transform, changes nothing."""
    relevance = np.random.default_rng(0).permutation(N) / N - 0.3
    changed = np.argsort(np.argsort(relevance)) if transform is np.argsort else transform(relevance)  # type: ignore[operator]
    [spec] = [spec for spec in METRICS if spec.name == name]
    metric = spec.factory(spec.parameters())
    values = [metric(_scoring(row.astype(float))) for row in (relevance, changed)]
    assert values[0] == values[1]
