"""Boards as Markdown files, and their index, from all submissions of a folder."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from awb.errors import AwbError, SubmissionError
from awb.harness.store import ExplanationRow, ScoreRow
from awb.harness.units import OK
from awb.leaderboard.board import Board
from awb.leaderboard.making import BoardData, at_budgets, make_board
from awb.leaderboard.naming import board_name, folder_name, slug
from awb.leaderboard.render import to_markdown
from awb.leaderboard.submission import Submission
from awb.leaderboard.submitted import Submitted
from awb.leaderboard.verifying import readable
from awb.metrics.facts import MetricFacts
from awb.plugins import Registry
from awb.specs import ExplainerSpec, MetricSpec

SUBMISSIONS = "submissions"
BEGIN, END = "<!-- boards: written by awb publish -->", "<!-- end of boards -->"
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")
_NOTHING = "# Leaderboards\n"


def boards_of(group: Sequence[Submitted], registry: Registry) -> list[Board]:
    """Make the board, or one a budget, of submissions that can be compared.

    Parameters
    ----------
    group : sequence of Submitted
        All of one folder.
    registry : Registry
        What is installed: the metrics' facts come from there.

    Returns
    -------
    list of Board
        Mostly one.
    """
    return [board_of(one) for one in each_budget(data_of(group, registry), group)]


def each_budget(data: BoardData, group: Sequence[Submitted]) -> list[BoardData]:
    """Cut the rows of submissions into those of a board at each budget.

    Parameters
    ----------
    data : BoardData
        All rows.
    group : sequence of Submitted
        The submissions.

    Returns
    -------
    list of BoardData
        One without a limit, where no budgets were given.
    """
    budgets = group[0].record.settings.budgets
    return [data] if budgets is None else list(at_budgets(data, budgets))


def data_of(group: Sequence[Submitted], registry: Registry) -> BoardData:
    """Lay out submissions that can be compared as the rows of one board.

    Parameters
    ----------
    group : sequence of Submitted
        All of one folder.
    registry : Registry
        What is installed: the metrics' facts come from there.

    Returns
    -------
    BoardData
        Every score; the facts are those of the main metrics.

    Raises
    ------
    SubmissionError
        If none of the submitted metrics is installed.
    """
    labels = list(dict.fromkeys(one.label for each in group for one in each.record.metrics))
    facts = _columns(labels, registry)
    baselines = frozenset(
        entry.spec.name
        for entry in registry
        if isinstance(entry.spec, ExplainerSpec) and entry.spec.baseline
    )
    return BoardData(
        group[0].manifest,
        [row for one in group for row in scores_of(one.record)],
        [row for one in group for row in _explanations(one.record)],
        facts,
        baselines,
        group[0].record.settings.seed,
        " or ".join(sorted({one.record.environment.computed_on for one in group} - {""})),
    )


def board_of(data: BoardData) -> Board:
    """Make a board; no reason, which may come from any plugin, runs over several lines.

    Parameters
    ----------
    data : BoardData
        Its rows.

    Returns
    -------
    Board
        The board.
    """
    board = make_board(data)
    return replace(
        board,
        problems=tuple(map(readable, board.problems)),
        notes=tuple(map(readable, board.notes)),
        skipped={readable(reason): count for reason, count in board.skipped.items()},
    )


def _columns(labels: Sequence[str], registry: Registry) -> list[MetricFacts]:
    """Choose the main metrics, or all where none is a main one."""
    found: dict[str, MetricSpec] = {}
    for label in labels:
        try:
            spec = registry.get("metric", label.partition(":")[0]).spec
        except AwbError:
            continue
        if isinstance(spec, MetricSpec):
            found[label] = spec
    if not found:
        raise SubmissionError("none of the submitted metrics is installed")
    headline = {label: spec for label, spec in found.items() if spec.headline} or found
    return [replace(spec.facts, name=label) for label, spec in headline.items()]


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


def paired(submitted: Iterable[Submitted]) -> dict[str, dict[str, list[Submitted]]]:
    """Put together what belongs on one page, and in it what can be compared.

    Parameters
    ----------
    submitted : iterable of Submitted
        Everything that is published.

    Returns
    -------
    dict of str to dict of str to list of Submitted
        By name of the (dataset, model) pair, then by folder: the folder with the most first.
    """
    pairs: dict[str, dict[str, list[Submitted]]] = {}
    for one in submitted:
        pair = pairs.setdefault(board_name(one.record), {})
        pair.setdefault(folder_name(one.record), []).append(one)
    return {
        name: dict(sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])))
        for name, groups in sorted(pairs.items())
    }


def write_pages(
    submitted: Iterable[Submitted], into: Path, registry: Registry, links: Sequence[str] = ()
) -> list[Path]:
    """Write ``<dataset>--<model>.md`` for each pair, and the index into ``README.md``.

    Parameters
    ----------
    submitted : iterable of Submitted
        Everything that is published and holds.
    into : Path
        The folder of the leaderboards.
    registry : Registry
        What is installed.
    links : sequence of str
        Lines of Markdown under the index, such as links to summaries.

    Returns
    -------
    list of Path
        The boards' files, in order.

    Raises
    ------
    SubmissionError
        If a file cannot be written.
    """
    lines, paths = [], []
    try:
        for name, groups in paired(submitted).items():
            path = into / f"{name}.md"
            path.write_text(_page(groups, registry), encoding="utf-8")
            paths.append(path)
            lines.append(_index_line(name, groups))
        _write_index(into / "README.md", [*lines, *links])
    except OSError as error:
        raise SubmissionError(f"cannot write to {into}: {error.strerror}") from error
    return paths


def _page(groups: dict[str, list[Submitted]], registry: Registry) -> str:
    """Write all boards of a pair: one a manifest and settings, the largest first."""
    record = next(iter(groups.values()))[0].record
    title = f"# {escaped(record.model.label)} on {escaped(record.dataset.label)}\n\n"
    parts = []
    for folder, group in groups.items():
        found = "\n".join(to_markdown(board) for board in boards_of(group, registry))
        found = found.replace("<", "&lt;")
        parts.append(f"{found}\n{_settings(group[0].record)}\n\n{_credits(folder, group)}")
    return title + "\n".join(parts)


def _settings(record: Submission) -> str:
    settings = record.settings
    masker = settings.masker
    if settings.scoring_masker != masker:
        masker += f", for scoring {settings.scoring_masker}"
    return (
        f"Segments of {settings.segment_s:g} s every {settings.segment_hop_s:g} s,"
        f" {settings.samples:,} drop masks ({escaped(settings.design)}), masker"
        f" {escaped(masker)}, seed {settings.seed}."
    )


def _credits(folder: str, group: Sequence[Submitted]) -> str:
    """List who submitted what, with what, and when; check it with one command."""
    from tabulate import tabulate

    rows = []
    for one in sorted(group, key=lambda each: each.record.name):
        record = one.record
        link = f"[{escaped(record.name)}]({SUBMISSIONS}/{folder}/{slug(record.name)}.json)"
        said = "; ".join(text for text in (record.credit.note, record.credit.citation) if text)
        rows.append(
            [
                link,
                escaped(f"{record.explainer.distribution} {record.explainer.version}"),
                escaped(record.credit.author),
                escaped(record.environment.created[:10]),
                escaped(record.environment.hardware.get("processor", "")),
                escaped(said),
            ]
        )
    header = ["submission", "from", "author", "computed", "processor", "note"]
    table = tabulate(rows, header, tablefmt="github", disable_numparse=True)
    return f"{table}\n\nTo check: `awb verify leaderboards/{SUBMISSIONS}/{folder}`\n"


def escaped(text: str) -> str:
    """Let nothing in a text mean anything in Markdown or HTML."""
    return _MARKUP.sub(r"\\\1", text).replace("\\<", "&lt;").replace("\\>", "&gt;")


def _index_line(name: str, groups: dict[str, list[Submitted]]) -> str:
    every = [one for group in groups.values() for one in group]
    record = every[0].record
    kept = sorted({len(one.manifest.kept) for one in every})
    return (
        f"| [{escaped(name)}]({name}.md) | {escaped(record.dataset.label)} |"
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
