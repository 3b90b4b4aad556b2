"""Specs of the built-in metrics: which pure function reads what of an explanation."""

from __future__ import annotations

from collections.abc import Callable

from awb import metrics as m
from awb.metrics.binarized import Threshold
from awb.metrics.events import EVENT_RECALL_COUNTS
from awb.metrics.fidelity_facts import FF_PERCENTS
from awb.scoring import Scoring
from awb.specs import MetricSpec

Metric = Callable[[Scoring], float]

THRESHOLDS: tuple[Threshold, ...] = ("mean", "otsu", "annotated")

HEADLINE: list[tuple[str, Metric]] = [
    ("roc-auc", lambda s: m.roc_auc(s.relevance, s.labels)),
    ("average-precision", lambda s: m.average_precision(s.relevance, s.labels)),
    ("pointing-game", lambda s: m.pointing_game(s.relevance, s.labels)),
    ("deletion-area", lambda s: m.deletion_area(s.deletion_curve)),
    ("ff@10", lambda s: m.ff(s.deletion_curve, 0.1)),
    ("sparseness", lambda s: m.sparseness(s.relevance)),
]


def _iou(threshold: Threshold) -> Metric:
    return lambda s: m.iou(s.relevance, s.labels, threshold=threshold)


def _f1(threshold: Threshold) -> Metric:
    return lambda s: m.f1(s.relevance, s.labels, threshold=threshold)


def _event_recall(k: int) -> Metric:
    return lambda s: m.event_recall(s.relevance, s.event_coverage, k=k)


LOCALIZATION: list[tuple[str, Metric]] = [
    ("mass-accuracy", lambda s: m.mass_accuracy(s.relevance, s.labels)),
    ("rank-accuracy", lambda s: m.rank_accuracy(s.relevance, s.labels)),
    *((f"iou-{threshold}", _iou(threshold)) for threshold in THRESHOLDS),
    *((f"f1-{threshold}", _f1(threshold)) for threshold in THRESHOLDS),
    ("event-margin", lambda s: m.event_margin(s.relevance, s.event_coverage)),
    *((f"event-recall@{k}", _event_recall(k)) for k in EVENT_RECALL_COUNTS),
    ("psds", lambda s: m.psds([s.detections])),
]


def _ff(percent: int) -> Metric:
    return lambda s: m.ff(s.deletion_curve, percent / 100)


def _ff_annotated(scoring: Scoring) -> float:
    return m.ff_at_count(scoring.deletion_curve, int((scoring.labels == 1).sum()))


def _faithfulness_correlation(scoring: Scoring) -> float:
    return m.faithfulness_correlation(
        scoring.relevance, scoring.held_out.drop_masks, scoring.score_drops
    )


FIDELITY: list[tuple[str, Metric]] = [
    ("insertion-area", lambda s: m.insertion_area(s.insertion_curve)),
    *((f"ff@{percent}", _ff(percent)) for percent in FF_PERCENTS if percent != 10),
    ("ff@annotated", _ff_annotated),
    ("comprehensiveness", lambda s: m.comprehensiveness(s.deletion_curve)),
    ("sufficiency", lambda s: m.sufficiency(s.insertion_curve)),
    ("ai", lambda s: m.average_increase(s.p_clip, s.p_masked_in)),
    ("ad", lambda s: m.average_drop(s.p_clip, s.p_masked_in)),
    ("ag", lambda s: m.average_gain(s.p_clip, s.p_masked_in)),
    ("fid-in", lambda s: m.fid_in(s.p_clip, s.p_masked_in)),
    ("ff-in", lambda s: m.ff_masked(s.p_clip, s.p_masked_in)),
    ("ff-out", lambda s: m.ff_masked(s.p_clip, s.p_masked_out)),
    ("faithfulness-correlation", _faithfulness_correlation),
    ("infidelity", lambda s: m.infidelity(s.relevance, s.held_out.drop_masks, s.score_drops)),
    ("monotonicity", lambda s: m.monotonicity(s.deletion_curve)),
]

COMPLEXITY: list[tuple[str, Metric]] = [
    ("complexity", lambda s: m.complexity(s.relevance)),
    ("effective-support", lambda s: m.effective_support(s.relevance)),
]


def _spec(name: str, function: Metric) -> MetricSpec:
    facts = m.ALL_FACTS[name]
    return MetricSpec(
        name=name,
        summary=facts.summary,
        citation=facts.citation,
        facts=facts,
        factory=lambda _: function,
        headline=name in dict(HEADLINE),
    )


METRICS = [
    _spec(name, function) for name, function in [*HEADLINE, *LOCALIZATION, *FIDELITY, *COMPLEXITY]
]
