"""Every metric of relevance refuses invalid relevance with the same message."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from awb import metrics
from awb.errors import ParameterError, RelevanceError

LABELS = np.array([1, 0, 0])
MASKS = np.eye(3, dtype=bool)
ROWS = np.eye(3)[:1]

BY_LABELS: dict[str, Callable[..., Any]] = {
    "roc_auc": metrics.roc_auc,
    "average_precision": metrics.average_precision,
    "ndcg": metrics.ndcg,
    "pointing_game": metrics.pointing_game,
    "mass_accuracy": metrics.mass_accuracy,
    "rank_accuracy": metrics.rank_accuracy,
    "iou_area": metrics.iou_area,
    **{f"iou {cut}": partial(metrics.iou, threshold=cut) for cut in metrics.IOU},
    **{f"f1 {cut}": partial(metrics.f1, threshold=cut) for cut in metrics.F1},
}
BY_RELEVANCE: dict[str, Callable[[Any], Any]] = {
    **{name: lambda r, m=metric: m(r, LABELS) for name, metric in BY_LABELS.items()},
    "sparseness": metrics.sparseness,
    "complexity": metrics.complexity,
    "effective_support": metrics.effective_support,
    "otsu_threshold": metrics.otsu_threshold,
    "kept_cells": metrics.kept_cells,
    "event_margin": lambda r: metrics.event_margin(r, ROWS),
    "event_rank_margin": lambda r: metrics.event_rank_margin(r, ROWS),
    "kept_share": metrics.kept_share,
    "rank_faithfulness": lambda r: metrics.rank_faithfulness(r, MASKS, [1.0, 2.0, 3.0]),
    "event_recall": lambda r: metrics.event_recall(r, ROWS, k=1),
    "ScoredClip": lambda r: metrics.ScoredClip(r, np.arange(4.0), np.array([[0.0, 1.0]])),
    "deletion_order": lambda r: metrics.deletion_order(r, np.random.default_rng(0)),
    "faithfulness": lambda r: metrics.faithfulness_correlation(r, MASKS, [1.0, 2.0, 3.0]),
    "infidelity": lambda r: metrics.infidelity(r, MASKS, [1.0, 2.0, 3.0]),
    "class_contrast": lambda r: metrics.class_contrast(r, [1, 0, 0], [0, 0, 1]),
    "target_similarity": lambda r: metrics.target_similarity(r, [1.0, 2.0, 3.0]),
    "rank_correlation": lambda r: metrics.rank_correlation(r, [1.0, 2.0, 3.0]),
    "top_k_overlap": lambda r: metrics.top_k_overlap(r, [1.0, 2.0, 3.0], k=1),
    "shift_equivariance": lambda r: metrics.shift_equivariance(r, [1.0, 2.0, 3.0], shift=1),
    "max_sensitivity": lambda r: metrics.max_sensitivity(r, [[1.0, 2.0, 3.0]]),
}


@pytest.mark.parametrize("name", BY_RELEVANCE)
@pytest.mark.parametrize(
    ("relevance", "reason"),
    [
        ([1.0, np.nan, 3.0], "1 NaN or infinite of 3"),
        ([np.inf, -np.inf, 3.0], "2 NaN or infinite of 3"),
        ([], r"shape \(0,\)"),
        ([[1.0, 2.0, 3.0]], r"shape \(1, 3\)"),
        (1.0, r"shape \(\)"),
        (["a", "b", "c"], "not an array of numbers"),
        ([[1.0], [1.0, 2.0]], "not an array of numbers"),
    ],
)
def test_invalid_relevance_is_refused(name: str, relevance: Any, reason: str) -> None:
    with pytest.raises(RelevanceError, match=reason):
        BY_RELEVANCE[name](relevance)


@pytest.mark.parametrize("name", BY_LABELS)
@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ([1, 0], "expected 3 labels"),
        ([[1, 0, 0]], "expected 3 labels"),
        ([1, 0, 2], "1, 0 or -1"),
        ([0.95, 0.0, 0.4], "labels_from_coverage"),
        ([1.0, 0.0, np.nan], "1, 0 or -1"),
    ],
)
def test_invalid_labels_are_refused(name: str, labels: Any, reason: str) -> None:
    with pytest.raises(ParameterError, match=reason):
        BY_LABELS[name]([1.0, 2.0, 3.0], labels)
