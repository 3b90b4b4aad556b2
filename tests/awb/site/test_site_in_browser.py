"""The site, opened from files in Chromium, with mouse and keyboard."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from awb.site.comparison import gaps_of
from browser import NASTY, NASTY_CLIP, Watched, awb, axe_violations, launched
from submissions import read

Opener = Callable[..., Any]
KINDS = [
    "index", "which-explainer", "compare", "summary", "metrics", "take-part", "explainer", "model",
    "board",
]  # fmt: skip
MAIN = ["roc-auc", "deletion-area", "sparseness"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as found:
        yield found


def _path(site: Path, kind: str) -> Path:
    if kind == "board":
        return next(path for path in (site / "boards").iterdir() if "nasty" in path.name)
    folders = {"explainer": "explainers/naive", "model": "models/loudness"}
    return site / f"{folders.get(kind, kind)}.html"


@pytest.fixture
def opened(browser: Any, boards: Path) -> Iterator[Opener]:
    site = boards / "site"
    pages: list[Watched] = []
    asked: list[str] = []

    def _open(kind: str, fragment: str = "", **settings: Any) -> Any:
        pages.append(Watched(browser, **settings))
        pages[-1].page.on("request", lambda request: asked.append(request.url))
        return pages[-1].open(_path(site, kind), fragment)

    yield _open
    for page in pages:
        page.close()
    assert all(url.startswith((site.as_uri(), "data:", "blob:")) for url in asked), asked


def _shown(page: Any, section: str) -> list[str]:
    return [
        text.strip() for text in page.locator(f"{section} tbody tr:visible th").all_inner_texts()
    ]


def test_explainers_sort_and_filter_by_keyboard(opened: Opener) -> None:
    page = opened("index")
    names = _shown(page, "#explainers")
    assert names == sorted(names)
    head = page.locator("#explainers thead button").nth(1)
    head.focus()
    page.keyboard.press("Enter")
    header = page.locator("#explainers thead th").nth(1)
    assert header.get_attribute("aria-sort") == "descending"
    assert _shown(page, "#explainers")[0] == "oracle"
    page.get_by_label("Filter").fill("corr, naive")
    assert set(_shown(page, "#explainers")) == {"correlation", "naive"}
    assert page.locator('#explainers [data-role="count"]').inner_text().endswith("explainers")
    page.get_by_label("Filter").fill("")
    page.get_by_label("baselines").uncheck()
    assert "oracle" not in _shown(page, "#explainers")


def test_from_the_first_page_to_an_instance_and_back(opened: Opener) -> None:
    page = opened("index")
    page.locator("#boards tbody a", has_text="plain").click()
    page.locator(".figure svg .curve").first.wait_for()
    assert page.locator(".figure svg .curve").count() == 3
    assert page.locator('[data-role="play"]').is_hidden()
    assert "no audio" in page.locator('[data-role="silent"]').inner_text()
    page.locator("table.ranking tbody a", has_text="naive").click()
    page.wait_for_url("**/explainers/naive.html#entry-*")
    page.locator(".entries article:target").get_by_role(
        "link", name="on the board, beside the events"
    ).click()
    page.wait_for_url("**/boards/*explainer=naive*")
    assert page.locator(".legend input:checked").get_attribute("data-explainer") == "naive"
    page.get_by_role("link", name="Audio Where Benchmark").click()
    page.wait_for_url("**/index.html")


def test_a_link_leads_to_an_instance_with_its_explainers(opened: Opener) -> None:
    words = [("clip", NASTY_CLIP), ("target", "Loud"), ("explainer", "naive")]
    page = opened("board", "#" + urlencode([*words, ("explainer", "earliest")]))
    assert NASTY_CLIP in page.locator('[data-role="about"]').inner_text()
    chosen = page.locator(".legend input:checked")
    assert {one.get_attribute("data-explainer") for one in chosen.all()} == {"naive", "earliest"}
    assert page.locator(".figure svg .event").count() == 1
    page.get_by_label("in rows").check()
    seek = page.locator('[data-role="seek"]')
    seek.focus()
    page.keyboard.press("End")
    assert seek.get_attribute("aria-valuetext") == "3.0 of 3.0 s"
    page.reload()
    assert NASTY_CLIP in page.locator('[data-role="about"]').inner_text()


def _columns(page: Any) -> list[str]:
    heads = page.locator(".leaderboard thead th.value").all_inner_texts()
    return [text.split()[0] for text in heads]


def _table(page: Any) -> list[str]:
    texts: list[str] = page.locator(".leaderboard tr").all_inner_texts()
    return texts


def test_a_family_of_metrics_is_chosen_by_keyboard_and_linked(opened: Opener) -> None:
    page = opened("board")
    before = _table(page)
    assert _columns(page) == MAIN
    page.get_by_role("radio", name="main").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("radio", name="localization").is_checked()
    assert _columns(page) == ["roc-auc", "mass-accuracy", "event-margin"]
    assert page.locator('[data-role="columns-count"]').inner_text() == "3 of 7 metrics"
    page.locator(".leaderboard thead button", has_text="event-margin").click()
    cells = page.locator(".leaderboard tbody td.value:nth-child(5)").all()
    numbers = [float(value) for cell in cells if (value := cell.get_attribute("data-value"))]
    assert len(numbers) > 4
    assert numbers == sorted(numbers, reverse=True)
    page.reload()
    assert _columns(page) == ["roc-auc", "mass-accuracy", "event-margin"]
    page.get_by_role("radio", name="main").check()
    assert "metrics=" not in page.url
    assert _table(page) == before, "the same as it was without scripts"


def test_any_metrics_are_chosen_and_explained(opened: Opener) -> None:
    page = opened("board", "#metrics=insertion-area,sparseness,nothing", width=390)
    assert _columns(page) == ["sparseness", "insertion-area"]
    page.locator(".choice summary").click()
    assert page.get_by_role("checkbox", name="local-accuracy").count() == 0, "nobody has a value"
    page.get_by_role("checkbox", name="complexity").check()
    page.get_by_role("checkbox", name="sparseness").uncheck()
    assert _columns(page) == ["insertion-area", "complexity"]
    assert "metrics=insertion-area%2Ccomplexity" in page.url
    page.get_by_text("What each column means").click()
    key = page.locator('[data-role="columns-key"]')
    assert key.locator("dt").all_inner_texts() == ["insertion-area ↑", "complexity ↓"]
    assert "Lower is better, 0 to ∞ (nat)" in key.inner_text()
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    options = page.locator('[data-role="metric"] optgroup').first
    assert options.get_attribute("label") == "main"
    assert options.locator("option").count() == 3
    key.get_by_role("link", name="complexity").click()
    page.wait_for_url("**/metrics.html#metric-complexity")


def test_without_scripts_the_main_metrics_are_read(browser: Any, boards: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(_path(boards / "site", "board").as_uri())
    assert _columns(page) == MAIN
    assert page.locator(".columns").is_hidden()
    assert page.get_by_text("What each column means").is_visible()
    context.close()


def test_untrusted_texts_stay_text(opened: Opener) -> None:
    page = opened("board")
    assert NASTY in page.locator("ul.problems").inner_text()
    for kind in ("index", "explainer"):
        page = opened(kind)
        assert "<script>window.hacked=3</script>" in page.locator("main").inner_text()
        assert page.locator("img").count() == 0
        assert page.evaluate("window.hacked") is None


def test_an_explainer_has_bars_over_boards(opened: Opener) -> None:
    page = opened("explainer")
    page.locator('[data-role="metric"]').select_option(label="deletion-area ↓")
    bars = page.locator('[data-role="bars"] svg')
    assert bars.get_attribute("aria-label").startswith("deletion-area of 2 boards, best first")
    assert "lower is better" in page.locator('[data-role="metric-facts"]').inner_text()


def test_mean_ranks_are_drawn_and_listed(opened: Opener) -> None:
    page = opened("summary")
    section = page.locator('[data-role="ranks"]').first
    dots = section.locator("svg circle").count()
    section.locator("summary").click()
    assert section.locator("tbody tr").count() == dots >= 3
    section.get_by_role("button", name="mean rank").click()
    header = section.locator("thead th").nth(1)
    assert header.get_attribute("aria-sort") == "ascending"


def test_the_dark_theme_persists_on_the_next_page(opened: Opener) -> None:
    page = opened("index")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark").click()
    page.get_by_role("link", name="Take part").click()
    page.wait_for_url("**/take-part.html")
    page.get_by_role("button", name="Light").wait_for()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")], ids=str
)
def test_axe_finds_no_violation_and_nothing_sticks_out(
    opened: Opener, kind: str, width: int, scheme: str
) -> None:
    page = opened(kind, width=width, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert axe_violations(page) == []


def test_prints_without_controls(opened: Opener) -> None:
    page = opened("board")
    page.emulate_media(media="print")
    assert page.locator(".site-nav").is_hidden()
    assert page.locator(".controls").first.is_hidden()
    assert page.locator("table.ranking").first.is_visible()


def test_a_site_with_sound_plays_it(browser: Any, boards: Path, tmp_path: Path) -> None:
    result = awb("site", "build", "--leaderboards", boards, "--into", tmp_path,
                 "--audio", "folder")  # fmt: skip
    assert result.exit_code == 0, result.output
    watched = Watched(browser)
    page = watched.open(_path(tmp_path, "board"))
    page.get_by_label("spectrogram").check()
    page.get_by_label("What to listen to").select_option(index=1)
    page.get_by_role("button", name="Play").click()
    page.locator('[data-role="time"]', has_text=re.compile(r"^(0\.[2-9]|[12]\.)")).wait_for()
    assert axe_violations(page) == []
    watched.close()


@pytest.fixture(scope="module")
def with_clip(boards: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(boards, tmp_path_factory.mktemp("clip") / "leaderboards"))
    [label] = {
        label
        for path in folder.glob("submissions/*/naive.json")
        if (label := str(read(path)["dataset"]["label"])).endswith("plain")
    }
    done = awb("site", "clip", "--leaderboards", folder, label, "clip-1.wav/Loud",
               "--explainers", "naive,correlation,earliest")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert awb("site", "build", "--leaderboards", folder).exit_code == 0
    return folder / "site"


def test_the_first_page_plays_a_clip_and_the_part_of_an_explainer(
    browser: Any, with_clip: Path
) -> None:
    watched = Watched(browser)
    page = watched.open(with_clip / "index.html")
    assert axe_violations(page) == []
    button = page.get_by_role("button", name="Its part").first
    button.focus()
    page.keyboard.press("Enter")
    page.locator(".lane.heard", has_text="naive").wait_for()
    page.locator('#clip [data-role="time"]', has_text=re.compile(r"^(0\.[2-9]|[12]\.)")).wait_for()
    moved = page.evaluate("document.querySelector('.stage').style.getPropertyValue('--at')")
    assert float(moved.rstrip("%")) > 5
    button.press("Enter")
    page.locator(".lane.heard").wait_for(state="detached")
    seek = page.get_by_label("Position in the clip")
    seek.press("Home")
    assert seek.get_attribute("aria-valuetext") == "0.0 of 3.0 s"
    loud = page.evaluate(
        """async () => {
          const stage = document.querySelector('.stage');
          const sound = await awb.loadSound(stage.dataset.sound);
          const { kept } = stage.querySelector('[data-kept]').dataset;
          const edges = stage.dataset.edges.split(' ').map(Number);
          const part = awb.masked(sound, 0, edges, kept);
          const level = (from, to) => Math.max(...part.slice(from * sound.rate, to * sound.rate)
            .map(Math.abs));
          return [...kept].map((mark, cell) =>
            [mark, level(edges[cell] + .01, edges[cell + 1] - .01)]);
        }"""
    )
    assert {mark for mark, _ in loud} == {"0", "1"}
    assert all((level > 0) == (mark == "1") for mark, level in loud)
    watched.close()


def test_two_explainers_are_compared_by_link_and_by_keyboard(opened: Opener, boards: Path) -> None:
    page = opened("compare", "#a=naive&b=earliest")
    data = page.evaluate("JSON.parse(document.querySelector('.compare-data').textContent)")

    def shown() -> list[list[str]]:
        rows = page.locator("table.compare tbody tr:has(td)").all()
        return [row.locator("td.value").all_inner_texts() for row in rows]

    def wanted(first: str, second: str) -> list[list[str]]:
        gaps = gaps_of(data["boards"], [None] * len(data["boards"]), first, second)  # type: ignore[list-item]
        order = list(dict.fromkeys(gap.metric for gap in gaps))
        rows = []
        for gap in sorted(gaps, key=lambda gap: order.index(gap.metric)):
            difference = f"{'+' if gap.difference > 0 else ''}{gap.difference:z.3f}"
            interval = f"{gap.low:z.3f} to {gap.high:z.3f}"
            cells = [difference + interval, f"{gap.first:z.3f}", f"{gap.second:z.3f}"]
            rows.append([cell.replace("-", "−") for cell in cells])
        return rows

    assert shown() == wanted("naive", "earliest")
    assert page.locator("#pair-heading").inner_text() == "naive and earliest"
    page.get_by_label("Second").select_option("oracle")
    assert shown() == wanted("naive", "oracle")
    page.get_by_role("button", name="Swap").press("Enter")
    assert shown() == wanted("oracle", "naive")
    assert page.url.endswith("#a=oracle&b=naive")
    assert page.locator('[data-role="lanes"] path.relevance').count() == 2


def test_commands_are_copied(opened: Opener) -> None:
    page = opened("take-part")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy").nth(1)
    button.press("Enter")
    page.get_by_role("button", name="Copied").wait_for()
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("awb publish runs/mine")
    assert page.locator("[role=status]", has_text="Copied to the clipboard").count() == 1


@pytest.mark.parametrize("kind", ["SVG", "PNG"])
def test_charts_are_saved_as_they_look(opened: Opener, kind: str, tmp_path: Path) -> None:
    page = opened("explainer", scheme="dark")
    button = page.get_by_role("button", name=f"Save this chart as {kind}")
    with page.expect_download() as download:
        button.press("Enter")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == f"naive-awb-bars.{kind.lower()}"
    if kind == "PNG":
        assert path.read_bytes().startswith(b"\x89PNG")
        return
    root = ElementTree.parse(path).getroot()
    texts = [text for text in root.itertext() if text.strip()]
    assert any("95 %:" in text for text in texts), "with what hovering shows"
    assert "var(--" not in "".join(node.get("style", "") for node in root.iter())


def test_phones_say_that_a_table_goes_on(opened: Opener) -> None:
    page = opened("board", width=390)
    hint = page.get_by_text("more columns →").first
    assert hint.is_visible()
    assert _columns(page)[:2] == ["roc-auc", "deletion-area"], "what matters comes first"
    page.locator(".leaderboard .scroll").evaluate("box => { box.scrollLeft = box.scrollWidth; }")
    page.wait_for_function("!document.querySelector('.leaderboard .more').matches('.there')")
    assert opened("board", width=1280).get_by_text("more columns →").first.is_hidden()


def test_motion_is_reduced_on_request(browser: Any, with_clip: Path) -> None:
    watched = Watched(browser)
    watched.page.emulate_media(reduced_motion="reduce")
    page = watched.open(with_clip / "index.html")
    page.evaluate(
        """() => {
          const ask = window.requestAnimationFrame;
          window.frames_ = 0;
          window.requestAnimationFrame = (f) => { window.frames_ += 1; return ask(f); };
        }"""
    )
    page.get_by_role("button", name="Play").click()
    page.locator('#clip [data-role="time"]', has_text=re.compile(r"^(0\.[2-9]|[12]\.)")).wait_for()
    assert page.evaluate("window.frames_") < 5
    watched.close()
