"""The golden files, and the values of other libraries in the same cases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from awb import metrics
from awb.errors import UndefinedScoreError
from golden import make_golden

GOLDEN = Path(__file__).parents[2] / "golden"
Case = dict[str, Any]


def _read(stem: str) -> Any:
    return json.loads((GOLDEN / f"{stem}.json").read_text(encoding="utf-8"))


def _clip(case: Case) -> metrics.ScoredClip:
    edges_s = np.arange(len(case["relevance"]) + 1) / 10
    return metrics.ScoredClip(case["relevance"], edges_s, case["intervals_s"])


def _localization(case: Case) -> dict[str, Callable[[], float]]:
    relevance, labels, rows = case["relevance"], case["labels"], case["event_coverage"]
    rows = np.reshape(rows, (-1, len(relevance)))
    scorers: dict[str, Callable[[], float]] = {
        "roc-auc": lambda: metrics.roc_auc(relevance, labels),
        "average-precision": lambda: metrics.average_precision(relevance, labels),
        "ndcg": lambda: metrics.ndcg(relevance, labels),
        "pointing-game": lambda: metrics.pointing_game(relevance, labels),
        "mass-accuracy": lambda: metrics.mass_accuracy(relevance, labels),
        "rank-accuracy": lambda: metrics.rank_accuracy(relevance, labels),
        "event-margin": lambda: metrics.event_margin(relevance, rows),
        "event-rank-margin": lambda: metrics.event_rank_margin(relevance, rows),
        "iou-area": lambda: metrics.iou_area(relevance, labels),
        "event-recall@1": lambda: metrics.event_recall(relevance, rows, k=1),
        "event-recall@5": lambda: metrics.event_recall(relevance, rows, k=5),
        "psds": lambda: metrics.psds([_clip(case)]),
    }
    for cut in metrics.IOU:
        scorers[f"iou-{cut}"] = lambda cut=cut: metrics.iou(relevance, labels, threshold=cut)
        scorers[f"f1-{cut}"] = lambda cut=cut: metrics.f1(relevance, labels, threshold=cut)
    return scorers


def _fidelity(case: Case) -> dict[str, Callable[[], float]]:
    curve = case["curve"]
    scorers: dict[str, Callable[[], float]] = {
        "deletion-area": lambda: metrics.deletion_area(curve),
        "comprehensiveness": lambda: metrics.comprehensiveness(curve),
        "sufficiency": lambda: metrics.sufficiency(curve),
        "monotonicity": lambda: metrics.monotonicity(curve),
    }
    for percent in metrics.FF_AT:
        scorers[f"ff@{percent}"] = lambda share=percent / 100: metrics.ff(curve, share)
    return scorers


def _complexity(case: Case) -> dict[str, Callable[[], float]]:
    return {
        "sparseness": lambda: metrics.sparseness(case["relevance"]),
        "complexity": lambda: metrics.complexity(case["relevance"]),
    }


def _all_cases() -> list[Any]:
    scorers = {"localization": _localization, "fidelity": _fidelity, "complexity": _complexity}
    return [
        pytest.param(case, make(case), id=f"{stem}: {case.get('name', number)}")
        for stem, make in scorers.items()
        for number, case in enumerate(_read(stem))
    ]


@pytest.mark.parametrize(("case", "scorers"), _all_cases())
def test_scores_match_the_golden_files(case: Case, scorers: dict[str, Callable[[], float]]) -> None:
    assert case["expected"].keys() == scorers.keys()
    for name, expected in case["expected"].items():
        if expected is None:
            with pytest.raises(UndefinedScoreError):
                scorers[name]()
        else:
            assert scorers[name]() == pytest.approx(expected, abs=1e-9), name


@pytest.mark.parametrize("stem", ["localization", "fidelity", "complexity"])
def test_the_script_reproduces_the_golden_files(stem: str) -> None:
    assert json.loads(json.dumps(make_golden.make()[stem])) == _read(stem)


def _library_cases(library: str) -> list[Any]:
    cases = {case["name"]: case for case in _read("localization")}
    answers = _read("libraries")[library]
    return [pytest.param(cases[name], answer, id=name) for name, answer in answers.items()]


@pytest.mark.parametrize(("case", "answer"), _library_cases("psds"))
def test_psds_equals_sed_scores_eval(case: Case, answer: list[float]) -> None:
    for (dtc, gtc, limit), expected in zip(
        _read("libraries")["psds_settings"], answer, strict=True
    ):
        score = metrics.psds([_clip(case)], dtc=dtc, gtc=gtc, max_false_alarms_per_hour=limit)
        assert score == pytest.approx(expected, abs=1e-9)


def test_psds_of_many_clips_equals_sed_scores_eval() -> None:
    clips = [_clip(case) for case in _read("localization") if case["intervals_s"]]
    libraries = _read("libraries")
    for (dtc, gtc, limit), expected in zip(
        libraries["psds_settings"], libraries["psds_of_all"], strict=True
    ):
        score = metrics.psds(clips, dtc=dtc, gtc=gtc, max_false_alarms_per_hour=limit)
        assert score == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("case", "answer"), _library_cases("quantus"))
def test_complexity_equals_quantus(case: Case, answer: dict[str, float]) -> None:
    counted = np.array(case["relevance"])[np.array(case["labels"]) != -1]
    for name in ("sparseness", "complexity"):  # Quantus adds 1e-7 and 1e-12 against zeros
        assert _complexity({"relevance": counted})[name]() == pytest.approx(answer[name], abs=1e-6)


@pytest.mark.parametrize(("case", "answer"), _library_cases("quantus"))
def test_accuracies_equal_quantus_where_it_is_sound(case: Case, answer: dict[str, float]) -> None:
    """Quantus breaks ties by position, and lets negative relevance cancel the total."""
    relevance, labels = np.array(case["relevance"]), np.array(case["labels"])
    counted = relevance[labels != -1]
    if (counted >= 0).all():
        score = metrics.mass_accuracy(relevance, labels)
        assert score == pytest.approx(answer["mass-accuracy"], abs=1e-9)
    if np.unique(counted).size == counted.size:
        score = metrics.rank_accuracy(relevance, labels)
        assert score == pytest.approx(answer["rank-accuracy"], abs=1e-9)


def test_quantus_differs_where_it_is_documented() -> None:
    answers = _read("libraries")["quantus"]
    cases = {case["name"]: case for case in _read("localization")}
    tied = cases["three tied peaks"]
    assert answers["three tied peaks"]["rank-accuracy"] == 1.0
    assert metrics.rank_accuracy(tied["relevance"], tied["labels"]) == pytest.approx(1 / 3)
    mass = [answer["mass-accuracy"] for answer in answers.values()]
    assert min(mass) < 0
    assert max(mass) > 1
