"""The files of the site, as text by path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from awb.data.instance_kinds import QUESTIONS
from awb.errors import UnknownNameError
from awb.harness.steps import steps
from awb.leaderboard.boards.board import Board, BoardRow
from awb.leaderboard.boards.outlook import outlook_sentences
from awb.leaderboard.formats.text import instances_text, limit_text, number_text
from awb.leaderboard.publishing.attempts import attempted
from awb.leaderboard.publishing.published_board import MAPS_READING, MAPS_TITLE
from awb.leaderboard.publishing.roles import CONTROL, roles
from awb.leaderboard.publishing.shadow_section import (
    SHADOW_HEADER,
    SHADOW_READING,
    SHADOW_TITLE,
    ShadowLine,
    shadow_lines,
)
from awb.leaderboard.publishing.summary_pages import Summaries
from awb.leaderboard.publishing.titles import apart, model_title
from awb.leaderboard.submissions.names import file_names
from awb.leaderboard.submissions.schema import Plugin
from awb.leaderboard.submissions.shadows import Shadow
from awb.plugins.discovery import Kind, Registered, Registry
from awb.report.encoding import as_base64
from awb.report.page import (
    SCRIPTS,
    SOUND_ROOM,
    board_entry,
    environment,
    has_letters,
    short_label,
    static,
)
from awb.report.payload import PageSounds
from awb.report.sections import SliceSections, published_sections
from awb.report.views.board import BoardView
from awb.report.views.clips import Clips
from awb.site.advice import Kind as ModelKind
from awb.site.catalog import Catalog, Entry, Group, Pair, publications, stems
from awb.site.clip import HEIGHT, ClipView
from awb.site.comparison import Compared
from awb.site.feed import anchor, feed
from awb.site.metrics import across, first_by, main_metrics, metrics_of
from awb.site.rerun import run_command, verify_command
from awb.site.summary import (
    model_cells,
    model_columns,
    ranks_plain,
    ranks_table,
    spread,
    together,
)
from awb.site.text import linked, settings

if TYPE_CHECKING:
    from jinja2 import Environment

STYLES = ("awb.report", "report.css"), ("awb.site", "site.css")
PACKAGE = "awb.site"
OWN = "listen.js", "compare.js", "copy.js", "site.js", "ranks.js"
NEWEST = 8
"""Number of publications listed on the first page."""


@dataclass(frozen=True)
class Site:
    """The data and settings that all pages share."""

    catalog: Catalog
    overall: Summaries
    registry: Registry  # source of the summaries and citations of plugins
    clips: Clips
    mute: bool  # whether no page has audio
    instances: int  # maximum per board
    notice: str = ""  # what a reader of any page must know about the rows
    shadows: Mapping[str, Shadow] = field(default_factory=dict)  # by the submission's hash
    provenance: str = ""  # what is verified and what is claimed, over all entries
    clip: ClipView | None = None  # on the first page and those of explainers
    advice: Sequence[ModelKind] = ()  # by kind of model
    comparison: Compared | None = None  # of every two explainers
    explainers: Mapping[str, str] = field(init=False)
    models: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Name the pages."""
        stem_of = stems(self.catalog.explainers)
        explainers = {name: f"explainers/{stem}.html" for name, stem in stem_of.items()}
        object.__setattr__(self, "explainers", explainers)
        named = file_names([(label,) for label in self.catalog.models])
        models = {label: f"models/{stem}.html" for (label,), stem in named.items()}
        object.__setattr__(self, "models", models)

    @property
    def controls(self) -> frozenset[str]:
        """Page names of control boards, on which explainers should not point at the events."""
        pairs = self.catalog.pairs
        return frozenset(one.name for one in pairs if roles(one.record, self.registry)[1])

    @property
    def has_summary(self) -> bool:
        """Whether there is a summary over boards."""
        return self.overall.models is not None or bool(self.overall.datasets)

    def spec(self, kind: Kind, plugin: Plugin) -> Registered | None:
        """Look up a submission's plugin, if any version of it is installed."""
        try:
            found = self.registry.get(kind, plugin.name)
        except UnknownNameError:
            return None
        return found if found.origin.distribution == plugin.distribution else None


