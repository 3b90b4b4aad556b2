"""Slices of published boards: those of the run, where they stand, and where there are none."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import small_data
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.construction import BoardData, read_boards
from awb.leaderboard.boards.slices import PUBLISHED, published_slices, sliced
from awb.leaderboard.formats.slice_table import mean_text, slices_of, to_records
from awb.leaderboard.publishing.published_board import data_of, each_budget
from awb.leaderboard.submissions.files import Reader, find
from awb.plugins.discovery import load
from submissions import awb

N_CLIPS = 16


def _loud_clips(folder: Path) -> Path:
    """Write clips of several lengths with one or two bursts, all of one class."""
    lines = ["filename\tonset\toffset\tevent_label"]
    for number in range(N_CLIPS):
        onsets_s = [0.5 + 0.05 * number, 2.5][: 1 + number % 2]
        path = folder / "audio" / f"clip-{number}.wav"
        small_data.write_clip(path, onsets_s, seconds=4.5 + 0.1 * number, seed=number)
        for onset_s in onsets_s:
            offset_s = onset_s + 0.3 + 0.01 * (number % 10)
            lines.append(f"{path.name}\t{onset_s:.3f}\t{offset_s:.3f}\tLoud")
    (folder / "events.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def folders(once: Callable[[str, Callable[[Path], Any]], Path]) -> Path:
    """A run at two budgets, and the leaderboards with its submissions; read-only."""

    def make(folder: Path) -> None:
        data, run = _loud_clips(folder / "bursts"), folder / "run"
        for command in (
            ["run", "--dataset", f"folder:{data}", "--model", "loudness", "--budgets", "20,40",
             "--explainers", "correlation,earliest,random", "--metrics", "roc-auc,deletion-area",
             "--no-baselines", "--jobs", "1", "--out", run],
            ["publish", run, "--into", folder / "boards"],
        ):  # fmt: skip
            done = awb(*command)
            assert done.exit_code == 0, done.output

    return once("published-slices", make)


@pytest.fixture(scope="module")
def of_run(folders: Path) -> list[BoardData]:
    return read_boards(RunFolder.open(folders / "run"), load())


@pytest.fixture(scope="module")
def of_boards(folders: Path) -> list[BoardData]:
    reader = Reader()
    group = [reader.read(path) for path in find([folders / "boards" / "submissions"])]
    return each_budget(data_of(group, load()), group)


@pytest.mark.parametrize(
    "by", ["duration", "events", "score", "share", "position", "clip-duration"]
)
def test_slices_of_published_boards_are_those_of_the_run(
    of_run: list[BoardData], of_boards: list[BoardData], by: str
) -> None:
    assert [one.budget for one in of_boards] == [one.budget for one in of_run] == [20, 40]
    for run, board in zip(of_run, of_boards, strict=True):
        [first, second] = (to_records(sliced(one, by, first_only=True)) for one in (run, board))
        assert first == second
        assert len({one["slice"] for one in first}) > 2


def _page(folders: Path) -> str:
    [page] = (folders / "boards").glob("folder-*--loudness.md")
    return page.read_text(encoding="utf-8")


def test_the_markdown_page_has_the_slices_of_the_largest_budget(
    folders: Path, of_run: list[BoardData]
) -> None:
    page = _page(folders)
    assert page.count("### In slices") == 1
    text = page.split("### In slices\n")[1].split("### Submissions")[0]
    assert text.startswith("\nroc-auc ↑ of 2 explainers, at most 40 model calls, among")
    tables = published_slices(of_run[-1])
    assert re.findall(r"^By ([a-z]+): ", text, re.M) == [one.trait.name for one in tables]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    for table in tables:
        for row in table.board.rows:
            cells = [mean_text(one, row.explainer) for one in slices_of(table)]
            assert ([row.explainer, *cells] in lines) is not row.baseline


def test_the_site_has_them_closed(folders: Path, of_run: list[BoardData]) -> None:
    [path] = (folders / "boards" / "site" / "boards").glob("*.html")
    page = path.read_text(encoding="utf-8")
    assert page.count('<section class="slices"') == 1
    [section] = re.findall(r'<section class="slices".*?</section>', page, re.S)
    assert "<details open>" not in section
    tables = published_slices(of_run[-1])
    names = [table.trait.name for table in tables]
    assert re.findall("<summary>By ([a-z]+)</summary>", section) == names
    for table, part in zip(tables, section.split("<summary>")[1:], strict=True):
        for row in table.board.rows:
            told = part.split(f'<th scope="row" class="name">{row.explainer}</th>')[1]
            means = re.findall(r"\d\.\d{3}", told.split("</tr>")[0])
            cells = [one.cell(row.explainer) for one in slices_of(table)]
            assert means == [f"{cell.mean:.3f}" for cell in cells]


def test_a_trait_with_one_value_makes_no_table(folders: Path, of_run: list[BoardData]) -> None:
    [everything] = sliced(of_run[-1], "class", first_only=True)
    assert [one.bin.label for one in everything.slices] == ["Loud"]
    assert "By class" not in _page(folders)
    names = [table.trait.name for table in published_slices(of_run[-1])]
    assert names == [name for name in PUBLISHED if name != "class"]


def test_a_small_board_is_not_cut(published: Path) -> None:
    [page] = published.glob("folder-*--loudness.md")
    assert "In slices" not in page.read_text(encoding="utf-8")
    [page] = (published / "site" / "boards").glob("*.html")
    assert "In slices" not in page.read_text(encoding="utf-8")
