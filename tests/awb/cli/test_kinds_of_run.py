"""Every kind of run by every reader: it says what is true, or refuses in one line."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

import awb as library
import kinds_of_run
from awb.harness.storage.run_folder import RunFolder
from awb.plugins.discovery import load
from awb.report.views.board import read_views
from browser import awb
from kinds_of_run import Kind

NAMES = (
    "plain", "budgets", "failed", "partly failed", "nothing worked", "baselines", "one empty board",
    "own plugin", "two models", "two datasets", "clip-level labels", "one clip", "windows",
    "no instances", "unfinished", "nothing stored",
)  # fmt: skip
REFUSED = {"not selected": r"no results yet\. Type: awb resume", "sweep": r"is a sweep"}
EMPTY = {"nothing worked", "no instances", "nothing stored"}
FEW_EXPLAINERS = {"nothing worked", "baselines", "no instances", "nothing stored"}
FEW_TO_RANK = {*FEW_EXPLAINERS, "one clip", "unfinished", "budgets"}


@pytest.fixture(scope="session")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Kind]:
    return kinds_of_run.build(tmp_path_factory.mktemp("kinds"))


@pytest.fixture(autouse=True)
def _as_another_process(added: dict[Any, Any]) -> None:
    """Forget the plugins of files, which a command knows only when it is told of the file."""
    added.clear()


@pytest.fixture(params=NAMES)
def kind(kinds: dict[str, Kind], request: pytest.FixtureRequest) -> Kind:
    return kinds[request.param]


def _said(*arguments: Any) -> str:
    done = awb(*arguments)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def _refused(said: str, *arguments: Any) -> None:
    """A refusal is one line on stderr, with what to type."""
    done = awb(*arguments)
    assert isinstance(done.exception, SystemExit)
    assert done.exit_code == 2
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("awb: ")
    assert re.search(said, line), line


def _numbers(kind: Kind) -> range:
    return range(1, kind.boards + 1)


def test_the_kinds_are_all_read(kinds: dict[str, Kind]) -> None:
    assert set(kinds) == {*NAMES, *REFUSED}


def test_show(kind: Kind) -> None:
    found = json.loads(_said("show", kind.path, "--format=json"))
    assert [board["budget"] for board in found] == list(kind.budgets or [None] * kind.boards)
    for number, board in enumerate(found, 1):
        covered = {row["explainer"] for row in board["rows"] if row["coverage"]}
        assert covered == (kind.shown(number) if kind.n_instances(number) else set())
        counts = [
            value for row in board["rows"] for key, value in row.items() if key.endswith("_n")
        ]
        assert max(counts, default=0) == kind.n_instances(number)
    rows = list(csv.DictReader(io.StringIO(_said("show", kind.path, "--format=csv"))))
    assert {row["explainer"] for row in rows if float(row["coverage"])} == {
        name for number in _numbers(kind) if kind.n_instances(number) for name in kind.shown(number)
    }
    for form in ("table", "md"):
        if not any(board["n_instances"] for board in found):
            _refused(
                "no instance to explain .* Type: --min-score", "show", kind.path, "--format", form
            )
            continue
        text = _said("show", kind.path, f"--format={form}")
        assert text.count("Nothing to explain: score below threshold") == len(kind.empty)
        assert all(f"at most {budget} model calls" in text for budget in kind.budgets)
        assert text.count("Manifest ") == kind.boards


@pytest.mark.parametrize("name", [name for name in NAMES if name not in EMPTY])
def test_show_by(kinds: dict[str, Kind], name: str) -> None:
    kind = kinds[name]
    rows = json.loads(_said("show", kind.path, "--by=class", "--format=json"))
    boards = {(row["dataset"], row["model"], row["budget"]) for row in rows}
    assert len(boards) == kind.boards - len(kind.empty)
    for board in boards:
        own = [row for row in rows if (row["dataset"], row["model"], row["budget"]) == board]
        for metric in {row["metric"] for row in own}:
            sizes = {row["slice"]: row["n_instances"] for row in own if row["metric"] == metric}
            whole = sizes.pop("all")
            assert whole == sum(sizes.values())
    for form in ("table", "md"):
        text = _said("show", kind.path, "--by=class", f"--format={form}")
        assert all(f"at most {budget} model calls" in text for budget in kind.budgets)
        assert ("Unfinished: " in text) == (name == "unfinished")


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_nothing_has_no_slices(kinds: dict[str, Kind], name: str) -> None:
    said = r"no instance was explained|no metric has a value"
    _refused(said, "show", kinds[name].path, "--by=class")


def test_export(kind: Kind, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(_said("export", kind.path))))
    assert json.loads(_said("export", kind.path, "--format=json")) is not None
    _said("export", kind.path, "--format=parquet", f"--out={tmp_path / 'all'}")
    assert pyarrow.parquet.read_table(tmp_path / "all").num_rows == len(rows)
    names = {row["explainer"].partition("@")[0] for row in rows if row["value"]}
    assert names == (set(kind.explainers) if kind.instances else set())
    n_pairs = 1 if kind.budgets else kind.boards
    places = {(row["model"], row["dataset"], row["clip_id"]) for row in rows if row["value"]}
    assert len(places) == sum(kind.n_instances(number) for number in range(1, n_pairs + 1))


@pytest.mark.parametrize("name", NAMES)
def test_explainers_agree_or_are_too_few(kinds: dict[str, Kind], name: str) -> None:
    kind = kinds[name]
    if name in EMPTY:
        said = "needs two explainers whose relevance has an order; there are 0"
        _refused(said, "agree", kind.path, "--explainers")
        return
    found = json.loads(_said("agree", kind.path, "--explainers", "--format=json"))
    assert {one["budget"] for one in found} == set(kind.budgets or [None])
    boards = {(one["dataset"], one["model"], one["budget"]) for one in found}
    assert len(boards) == kind.boards - len(kind.empty)
    text = _said("agree", kind.path, "--explainers")
    assert all(f"at most {budget} model calls" in text for budget in kind.budgets)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FEW_EXPLAINERS])
def test_agree(kinds: dict[str, Kind], name: str, tmp_path: Path) -> None:
    kind = kinds[name]
    found = json.loads(_said("agree", kind.path, "--format=json"))
    boards = {(one["dataset"], one["model"], one["budget"]) for one in found} - {
        ("all", "all", None)
    }
    assert len(boards) == kind.boards - len(kind.empty)
    assert {budget for _, _, budget in boards} == set(kind.budgets or [None])
    averaged = any(one["dataset"] == "all" for one in found)
    assert averaged == (len(boards) > 1 and not kind.budgets), "budgets are no independent boards"
    assert list(csv.DictReader(io.StringIO(_said("agree", kind.path, "--format=csv"))))
    for form in ("table", "md"):
        text = _said("agree", kind.path, f"--format={form}")
        assert all(f"at most {budget} model calls" in text for budget in kind.budgets)
    if name == "budgets":
        _said("agree", kind.path, f"--plot={tmp_path / 'a.svg'}")
        assert f"at most {kind.budgets[-1]} model calls" in " ".join(_texts(tmp_path / "a.svg"))
    if kind.empty:
        assert "quieter on" in awb("agree", kind.path).stderr
    for options in ((), ("--explainers",)):
        told = awb("agree", kind.path, *options).stderr
        assert ("awb: unfinished, " in told) == (name == "unfinished"), told


def _data(page: str, name: str) -> list[Any]:
    found = re.findall(rf'class="{name}">(.*?)</script>', page, re.DOTALL)
    return [json.loads(text) for text in found]


def test_report(kind: Kind, tmp_path: Path) -> None:
    _said("report", kind.path, f"--out={tmp_path / 'page.html'}")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    boards, instances = _data(page, "board-data"), _data(page, "instance-data")
    assert len(boards) == kind.boards
    assert len(instances) == sum(map(kind.n_instances, _numbers(kind)))
    assert all(f"at most {budget} model calls" in page for budget in kind.budgets)
    for number, board in enumerate(boards, 1):
        assert [one["name"] for one in board["metrics"] if one["headline"]] == list(kind.metrics)
        own = [instances.pop(0) for _ in range(kind.n_instances(number))]
        assert len(board["instances"]) == len(own)
        drawn = {each["explainer"] for one in own for each in one["explanations"]}
        assert drawn == (kind.shown(number) if own else set())
        assert all("sound" in one for one in own), "the clips can be read again"


def _texts(path: Path) -> list[str]:
    nodes = ET.fromstring(path.read_bytes()).iter()
    return [node.text or "" for node in nodes if node.tag.endswith("}text")]


@pytest.mark.parametrize("figure", ["board", "curves", "heatmap", "agreement", "cd", "instance"])
def test_plot(kinds: dict[str, Kind], figure: str, tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    lacking = {
        "agreement": FEW_EXPLAINERS,
        "cd": FEW_TO_RANK,
        "curves": {*EMPTY, "partly failed"},
    }.get(figure, EMPTY)
    for name in NAMES:
        for number in _numbers(kinds[name]):
            kind = kinds[name]
            command = ("plot", kind.path, "--kind", figure, "--board", number, "--out", path)
            if number in kind.empty or (name in lacking and (name, number) != ("budgets", 2)):
                _refused(r"awb (show|resume|plot) RUN|--explainers", *command)
                continue
            _said(*command)
            texts = " ".join(_texts(path))
            named = kind.metrics if figure == "agreement" else kind.shown(number)
            if figure in {"cd", "instance"}:
                named = {one for one in named if one not in {"random", "oracle", "fails-once"}}
            assert all(one in texts for one in named if name != "baselines"), (name, texts)


@pytest.mark.parametrize("name", ["budgets", "clip-level labels", "own plugin", "one clip"])
def test_video(kinds: dict[str, Kind], name: str, tmp_path: Path) -> None:
    kind = kinds[name]
    out = tmp_path / "one.mp4"
    [first, *_] = sorted(kind.shown(1) - {"random", "oracle"})
    _said("video", kind.path, "1", f"--out={out}", "--explainers", first)
    assert out.stat().st_size > 1000


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_video_of_nothing_is_refused(kinds: dict[str, Kind], name: str) -> None:
    _refused("awb resume RUN", "video", kinds[name].path, "1")


def test_publish(kind: Kind, tmp_path: Path) -> None:
    site = "--site" if kind.budgets else "--no-site"
    command = ("publish", kind.path, f"--into={tmp_path}", site)
    if kind.options:
        _refused("from a file.*install", *command)
    elif not kind.finished:
        _refused("is not finished.*Type: awb resume", *command)
    elif kind.empty or not kind.instances:
        _refused("selected no instance.*awb show", *command)
    else:
        _said(*command)
        files = [file for file in tmp_path.glob("submissions/*/*.json")
                 if "explainer" in json.loads(file.read_text(encoding="utf-8"))]  # fmt: skip
        names = {json.loads(file.read_text(encoding="utf-8"))["name"] for file in files}
        assert {one.partition("@")[0] for one in names} == set(kind.explainers)
        assert (tmp_path / "site" / "index.html").is_file() == bool(kind.budgets)


def test_load_run(kind: Kind) -> None:
    run = library.load_run(kind.path)
    assert len(run.boards) == len(list(run)) == kind.boards
    assert [shown.board.budget for shown in run] == list(kind.budgets or [None] * kind.boards)
    assert all(f"at most {budget} model calls" in f"{run}" for budget in kind.budgets)
    assert run._repr_html_().count("<table") == kind.boards
    explained = run.explanations()
    for number, shown in enumerate(run, 1):
        frame = run.board(number - 1)
        assert list(frame["explainer"]) == [row.explainer for row in shown.board.rows]
    if kind.instances:
        row = explained[explained["status"] == "ok"].iloc[0]
        relevance = run.relevance(row["clip_id"], row["target"], row["explainer"])
        assert relevance is not None
        assert relevance.size == 30
        assert set(run.scores()["metric"]) >= set(kind.metrics)


def test_resume_finishes_and_changes_nothing_else(
    kinds: dict[str, Kind], kind: Kind, tmp_path: Path
) -> None:
    path = shutil.copytree(kind.path, tmp_path / "copy")
    done = awb("resume", path, "--jobs=1", "--no-isolate", *kind.options)
    assert isinstance(done.exception, SystemExit | None)
    whole = kinds["plain"].path if not kind.finished else kind.path
    assert _said("export", path) == _said("export", whole)
    nothing = kind.path == kinds["no instances"].path
    assert done.exit_code == (2 if nothing else 1 if library.load_run(whole).failed else 0)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused(kinds: dict[str, Kind], name: str, tmp_path: Path) -> None:
    path = kinds[name].path
    for command in (
        ("agree", path),
        ("report", path, f"--out={tmp_path / 'page.html'}"),
        ("plot", path),
        ("video", path, "1"),
    ):
        _refused(REFUSED[name], *command)


def test_a_sweep_is_shown_exported_published_and_resumed(
    kinds: dict[str, Kind], tmp_path: Path
) -> None:
    path = kinds["sweep"].path
    assert all(name in _said("show", path) for name in ("zeros", "noise"))
    rows = list(csv.DictReader(io.StringIO(_said("export", path))))
    assert {(row["masker"], row["explainer"]) for row in rows} == {
        (masker, name) for masker in ("zeros", "noise") for name in kinds_of_run.EXPLAINERS
    }
    _said("publish", path, f"--into={tmp_path}", "--no-site")
    _said("resume", path)


def test_relevance_at_a_budget_is_that_of_the_budget(kinds: dict[str, Kind]) -> None:
    folder = RunFolder.open(kinds["budgets"].path)
    for view in read_views(folder, load()):
        for one in view.instances:
            [seen] = [each for each in one.explanations if each.explainer == "correlation"]
            stored = folder.store().relevance(
                one.kept.clip_id, one.kept.target, f"correlation@{view.board.budget}"
            )
            assert stored is not None
            assert seen.relevance.tolist() == stored.tolist()


def test_explainers_that_a_figure_cannot_take_are_not_dropped_in_silence(
    kinds: dict[str, Kind], tmp_path: Path
) -> None:
    path, out = kinds["failed"].path, f"--out={tmp_path / 'f.svg'}"
    names = "naive,correlation,earliest"
    _refused("no explainer 'niave'.*naive", "plot", path, "--kind=cd", "--explainers",
             "niave,correlation,earliest", out)  # fmt: skip
    _refused("fails covers less than 95%", "plot", path, "--kind=cd", "--explainers",
             f"{names},fails", out)  # fmt: skip
    _refused("leave --explainers out", "plot", path, "--kind=agreement", "--explainers", names, out)
