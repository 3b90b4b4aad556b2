"""``awb plot``: figures and tables of a run."""

from __future__ import annotations

import re
import shutil
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import small_data
from awb.errors import RunError
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.agreement import Agreement
from awb.leaderboard.formats.escaping import latex
from awb.leaderboard.formats.latex import to_latex
from awb.plugins.discovery import load
from awb.report.figures.agreement import draw as draw_agreement
from awb.report.figures.agreement import figure_of
from awb.report.figures.critical import joined, rank_explainers
from awb.report.figures.curves import draw_curves
from awb.report.figures.heatmap import draw_heatmap
from awb.report.figures.style import chosen_rows
from awb.report.figures.whole_curves import draw_whole_curves, mean_curves
from awb.report.views.board import BoardView, read_views
from awb.statistics import Interval
from browser import awb

KINDS = ["board", "curves", "agreement", "cd", "heatmap", "instance"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plots")
    data = small_data.build(folder / "data", 4)
    result = awb(
        "run", "--dataset", f"folder:{data}", "--model", "loudness", "--samples", "60", "--jobs",
        "1", "--explainers", "oracle,random,naive,correlation,earliest,saliency", "--metrics",
        "roc-auc,ff@1,ff@10,ff@50,deletion-area", "--out", folder / "run",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return folder / "run"


@pytest.fixture(scope="module")
def view(run: Path) -> BoardView:
    return read_views(RunFolder.open(run), load())[0]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn(run: Path, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"{kind}.png"
    result = awb("plot", run, "--kind", kind, "--out", path)
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(path)
    picture = np.asarray(Image.open(path).convert("L"))
    assert min(picture.shape) > 200
    dark = picture < 250
    assert dark.any()
    edges = [dark[0], dark[-1], dark[:, 0], dark[:, -1]]
    assert not any(edge.any() for edge in edges), "nothing is cut off at an edge"


@pytest.mark.parametrize("form", ["pdf", "svg"])
def test_the_same_figure_gives_the_same_bytes(run: Path, form: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.{form}" for name in ("one", "two")]
    for path in paths:
        assert awb("plot", run, "--out", path).exit_code == 0
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    if form == "pdf":
        assert first.startswith(b"%PDF")
    else:
        texts = {node.text for node in ET.fromstring(first).iter() if node.tag.endswith("}text")}
        assert {"correlation", "oracle", "roc-auc ↑"} <= texts


def test_the_format_decides_the_name(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert awb("plot", run, "--kind", "cd", "--format", "svg").stdout == "cd.svg\n"
    assert (tmp_path / "cd.svg").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--kind", "heatmap", "--metrics", "roc"], "Did you mean roc-auc"),
        (["--explainers", "corelation"], "Did you mean correlation"),
        (["--kind", "instance", "--instance", "clip-9.wav"], "Did you mean clip-"),
        (["--kind", "instance", "--instance", "77"], "a number from 1 to 4, or a name such as"),
        (["--kind", "instance", "--explainers", "saliency"], "no explanation by 'saliency'"),
        (["--kind", "cd", "--explainers", "naive,earliest"], "at least 3 explainers"),
        (["--board", "2"], "no board 2"),
        (["--out", "figure.gif"], "pdf, png, svg, latex"),
        (["--kind", "cd", "--format", "latex"], "only the board"),
        (["--out", "/no/such/folder/board.pdf"], "cannot write"),
    ],
)
def test_mistakes_get_one_clear_line(
    run: Path, words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = awb("plot", run, *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert isinstance(result.exception, SystemExit)


def test_curves_pass_through_the_means_of_the_board(view: BoardView) -> None:
    row = next(row for row in view.board.rows if row.explainer == "naive")
    [axes] = draw_curves(view, [row]).axes
    names = [facts.name for facts in view.board.metrics]
    expected = [row.cells[names.index(f"ff@{percent}")].mean for percent in (1, 10, 50)]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), expected)
    without = replace(view, board=replace(view.board, metrics=view.board.metrics[:1]))
    with pytest.raises(RunError, match="--metrics all"):
        draw_curves(without, [row])


def test_whole_curves_are_the_means_of_the_stored_ones(run: Path, view: BoardView) -> None:
    opened = RunFolder.open(run)
    rows = [row for row in view.board.rows if row.explainer in ("naive", "random")]
    curves = mean_curves(opened, view, rows, "deletion")
    assert [curve.explainer for curve in curves] == [row.explainer for row in rows]
    assert mean_curves(opened, view, rows, "insertion") == []
    manifest = view.data.manifest
    stored = opened.store().curves(manifest.dataset, manifest.model, "deletion")
    assert len(stored) == len(manifest.kept)
    for curve in curves:
        own = [found[curve.explainer] for found in stored.values()]
        assert curve.points[0].mean == pytest.approx(np.mean([one[0] for one in own]))
        assert curve.points[-1].mean == pytest.approx(np.mean([one[-1] for one in own]))
        halves = [np.interp(0.5, np.linspace(0, 1, one.size), one) for one in own]
        assert curve.points[len(curve.points) // 2].mean == pytest.approx(np.mean(halves))
        assert all(point.low <= point.mean <= point.high for point in curve.points)
    [axes] = draw_whole_curves({"deletion": curves}).axes
    means = [point.mean for point in curves[0].points]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), means)


def test_a_run_without_whole_curves_shows_its_points(run: Path, tmp_path: Path) -> None:
    older = Path(shutil.copytree(run, tmp_path / "run"))
    with closing(sqlite3.connect(older / "results.sqlite")) as connection, connection:
        connection.execute("delete from curve")
    texts = []
    for folder in (run, older):
        result = awb("plot", folder, "--kind", "curves", "--out", tmp_path / "curves.svg")
        assert result.exit_code == 0, result.output
        texts.append((tmp_path / "curves.svg").read_text(encoding="utf-8"))
    assert ">probability of the target<" in texts[0]
    assert ">fall of the target's probability<" in texts[1]


def test_an_explainer_without_a_curve_is_named(run: Path, view: BoardView, tmp_path: Path) -> None:
    part = Path(shutil.copytree(run, tmp_path / "run"))
    with closing(sqlite3.connect(part / "results.sqlite")) as connection, connection:
        connection.execute("delete from curve where explainer = 'naive'")
    rows = [row for row in view.board.rows if row.explainer in ("naive", "random")]
    with pytest.raises(RunError, match="for naive; leave them out with --explainers"):
        mean_curves(RunFolder.open(part), view, rows, "deletion")


def test_the_heat_map_shows_the_scores(view: BoardView) -> None:
    rows = chosen_rows(view, ["earliest", "saliency"], None)
    axes = draw_heatmap(view, rows, 0).axes[0]
    shown = np.ma.filled(axes.images[0].get_array(), np.nan)
    for column, instance in enumerate(view.instances):
        scores = {one.explainer: one.scores["roc-auc"] for one in instance.explanations}
        assert shown[0, column] == scores["earliest"]
        assert np.isnan(shown[1, column]), "saliency does not apply to this model"


def test_the_map_of_agreement_is_drawn_in_the_style_of_the_others(tmp_path: Path) -> None:
    tau = Interval(-0.04, -0.1, 0.1)
    found = [Agreement("d", "m", "roc-auc", "ff@10", tau, 5, 9, budget=300)]
    figure = figure_of(found)
    [axes, bar] = figure.axes
    assert figure.get_suptitle() == "m on d, at most 300 model calls"
    assert {label.get_fontsize() for label in axes.get_yticklabels()} == {8.0}
    assert [text.get_text() for text in axes.texts] == [".0", ".0"]
    assert bar.get_ylabel() == "Kendall's tau"
    draw_agreement(found, tmp_path / "map.PDF")
    assert (tmp_path / "map.PDF").read_bytes().startswith(b"%PDF")
    with pytest.raises(RunError, match=r"map\.gif: use a name that ends in \.pdf, \.png, \.svg"):
        draw_agreement(found, tmp_path / "map.gif")


def test_mean_ranks_are_those_of_a_plain_count(view: BoardView) -> None:
    ranked = rank_explainers(view, 0, None)
    table = {
        one.explainer: [
            each.scores["roc-auc"]
            for instance in sorted(view.instances, key=lambda found: found.kept.clip_id)
            for each in instance.explanations
            if each.explainer == one.explainer
        ]
        for one in view.board.rows
        if not one.baseline and one.cells[0].n
    }
    for name, rank in zip(ranked.names, ranked.ranks, strict=True):
        places = []
        for clip in range(4):
            own = table[name][clip]
            better = sum(values[clip] > own + 1e-12 for values in table.values())
            equal = sum(abs(values[clip] - own) <= 1e-12 for values in table.values())
            places.append(better + (equal + 1) / 2)
        assert rank == pytest.approx(np.mean(places))


def test_bars_join_all_that_is_near_and_nothing_else() -> None:
    ranks = np.sort(np.random.default_rng(3).uniform(1, 20, 25)).tolist()
    bars = joined(ranks, 3.0)
    for first, last in bars:
        assert ranks[last] - ranks[first] < 3.0
    near = {
        (one, other)
        for one in range(25)
        for other in range(one + 1, 25)
        if ranks[other] - ranks[one] < 3.0
    }
    covered = {
        (one, other)
        for first, last in bars
        for one in range(first, last + 1)
        for other in range(one + 1, last + 1)
    }
    assert covered == near
    assert joined([1.0, 5.0], 1.0) == []


def test_the_latex_table_is_well_formed(run: Path, view: BoardView, tmp_path: Path) -> None:
    text = awb("plot", run, "--format", "latex").stdout
    lines = [line.strip() for line in text.splitlines()]
    assert [line for line in lines if line.startswith("\\") and "rule" in line] == [
        r"\toprule",
        r"\midrule",
        r"\bottomrule",
    ]
    assert lines.count(r"\begin{table}") == lines.count(r"\end{table}") == 1
    [columns] = re.findall(r"\\begin\{tabular\}\{@\{\}(\w+)@\{\}\}", text)
    body = [line for line in lines if line.endswith(r"\\")]
    assert len(body) == 1 + sum(1 for row in view.board.rows if row.cells[0].n)
    for line in body:
        assert len(re.findall(r"(?<!\\)&", line)) == len(columns) - 1
        assert line.count("{") == line.count("}")
        assert line.count("$") % 2 == 0
    best = max(row.cells[0].mean for row in view.board.rows if row.place is not None)
    assert f"$\\mathbf{{{best:.3f}}}$" in text
    assert awb("plot", run, "--out", tmp_path / "board.tex", "--format", "latex").exit_code == 0
    assert (tmp_path / "board.tex").read_text(encoding="utf-8") == text


def test_names_are_escaped_for_latex(view: BoardView) -> None:
    assert latex("50 % of a_b & c#{d}~^\\") == (
        r"50 \% of a\_b \& c\#\{d\}\textasciitilde{}\textasciicircum{}\textbackslash{}"
    )
    evil = replace(view.board, model="a_b", dataset="100 %\n\\end{table}")
    caption = next(line for line in to_latex(evil).splitlines() if "caption" in line)
    assert r"a\_b on 100 \% \textbackslash{}end\{table\}:" in caption


def test_a_run_without_instances_has_a_report_and_clear_errors(tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "data", 2)
    run = tmp_path / "run"
    awb(
        "run", "--dataset", f"folder:{data}", "--model", "loudness", "--min-score", "99", "--jobs",
        "1", "--explainers", "naive", "--metrics", "roc-auc,ff@1,ff@10", "--out", run,
    )  # fmt: skip
    report = awb("report", run)
    assert report.exit_code == 0, report.output
    assert "2 score below threshold" in (run / "report.html").read_text(encoding="utf-8")
    for kind in KINDS:
        result = awb("plot", run, "--kind", kind, "--out", tmp_path / "one.png")
        assert result.exit_code == 2, kind
        assert isinstance(result.exception, SystemExit)
