"""One self-contained HTML page: markup, style, scripts and data in one file, no network access.

The parts of the page (board, charts, player) are separate templates, and the scripts are separate
files, so that other pages can reuse them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from awb.errors import RunError
from awb.harness.steps import steps
from awb.leaderboard.boards import pointing
from awb.leaderboard.boards.board import Board, BoardRow, Cell
from awb.leaderboard.boards.message import message_of, sentences
from awb.leaderboard.boards.outlook import outlook_sentences
from awb.leaderboard.formats.text import counted, extent_of, notes_of, number_text, span_text
from awb.leaderboard.submissions.names import slug
from awb.report.payload import PageSounds, board_plain, instance_plain, reading, summaries
from awb.report.sections import SliceSections, agreement_section, slice_sections
from awb.report.views.board import BoardView, extremes, label_of
from awb.report.views.clips import Clips

SCRIPTS = (
    "core.js",
    "table.js",
    "columns.js",
    "axes.js",
    "bars.js",
    "labels.js",
    "scatter.js",
    "heatmap.js",
    "address.js",
    "sound.js",
    "figure.js",
    "legend.js",
    "player.js",
    "save.js",
    "scrolling.js",
    "theme.js",
    "main.js",
)
"""Scripts in order of their dependencies; the last one starts the page."""

SOUND_ROOM = 8_000_000
"""Maximum number of bytes of sound on a page."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Text of the header and footer of a page."""

    title: str
    lead: str  # one or two sentences below the title
    created: str  # date of the results
    command: str  # that made the page


def static(name: str, package: str = "awb.report") -> str:
    """Read a style sheet or script of a package."""
    return files(package).joinpath("static", name).read_text(encoding="utf-8")


@cache
def _compiled() -> Any:
    """Keep compiled templates in this process: they take longer than to fill them in."""
    from jinja2 import BytecodeCache

    class Compiled(BytecodeCache):
        def __init__(self) -> None:
            self.kept: dict[str, bytes] = {}

        def load_bytecode(self, bucket: Any) -> None:
            if bucket.key in self.kept:
                bucket.bytecode_from_string(self.kept[bucket.key])

        def dump_bytecode(self, bucket: Any) -> None:
            self.kept[bucket.key] = bucket.bytecode_to_string()

    return Compiled()


def environment(*packages: str) -> Any:
    """Make the jinja2 environment of the templates, with autoescaping."""
    import jinja2
    from markupsafe import Markup

    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader(name) for name in (*packages, "awb.report")]
        ),
        autoescape=True,
        bytecode_cache=_compiled(),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["pointing"] = pointing
    made.filters["mean"] = _mean
    made.filters["span"] = _span
    made.filters["place"] = _place
    made.filters["sortable"] = _sortable
    made.filters["extent"] = extent_of
    made.filters["notes"] = notes_of
    made.filters["reading"] = reading
    made.filters["slug"] = slug
    # The package's own files, which contain no data of runs.
    made.globals["style"] = lambda name: Markup(static(name))
    made.globals["script"] = lambda name: Markup(static(name))
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    return made


def render(views: Sequence[BoardView], clips: Clips, facts: PageFacts, *, instances: int) -> str:
    """Render the report of a run."""
    page_sounds = PageSounds(SOUND_ROOM)
    boards = [
        board_entry(view, clips, page_sounds, slice_sections(view), instances=instances)
        for view in views
    ]
    text: str = (
        environment()
        .get_template("page.html")
        .render(
            facts=facts,
            boards=boards,
            sounds=page_sounds.sounds,
            scripts=SCRIPTS,
            version=version("audio-where-benchmark"),
        )
    )
    return text


def board_entry(
    view: BoardView,
    clips: Clips,
    page_sounds: PageSounds,
    slices: SliceSections,
    *,
    instances: int,
) -> dict[str, Any]:
    """Collect the variables of the template of a board."""
    shown = extremes(view.instances, instances)
    message = message_of(view.board, view.data)
    return {
        "board": view.board,
        "label": label_of(view.board),
        "view": view,
        "columns": [
            place for place, metric in enumerate(view.board.metrics) if metric.name in view.headline
        ],
        "plain": {**board_plain(view), "instances": summaries(shown)},
        "instances": [
            instance_plain(view, one, clips, page_sounds)
            for one in steps(shown, "Drawing instances")
        ],
        "rows": [row for row in view.board.rows if row.coverage > 0],
        "letters": has_letters(view.board),
        "message": [
            *([] if message is None else sentences(message)),
            *outlook_sentences(view.board),
        ],
        "slices": slices,
        "alike": agreement_section(view),
        "links": {},
        "metrics_page": "",
        "mute": False,
    }


def write(text: str, path: Path) -> None:
    """Write a page."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror or error}") from error


def _mean(cell: Cell) -> str:
    return number_text(cell.mean).replace("-", "−") if cell.n else "–"


def _span(cell: Cell) -> str:
    return span_text(cell).replace("-", "−")


def _place(row: BoardRow) -> str:
    place = row.place
    return "" if place is None or place.low == place.high else f"{place.low}–{place.high}"


def has_letters(board: Board) -> bool:
    """Report whether the test distinguishes any two explainers; otherwise all share a letter."""
    return len({row.place.groups for row in board.rows if row.place is not None}) > 1


def _sortable(value: float | None) -> str:
    """Format a number for sorting; empty if there is none."""
    return "" if value is None or value != value else repr(round(float(value), 6))


def short_label(label: str) -> str:
    """Shorten a label for a heading: a name without settings, or the last part of a path.

    Examples
    --------
    >>> short_label("yamnet:path=/data/yamnet.tflite"), short_label("folder:/data/barks")
    ('yamnet', 'barks')
    """
    name, _, rest = label.partition(":")
    return Path(rest).name if rest and "=" not in rest else name


def describe(board: Board) -> str:
    """Summarize the size of a board in one line."""
    return (
        f"{extent_of(board)}, {counted(sum(row.coverage > 0 for row in board.rows), 'explainer')},"
        f" {counted(len(board.metrics), 'metric')}"
    )
