"""The report in Chromium, with mouse and keyboard, in light and dark."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

import small_data
from awb.leaderboard.formats.text import number_text
from browser import (
    EXPLAINERS,
    NASTY,
    NASTY_CLIP,
    Watched,
    awb,
    axe_violations,
    launched,
    make_run,
    nasty_data,
)

Opener = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as found:
        yield found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    run = make_run(folder / "run", nasty_data(folder / "data"))
    result = awb("report", run, "--out", folder / "report.html")
    assert result.exit_code == 0, result.output
    return folder / "report.html"


@pytest.fixture
def opened(browser: Any, report: Path) -> Iterator[Opener]:
    pages: list[Watched] = []

    def _open(fragment: str = "", *, path: Path = report, **settings: Any) -> Any:
        pages.append(Watched(browser, **settings))
        return pages[-1].open(path, fragment)

    yield _open
    for page in pages:
        page.close()


def _shown(page: Any) -> list[str]:
    rows = page.locator("table.ranking tbody tr:visible th").all_inner_texts()
    return [row.strip() for row in rows]


def _header(page: Any, name: str) -> Any:
    return page.locator("table.ranking thead button", has_text=name)


def _position(page: Any) -> float:
    return float(page.locator('[data-role="seek"]').input_value())


def _wait_until_it_moves(page: Any) -> None:
    """Wait until the displayed time is at least 0.2 s."""
    page.locator('[data-role="time"]', has_text=re.compile(r"^(0\.[2-9]|[12]\.)")).wait_for()


def test_numbers_are_rounded_as_in_every_other_table(opened: Opener) -> None:
    values = [place / 64 - 2 for place in range(257)] + [0.815, 0.8152, 1.005, -0.004, 3000.5]
    page = opened()
    for digits in (0, 1, 2, 3):
        found = page.evaluate(
            "([values, digits]) => values.map((one) => awb.format(one, digits))", [values, digits]
        )
        assert found == [number_text(value, digits).replace("-", "−") for value in values]


def test_headers_sort_by_mouse_and_by_keyboard(opened: Opener) -> None:
    page = opened()
    assert _shown(page)[0] == "oracle"
    page.evaluate(
        "(cell) => { cell.dataset.value = ''; cell.textContent = '–'; }",
        page.locator("tr[data-explainer=naive] td").nth(2).element_handle(),
    )
    header = page.locator("table.ranking thead th", has_text="deletion-area")
    _header(page, "deletion-area").click()
    assert header.get_attribute("aria-sort") == "ascending"
    values = page.locator("table.ranking tbody tr:visible td.value:nth-child(4)")
    numbers = [float(text.split()[0][:5]) for text in values.all_inner_texts() if text[0] != "–"]
    assert numbers == sorted(numbers)
    assert _shown(page)[-1] == "naive", "what has no value comes last"
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    assert _shown(page)[-1] == "naive"
    _header(page, "explainer").focus()
    page.keyboard.press("Space")
    assert _shown(page) == sorted(set(EXPLAINERS.split(",")) - {"saliency"})


def test_long_names_are_above_their_bars_and_complete(opened: Opener) -> None:
    page = opened(width=390)
    shown = """(name) => {
      const cell = [0.5, 0.4, 0.6, 3];
      const metric = {name: "m", higher: true, highest: 1};
      const board = {metrics: [metric], rows: [{explainer: name, cells: [cell]}]};
      const holder = document.createElement("div");
      awb.bars(holder, board, 0, 360);
      return holder.querySelector("svg text:has(title)").lastChild.textContent;
    }"""
    for name in ("lime", "a board with a long name (and a dataset)"):
        assert page.evaluate(shown, name) == name


def test_rows_are_filtered_by_name_and_without_baselines(opened: Opener) -> None:
    page = opened()
    page.get_by_label("Filter").fill("CORR, naive")
    assert set(_shown(page)) == {"correlation", "naive"}
    assert page.locator('[data-role="count"]').inner_text() == "2 of 6 explainers"
    page.get_by_label("Filter").fill("")
    page.get_by_label("baselines").uncheck()
    assert set(_shown(page)) == {"naive", "correlation", "earliest"}


def test_the_sound_plays_and_the_cursor_follows(opened: Opener) -> None:
    page = opened()
    page.get_by_role("button", name="Play").click()
    _wait_until_it_moves(page)
    cursor = page.locator("svg .cursor")
    assert float(cursor.get_attribute("x1")) > 10
    assert page.evaluate("Math.abs(awb.boards[0].player.audio.duration - 3) < 0.05")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Play").wait_for()
    assert page.evaluate("awb.boards[0].player.audio.paused")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Pause").wait_for()


def test_a_click_and_the_arrow_keys_seek(opened: Opener) -> None:
    page = opened()
    figure = page.locator('[data-role="figure"]')
    drawn = page.evaluate("document.querySelector('.figure svg').viewBox.baseVal.width")
    axis = page.locator(".figure svg line.axis").last
    left, right = float(axis.get_attribute("x1")), float(axis.get_attribute("x2"))
    box = figure.bounding_box()
    middle = (left + right) / 2 / drawn * box["width"]
    figure.click(position={"x": middle, "y": 80})
    assert _position(page) == pytest.approx(1.5, abs=0.02)
    seek = page.locator('[data-role="seek"]')
    seek.focus()
    page.keyboard.press("ArrowRight")
    assert _position(page) > 1.5
    page.keyboard.press("Home")
    assert _position(page) == 0
    assert seek.get_attribute("aria-valuetext") == "0.0 of 3.0 s"


def test_masked_in_audio_keeps_the_marked_segments_only(opened: Opener) -> None:
    page = opened("#" + urlencode({"clip": "clip-0.wav", "target": "Loud", "explainer": "oracle"}))
    page.get_by_label("What to listen to").select_option("oracle")
    assert page.locator(".figure svg rect[height='5']").count() == 4
    levels = page.evaluate("""async () => {
        const one = JSON.parse([...document.querySelectorAll('.instance-data')]
            .find((script) => JSON.parse(script.textContent).clip === 'clip-0.wav').textContent);
        const sound = await awb.decode(awb.encoded(one.sound));
        const kept = one.explanations.find((each) => each.explainer === 'oracle').kept.annotated;
        const out = awb.masked(sound, one.fill, one.edges, kept);
        const size = Math.round(0.1 * sound.rate);
        return [...kept].map((mark, cell) => [mark, Math.max(
            ...out.subarray(cell * size, (cell + 1) * size).map(Math.abs))]);
    }""")
    assert len(levels) == 30
    assert all((peak > 0.1) == (mark == "1") and (peak == 0) == (mark == "0")
               for mark, peak in levels)  # fmt: skip
    page.get_by_role("button", name="Play").click()
    _wait_until_it_moves(page)
    assert page.evaluate("awb.boards[0].player.audio.duration") == pytest.approx(3, abs=0.01)


def test_a_link_leads_to_an_instance_with_its_explainers(opened: Opener) -> None:
    words = [("clip", "clip-2.wav"), ("target", "Loud"), ("explainer", "naive")]
    page = opened("#" + urlencode([*words, ("explainer", "earliest")]))
    assert "clip-2.wav" in page.locator('[data-role="about"]').inner_text()
    chosen = page.locator(".legend input:checked")
    assert {one.get_attribute("data-explainer") for one in chosen.all()} == {"naive", "earliest"}
    page.get_by_role("checkbox", name="random").check()
    assert "explainer=random" in page.evaluate("location.hash")
    page.locator(".instances a", has_text="clip-1.wav").click()
    page.locator('[data-role="about"]', has_text="clip-1.wav").wait_for()  # after the address
    assert "clip-1.wav" in page.evaluate("location.hash")
    current = page.locator('.instances a[aria-current="true"]')
    assert "clip-1.wav" in current.inner_text()
    page.reload()
    assert "clip-1.wav" in page.locator('[data-role="about"]').inner_text()
    assert page.get_by_role("checkbox", name="random").is_checked(), (
        "the choice is part of the address"
    )


def test_names_from_data_stay_text(opened: Opener) -> None:
    page = opened("#" + urlencode({"clip": NASTY_CLIP, "target": "Loud"}))
    assert NASTY_CLIP in page.locator('[data-role="about"]').inner_text()
    assert NASTY in page.locator("ul.problems").inner_text()
    assert NASTY in page.locator(".figure svg").text_content()
    page.get_by_label("in rows").check()
    page.get_by_label("spectrogram").check()
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == 0


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")], ids=str
)
def test_axe_finds_no_violation_and_nothing_sticks_out(
    opened: Opener, width: int, scheme: str
) -> None:
    page = opened(width=width, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert axe_violations(page) == []
    page.get_by_label("What to listen to").select_option(index=1)
    page.get_by_label("in rows").check()
    page.get_by_label("spectrogram").check()
    assert axe_violations(page) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_labels_of_points_do_not_cover_one_another(opened: Opener, width: int) -> None:
    page = opened(width=width)
    boxes = page.evaluate(
        """[...document.querySelectorAll('.point-label')].map((label) => {
            const {left, right, top, bottom} = label.getBoundingClientRect();
            return {left, right, top: top + 2, bottom: bottom - 2};
        })"""
    )
    assert len(boxes) == 6
    for place, one in enumerate(boxes):
        assert one["left"] >= 0
        assert one["right"] <= width
        assert not any(
            one["left"] < other["right"] and other["left"] < one["right"]
            and one["top"] < other["bottom"] and other["top"] < one["bottom"]
            for other in boxes[place + 1 :]
        )  # fmt: skip


def test_crowded_labels_find_space_or_are_left_out(opened: Opener) -> None:
    page = opened()
    overlaps = page.evaluate("""() => {
        const points = Array.from({length: 60}, (_, place) =>
            ({at: [200 + (place % 7) * 3, 100 + (place * 37) % 90], width: 60 + place % 40}));
        const spots = awb.placeLabels(points, {left: 0, right: 600, top: 0, bottom: 400}, 12, 4);
        const found = spots.filter(Boolean);
        let bad = 0;
        found.forEach((one, place) => found.slice(place + 1).forEach((other) => {
            bad += awb.overlap(one, other, 0) ? 1 : 0;
        }));
        return [found.length, bad];
    }""")
    assert overlaps[0] >= 12
    assert overlaps[1] == 0


def test_arrow_keys_walk_through_the_points(opened: Opener) -> None:
    page = opened()
    page.locator(".point[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    name = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert page.locator(".readout").inner_text() == name
    assert "calls" in name


def test_metrics_can_be_chosen_and_are_explained(opened: Opener) -> None:
    page = opened()
    page.locator('[data-role="metric"]').select_option(label="deletion-area ↓")
    bars = page.locator('[data-role="bars"] svg')
    assert bars.get_attribute("aria-label").startswith("deletion-area of 6 explainers, best first")
    assert "lower is better" in page.locator('[data-role="metric-facts"]').inner_text()


def test_the_button_turns_light_into_dark(opened: Opener) -> None:
    page = opened()
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.get_by_role("button", name="Light").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == before


def test_without_the_data_everything_but_the_sound_is_there(opened: Opener, tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "data", 2)
    run = make_run(tmp_path / "run", data)
    shutil.rmtree(data)
    result = awb("report", run)
    assert result.exit_code == 0, result.output
    page = opened(path=run / "report.html")
    silent = page.locator('[data-role="silent"]').inner_text()
    assert "No sound: " in silent
    assert str(data) in silent
    assert page.get_by_role("button", name="Play").is_disabled()
    assert page.locator(".figure svg .curve").count() == 3
    page.get_by_label("spectrogram").check()
    assert axe_violations(page) == []


def test_several_boards_share_a_page(opened: Opener, tmp_path: Path) -> None:
    folders = [small_data.build(tmp_path / name, 2) for name in ("one", "two")]
    run = make_run(tmp_path / "run", *folders)
    assert awb("report", run).exit_code == 0
    page = opened(path=run / "report.html")
    boards = page.get_by_role("navigation", name="Boards")
    links = boards.get_by_role("link").all_inner_texts()
    assert [link.rpartition("/")[2] for link in links] == ["one", "two"]
    boards.get_by_role("link").nth(1).click()
    page.locator("#board-2").wait_for()
    assert not page.locator("#board-1").is_visible()
    page.locator("#board-2 .instances a", has_text="clip-1.wav").click()
    page.wait_for_url("**board=2&clip=clip-1.wav**")
    page.reload()
    assert page.locator("#board-2").is_visible()
    assert "clip-1.wav" in page.locator("#board-2 [data-role='about']").inner_text()
    assert axe_violations(page) == []
