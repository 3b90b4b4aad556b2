"""Which explainer to take: boards whose answer is known, and small runs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import awb
import small_data
from awb.cli import main
from awb.errors import ParameterError, RunError
from awb.harness.config.settings import settle
from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.leaderboard.boards.construction import BoardData, make_board
from awb.leaderboard.boards.recommendation import (
    CANDIDATES,
    METRICS,
    Advice,
    Recommendation,
    advice_of,
    run_command,
    settled_trial,
)
from awb.leaderboard.formats.recommendation import to_text
from awb.plugins.discovery import load
from awb.specs import MetricSpec

CLIPS = 24
CALLS = {"pointer": 52, "dropper": 60, "all-round": 30}


def _spread(mean: float, seed: int, n: int, width: float = 0.02) -> list[float]:
    noise = np.random.default_rng(seed).standard_normal(n)
    return list(mean + width * (noise - noise.mean()))


def _data(
    means: Mapping[str, Sequence[float]], n: int = CLIPS, *, timed: bool = True, width: float = 0.02
) -> BoardData:
    """A board of explainers with known means of roc-auc, deletion-area and srg."""
    facts = {spec.name: spec.facts for spec in load().specs(MetricSpec)}
    clips = [f"clip-{place:02d}" for place in range(n)]
    scores, explanations = [], []
    for number, (name, row) in enumerate(means.items()):
        for metric, mean in zip(METRICS, row, strict=True):
            if timed or metric != "roc-auc":
                values = _spread(mean, number, n, width)
                scores += [
                    ScoreRow("d", "m", name, clip, "t", metric, value, "")
                    for clip, value in zip(clips, values, strict=True)
                ]
        calls = CALLS.get(name, 10)
        explanations += [
            ExplanationRow("d", "m", name, clip, "t", "ok", "", calls, calls, 0.1) for clip in clips
        ]
    times = ((0.0, 1.0),) if timed else ()
    kept = tuple(Kept(clip, "t", 0, times, 1.0, "hash") for clip in clips)
    columns = [facts[name] for name in METRICS]
    manifest = Manifest("d", "m", "w", kept, ())
    return BoardData(manifest, scores, explanations, columns, frozenset(), 0, budget=60)


KNOWN = {
    "pointer": (0.95, 0.40, 0.3),
    "all-round": (0.85, 0.20, 0.6),
    "dropper": (0.70, 0.10, 0.8),
    "poor": (0.55, 0.60, 0.1),
}


def _text(data: BoardData, advice: Advice) -> str:
    return to_text(Recommendation((make_board(data),), (advice,), None))


def test_where_the_goals_disagree_the_compromise_has_the_smallest_sum_of_ranks() -> None:
    data = _data(KNOWN)
    found = advice_of(data)
    assert found.localization is not None
    assert found.fidelity is not None
    assert found.both is not None
    assert [row.explainer for row in found.localization.best] == ["pointer"]
    assert [row.explainer for row in found.fidelity.best] == ["dropper"], "lower is better"
    # ranks: pointer 1 + 3, all-round 2 + 2, dropper 3 + 1; of equal sums the cheapest is taken
    assert (found.both.explainer, found.both.ranks) == ("all-round", (2, 2))
    assert not found.both.may_lead
    assert found.pick == "all-round"
    text = _text(data, found)
    assert "this is a compromise" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80


def test_an_explainer_that_may_lead_both_goes_before_a_smaller_sum() -> None:
    means = {"a": (0.951, 0.30, 0.5), "b": (0.950, 0.10, 0.9), "c": (0.952, 0.20, 0.7)}
    found = advice_of(_data(means))
    assert found.both is not None
    assert (found.both.explainer, found.both.may_lead) == ("b", True)
    assert found.both.ranks == (3, 1), "the sum of c, 1 + 2, is no larger, but it cannot lead both"


def test_few_clips_are_said_to_tell_nothing_apart() -> None:
    data = _data(KNOWN, 4)
    text = " ".join(_text(data, advice_of(data)).split())
    assert "4 clips are too few to tell any two explainers apart: that takes 6." in text
    assert "So this is a first guess." in text
    alone = _data({"pointer": KNOWN["pointer"]}, 4)
    advice, boards = (advice_of(alone), advice_of(data)), (make_board(alone), make_board(data))
    later = to_text(Recommendation(boards, advice, None))
    assert "too few to tell" in later, "also where the smallest budget has one explainer"


def test_what_it_takes_is_said_where_the_leaders_are_not_told_apart() -> None:
    data = _data({"a": (0.80, 0.3, 0.5), "b": (0.79, 0.31, 0.5)}, width=0.1)
    text = " ".join(_text(data, advice_of(data)).split())
    assert "To tell a from b, 0.010 apart, would take" in text
    assert "24 clips do not tell it from 1 of the 1 other: b." in text


def test_without_times_only_fidelity_is_judged() -> None:
    data = _data(KNOWN, timed=False)
    found = advice_of(data)
    assert found.localization is None
    assert found.both is None
    assert found.pick == "dropper"
    text = _text(data, found)
    assert "No event has times, so only fidelity is judged." in text
    assert "localization" not in text


def test_the_trial_is_a_run_of_the_candidates_within_five_minutes() -> None:
    settings = settled_trial({"models": ["soundscape-cnn"]}).settings
    assert settings.explainers == list(CANDIDATES)
    assert settings.metrics == list(METRICS)
    assert (settings.within, settings.budgets) == ("5m", (60, 300, 1000))
    by_clips = settled_trial({"clips": 3, "explainers": ["naive"]}).settings
    assert (by_clips.within, by_clips.explainers) == (None, ["naive"])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"metrics": ["srg"]}, "metrics cannot be chosen here"),
        ({"samples": 30}, "samples cannot be chosen here"),
        ({"datasets": ["clever-hans"]}, "these are 2: clever-hans-biased on clever-hans, "),
    ],
)
def test_what_a_trial_is_not_for_is_refused(typed: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        settled_trial(typed)


def test_the_command_keeps_the_settings_and_survives_a_shell() -> None:
    typed = {
        "datasets": ["folder:my sounds"], "budgets": (60, 300), "masker": "noise", "seed": 3,
        "clips": 4, "within": "1m", "jobs": 1, "explainers": ["naive"],
    }  # fmt: skip
    command = run_command(settle(typed).settings, "yamnet", ["a:b=1,c=2", "lime"])
    assert shlex.split(command) == [
        "awb", "run", "--dataset", "folder:my sounds", "--model", "yamnet",
        "--explainers", "a:b=1,c=2,lime", "--budgets", "60,300", "--masker", "noise", "--seed", "3",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"folder:{small_data.build(tmp_path_factory.mktemp('data'), 2)}"


SMALL: dict[str, Any] = {
    "models": "loudness",
    "explainers": "keep-window,rise",
    "budgets": "40,60",
    "clips": 2,
    "cache": "off",
}


def test_from_python_it_is_one_line_and_its_run_remains(data: str, tmp_path: Path) -> None:
    found = awb.recommend(datasets=data, out=tmp_path / "run", **SMALL)
    assert found.run.path == tmp_path / "run"
    assert list(found.picks) == [40, 60]
    assert found.picks[60] in {"keep-window", "rise"}
    assert "2 clips are too few" in str(found).replace("\n", " ")
    assert repr(found).startswith(f"<loudness on {data}, 2 clips: ")
    assert len(repr(found).splitlines()) == 1
    assert found.command is not None
    words = shlex.split(found.command)
    assert CliRunner().invoke(main, [*words[1:], "--help"]).exit_code == 0
    shown = CliRunner().invoke(main, ["show", str(found.run.path)])
    assert "at most 40 model calls" in shown.output


def test_the_command_line_says_the_same(data: str, tmp_path: Path) -> None:
    words = [word for name, value in SMALL.items() for word in (f"--{name}", str(value))]
    words += ["--dataset", data, "--jobs", "1", "--no-isolate", "--format", "json"]
    result = CliRunner().invoke(main, ["recommend", *words, "--out", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert [one["budget"] for one in record["advice"]] == [40, 60]
    assert record["n_clips"] == 2
    assert record["advice"][1]["localization"]["metric"] == "roc-auc"
    assert record["advice"][1]["fidelity"]["metric"] == "deletion-area"
    assert record["command"].startswith("awb run --dataset folder:")


def test_labels_without_times_are_enough(tmp_path: Path) -> None:
    folder = small_data.build(tmp_path / "data", 2)
    lines = ["filename\tevent_labels", "clip-0.wav\tLoud", "clip-1.wav\tLoud"]
    (folder / "events.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = awb.recommend(datasets=f"folder:{folder}", out=tmp_path / "run", **SMALL)
    assert "so only fidelity is judged" in str(found)
    assert [one.localization for one in found.details.advice] == [None, None]
    assert found.picks[60] in {"keep-window", "rise"}


def test_without_an_instance_nothing_is_recommended(data: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="so nothing can be recommended"):
        awb.recommend(datasets=data, out=tmp_path / "run", min_score=1e6, **SMALL)
