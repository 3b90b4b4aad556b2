"""The metrics and maskers that awb itself brings, registered like anyone's."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from awb import maskers
from awb.hookspecs import hookimpl
from awb.metrics.complexity import SPARSENESS, sparseness
from awb.metrics.facts import MetricFacts
from awb.metrics.fidelity import deletion_area, ff
from awb.metrics.fidelity_facts import DELETION_AREA, FF_AT
from awb.metrics.pointing import POINTING_GAME, pointing_game
from awb.metrics.ranking import AVERAGE_PRECISION, ROC_AUC, average_precision, roc_auc
from awb.scoring import Scoring
from awb.specs import MaskerSpec, MetricSpec, Parameters


def _metric(facts: MetricFacts, function: Callable[[Scoring], float]) -> MetricSpec:
    return MetricSpec(
        name=facts.name,
        summary=facts.summary,
        citation=facts.citation,
        facts=facts,
        factory=lambda _: function,
    )


@hookimpl
def awb_metrics() -> list[MetricSpec]:
    """Return the built-in metrics, in the order of a board's columns."""
    return [
        _metric(ROC_AUC, lambda s: roc_auc(s.relevance, s.labels)),
        _metric(AVERAGE_PRECISION, lambda s: average_precision(s.relevance, s.labels)),
        _metric(POINTING_GAME, lambda s: pointing_game(s.relevance, s.labels)),
        _metric(DELETION_AREA, lambda s: deletion_area(s.deletion_curve)),
        _metric(FF_AT[10], lambda s: ff(s.deletion_curve, 0.1)),
        _metric(SPARSENESS, lambda s: sparseness(s.relevance)),
    ]


class NoiseParameters(Parameters):
    """Settings of the masker `noise`."""

    level_db: float = Field(default=0.0, ge=-120.0, le=60.0)


@hookimpl
def awb_maskers() -> list[MaskerSpec]:
    """Return the built-in maskers."""
    reference = "Bolaños et al. (2025), arXiv:2506.04391"
    return [
        MaskerSpec(
            name="zeros",
            summary="Digital silence.",
            citation=reference,
            factory=lambda _: maskers.zeros,
        ),
        MaskerSpec(
            name="noise",
            summary="White Gaussian noise, at the clip's level unless told otherwise.",
            citation=reference,
            parameters=NoiseParameters,
            factory=lambda parameters: maskers.noise(parameters.level_db),
        ),
        MaskerSpec(
            name="mean",
            summary="The clip's mean sample value, a constant.",
            citation=reference,
            factory=lambda _: maskers.mean,
        ),
    ]
