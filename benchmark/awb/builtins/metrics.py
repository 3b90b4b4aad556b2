"""Specs of the built-in metrics: pure functions and the inputs they take from `Scoring`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from pydantic import Field

from awb import metrics as m
from awb.builtins.robustness import ROBUSTNESS
from awb.intervals import FloatArray
from awb.metrics.binarized import Threshold
from awb.metrics.events import EVENT_RECALL_COUNTS
from awb.metrics.fidelity_facts import FF_PERCENTS
from awb.scoring import Scoring
from awb.segments import LabelArray
from awb.specs import MetricSpec, Parameters

Metric = Callable[[Scoring], float]

THRESHOLDS: tuple[Threshold, ...] = ("mean", "otsu", "annotated")

Labelled = Callable[[FloatArray, LabelArray], float]


class LabelParameters(Parameters):
    """Settings of metrics that use labels.

    With ``labels=relaxed``, segments that an event covers by less than 90 % are ignored; with
    ``strict``, a segment is positive above 50 % and negative otherwise.
    """

    labels: Literal["relaxed", "strict"] = "relaxed"


def _labelled(function: Labelled) -> Callable[[LabelParameters], Metric]:
    """Make a factory for a metric of relevance and labels, with a setting for the labels."""

    def factory(settings: LabelParameters) -> Metric:
        if settings.labels == "strict":
            return lambda s: function(s.relevance, s.strict_labels)
        return lambda s: function(s.relevance, s.labels)

    return factory


HEADLINE: list[tuple[str, Metric]] = [
    ("deletion-area", lambda s: m.deletion_area(s.deletion_curve)),
    ("ff@10", lambda s: m.ff(s.deletion_curve, 0.1)),
    ("sparseness", lambda s: m.sparseness(s.relevance)),
]
LABELLED: list[tuple[str, Labelled]] = [
    ("ndcg", m.ndcg),
    ("mass-accuracy", m.mass_accuracy),
    ("rank-accuracy", m.rank_accuracy),
    *((f"iou-{one}", partial(m.iou, threshold=one)) for one in THRESHOLDS),
    *((f"f1-{one}", partial(m.f1, threshold=one)) for one in THRESHOLDS),
    ("iou-area", m.iou_area),
]
HEADLINE_LABELLED: list[tuple[str, Labelled]] = [
    ("roc-auc", m.roc_auc),
    ("average-precision", m.average_precision),
    ("pointing-game", m.pointing_game),
]


def _event_recall(k: int) -> Metric:
    return lambda s: m.event_recall(s.relevance, s.event_coverage, k=k)


EVENTS: list[tuple[str, Metric]] = [
    ("event-margin", lambda s: m.event_margin(s.relevance, s.event_coverage)),
    ("event-rank-margin", lambda s: m.event_rank_margin(s.relevance, s.event_coverage)),
    *((f"event-recall@{k}", _event_recall(k)) for k in EVENT_RECALL_COUNTS),
    ("psds", lambda s: m.psds([s.detections])),
    ("class-contrast", lambda s: m.class_contrast(s.relevance, s.coverage, s.others_coverage)),
]


def _ff(percent: int) -> Metric:
    return lambda s: m.ff(s.deletion_curve, percent / 100)


def _ff_annotated(scoring: Scoring) -> float:
    return m.ff_at_count(scoring.deletion_curve, int((scoring.labels == 1).sum()))


def _faithfulness_correlation(scoring: Scoring) -> float:
    return m.faithfulness_correlation(
        scoring.relevance, scoring.held_out.drop_masks, scoring.score_drops
    )


MASKED_IN: dict[str, Callable[[Scoring, float], float]] = {
    "ai": lambda s, p: m.average_increase(s.p_clip, p),
    "ad": lambda s, p: m.average_drop(s.p_clip, p),
    "ag": lambda s, p: m.average_gain(s.p_clip, p),
    "fid-in": lambda s, p: m.fid_in(s.p_clip, p, threshold=s.p_threshold),
    "ff-in": lambda s, p: m.ff_masked(s.p_clip, p),
}


def _masked_in(name: str) -> Metric:
    return lambda s: MASKED_IN[name](s, s.p_masked_in)


def _in_over_random(name: str) -> Metric:
    score, facts = MASKED_IN[name], m.ALL_FACTS[name]

    def over(scoring: Scoring) -> float:
        own = score(scoring, scoring.p_masked_in)
        moved = [score(scoring, float(p)) for p in scoring.p_moved_in]
        return m.over_random(own, moved, higher_is_better=facts.higher_is_better)

    return over


def _out_over_random(scoring: Scoring) -> float:
    own = m.ff_masked(scoring.p_clip, scoring.p_masked_out)
    moved = [m.ff_masked(scoring.p_clip, float(p)) for p in scoring.p_moved_out]
    return m.over_random(own, moved)


def _rank_faithfulness(scoring: Scoring) -> float:
    return m.rank_faithfulness(scoring.relevance, scoring.held_out.drop_masks, scoring.score_drops)


FIDELITY: list[tuple[str, Metric]] = [
    ("insertion-area", lambda s: m.insertion_area(s.insertion_curve)),
    ("deletion-gain", lambda s: m.deletion_gain(s.deletion_curve, s.reference_areas)),
    ("insertion-gain", lambda s: m.insertion_gain(s.insertion_curve, s.reference_areas)),
    ("srg", lambda s: m.symmetric_relevance_gain(s.deletion_curve, s.insertion_curve)),
    *((f"ff@{percent}", _ff(percent)) for percent in FF_PERCENTS if percent != 10),
    ("ff@annotated", _ff_annotated),
    ("comprehensiveness", lambda s: m.comprehensiveness(s.deletion_curve)),
    ("sufficiency", lambda s: m.sufficiency(s.insertion_curve)),
    *((name, _masked_in(name)) for name in MASKED_IN),
    ("ff-out", lambda s: m.ff_masked(s.p_clip, s.p_masked_out)),
    *((f"{name}-over-random", _in_over_random(name)) for name in MASKED_IN),
    ("ff-out-over-random", _out_over_random),
    ("faithfulness-correlation", _faithfulness_correlation),
    ("rank-faithfulness", _rank_faithfulness),
    ("infidelity", lambda s: m.infidelity(s.relevance, s.held_out.drop_masks, s.score_drops)),
    ("monotonicity", lambda s: m.monotonicity(s.deletion_curve)),
    ("local-accuracy", lambda s: m.local_accuracy(*s.forecasts)),
]

TIME_FREQUENCY: list[tuple[str, Metric]] = [
    ("tf-mass-accuracy", lambda s: m.mass_accuracy(*s.map_cells)),
    ("tf-rank-accuracy", lambda s: m.rank_accuracy(*s.map_cells)),
    ("tf-iou-annotated", lambda s: m.iou(*s.map_cells, threshold="annotated")),
    ("tf-pointing-game", lambda s: m.pointing_game(*s.map_cells)),
]


class BandParameters(Parameters):
    """Settings of `band-deletion-area`: ``bands`` is how many, equally wide in mel."""

    bands: int = Field(default=8, ge=2, le=64)


def _band_deletion(settings: BandParameters) -> Metric:
    return lambda s: m.deletion_area(s.band_curve(settings.bands))


BAND_DELETION = MetricSpec(
    name="band-deletion-area",
    summary=m.BAND_DELETION_AREA.summary,
    citation=m.BAND_DELETION_AREA.citation,
    facts=m.BAND_DELETION_AREA,
    parameters=BandParameters,
    factory=_band_deletion,
    headline=False,
)

COMPLEXITY: list[tuple[str, Metric]] = [
    ("complexity", lambda s: m.complexity(s.relevance)),
    ("effective-support", lambda s: m.effective_support(s.relevance)),
    ("kept-share", lambda s: m.kept_share(s.relevance)),
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


def _labelled_spec(name: str, function: Labelled, *, headline: bool) -> MetricSpec:
    facts = m.ALL_FACTS[name]
    return MetricSpec(
        name=name,
        summary=facts.summary,
        citation=facts.citation,
        facts=facts,
        parameters=LabelParameters,
        factory=_labelled(function),
        headline=headline,
    )


METRICS = [
    *(_labelled_spec(name, function, headline=True) for name, function in HEADLINE_LABELLED),
    *(_spec(name, function) for name, function in HEADLINE),
    *(_labelled_spec(name, function, headline=False) for name, function in LABELLED),
    *(_spec(name, function) for name, function in [*EVENTS, *TIME_FREQUENCY, *FIDELITY]),
    BAND_DELETION,
    *(_spec(name, function) for name, function in COMPLEXITY),
    *ROBUSTNESS,
]
