"""From a run to boards: what is published, what is refused, and what a spot check finds."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import rankdata

import small_data
import submissions
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.formats.escaping import markdown
from awb.leaderboard.publishing.board_pages import BEGIN, END
from awb.leaderboard.publishing.published_board import board_of, data_of
from awb.leaderboard.submissions.files import Reader, deflated
from awb.leaderboard.submissions.names import slug
from awb.plugins.discovery import load
from submissions import awb, forge, read, seal, submission, swap_relevance


def test_a_run_is_published_and_verified(published: Path) -> None:
    paths = sorted(published.rglob("*.json"))
    assert [path.name for path in paths] == [
        "_manifest.json", "constant.json", "oracle.json", "random-forest.json", "random.json",
    ]  # fmt: skip
    result = awb("verify", published)
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["PASS"] * 4
    said = r"3 of 3 instances, 23 metrics recomputed, \d+ not recomputed"
    assert re.search(said, result.stdout)
    assert "4 passed, 0 refused" in result.stderr


def test_every_score_and_relevance_of_the_run_is_published(
    published: Path, small_run: Path
) -> None:
    table = list(csv.DictReader(io.StringIO(awb("export", small_run).stdout)))
    store = RunFolder.open(small_run).store()
    for name in ("random-forest", "oracle", "constant", "random"):
        submitted = Reader().read(submission(published, name))
        record = submitted.record
        places = {(row.clip_id, row.target): at for at, row in enumerate(record.instances)}
        mine = [row for row in table if row["explainer"] == name]
        assert len(mine) == sum(len(column) for column in record.scores.values())
        for row in mine:
            value = record.scores[row["metric"]][places[row["clip_id"], row["target"]]]
            assert row["value"] == ("" if value is None else repr(value))
        for (clip_id, target), at in places.items():
            stored, found = store.relevance(clip_id, target, name), submitted.relevance[at]
            assert stored is not None
            assert found is not None
            np.testing.assert_array_equal(found, stored.astype("<f4"))


def test_the_board_is_that_of_the_run(published: Path, small_run: Path) -> None:
    [page] = published.glob("folder-*--loudness.md")
    shown = page.read_text(encoding="utf-8")
    expected = [
        line
        for line in awb("show", small_run, "--format", "md").stdout.splitlines()
        if line.startswith("|") and "saliency" not in line and "---" not in line
    ]
    assert len(expected) == 5
    for line in expected:
        cells = [cell.strip() for cell in line.split("|")]
        assert any([cell.strip() for cell in one.split("|")] == cells for one in shown.splitlines())
    assert "A. Person" in shown
    index = (published / "README.md").read_text(encoding="utf-8")
    assert f"({page.name})" in index
    assert index.index(BEGIN) < index.index(page.name) < index.index(END)


def test_an_index_keeps_the_text_around_it(small_run: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(
        f"before\n{BEGIN}\nolder lines\n{END}\nafter\n", encoding="utf-8"
    )
    awb("publish", small_run, "--into", tmp_path)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "older lines" not in text


def test_publishing_again_changes_nothing_and_never_overwrites(copy: Path, small_run: Path) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    assert awb("publish", small_run, "--into", copy, "--author", "A. Person").exit_code == 0
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before
    other = ["publish", small_run, "--into", copy, "--author", "B. Person"]
    refused = awb(*other)
    assert refused.exit_code == 2
    assert "--replace" in refused.stderr
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before
    assert awb(*other, "--replace").exit_code == 0
    assert read(submission(copy))["credit"]["author"] == "B. Person"


def test_typed_texts_cannot_change_scores(small_run: Path, tmp_path: Path) -> None:
    note = 'x | 1.000 | <b>"sha256"</b>, roc-auc: 1'
    awb("publish", small_run, "--into", tmp_path / "a", "--note", note)
    awb("publish", small_run, "--into", tmp_path / "b")
    first, second = (read(submission(tmp_path / one)) for one in "ab")
    assert {key for key in first if first[key] != second[key]} == {"credit", "sha256"}
    [page] = (tmp_path / "a").glob("folder*.md")
    assert "<b>" not in page.read_text(encoding="utf-8")
    assert markdown("a|b") == "a\\|b"
    for bad in ("two\nlines", "x" * 501):
        result = awb("publish", small_run, "--into", tmp_path / "c", "--note", bad)
        assert result.exit_code == 2
        assert "--note" in result.stderr


def _edited(run: Path, to: Path, *statements: tuple[str, tuple[Any, ...]]) -> Path:
    """Copy a run and change its store."""
    shutil.copytree(run, to)
    with sqlite3.connect(to / "results.sqlite") as connection:
        for statement, values in statements:
            assert connection.execute(statement, values).rowcount > 0
    connection.close()
    return to


def test_an_unfinished_run_is_refused(small_run: Path, tmp_path: Path) -> None:
    keys = "(select min(key) from unit)"
    run = _edited(
        small_run,
        tmp_path / "run",
        (f"delete from score where unit_key = {keys}", ()),
        (f"delete from explanation where unit_key = {keys}", ()),
        (f"delete from unit where key = {keys}", ()),
    )
    result = awb("publish", run, "--into", tmp_path / "boards")
    assert result.exit_code == 2
    assert "is not finished: 2 of 3 instances" in result.stderr
    assert not (tmp_path / "boards").exists()


def test_a_run_of_segments_that_follow_the_sound_is_refused(
    small_run: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    record = json.loads((run / "run.json").read_text())
    record["config"]["segments"] = "onsets"
    (run / "run.json").write_text(json.dumps(record))
    result = awb("publish", run, "--into", tmp_path / "boards")
    assert result.exit_code == 2
    assert "segments that follow the sound (onsets)" in result.stderr


def test_partial_coverage_is_published_and_not_ranked(small_run: Path, tmp_path: Path) -> None:
    where = "where explainer = 'random-forest' and unit_key = (select min(key) from unit)"
    run = _edited(
        small_run,
        tmp_path / "run",
        (f"update explanation set status = 'failed', reason = 'a|b', relevance = null {where}", ()),
        (f"update score set value = null, reason = 'failed: a|b' {where}", ()),
    )
    assert awb("publish", run, "--into", tmp_path / "boards").exit_code == 0
    result = awb("verify", tmp_path / "boards")
    assert result.exit_code == 0
    assert "2 of 3 instances" in result.stdout
    reader = Reader()
    names = ("random-forest", "oracle")
    group = [reader.read(submission(tmp_path / "boards", name)) for name in names]
    board = board_of(data_of(group, load()))
    row = next(row for row in board.rows if row.explainer == "random-forest")
    assert row.rank is None
    assert row.coverage == pytest.approx(2 / 3)


def test_scores_that_do_not_follow_from_the_relevance_are_not_published(
    small_run: Path, tmp_path: Path
) -> None:
    change = "update score set value = 1 where metric = 'roc-auc' and explainer = 'random'"
    run = _edited(small_run, tmp_path / "run", (change, ()))
    result = awb("publish", run, "--into", tmp_path / "boards")
    assert result.exit_code == 2
    assert "roc-auc claims 1, the relevance gives" in result.stderr


def test_relevance_keeps_64_bits_if_rounding_would_change_a_score(tmp_path: Path) -> None:
    run = submissions.run(tmp_path, n_clips=1, explainers="random", metrics="roc-auc")
    [kept] = RunFolder.open(run).manifests()[0].kept
    relevance = RunFolder.open(run).store().relevance(kept.clip_id, kept.target, "random")
    ranks = rankdata(relevance)
    fine = 1.0 + 1e-12 * ranks  # the same order, so the same ROC-AUC
    assert np.unique(fine.astype("<f4")).size == 1
    close = _edited(
        run, tmp_path / "close", ("update explanation set relevance = ?", (fine.tobytes(),))
    )
    assert awb("publish", close, "--into", tmp_path / "boards").exit_code == 0
    submitted = Reader().read(submission(tmp_path / "boards", "random"))
    assert submitted.record.relevance.dtype == "<f8"
    np.testing.assert_array_equal(submitted.relevance[0], fine)


def test_a_spot_check_reproduces_a_run(published: Path) -> None:
    result = awb("verify", "--spot-check", "2", "--json", submission(published))
    assert result.exit_code == 0, result.output
    [verdict] = json.loads(result.stdout)
    assert verdict["passed"]
    assert len(verdict["spot_checked"]) == 2
    assert verdict["state"] == "PASS"


def test_a_spot_check_finds_what_only_the_model_knows(copy: Path) -> None:
    path = submission(copy)

    def better(plain: dict[str, Any]) -> None:
        for place in range(3):
            half = plain["scores"]["deletion-area"][place] / 2
            plain["scores"]["deletion-area"][place] = half
            plain["scores"]["srg"][place] += half  # insertion minus deletion, which is checked

    forge(path, better)
    assert awb("verify", path).exit_code == 0, "only the model contradicts it"
    result = awb("verify", path, "--spot-check", "1")
    assert result.exit_code == 1
    assert "deletion-area is" in result.stdout


def test_a_spot_check_finds_the_relevance_of_another_explainer(copy: Path) -> None:
    path, oracle = submission(copy, "random"), submission(copy, "oracle")
    relevance = [one for one in Reader().read(oracle).relevance if one is not None]
    swap_relevance(path, deflated(np.concatenate(relevance), "<f4"))
    plain, better = read(path), read(oracle)
    seal(path, {**plain, "scores": better["scores"], "undefined": better["undefined"]})
    assert awb("verify", path).exit_code == 0, "the scores do follow from the relevance"
    result = awb("verify", path, "--spot-check", "1")
    assert result.exit_code == 1
    assert "the relevance differs" in result.stdout


def test_a_spot_check_on_another_platform_has_a_tolerance(copy: Path) -> None:
    path = submission(copy, "constant")

    def elsewhere(plain: dict[str, Any], change: float) -> None:
        plain["environment"]["platform"] = "another"
        for name, sign in (("deletion-area", 1), ("srg", -1)):
            plain["scores"][name] = [value + sign * change for value in plain["scores"][name]]

    forge(path, lambda plain: elsewhere(plain, 0.01))
    assert awb("verify", path, "--spot-check", "1").exit_code == 0
    forge(path, lambda plain: elsewhere(plain, 0.02))
    result = awb("verify", path, "--spot-check", "1")
    assert result.exit_code == 3
    assert result.stdout.startswith("UNCHECKED ")
    assert "deletion-area is" in result.stdout
    assert "(another), and some explainers amplify the last digits" in result.stdout
    forge(path, lambda plain: elsewhere(plain, -0.33))
    assert awb("verify", path, "--spot-check", "1").exit_code == 1


def test_a_spot_check_names_the_plugin_that_differs(copy: Path) -> None:
    path = submission(copy)
    forge(path, lambda plain: plain["explainer"].update(version="0.0.7"))
    result = awb("verify", path, "--spot-check", "1")
    assert result.exit_code == 3
    assert result.stdout.startswith("UNCHECKED")
    assert "random-forest is from audio-where-benchmark 0.0.7; installed is" in result.stdout
    assert "pip install audio-where-benchmark==0.0.7" in result.stdout


def test_settings_that_the_label_does_not_state_are_refused(copy: Path) -> None:
    path = submission(copy)
    known = read(path)["explainer"]["parameters"]
    for new, reason in (
        ({**known, "gone": 1}, "differs from the installed random-forest: gone: Extra inputs"),
        (
            {**known, "n_estimators": 7},
            "with these settings its label is random-forest:n_estimators=7",
        ),
    ):
        forge(path, lambda plain, new=new: plain["explainer"].update(parameters=new))
        result = awb("verify", path)
        assert result.exit_code == 1
        assert reason in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verify", "/no/such/place"], "does not exist"),
        (["verify", "."], "no submission in"),
        (["publish", "/no/such/run"], "is not a run folder"),
    ],
)
def test_mistakes_are_reported_on_one_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = awb(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_names_of_files_are_unique_and_stay_inside() -> None:
    labels = ["a/b", "a-b", "a b", "../a", "..", "é", "random-forest@300", "x" * 200, "_manifest"]
    slugs = [slug(label) for label in labels]
    assert len(set(slugs)) == len(labels)
    assert all("/" not in one and not one.startswith((".", "_")) for one in slugs)
    assert max(map(len, slugs)) < 100


def test_boards_are_written_again_without_invalid_submissions(copy: Path) -> None:
    path = submission(copy, "random")
    path.write_text(path.read_text(encoding="utf-8").replace("A. P", "B. P"), encoding="utf-8")
    result = awb("publish", "--into", copy)
    assert result.exit_code == 1
    assert "not shown" in result.stderr
    [page] = copy.glob("folder*.md")
    names = [line.split("|")[2].strip() for line in page.read_text().splitlines() if "0.50" in line]
    assert "constant" in names
    assert "random" not in names


def test_boards_at_budgets_are_published(tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "data", 2)
    run = tmp_path / "run"
    made = awb(
        "run", "--dataset", f"folder:{data}", "--model", "loudness", "--budgets", "20,40",
        "--explainers", "correlation,earliest:slope=2", "--metrics", "roc-auc,ff@10",
        "--jobs", "1", "--out", run,
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    assert awb("publish", run, "--into", tmp_path / "boards").exit_code == 0
    checked = awb("verify", tmp_path / "boards", "--spot-check", "1")
    assert checked.exit_code == 0, checked.output
    assert "correlation@20.json" in checked.stdout
    [page] = (tmp_path / "boards").glob("folder*.md")
    text = page.read_text(encoding="utf-8")
    assert text.index("at most 20 model calls") < text.index("at most 40 model calls")
