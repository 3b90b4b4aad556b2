"""Make ``libraries.json``: what Quantus and sed_scores_eval say about the golden cases.

They are heavy and pinned by what they stand on, so they are no dependency of the tests: run this in
an environment of their own, from the root of the repository::

    pip install quantus==0.6.0 sed_scores_eval==0.0.4 "pandas<3"
    PYTHONPATH=tests python tests/golden/make_library_golden.py
"""

from __future__ import annotations

import json
import math
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
PSDS_SETTINGS = [(0.5, 0.5, 3600.0), (0.7, 0.7, 1000.0), (0.1, 0.1, 100.0)]
Case = dict[str, Any]


def quantus_takes(case: Case) -> bool:
    """Say whether Quantus accepts a case: no constant, and something positive."""
    pairs = zip(case["relevance"], case["labels"], strict=True)
    counted = {value for value, label in pairs if label != -1}
    return len(counted) > 1 and max(counted) > 0


def quantus_scores(case: Case) -> dict[str, float | None]:
    """Score one case with Quantus, on its cells that are not ignored and without normalization."""
    import numpy as np
    import quantus

    counted = np.array(case["labels"]) != -1
    relevance = np.array(case["relevance"], dtype=float)[counted][None, None, None, :]
    mask = (np.array(case["labels"]) == 1)[counted][None, None, None, :]
    settings: dict[str, Any] = {"disable_warnings": True, "normalise": False}
    data = {"model": None, "x_batch": np.ones_like(relevance), "y_batch": np.array([0])}
    metrics = {
        "mass-accuracy": quantus.RelevanceMassAccuracy(abs=False, **settings),
        "rank-accuracy": quantus.RelevanceRankAccuracy(abs=False, **settings),
        "sparseness": quantus.Sparseness(abs=True, **settings),
        "complexity": quantus.Complexity(abs=True, **settings),
    }
    scores = {}
    for name, metric in metrics.items():
        value = float(metric(**data, a_batch=relevance.copy(), s_batch=mask, channel_first=True)[0])
        scores[name] = value if math.isfinite(value) else None
    return scores


def psds_scores(cases: list[Case]) -> list[float]:
    """Score a set of clips with sed_scores_eval, at several settings."""
    import numpy as np
    from sed_scores_eval.base_modules.scores import create_score_dataframe
    from sed_scores_eval.intersection_based import psds

    scores, truth, durations = {}, {}, {}
    for number, case in enumerate(cases):
        n = len(case["relevance"])
        column = np.array(case["relevance"], dtype=float)[:, None]
        scores[f"clip{number}"] = create_score_dataframe(column, np.arange(n + 1) / 10, ["target"])
        truth[f"clip{number}"] = [(a, b, "target") for a, b in case["intervals_s"]]
        durations[f"clip{number}"] = n / 10
    return [
        float(
            psds(
                scores,
                truth,
                durations,
                dtc_threshold=dtc,
                gtc_threshold=gtc,
                max_efpr=limit,
                unit_of_time="hour",
            )[0]
        )
        for dtc, gtc, limit in PSDS_SETTINGS
    ]


def main() -> None:
    """Write the file."""
    cases = json.loads((FOLDER / "localization.json").read_text(encoding="utf-8"))
    with_events = [case for case in cases if case["intervals_s"]]
    both = [case for case in cases if 0 in case["labels"] and 1 in case["labels"]]
    content = {
        "versions": {name: version(name) for name in ("quantus", "sed_scores_eval")},
        "quantus": {case["name"]: quantus_scores(case) for case in both if quantus_takes(case)},
        "psds_settings": PSDS_SETTINGS,
        "psds": {case["name"]: psds_scores([case]) for case in with_events},
        "psds_of_all": psds_scores(with_events),
    }
    text = json.dumps(content, indent=1)
    (FOLDER / "libraries.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
