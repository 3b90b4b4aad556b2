"""Boards as Markdown files, and their index, from all submissions of a folder."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from awb.errors import AwbError, SubmissionError
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.harness.unit.record import OK
from awb.leaderboard.boards.board import Board
from awb.leaderboard.boards.construction import BoardData, at_budgets, make_board
from awb.leaderboard.boards.message import message_of, sentences
from awb.leaderboard.formats.text import extent_of, to_markdown
from awb.leaderboard.publishing.roles import CONTROL, roles
from awb.leaderboard.publishing.titles import board_title
from awb.leaderboard.submissions.credits import credits_of, escaped
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.schema import Submission
from awb.leaderboard.verification.checks import readable
from awb.leaderboard.verification.published_folder import paired
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registry
from awb.specs import ExplainerSpec, MetricSpec

BEGIN, END = "<!-- boards: written by awb publish -->", "<!-- end of boards -->"
_NOTHING = "# Leaderboards\n"


def each_budget(data: BoardData, group: Sequence[Submitted]) -> list[BoardData]:
    """Cut the rows of submissions into those of a board at each budget."""
    budgets = group[0].record.settings.budgets
    return [data] if budgets is None else list(at_budgets(data, budgets))


def data_of(group: Sequence[Submitted], registry: Registry) -> BoardData:
    """Lay out submissions that can be compared as the rows of one board."""
    main = _main(_metric_specs(group, registry))
    baselines = frozenset(spec.name for spec in registry.specs(ExplainerSpec) if spec.baseline)
    return BoardData(
        group[0].manifest,
        [row for one in group for row in scores_of(one.record)],
        [row for one in group for row in _explanations(one.record)],
        [replace(spec.facts, name=label) for label, spec in main.items()],
        baselines,
        group[0].record.settings.seed,
        " or ".join(sorted({one.record.environment.computed_on for one in group} - {""})),
    )


def board_of(data: BoardData) -> Board:
    """Make a board; no reason, which may come from any plugin, runs over several lines."""
    board = make_board(data)
    return replace(
        board,
        problems=tuple(map(readable, board.problems)),
        notes=tuple(map(readable, board.notes)),
        skipped={readable(reason): count for reason, count in board.skipped.items()},
    )


def every_metric(group: Sequence[Submitted], registry: Registry) -> list[MetricFacts]:
    """List the facts of all submitted metrics that are installed."""
    specs = _metric_specs(group, registry)
    main = _main(specs)
    rest = {label: spec for label, spec in specs.items() if label not in main}
    return [replace(spec.facts, name=label) for label, spec in {**main, **rest}.items()]


def _metric_specs(group: Sequence[Submitted], registry: Registry) -> dict[str, MetricSpec]:
    """Look up the submitted metrics that are installed, by label."""
    labels = dict.fromkeys(one.label for each in group for one in each.record.metrics)
    found: dict[str, MetricSpec] = {}
    for label in labels:
        try:
            found[label] = registry.get("metric", label.partition(":")[0]).spec
        except AwbError:
            continue
    if not found:
        raise SubmissionError("none of the submitted metrics is installed")
    return found


def _main(specs: dict[str, MetricSpec]) -> dict[str, MetricSpec]:
    """Choose the main metrics, or all where none is a main one."""
    return {label: spec for label, spec in specs.items() if spec.headline} or specs


def _explanations(record: Submission) -> Iterator[ExplanationRow]:
    for row in record.instances:
        yield ExplanationRow(
            record.dataset.label,
            record.model.label,
            record.name,
            row.clip_id,
            row.target,
            row.status,
            row.reason,
            row.calls,
            row.forwards,
            row.seconds,
        )


def scores_of(record: Submission) -> Iterator[ScoreRow]:
    """Yield every score of a submission as the store would; NaN where there is none."""
    for label, column in record.scores.items():
        reasons = {
            place: reason
            for reason, places in record.undefined.get(label, {}).items()
            for place in places
        }
        for place, (row, value) in enumerate(zip(record.instances, column, strict=True)):
            missing = reasons.get(place, "") if row.status == OK else f"{row.status}: {row.reason}"
            yield ScoreRow(
                record.dataset.label,
                record.model.label,
                record.name,
                row.clip_id,
                row.target,
                label,
                math.nan if value is None else value,
                missing,
            )


def write_pages(
    submitted: Iterable[Submitted], into: Path, registry: Registry, links: Sequence[str] = ()
) -> list[Path]:
    """Write ``<dataset>--<model>.md`` for each pair, and the index into ``README.md``.

    The names are those of `awb.leaderboard.submissions.names.file_names`.
    """
    lines, paths = [], []
    try:
        for name, groups in paired(submitted).items():
            path = into / f"{name}.md"
            path.write_text(_page(groups, registry), encoding="utf-8")
            paths.append(path)
            lines.append(_index_line(name, groups, registry))
        _write_index(into / "README.md", [*lines, *links])
    except OSError as error:
        raise SubmissionError(f"cannot write to {into}: {error.strerror}") from error
    return paths


def _page(groups: dict[str, list[Submitted]], registry: Registry) -> str:
    """Write all boards of a pair: one a manifest and settings, the largest first."""
    record = next(iter(groups.values()))[0].record
    title = f"# {escaped(board_title(record, registry))}\n\n"
    parts = []
    for folder, group in groups.items():
        found = "\n".join(
            _section(board_of(data), data) for data in each_budget(data_of(group, registry), group)
        )
        parts.append(f"{found}\n{_settings(group[0].record)}\n\n{credits_of(folder, group)}")
    _, control = roles(record, registry)
    return title + (f"> {CONTROL}\n\n" if control else "") + "\n".join(parts)


def _section(board: Board, data: BoardData) -> str:
    """Write one board: what it says in a few sentences, then the table."""
    message = message_of(board, data)
    lead = " ".join(sentences(message, escaped)) if message else ""
    return to_markdown(board, title=extent_of(board), lead=lead).replace("<", "&lt;")


def _settings(record: Submission) -> str:
    settings = record.settings
    masker = settings.masker
    if settings.scoring_masker != masker:
        masker += f", for scoring {settings.scoring_masker}"
    return (
        f"Model {escaped(record.model.label)} on dataset {escaped(record.dataset.label)}:"
        f" segments of {settings.segment_s:g} s every {settings.segment_hop_s:g} s,"
        f" {settings.samples:,} drop masks ({escaped(settings.design)}), masker"
        f" {escaped(masker)}, seed {settings.seed}."
    )


def _index_line(name: str, groups: dict[str, list[Submitted]], registry: Registry) -> str:
    every = [one for group in groups.values() for one in group]
    record = every[0].record
    kept = sorted({len(one.manifest.kept) for one in every})
    link = f"[{escaped(board_title(record, registry))}]({name}.md)"
    return (
        f"| {link} | {escaped(record.dataset.label)} |"
        f" {escaped(record.model.label)} | {', '.join(map(str, kept))} | {len(every)} |"
    )


def _write_index(path: Path, lines: Sequence[str]) -> None:
    """Write the index between its marks, and leave the rest of the file as it is."""
    header = (
        "| board | dataset | model | instances | submissions |\n| --- | --- | --- | --- | --- |"
    )
    block = "\n".join([BEGIN, header, *lines, END])
    old = path.read_text(encoding="utf-8") if path.is_file() else _NOTHING
    before, found, rest = old.partition(BEGIN)
    after = rest.partition(END)[2] if found else ""
    before = before if found else f"{old.rstrip()}\n\n"
    path.write_text(f"{before}{block}{after or chr(10)}", encoding="utf-8")
