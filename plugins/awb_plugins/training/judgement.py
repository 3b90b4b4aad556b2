"""What a trained model is worth: accuracy or mean average precision, and each class apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from awb.types import AudioArray
from awb_plugins.training.recipe import Task

SCORE_NAMES: dict[Task, str] = {"multi-class": "accuracy", "multi-label": "mAP"}


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class is told from the rest.

    Attributes
    ----------
    name : str
        The class.
    n : int
        Examples that have it.
    average_precision : float
        In [0, 1]; NaN where no example has the class.
    recall : float
        Part of the examples with the class that are found: by the highest score of a multi-class
        model, by a log-odds of 0 or more of a multi-label one.
    precision : float
        Part of what is found that has the class; NaN where nothing is found.
    """

    name: str
    n: int
    average_precision: float
    recall: float
    precision: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a model does on one part of the data.

    Attributes
    ----------
    n : int
        Examples.
    loss : float
        Mean cross-entropy, lower is better.
    score : float
        Accuracy of a multi-class model, mean average precision of a multi-label one; in [0, 1].
    per_class : tuple of ClassScore
        In the order of the scores.
    """

    n: int
    loss: float
    score: float
    per_class: tuple[ClassScore, ...]

    @property
    def key(self) -> tuple[float, float]:
        """What the best checkpoint has most of: score, and among equals the lower loss."""
        return self.score, -self.loss


def cross_entropy(scores: AudioArray, targets: AudioArray, task: Task) -> float:
    """Return the mean cross-entropy of log-odds.

    For a multi-class model the log-odds of the true class alone give it: with
    ``s = z_c - logsumexp(z_others)``, ``-log softmax(z)_c = log(1 + exp(-s))``.

    Examples
    --------
    >>> round(cross_entropy(np.zeros((1, 2), np.float32), np.eye(2)[:1], "multi-class"), 4)
    0.6931
    """
    signed = np.where(targets > 0, scores, -scores).astype(np.float64)
    losses = np.logaddexp(0, -signed)
    return float(losses[targets > 0].mean() if task == "multi-class" else losses.mean())


def judge(scores: AudioArray, targets: AudioArray, classes: Sequence[str], task: Task) -> Judgement:
    """Judge the scores of one part of the data."""
    found = scores >= 0
    if task == "multi-class":
        found = np.eye(len(classes), dtype=bool)[scores.argmax(axis=1)]
    true = targets > 0
    per_class = tuple(
        _class_score(name, scores[:, column], found[:, column], true[:, column])
        for column, name in enumerate(classes)
    )
    precisions = [one.average_precision for one in per_class if one.n]
    accuracy = float((found & true).any(axis=1).mean())
    score = accuracy if task == "multi-class" else float(np.mean(precisions or [math.nan]))
    return Judgement(len(scores), cross_entropy(scores, targets, task), score, per_class)


def _class_score(name: str, scores: AudioArray, found: np.ndarray, true: np.ndarray) -> ClassScore:
    from sklearn.metrics import average_precision_score

    n, hits = int(true.sum()), int((found & true).sum())
    return ClassScore(
        name,
        n,
        float(average_precision_score(true, scores)) if n else math.nan,
        hits / n if n else math.nan,
        hits / int(found.sum()) if found.any() else math.nan,
    )
