"""The built site as files: links, escaping, the feed, and the same bytes every time."""

from __future__ import annotations

import json
import math
import re
import shlex
import shutil
import socket
import threading
import urllib.request
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import small_data
from awb.leaderboard.publishing.publication import Contents, render
from awb.leaderboard.publishing.summary_pages import DATASETS_PAGE
from awb.leaderboard.submissions.files import Reader, find
from awb.leaderboard.submissions.names import slug
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import load
from awb.report.payload import reading
from awb.site.builder import build_site
from awb.site.feed import ATOM
from awb.site.rerun import run_command
from awb.site.server import make_server
from awb.site.text import linked, settings
from browser import NASTY, awb
from site_pages import broken_links, read_page, tree
from submissions import forge, read, seal

ROOT = Path(__file__).resolve().parents[3]
EVIL = '../../evil" onmouseover="x'


def _what_is_made(folder: str, names: list[str]) -> list[str]:
    """Leave out what publishing writes; the index keeps the text around its table."""
    made = [name for name in names if name.endswith((".md", ".svg")) and name != "README.md"]
    return [*made, "submissions", "site"]


@pytest.mark.slow
def test_the_committed_pages_match_the_submissions(tmp_path: Path) -> None:
    """The site, the boards and the summaries: in one test, which reads and computes once."""
    committed, registry = ROOT / "leaderboards", load()
    contents = Contents.of(committed, registry)
    made = Path(shutil.copytree(committed, tmp_path / "made", ignore=_what_is_made))
    written, refused, ignored = render(made, registry, lambda *_: None, contents=contents)
    assert (refused, ignored) == ([], [])
    assert {path.name for path in written} == {path.name for path in committed.glob("*-*.md")}
    for page in (*written, made / "README.md"):
        there = (committed / page.name).read_text(encoding="utf-8")
        assert there == page.read_text(encoding="utf-8"), f"{page.name}: type: awb publish"
    figures = re.findall(r"\]\((summary-\S+?\.svg)\)", (made / DATASETS_PAGE).read_text("utf-8"))
    assert figures
    assert all((committed / name).is_file() for name in figures)
    built = build_site(committed, tmp_path / "site", registry, contents=contents)
    assert built.refused == ()
    new, old = tree(tmp_path / "site"), tree(ROOT / "leaderboards" / "site")
    assert new.keys() == old.keys(), "type: awb site build"
    assert [path for path in new if new[path] != old[path]] == [], "type: awb site build"
    count = len(list(find([ROOT / "leaderboards" / "submissions"])))
    assert (
        built.n_bytes == sum(map(len, new.values())) < 60_000 * count
    )  # every value of 100 instances
    assert broken_links(tmp_path / "site") == []


def test_every_link_leads_somewhere_inside(boards: Path) -> None:
    site = boards / "site"
    assert broken_links(site) == []
    kinds = {path.relative_to(site).parts[0] for path in site.rglob("*.html")}
    assert kinds == {"index.html", "summary.html", "metrics.html", "take-part.html",
                     "which-explainer.html", "compare.html", "boards", "explainers",
                     "models"}  # fmt: skip
    for path in site.rglob("*.html"):
        page = read_page(path)
        assert len(set(page.ids)) == len(page.ids), path
        assert all(source.endswith((".js", ".css")) for source in page.sources)
        assert page.scripts == page.handlers == [], "scripts stand in files only"


