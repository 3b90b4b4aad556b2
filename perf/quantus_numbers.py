"""Compute the same scores with awb and with Quantus, for docs/comparison.md.

    python -m pip install quantus==0.6.0
    python perf/quantus_numbers.py

Quantus is not part of an extra: it brings OpenCV and scikit-image, and its own extras ask for other
versions of torch and NumPy.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from awb import metrics
from awb.types import FloatArray

_N, _EVENT = 100, slice(40, 55)
PAIRS: dict[str, tuple[str, Callable[..., float], bool]] = {
    "roc-auc": ("AUC", metrics.roc_auc, True),
    "pointing-game": ("PointingGame", metrics.pointing_game, True),
    "mass-accuracy": ("RelevanceMassAccuracy", metrics.mass_accuracy, True),
    "rank-accuracy": ("RelevanceRankAccuracy", metrics.rank_accuracy, True),
    "sparseness": ("Sparseness", metrics.sparseness, False),
    "complexity": ("Complexity", metrics.complexity, False),
}
"""Metric of awb: its name in Quantus, its function, and whether it reads the labels."""


def rows() -> Iterator[tuple[str, str, float, float]]:
    """Yield the metric, its name in Quantus, and the two values."""
    relevance = np.random.default_rng(0).random(_N)
    relevance[_EVENT] += 0.5
    labels = np.zeros(_N, dtype=np.int64)
    labels[_EVENT] = 1
    for name, (theirs, ours, reads_labels) in PAIRS.items():
        value = ours(relevance, labels) if reads_labels else ours(relevance)
        yield name, theirs, float(value), _quantus(theirs, relevance, labels, reads_labels)


def _quantus(name: str, relevance: FloatArray, labels: Any, reads_labels: bool) -> float:
    """Compute a metric of Quantus for one map of one channel; none of these looks at the model."""
    import quantus

    metric = getattr(quantus, name)(abs=not reads_labels, normalise=False, disable_warnings=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = metric(
            model=None,
            x_batch=np.zeros((1, 1, _N)),
            y_batch=np.zeros(1, dtype=int),
            a_batch=relevance[None, None].copy(),
            s_batch=labels[None, None].astype(float) if reads_labels else None,
            channel_first=True,
        )
    return float(found[0])


if __name__ == "__main__":
    sys.stdout.write("| awb | Quantus | awb's value | Quantus' value |\n")
    sys.stdout.write("| --- | --- | ---: | ---: |\n")
    for name, theirs, ours, value in rows():
        sys.stdout.write(f"| `{name}` | `{theirs}` | {ours:.6f} | {value:.6f} |\n")
