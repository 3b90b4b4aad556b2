"""A board in slices, against pandas on the tables that ``awb export`` and `awb.run` give."""

from __future__ import annotations

import io
import json
import math
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import awb as library
from awb.errors import RunError, UnknownNameError
from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.storage.run_folder import RunFolder
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.leaderboard.boards.construction import BoardData, read_boards
from awb.leaderboard.boards.slices import (
    BEST,
    ENOUGH_CLIPS,
    MOST_SLICES,
    published_slices,
    sliced,
    widest_gap,
)
from awb.leaderboard.formats.slice_table import gap_sentence, to_records, to_section, to_text
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from browser import awb

AUC = MetricFacts(name="auc", family="localization", summary="s", higher_is_better=True,
                  lowest=0, highest=1, unit="u", undefined="n", citation="c")  # fmt: skip


@pytest.fixture(scope="module")
def run(once: Callable[[str, Callable[[Path], Any]], Path]) -> Path:
    """Three explainers on the embedded clips; read-only."""

    def make(folder: Path) -> None:
        library.run(
            explainers=["saliency", "grad-cam", "keep-window"],
            metrics=["roc-auc", "event-margin"],
            among_first=8, samples=60, robustness=0, out=folder / "run", cache="off",
        )  # fmt: skip

    return once("slices", make) / "run"


@pytest.fixture(scope="module")
def long_table(run: Path) -> pd.DataFrame:
    return _long_table(run)


def _long_table(run: Path) -> pd.DataFrame:
    """The exported scores, with what slices need: from the clips themselves, computed plainly."""
    done = awb("export", run)
    assert done.exit_code == 0, done.output
    table = pd.read_csv(io.StringIO(done.stdout))
    dataset = resolve(load(), "dataset", "soundscapes").build()
    rows = []
    for one in RunFolder.open(run).manifests()[0].kept:
        clip = dataset.load(one.clip_id)
        inside = np.zeros(clip.waveform.size, dtype=bool)
        others = np.zeros(clip.waveform.size, dtype=bool)
        for event in clip.events:
            span = slice(
                round(event.onset_s * clip.sample_rate_hz),
                round(event.offset_s * clip.sample_rate_hz),
            )
            (inside if event.label == one.target else others)[span] = True
        power = clip.waveform.astype(float) ** 2
        rows.append(
            {
                "clip_id": one.clip_id,
                "target": one.target,
                "snr": 10 * np.log10(power[inside].mean() / power[~inside].mean()),
                "overlap": "overlapped" if (inside & others).any() else "alone",
                "duration": sum(b - a for a, b in one.intervals_s),
                "score": 1 / (1 + np.exp(-one.score)),
                "class": one.target,
            }
        )
    return table.merge(pd.DataFrame(rows), on=["clip_id", "target"], validate="many_to_one")


@pytest.mark.parametrize("by", ["snr", "duration", "score", "overlap", "class"])
def test_means_of_slices_are_those_of_pandas(run: Path, long_table: pd.DataFrame, by: str) -> None:
    table = long_table
    found = library.load_run(run, metrics=["roc-auc", "event-margin"]).board(by=by)
    assert set(found["metric"]) == {"roc-auc", "event-margin"}
    for row in found.to_dict("records"):
        own = table[(table.explainer == row["explainer"]) & (table.metric == row["metric"])]
        if row["slice"] != "all" and by in {"class", "overlap"}:
            own = own[own[by] == row["slice"]]
        elif row["slice"] != "all":
            low = -math.inf if math.isnan(row["from"]) else row["from"]
            high = math.inf if math.isnan(row["below"]) else row["below"]
            own = own[(own[by] >= low) & (own[by] < high)]
        assert row["n"] == row["n_instances"] == len(own) > 0
        assert row["n_clips"] == own.clip_id.nunique()
        assert row["few"] == (row["n_clips"] < 5)
        assert row["mean"] == pytest.approx(own["value"].mean(), abs=1e-12)
        if row["few"] and row["slice"] != "all":
            assert all(math.isnan(row[name]) for name in ("low", "high", "rank"))


def test_slices_add_up_to_the_board_and_all_is_the_board(run: Path) -> None:
    loaded = library.load_run(run)
    board = loaded.board().set_index("explainer")
    found = loaded.board(by="snr", bins=2)
    found = found[found.metric == "roc-auc"]
    for name, rows in found.groupby("explainer"):
        parts, whole = rows[rows.slice != "all"], rows[rows.slice == "all"].iloc[0]
        assert (parts["mean"] * parts.n).sum() / parts.n.sum() == pytest.approx(whole["mean"])
        for column in ("mean", "low", "high", "n"):
            assert whole[column] == board.loc[name, f"roc-auc_{column}"]
        assert pd.isna(board.loc[name, "rank"]) or whole["rank"] == board.loc[name, "rank"]


