"""The data of a page, and the limit of its size."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import small_data
from awb.harness.storage.run_folder import RunFolder
from awb.plugins.discovery import load
from awb.report.page import PageFacts, describe, environment, render
from awb.report.payload import PageSounds, agreement_plain, number
from awb.report.views.board import BoardView, read_views
from awb.report.views.clips import NoClips
from browser import NASTY, awb, make_run, nasty_data

FACTS = PageFacts("A title", "A lead.", "2026-01-01", "awb report run")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = tmp_path_factory.mktemp("payload")
    return RunFolder.open(make_run(folder / "run", small_data.build(folder / "data", 4)))


@pytest.fixture(scope="module")
def view(run: RunFolder) -> BoardView:
    return read_views(run, load())[0]


def _scripts(text: str, kind: str) -> list[Any]:
    found = re.findall(rf'<script type="application/json" class="{kind}">(.*?)</script>', text)
    return [json.loads(one) for one in found]


def test_sound_stays_within_the_limit() -> None:
    noise = np.random.default_rng(0).uniform(-0.2, 0.2, 16000).astype(np.float32)
    page_sounds = PageSounds(room=12_000)
    assert page_sounds.add("one", noise, 16000)
    left = page_sounds.room
    assert page_sounds.add("one", noise, 16000), "it is there already"
    assert page_sounds.room == left
    assert not page_sounds.add("two", np.tile(noise, 30), 16000)
    assert sum(map(len, page_sounds.sounds.values())) + page_sounds.room == 12_000


def test_the_page_has_the_data_of_the_store(view: BoardView) -> None:
    text = render([view], NoClips("nothing to hear"), FACTS, instances=9)
    [board] = _scripts(text, "board-data")
    rows = {row["explainer"]: row for row in board["rows"]}
    for row in view.board.rows:
        assert rows[row.explainer]["cells"][0][0] == number(row.cells[0].mean)
    instances = _scripts(text, "instance-data")
    assert [one["clip"] for one in instances] == [one.kept.clip_id for one in view.instances]
    for plain, one in zip(instances, view.instances, strict=True):
        assert plain["silent"] == "nothing to hear"
        assert "sound" not in plain
        assert plain["edges"] == pytest.approx(np.arange(31) / 10)
        for each, own in zip(plain["explanations"], one.explanations, strict=True):
            largest = np.abs(own.relevance).max() or 1.0
            np.testing.assert_allclose(
                np.array(each["relevance"]) / 1000, own.relevance / largest, atol=6e-4
            )


def test_explainers_without_explanations_have_no_row_but_are_named(view: BoardView) -> None:
    [gone] = [row.explainer for row in view.board.rows if not row.coverage]
    text = render([view], NoClips("nothing to hear"), FACTS, instances=0)
    assert f'<tr data-explainer="{gone}"' not in text
    assert "1 explainer has no row, because nothing was explained; the reason follows." in text
    assert f"{gone}</li>" in text
    assert describe(view.board).endswith(f"{len(view.board.rows) - 1} explainers, 3 metrics")


def test_letters_are_shown_only_if_they_differ(view: BoardView) -> None:
    text = render([view], NoClips("nothing to hear"), FACTS, instances=0)
    assert "share a letter" not in text
    rows = [
        replace(row, place=row.place and replace(row.place, groups="b" if row.rank == 1 else "ab"))
        for row in view.board.rows
    ]
    told = replace(view, board=replace(view.board, rows=tuple(rows)))
    text = render([told], NoClips("nothing to hear"), FACTS, instances=0)
    assert "share a letter are not told apart by a paired test" in text
    assert '<span class="letters">ab</span></span></td>' in text


def test_agreement_has_the_layout_that_the_page_expects(view: BoardView) -> None:
    plain = agreement_plain(view)
    assert plain is not None
    count = len(view.board.metrics)
    assert len(plain["taus"]) == count * (count - 1) / 2


def test_data_cannot_leave_its_script(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", nasty_data(tmp_path / "data"))
    assert awb("report", run).exit_code == 0
    text = (run / "report.html").read_text(encoding="utf-8")
    assert NASTY not in text
    assert text.count("</script>") == text.count("<script")
    assert any(
        event[2] == NASTY
        for one in _scripts(text, "instance-data")
        for event in one.get("events", [])
    )


def test_the_page_refers_to_no_other_address(view: BoardView) -> None:
    text = render([view], NoClips("silence"), FACTS, instances=9)
    addresses = set(re.findall(r"https?://[^\s\"'<]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}, "names of formats are no requests"
    assert "@import" not in text


def test_templates_escape_and_reject_missing_variables() -> None:
    made = environment()
    assert made.from_string("{{ name }}").render(name="<b>&\"'") == "&lt;b&gt;&amp;&#34;&#39;"
    plain = made.from_string("{{ data | tojson }}").render(data={"a": "</script><!--\u2028é"})
    assert "<" not in plain
    assert json.loads(plain) == {"a": "</script><!--\u2028é"}
    assert number(math.nan) is None
    assert number(math.inf) is None
    assert number(0.123456789) == 0.123457


def test_a_limited_number_of_instances_are_the_extremes(
    run: RunFolder, tmp_path: Path, view: BoardView
) -> None:
    page = tmp_path / "few.html"
    assert awb("report", run.path, "--instances", "2", "--out", page).exit_code == 0
    shown = _scripts(page.read_text(encoding="utf-8"), "instance-data")
    expected = [view.instances[0].kept.clip_id, view.instances[-1].kept.clip_id]
    assert [one["clip"] for one in shown] == expected
    assert all(one["sound"] for one in shown)


def test_the_page_agrees_with_the_command_about_agreement(run: RunFolder, view: BoardView) -> None:
    """One computation, whatever the order of the metrics, and enough digits to round once."""
    plain = agreement_plain(view)
    assert plain is not None
    names = [facts.name for facts in view.board.metrics]
    found = dict(zip(combinations(names, 2), plain["taus"], strict=True))
    wanted = names[::-1]
    result = awb("agree", run.path, "--metrics", ",".join(wanted), "--format", "json")
    assert result.exit_code == 0, result.output
    records = json.loads(result.output)
    assert len(records) == len(found) == 3
    turned = 0
    for one in records:
        pair = (one["first"], one["second"])
        turned += pair not in found
        page = found.get(pair) or found[pair[::-1]]
        assert [one["tau"], one["low"], one["high"]] == pytest.approx(page, abs=5e-7)
    assert turned == 3