def test_a_build_depends_only_on_the_submissions(
    boards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    moved = Path(shutil.copytree(boards / "submissions", tmp_path / "other" / "submissions"))
    assert awb("site", "build", "--leaderboards", moved.parent).exit_code == 0
    assert tree(tmp_path / "other" / "site") == tree(boards / "site")


def test_the_feed_is_atom_with_the_dates_of_the_submissions(boards: Path) -> None:
    site = boards / "site"
    root = ElementTree.fromstring((site / "feed.xml").read_bytes())
    name = f"{{{ATOM}}}"
    assert root.tag == f"{name}feed"
    entries = root.findall(f"{name}entry")
    reader = Reader()
    records = [reader.read(path).record for path in find([boards / "submissions"])]
    assert len(entries) == len(records) > 10
    assert len({entry.findtext(f"{name}id") for entry in entries}) == len(entries)
    times = {datetime.fromisoformat(one.environment.created) for one in records}
    found = [datetime.fromisoformat(str(entry.findtext(f"{name}updated"))) for entry in entries]
    assert set(found) == times
    assert found == sorted(found, reverse=True)
    for element in (root, *entries):
        assert element.findtext(f"{name}title")
        assert element.findtext(f"{name}author/{name}name")
        [link] = [one for one in element.findall(f"{name}link") if one.get("rel") == "alternate"]
        path, _, anchor = str(link.get("href")).partition("#")
        assert not anchor or anchor in read_page(site / path).ids
    assert "<script>window" in str(entries[0].findtext(f"{name}author/{name}name"))


def test_untrusted_texts_stay_text(boards: Path) -> None:
    for path in (boards / "site").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert NASTY not in text
        assert "<script>window.hacked" not in text
        page = read_page(path)
        assert not any(link.lower().startswith(("javascript", "vbscript")) for link in page.links)
    text = (boards / "site" / "explainers" / "naive.html").read_text(encoding="utf-8")
    assert 'href="https://example.org/?a=1&amp;b="' in text
    assert 'href="https://doi.org/10.1000/182"' in text


def _evil(folder: Path, **changes: Any) -> None:
    """Submit an explainer whose name points outside the folder."""
    path = next(folder.rglob("naive.json"))
    plain = read(path)
    plain["name"] = plain["explainer"]["label"] = plain["explainer"]["name"] = EVIL
    relevance = f"{slug(EVIL)}.relevance"
    shutil.copy(path.with_name(plain["relevance"]["file"]), path.with_name(relevance))
    plain["relevance"]["file"] = relevance
    seal(path.with_name(f"{slug(EVIL)}.json"), {**plain, **changes})


def test_a_hostile_name_is_not_shown(copy: Path) -> None:
    _evil(copy)
    before = set(copy.parent.rglob("*"))
    result = awb("site", "build", "--leaderboards", copy)
    assert result.exit_code == 1
    assert f"{slug(EVIL)}.json: " in result.stderr
    assert set(copy.parent.rglob("*")) == before
    assert broken_links(copy / "site") == []


@pytest.mark.parametrize(
    "change",
    [
        lambda plain: plain["scores"]["roc-auc"].pop(),
        lambda plain: plain["instances"].pop(),
        lambda plain: plain["instances"][0].update(n_cells=7),
    ],
)
def test_invalid_submissions_are_named_and_left_out(copy: Path, change: Any) -> None:
    path = next(copy.rglob("naive.json"))
    forge(path, change)
    result = awb("site", "build", "--leaderboards", copy)
    assert result.exit_code == 1
    assert f"not shown: {path}" in result.stderr
    assert (copy / "site" / "index.html").is_file()


def test_an_unreadable_date_is_neither_an_error_nor_news(copy: Path) -> None:
    for path in copy.rglob("naive.json"):
        forge(path, lambda plain: plain["environment"].update(created="9999-99-99 or so"))
    assert awb("site", "build", "--leaderboards", copy).exit_code == 0
    assert "naive" not in (copy / "site" / "feed.xml").read_text(encoding="utf-8")
    assert "9999-99-99 or so" in (copy / "site" / "explainers" / "naive.html").read_text("utf-8")


def test_obsolete_pages_are_removed_and_other_files_stay(copy: Path) -> None:
    (copy / "site" / "mine.html").write_text("mine")
    for path in list(copy.rglob("naive.json")):
        path.unlink()
    assert awb("site", "build", "--leaderboards", copy).exit_code == 0
    assert not (copy / "site" / "explainers" / "naive.html").exists()
    assert (copy / "site" / "mine.html").is_file()


def test_a_notice_is_on_every_page_until_its_file_is_removed(copy: Path) -> None:
    notice = copy / "notice.txt"
    notice.write_text("Rows of <b>naive</b> are old; see https://example.org/why.\n", "utf-8")
    shown = "Rows of &lt;b&gt;naive&lt;/b&gt; are old; see <a href=&#34;https://example.org/why"
    assert awb("site", "build", "--leaderboards", copy).exit_code == 0
    pages = list((copy / "site").rglob("*.html"))
    texts = [path.read_text("utf-8").replace('"', "&#34;") for path in pages]
    assert len(texts) > 10
    assert all(text.count(shown) == 1 for text in texts)
    notice.unlink()
    assert awb("site", "build", "--leaderboards", copy).exit_code == 0
    assert not any("are old" in path.read_text("utf-8") for path in pages)
    notice.write_bytes(b"\xff")
    result = awb("site", "build", "--leaderboards", copy)
    assert result.exit_code == 2
    assert f"cannot read {notice}" in result.stderr


def test_readme_and_site_have_the_same_notice() -> None:
    """So that neither outlives the other when the boards are recomputed."""
    folder = ROOT / "leaderboards"
    readme = " ".join((folder / "README.md").read_text("utf-8").split())
    notice = folder / "notice.txt"
    assert notice.is_file() == ("will be recomputed" in readme)
    if notice.is_file():
        assert " ".join(notice.read_text("utf-8").split()).rstrip(".") in readme


def test_folders_with_other_content_are_refused(copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "index.html").write_text("mine")
    result = awb("site", "build", "--leaderboards", copy, "--into", other)
    assert result.exit_code == 2
    assert "choose another folder with --into" in result.stderr
    assert tree(other) == {"index.html": b"mine"}


def test_publish_can_leave_the_site_out(copy: Path) -> None:
    shutil.rmtree(copy / "site")
    assert awb("publish", "--into", copy, "--no-site").exit_code == 0
    assert not (copy / "site").exists()
    assert awb("publish", "--into", copy).exit_code == 0
    assert (copy / "site" / "index.html").is_file()


def test_sound_is_included_on_request(copy: Path, tmp_path: Path) -> None:
    names = {json.loads(path.read_bytes())["dataset"]["label"] for path in copy.rglob("naive.json")}
    plain = next(name for name in names if name.endswith("plain"))
    site = tmp_path / "loud"
    result = awb("site", "build", "--leaderboards", copy, "--into", site, "--audio", plain)
    assert result.exit_code == 0, result.output
    pages = {path: path.read_text("utf-8") for path in (site / "boards").iterdir()}
    loud = [text for text in pages.values() if 'class="sound-data"' in text]
    [mute] = [text for text in pages.values() if 'class="sound-data"' not in text]
    assert len(loud) == 1
    assert loud[0].count('class="sound-data"') == 3
    assert "built without the clips" in mute
    wrong = awb("site", "build", "--leaderboards", copy, "--into", site, "--audio", "nothing")
    assert wrong.exit_code == 2
    assert "nothing is published about it" in wrong.stderr


def test_boards_at_budgets_have_pages(tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "data", 2)
    made = awb(
        "run", "--dataset", f"folder:{data}", "--model", "loudness", "--budgets", "20,40",
        "--explainers", "correlation,earliest", "--metrics", "roc-auc,ff@10",
        "--jobs", "1", "--out", tmp_path / "run",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    assert awb("publish", tmp_path / "run", "--into", tmp_path / "boards").exit_code == 0
    site = tmp_path / "boards" / "site"
    assert broken_links(site) == []
    [board] = (site / "boards").iterdir()
    text = board.read_text("utf-8")
    assert text.count('<article class="board"') == 2
    assert "at most 20 model calls" in text
    page = (site / "explainers" / "correlation.html").read_text("utf-8")
    assert "correlation@20" in page
    assert "correlation@40" in page


def test_a_single_budget_is_named_on_every_page(tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "data", 2)
    run = tmp_path / "run"
    made = awb(
        "run", "--dataset", f"folder:{data}", "--model", "loudness", "--budgets", "20",
        "--explainers", "correlation,earliest", "--metrics", "roc-auc,ff@10",
        "--jobs", "1", "--out", run,
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    assert awb("report", run).exit_code == 0
    assert awb("publish", run, "--into", tmp_path / "boards").exit_code == 0
    size = "2 instances from 2 clips, at most 20 model calls"
    report = (run / "report.html").read_text("utf-8")
    assert report.count(size) == 2, "in the lead and above the board"
    [board] = (tmp_path / "boards" / "site" / "boards").iterdir()
    assert size in board.read_text("utf-8")
    [page] = (tmp_path / "boards").glob("folder*.md")
    assert size in page.read_text("utf-8")
    assert size in awb("plot", run, "--format", "latex").stdout


def test_the_command_computes_the_same_again(boards: Path) -> None:
    record = Reader().read(next((boards / "submissions").rglob("naive.json"))).record
    words = shlex.split(run_command(record))
    options = dict(zip(words[2::2], words[3::2], strict=True))
    assert options == {
        "--dataset": record.dataset.label, "--model": "loudness", "--explainers": "naive",
        "--samples": "60", "--metrics": ",".join(one.label for one in record.metrics),
    }  # fmt: skip


def _board_data(path: Path) -> dict[str, Any]:
    text = path.read_text("utf-8").partition('class="board-data">')[2]
    found: dict[str, Any] = json.loads(text.partition("</script>")[0])
    return found


def _submitted(boards: Path) -> dict[tuple[str, str, str], Any]:
    reader = Reader()
    records = [reader.read(path).record for path in find([boards / "submissions"])]
    return {(one.dataset.label, one.model.label, one.name): one for one in records}


def test_a_board_has_every_submitted_metric_the_main_ones_first(boards: Path) -> None:
    records = _submitted(boards)
    for path in (boards / "site" / "boards").iterdir():
        board = _board_data(path)
        names = [metric["name"] for metric in board["metrics"]]
        main = [metric["name"] for metric in board["metrics"] if metric["headline"]]
        assert names[: len(main)] == main == ["roc-auc", "deletion-area", "sparseness"]
        for row in board["rows"]:
            record = records[board["dataset"], board["model"], row["explainer"]]
            assert set(names) == {one.label for one in record.metrics}
            if row["explainer"] == "saliency":
                continue  # explains not every instance
            for name, (mean, *_, count) in zip(names, row["cells"], strict=True):
                values = [value for value in record.scores[name] if value is not None]
                assert count == len(values)
                expected = sum(values) / len(values) if values else None
                assert mean == (expected if expected is None else pytest.approx(expected, abs=1e-6))


def test_the_table_without_scripts_has_the_main_metrics(boards: Path) -> None:
    for path in (boards / "site" / "boards").iterdir():
        text = path.read_text("utf-8")
        table = text.partition("<table")[2].partition("</table>")[0]
        assert table.count('<th scope="col" class="value"') == 3
        assert '<div class="columns" hidden' in text


def test_metrics_have_a_page_with_the_best_explainers(boards: Path) -> None:
    page = (boards / "site" / "metrics.html").read_text("utf-8")
    for path in (boards / "site" / "boards").iterdir():
        board = _board_data(path)
        assert f'"{path.stem}.html' not in page, "links go into the folder of boards"
        for place, metric in enumerate(board["metrics"]):
            assert f'id="metric-{metric["slug"]}"' in page
            ranked = [row for row in board["rows"] if row["rank"] is not None]
            means = {row["explainer"]: row["cells"][place][0] for row in ranked}
            means = {name: mean for name, mean in means.items() if mean is not None}
            link = f'boards/{path.stem}.html#metrics={metric["name"]}">'
            if not means:
                assert link not in page
                continue
            best = (max if metric["higher"] else min)(means.values())
            first, _, rest = page.partition(link)[2].partition("</a>")
            assert means[first] == best
            others = sum(mean == best for mean in means.values()) - 1
            assert rest.startswith(f" +{others} " if others else " <span")


def test_a_metric_is_described_in_one_sentence() -> None:
    facts = MetricFacts(
        name="a", family="fidelity", summary="A.", higher_is_better=False, lowest=-math.inf,
        highest=1.0, unit="", undefined="", citation="",
    )  # fmt: skip
    assert reading(facts) == "Lower is better, −∞ to 1."
    wide = replace(facts, higher_is_better=True, lowest=-0.5, highest=math.inf, unit="nat")
    assert reading(wide) == "Higher is better, −0.5 to ∞ (nat)."


def test_links_go_to_the_web_only() -> None:
    found = str(
        linked("(https://a.org/x). doi:10.1/2 doi:10.1234/ab(c)d, HTTPS://x data:text/html,")
    )
    assert found.count("<a ") == 2
    assert 'href="https://a.org/x"' in found
    assert 'href="https://doi.org/10.1234/ab(c)d"' in found
    assert settings({"b": {"x": "\ud800"}, "a": "z" * 600})[1] == ("b", '{"x": "\\ud800"}')


def test_a_site_is_served_locally(boards: Path) -> None:
    with make_server(boards / "site", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        for path in ("/", "/feed.xml", "/static/awb.js"):
            with urllib.request.urlopen(address + path) as answer:
                assert answer.status == 200
                assert answer.read()
        server.shutdown()


def test_serving_errors_are_reported_in_one_line(boards: Path, tmp_path: Path) -> None:
    nothing = awb("site", "serve", tmp_path)
    assert nothing.exit_code == 2
    assert "is not a built site. Type: awb site build" in nothing.stderr
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = awb("site", "serve", boards / "site", "--port", str(port))
    assert result.exit_code == 2
    assert f"port {port} is taken" in result.stderr
    empty = awb("site", "build", "--leaderboards", tmp_path)
    assert empty.exit_code == 2
    assert "has no valid submission. Type: awb publish RUN" in empty.stderr