def pages(site: Site, failed: list[str] | None = None) -> Iterator[tuple[str, str]]:
    """Yield the path and text of every file of the site, and list those that cannot be made."""
    told = [] if failed is None else failed
    made = _Pages(site, _templates(site))
    yield from made.overviews()
    for address, make in steps(list(made.several()), "Writing pages"):
        written = attempted(address, make, told)
        if written is not None:
            yield written
    yield "feed.xml", feed(site.catalog, site.explainers)
    yield "static/awb.css", "\n".join(static(name, package) for package, name in STYLES)
    yield "static/early.js", static("early.js", PACKAGE)
    yield "static/awb.js", _script()
    if site.clip and site.clip.stored:
        sound = as_base64(site.clip.stored.sound)
        yield "static/clip-sound.js", f'"use strict";\nawb.clipSound = "{sound}";\n'


def _templates(site: Site) -> Environment:
    """Load the templates, with what all of them use."""
    made: Environment = environment(PACKAGE)
    made.filters.update(
        linked=linked, settings=settings, on=_row_on, short=short_label, spread=spread,
        first_by=first_by, limit=limit_text, number=number_text, outlook=outlook_sentences,
        titled=partial(model_title, registry=site.registry),
        model_cells=model_cells, ranks_plain=ranks_plain, ranks_table=ranks_table,
    )  # fmt: skip
    made.globals.update(
        explainer_page=site.explainers, model_page=site.models, anchor=anchor, seconds=_seconds,
        run_command=run_command, verify_command=verify_command, median=_median, control=CONTROL,
        shadow_title=SHADOW_TITLE, shadow_header=SHADOW_HEADER, shadow_reading=SHADOW_READING,
        maps_title=MAPS_TITLE, maps_reading=MAPS_READING, has_letters=has_letters,
        height=HEIGHT, clip=site.clip, questions=QUESTIONS,
    )  # fmt: skip
    return made


@dataclass(frozen=True)
class _Pages:
    """Writes the pages of a site, each as its path and text."""

    site: Site
    templates: Environment

    def overviews(self) -> Iterator[tuple[str, str]]:
        """Yield the pages that are about everything."""
        site, catalog = self.site, self.site.catalog
        yield self._page("index.html", "index.html", catalog=catalog, news=_news(catalog),
                         summaries=_summaries(site), together=together(site.overall))  # fmt: skip
        if site.advice:
            yield self._page("which-explainer.html", "which_explainer.html", kinds=site.advice)
        if site.comparison is not None:
            yield self._page("compare.html", "compare.html", found=site.comparison)
        if site.has_summary:
            yield self._page("summary.html", "summary.html", columns=model_columns(),
                             models=site.overall.models,
                             datasets=site.overall.datasets)  # fmt: skip
        yield self._page(
            "metrics.html", "metrics.html", catalog=catalog, families=metrics_of(catalog)
        )
        yield self._page("take-part.html", "take_part.html")

    def several(self) -> Iterator[tuple[str, Callable[[], tuple[str, str]]]]:
        """Yield the path of every other page, and what makes it."""
        site, catalog = self.site, self.site.catalog
        for pair in catalog.pairs:
            yield f"boards/{pair.name}.html", partial(self._board, pair)
        for label, pairs in catalog.models.items():
            yield site.models[label], partial(self._model, label, pairs)
        for name, entries in catalog.explainers.items():
            yield site.explainers[name], partial(self._explainer, name, entries)

    def _page(self, path: str, template: str, **values: Any) -> tuple[str, str]:
        made, root = self.templates.get_template(template), "../" * path.count("/")
        return path, made.render(root=root, path=path, site=self.site, **values)

    def _board(self, pair: Pair) -> tuple[str, str]:
        site, found = self.site, self.site.spec("dataset", pair.record.dataset)
        return self._page(f"boards/{pair.name}.html", "board_page.html", pair=pair,
                          dataset_spec=found and found.spec, **_boards(site, pair),
                          shadows=_shadows(site, pair))  # fmt: skip

    def _model(self, label: str, pairs: list[Pair]) -> tuple[str, str]:
        site, plugin = self.site, pairs[0].record.model
        found = site.spec("model", plugin)
        return self._page(site.models[label], "model.html", label=label, pairs=pairs,
                          plugin=plugin, title=model_title(plugin, site.registry),
                          spec=found and found.spec, summaries=_summaries(site))  # fmt: skip

    def _explainer(self, name: str, entries: list[Entry]) -> tuple[str, str]:
        found = self.site.spec("explainer", entries[0].record.explainer)
        return self._page(self.site.explainers[name], "explainer.html", name=name,
                          entries=entries, spec=found and found.spec, plain=across(entries),
                          metrics=main_metrics(entries))  # fmt: skip


