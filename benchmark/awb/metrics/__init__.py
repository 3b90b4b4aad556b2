"""Metrics: pure functions on arrays, each with its frozen record of facts.

A metric that is undefined for its input raises `awb.errors.UndefinedScoreError`; wrong shapes and
values that are not finite raise `awb.errors.RelevanceError` or `awb.errors.ParameterError`. The
facts are constants in upper case next to the functions; `ALL_FACTS` maps names to them.
"""

from awb.metrics.binarized import F1, IOU, f1, iou, otsu_threshold, select
from awb.metrics.complexity import (
    COMPLEXITY,
    EFFECTIVE_SUPPORT,
    SPARSENESS,
    complexity,
    effective_support,
    sparseness,
)
from awb.metrics.detection import PSDS, ScoredClip, psds
from awb.metrics.events import EVENT_MARGIN, EVENT_RECALL_AT, event_margin, event_recall
from awb.metrics.facts import MetricFacts
from awb.metrics.fidelity import (
    deletion_area,
    deletion_order,
    ff,
    ff_at_count,
    insertion_area,
    monotonicity,
)
from awb.metrics.fidelity_facts import (
    COMPREHENSIVENESS,
    DELETION_AREA,
    FF_ANNOTATED,
    FF_AT,
    INSERTION_AREA,
    MONOTONICITY,
    SUFFICIENCY,
)
from awb.metrics.masked import (
    average_drop,
    average_gain,
    average_increase,
    ff_masked,
    fid_in,
    kept_cells,
)
from awb.metrics.masked_facts import (
    AVERAGE_DROP,
    AVERAGE_GAIN,
    AVERAGE_INCREASE,
    FF_IN,
    FF_OUT,
    FID_IN,
)
from awb.metrics.mass import MASS_ACCURACY, RANK_ACCURACY, mass_accuracy, rank_accuracy
from awb.metrics.pointing import POINTING_GAME, pointing_game
from awb.metrics.ranking import AVERAGE_PRECISION, ROC_AUC, average_precision, roc_auc
from awb.metrics.rationales import comprehensiveness, sufficiency
from awb.metrics.robustness import (
    max_sensitivity,
    randomization_similarity,
    rank_correlation,
    shift_equivariance,
    top_k_overlap,
)
from awb.metrics.robustness_facts import (
    GAIN_INVARIANCE,
    LABEL_RANDOMIZATION,
    MAX_SENSITIVITY,
    MODEL_RANDOMIZATION,
    NOISE_STABILITY,
    SEED_OVERLAP,
    SEED_STABILITY,
    SHIFT_EQUIVARIANCE,
)
from awb.metrics.surrogate import (
    FAITHFULNESS_CORRELATION,
    INFIDELITY,
    LOCAL_ACCURACY,
    faithfulness_correlation,
    infidelity,
    local_accuracy,
)

ALL_FACTS: dict[str, MetricFacts] = {
    facts.name: facts
    for facts in (
        ROC_AUC,
        AVERAGE_PRECISION,
        POINTING_GAME,
        MASS_ACCURACY,
        RANK_ACCURACY,
        *IOU.values(),
        *F1.values(),
        EVENT_MARGIN,
        *EVENT_RECALL_AT.values(),
        PSDS,
        DELETION_AREA,
        INSERTION_AREA,
        *FF_AT.values(),
        FF_ANNOTATED,
        COMPREHENSIVENESS,
        SUFFICIENCY,
        AVERAGE_INCREASE,
        AVERAGE_DROP,
        AVERAGE_GAIN,
        FID_IN,
        FF_IN,
        FF_OUT,
        FAITHFULNESS_CORRELATION,
        INFIDELITY,
        MONOTONICITY,
        LOCAL_ACCURACY,
        SPARSENESS,
        COMPLEXITY,
        EFFECTIVE_SUPPORT,
        SEED_STABILITY,
        SEED_OVERLAP,
        SHIFT_EQUIVARIANCE,
        GAIN_INVARIANCE,
        *NOISE_STABILITY,
        MAX_SENSITIVITY,
        MODEL_RANDOMIZATION,
        LABEL_RANDOMIZATION,
    )
}

__all__ = [
    "ALL_FACTS",
    "AVERAGE_DROP",
    "AVERAGE_GAIN",
    "AVERAGE_INCREASE",
    "AVERAGE_PRECISION",
    "COMPLEXITY",
    "COMPREHENSIVENESS",
    "DELETION_AREA",
    "EFFECTIVE_SUPPORT",
    "EVENT_MARGIN",
    "EVENT_RECALL_AT",
    "F1",
    "FAITHFULNESS_CORRELATION",
    "FF_ANNOTATED",
    "FF_AT",
    "FF_IN",
    "FF_OUT",
    "FID_IN",
    "GAIN_INVARIANCE",
    "INFIDELITY",
    "INSERTION_AREA",
    "IOU",
    "LABEL_RANDOMIZATION",
    "LOCAL_ACCURACY",
    "MASS_ACCURACY",
    "MAX_SENSITIVITY",
    "MODEL_RANDOMIZATION",
    "MONOTONICITY",
    "NOISE_STABILITY",
    "POINTING_GAME",
    "PSDS",
    "RANK_ACCURACY",
    "ROC_AUC",
    "SEED_OVERLAP",
    "SEED_STABILITY",
    "SHIFT_EQUIVARIANCE",
    "SPARSENESS",
    "SUFFICIENCY",
    "MetricFacts",
    "ScoredClip",
    "average_drop",
    "average_gain",
    "average_increase",
    "average_precision",
    "complexity",
    "comprehensiveness",
    "deletion_area",
    "deletion_order",
    "effective_support",
    "event_margin",
    "event_recall",
    "f1",
    "faithfulness_correlation",
    "ff",
    "ff_at_count",
    "ff_masked",
    "fid_in",
    "infidelity",
    "insertion_area",
    "iou",
    "kept_cells",
    "local_accuracy",
    "mass_accuracy",
    "max_sensitivity",
    "monotonicity",
    "otsu_threshold",
    "pointing_game",
    "psds",
    "randomization_similarity",
    "rank_accuracy",
    "rank_correlation",
    "roc_auc",
    "select",
    "shift_equivariance",
    "sparseness",
    "sufficiency",
    "top_k_overlap",
]