def test_every_format_has_the_same_numbers(run: Path) -> None:
    plain, markdown, csv, plain_json = (
        awb("show", run, "--by", "snr", "--format", form).stdout
        for form in ("table", "md", "csv", "json")
    )
    records = json.loads(plain_json)
    table = pd.read_csv(io.StringIO(csv))
    assert len(table) == len(records)
    for record in records:
        text = f"{record['mean']:.3f}"
        for printed in (plain, markdown):
            assert any(
                record["explainer"] in line and text in line for line in printed.splitlines()
            )
    assert "by snr" in plain
    assert "in dB" in plain
    assert markdown.startswith("## roc-auc ↑ of soundscape-cnn on soundscapes, by snr\n")


def test_a_terminal_of_80_columns_gets_lines_that_fit(run: Path) -> None:
    [data] = read_boards(RunFolder.open(run), load())
    for by in ("class", "snr", "group"):
        try:
            text = to_text(sliced(data, by, first_only=True), "table", width=80)
        except RunError:
            continue
        lines = text.split("\n\n")[1:-1]
        assert max(len(line) for block in lines for line in block.splitlines()) <= 80
        assert "No room for intervals" in text


def test_a_run_of_an_older_version_says_what_it_does_not_know(run: Path, tmp_path: Path) -> None:
    old = Path(shutil.copytree(run, tmp_path / "old"))
    with closing(sqlite3.connect(old / "results.sqlite")) as connection, connection:
        connection.execute("drop table fact")
    done = awb("show", old, "--by", "snr")
    assert done.exit_code == 2
    assert "the run does not know snr: it was made by a version of awb" in done.stderr
    assert awb("show", old, "--by", "duration").exit_code == 0
    assert awb("show", old).stdout == awb("show", run).stdout


def test_unknown_slices_are_refused_with_those_that_exist(run: Path) -> None:
    done = awb("show", run, "--by", "loudness")
    assert done.exit_code == 2
    assert "no slices by 'loudness'. " in done.stderr
    for name in ("class", "duration", "snr", "overlap", "group"):
        assert name in done.stderr
    with pytest.raises(UnknownNameError):
        library.load_run(run).board(by="loudness")