def _shadows(site: Site, pair: Pair) -> list[ShadowLine]:
    """Describe the shadows of all submissions of a pair."""
    groups = [shadow_lines(one.submitted, site.shadows, site.registry) for one in pair.groups]
    return [line for lines in groups for line in lines]


def _script() -> str:
    """Join the scripts of the report and the site; the report's last one starts the page."""
    *parts, start = SCRIPTS
    return "\n".join([*map(static, parts), *(static(name, PACKAGE) for name in OWN), static(start)])


def _boards(site: Site, pair: Pair) -> dict[str, Any]:
    """Collect the variables of the report's templates."""
    page_sounds = PageSounds(SOUND_ROOM)
    found = []
    for group in pair.groups:
        last = max(group.views, key=lambda one: one.board.budget or 0)
        for view in group.views:
            slices = published_sections(view) if view is last else SliceSections()
            entry = board_entry(view, site.clips, page_sounds, slices, instances=site.instances)
            links = {
                one.row.explainer: f"../{site.explainers[one.record.explainer.name]}#{anchor(one)}"
                for one in site.catalog.entries
                if one.board is view.board
            }
            label = _label(pair, group, view)
            found.append(
                {
                    **entry,
                    "links": links,
                    "metrics_page": "../metrics.html",
                    "mute": site.mute,
                    "label": label,
                    "group": group,
                }
            )
    return {"boards": found, "sounds": page_sounds.sounds}


def _label(pair: Pair, group: Group, view: BoardView) -> str:
    """Label a board so that it differs from others on its page."""
    board = view.board
    parts = [f"{instances_text(board)}{limit_text(board.budget)}"]
    if len(pair.groups) > 1:
        parts.append(apart({one.folder: one.submitted for one in pair.groups})[group.folder])
    return ", ".join(parts)


def _row_on(pair: Pair, explainer: str) -> BoardRow | None:
    """Find an explainer's best row on a pair's first board, by the name of its plugin."""
    names = {
        one.record.name
        for one in pair.groups[0].submitted
        if one.record.explainer.name == explainer
    }
    budget = pair.board.budget
    known = names if budget is None else {name.removesuffix(f"@{budget}") for name in names}
    return next((row for row in pair.board.rows if row.explainer in known), None)


def _median(board: Board) -> float | None:
    """Return the median of the first metric over ranked explainers."""
    means = sorted(row.cells[0].mean for row in board.rows if row.rank is not None)
    if not means:
        return None
    middle = len(means) // 2
    return means[middle] if len(means) % 2 else (means[middle - 1] + means[middle]) / 2


def _summaries(site: Site) -> dict[str, str]:
    """Return the summary of each explainer; empty if its plugin is not installed."""
    found = {}
    for name, entries in site.catalog.explainers.items():
        spec = site.spec("explainer", entries[0].record.explainer)
        found[name] = "" if spec is None else spec.spec.summary
    return found


def _news(catalog: Catalog) -> list[list[Entry]]:
    return publications(catalog.newest)[:NEWEST]


def _seconds(value: float | None) -> str:
    """Format seconds with at least two significant digits, or as less than a millisecond."""
    if value is None:
        return "–"
    if value < 0.001:
        return "< 0.001"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:,.0f}"