def test_the_report_has_the_numbers_of_the_command(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert awb("report", run, "--out", path, "--instances", "0").exit_code == 0
    page = path.read_text(encoding="utf-8")
    assert "<summary>By snr</summary>" in page
    section = page.split("<summary>By snr</summary>")[1].split("</details>")[0]
    for record in json.loads(awb("show", run, "--by", "snr", "--format", "json").stdout):
        text = f"{record['mean']:.3f}".replace("-", "−")
        row = section.split(f'<th scope="row" class="name">{record["explainer"]}</th>')[1]
        assert text in row.split("</tr>")[0]


def _data(values: dict[str, list[float]], targets: list[str], clips: list[str]) -> BoardData:
    kept = tuple(
        Kept(clip, target, 0, ((0.0, 1.0),), 1.0, "")
        for clip, target in zip(clips, targets, strict=True)
    )
    scores, explanations = [], []
    for name, row in values.items():
        for value, one in zip(row, kept, strict=True):
            where = ("d", "m", name, one.clip_id, one.target)
            explanations.append(ExplanationRow(*where, "ok", "", 10, 5.0, 0.1))
            scores.append(ScoreRow(*where, "auc", value, ""))
    manifest = Manifest("d", "m", "", kept, ())
    return BoardData(manifest, scores, explanations, [AUC], frozenset({"random"}), 0)


def _two_classes() -> BoardData:
    """In class "a" the first explainer is better on every clip; class "b" has three clips."""
    clips = [f"c{at:02d}" for at in range(23)]
    targets = ["a"] * 20 + ["b"] * 3
    rng = np.random.default_rng(0)
    low = rng.uniform(0.1, 0.2, 23).tolist()
    high = rng.uniform(0.8, 0.9, 23).tolist()
    return _data({"first": high, "second": low, "random": low}, targets, clips)


def test_only_who_may_be_first_has_a_star_and_few_clips_rank_nobody() -> None:
    [table] = sliced(_two_classes(), "class")
    large, small = table.slices
    assert large.leading() == {"first"}
    assert (large.few, small.few) == (False, True)
    assert small.leading() == set()
    assert all(row.place is None for row in small.rows.values())
    assert all(math.isnan(row.cells[0].low) for row in small.rows.values())
    assert small.cell("first").n == 3
    text = to_text([table], "table")
    assert "3 clips †" in text
    assert "†: fewer than 5 clips, so no intervals, and nobody is ranked." in text
    [line] = [line for line in text.splitlines() if line.startswith("first")]
    assert line.count("*") == 2, "for all and for a"
    assert [line.count("*") for line in text.splitlines() if line.startswith("second")] == [0]


def test_explainers_that_are_alike_get_no_stars() -> None:
    data = _data({"one": [0.5] * 20, "other": [0.5] * 20}, ["a", "b"] * 10,
                 [f"c{at // 2}" for at in range(20)])  # fmt: skip
    [table] = sliced(data, "class")
    assert [one.leading() for one in table.slices] == [set(), set()]


def test_what_lacks_values_says_how_many_it_has() -> None:
    values = [0.5] * 10
    lacking = [math.nan, math.nan, *[0.7] * 8]
    data = _data({"whole": values, "lacking": lacking}, ["a"] * 10, [f"c{at}" for at in range(10)])
    [table] = sliced(data, "class")
    [row] = [one for one in to_records([table]) if one["explainer"] == "lacking" and
             one["slice"] == "a"]  # fmt: skip
    assert (row["n"], row["n_instances"]) == (8, 10)
    assert row["rank"] is None
    assert re.search(r"0\.700 \[0\.\d\d, 0\.\d\d\] \(8\)", to_text([table], "table"))


def _half_fail(n_entries: int = 1, n_clips: int = 40) -> BoardData:
    """Explainers of which the first is worse in class "b", and the others are the same in both."""
    targets = ["a", "b"] * (n_clips // 2)
    even = np.random.default_rng(0).uniform(0.5, 0.6, n_clips)
    worse = np.where(np.array(targets) == "b", even - 0.3, even + 0.3)
    same = {f"even-{at}": (even - 0.01 * at).tolist() for at in range(n_entries - 1)}
    values = {"fails": worse.tolist(), **same, "random": worse.tolist()}
    return _data(values, targets, [f"c{at:02d}" for at in range(n_clips)])


def test_the_sentence_names_who_differs_most_where_intervals_are_apart() -> None:
    data = _half_fail(3)
    [table] = published_slices(data)
    gap = widest_gap(table.best)
    assert gap is not None
    assert (gap.explainer, gap.better.bin.label, gap.worse.bin.label) == ("fails", "a", "b")
    high, low = (one.cell("fails") for one in table.slices)
    assert low.high < high.low
    assert gap.size == pytest.approx(high.mean - low.mean)
    sentence = (
        "Largest difference of 3 explainers between slices whose intervals do not overlap:"
        f" by class, fails with {high.mean:.3f} in “a” and {low.mean:.3f} in “b”."
    )
    assert gap_sentence([table]) == sentence
    assert sentence in to_section([table])
    lower = replace(data, metrics=[replace(AUC, higher_is_better=False)])
    [turned] = published_slices(lower)
    gap = widest_gap(turned.best)
    assert gap is not None
    assert (gap.better.bin.label, gap.worse.bin.label) == ("b", "a")
    [even] = published_slices(replace(data, baselines=frozenset({"fails", "random"})))
    assert gap_sentence([even]) == "", "the intervals of the others overlap"


def test_a_published_board_shows_its_best_explainers() -> None:
    [table] = published_slices(_half_fail(BEST + 3))
    shown = [row.explainer for row in table.best.board.rows]
    assert len(shown) == BEST
    assert shown == [row.explainer for row in table.board.rows if row.explainer != "random"][:BEST]
    assert f"auc ↑ of the {BEST} best explainers" in to_section([table])
    assert gap_sentence([table]).startswith(f"Largest difference of the {BEST} best explainers")


def test_a_published_board_is_cut_only_where_slices_tell_something() -> None:
    def cut(targets: list[str]) -> list[str]:
        values = np.linspace(0.1, 0.9, len(targets)).tolist()
        clips = [f"c{at:02d}" for at in range(len(targets))]
        found = published_slices(_data({"one": values}, targets, clips))
        return [table.trait.name for table in found]

    assert cut(["a", "b"] * 10) == ["class"], "all durations, numbers of events and scores are one"
    assert cut(["a", "b"] * (ENOUGH_CLIPS // 2)) == [], "too few clips"
    assert cut([*["a"] * 20, *["b"] * 3]) == [], "only one slice has intervals"
    names = [chr(ord("a") + at) for at in range(MOST_SLICES + 1)]
    assert cut(names[:-1] * 6) == ["class"]
    assert cut(names * 6) == [], "too many columns"
    assert to_section([]) == ""
