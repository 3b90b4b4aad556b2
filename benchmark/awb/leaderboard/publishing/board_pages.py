"""The Markdown pages of the boards, and their index, from all submissions in a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

from awb.errors import SubmissionError
from awb.harness.steps import steps
from awb.leaderboard.boards.board import Board
from awb.leaderboard.boards.construction import BoardData
from awb.leaderboard.boards.contrast import contrasts
from awb.leaderboard.boards.message import message_of, sentences
from awb.leaderboard.boards.outlook import outlook_sentences
from awb.leaderboard.boards.slices import published_slices
from awb.leaderboard.formats.contrast_table import contrast_text
from awb.leaderboard.formats.escaping import markdown
from awb.leaderboard.formats.slice_table import to_section
from awb.leaderboard.formats.text import extent_of, to_markdown
from awb.leaderboard.publishing.attempts import attempted
from awb.leaderboard.publishing.provenance import Spots, count_text, overall_text
from awb.leaderboard.publishing.published_board import (
    MAPS_READING,
    MAPS_TITLE,
    board_of,
    data_of,
    each_budget,
    maps_of,
)
from awb.leaderboard.publishing.roles import CONTROL, roles
from awb.leaderboard.publishing.shadow_section import shadow_lines, shadow_section
from awb.leaderboard.publishing.titles import apart, board_title
from awb.leaderboard.submissions.credits import credits_of
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.schema import Submission
from awb.leaderboard.submissions.shadows import Shadow
from awb.leaderboard.verification.identity import installed
from awb.leaderboard.verification.published_folder import paired
from awb.plugins.discovery import Registry
from awb.specs import DatasetSpec

BEGIN, END = "<!-- boards: written by awb publish -->", "<!-- end of boards -->"
_NOTHING = "# Leaderboards\n"


def write_pages(
    submitted: Iterable[Submitted],
    into: Path,
    registry: Registry,
    links: Sequence[str] = (),
    shadows: Mapping[str, Shadow] = MappingProxyType({}),
    spots: Spots = MappingProxyType({}),
) -> tuple[list[Path], list[str]]:
    """Write ``<dataset>--<model>.md`` for each pair, and the index into ``README.md``.

    Also list the pages that could not be written, and why: they cost no other page.
    """
    found = list(submitted)
    lines: list[str] = []
    paths: list[Path] = []
    failed: list[str] = []
    try:
        for name, groups in steps(paired(found).items(), "Writing boards"):
            path = into / f"{name}.md"
            page = attempted(path.name, partial(_page, groups, registry, shadows, spots), failed)
            if page is None:
                path.unlink(missing_ok=True)
                continue
            path.write_text(page, encoding="utf-8")
            paths.append(path)
            lines.append(_index_line(name, groups, registry, spots))
        for contrast, title in _contrast_pages(paired(found), into, registry, spots):
            paths.append(contrast)
            links = [*links, "", f"Only together: [{markdown(title)}]({contrast.name})."]
        told = ["", overall_text(found, spots)] if found else []
        _write_index(into / "README.md", [*lines, *told, *links])
    except OSError as error:
        raise SubmissionError(f"cannot write to {into}: {error.strerror}") from error
    return paths, failed


def _contrast_pages(
    pairs: Mapping[str, Mapping[str, Sequence[Submitted]]],
    into: Path,
    registry: Registry,
    spots: Spots,
) -> Iterator[tuple[Path, str]]:
    """Write ``<dataset>--contrast.md`` for datasets whose boards only answer together."""
    together: dict[str, list[Board]] = {}
    for name, groups in pairs.items():
        dataset = next(iter(groups.values()))[0].record.dataset
        found = installed(registry, "dataset", dataset.name)
        if found is not None and isinstance(found.spec, DatasetSpec) and found.spec.contrast:
            own = together.setdefault(name.partition("--")[0], [])
            for group in groups.values():
                cut = each_budget(data_of(group, registry, spots), group)
                own += [board_of(data) for data in cut]
    for name, boards in together.items():
        path, found_here = into / f"{name}--contrast.md", contrasts(boards, registry)
        path.unlink(missing_ok=True)
        if found_here:
            title = f"{found_here[0].first} and {found_here[0].second} on {name}"
            tables = "\n".join(contrast_text(one, "md") for one in found_here)
            path.write_text(f"# {markdown(title)}\n\n{tables}", encoding="utf-8")
            yield path, title


def _page(
    groups: dict[str, list[Submitted]],
    registry: Registry,
    shadows: Mapping[str, Shadow],
    spots: Spots,
) -> str:
    """Write all boards of a pair, one per manifest and settings, the largest first.

    Of boards at several budgets, that of the largest is cut into slices.
    """
    record = next(iter(groups.values()))[0].record
    title = f"# {markdown(board_title(record, registry))}\n\n"
    parts = []
    differences = apart(groups) if len(groups) > 1 else {}
    for folder, group in groups.items():
        boards = each_budget(data_of(group, registry, spots), group)
        found = "\n".join(
            _section(board_of(data), data, differences.get(folder, "")) for data in boards
        )
        largest = max(boards, key=lambda one: one.budget or 0)
        maps = _maps(largest, group, registry, spots)
        slices = to_section(published_slices(largest))
        shadow = shadow_section(shadow_lines(group, shadows, registry))
        further = f"{maps}{slices}{shadow}{credits_of(folder, group)}"
        parts.append(f"{found}\n{_settings(group[0].record)}\n\n{further}")
    _, control = roles(record, registry)
    return title + (f"> {CONTROL}\n\n" if control else "") + "\n".join(parts)


def _section(board: Board, data: BoardData, difference: str = "") -> str:
    """Write one board: its message and what its clips can tell, then the table."""
    message = message_of(board, data)
    lead = [*(sentences(message, markdown) if message else []), *outlook_sentences(board, markdown)]
    title = ", ".join(filter(None, (extent_of(board), markdown(difference))))
    return to_markdown(board, title=title, lead=" ".join(lead))


def _maps(data: BoardData, group: Sequence[Submitted], registry: Registry, spots: Spots) -> str:
    """Write the board of the rows that have maps of times and frequencies; empty without."""
    found = maps_of(data, group, registry, spots)
    if found is None:
        return ""
    board = board_of(found)
    lead = " ".join([MAPS_READING, *outlook_sentences(board, markdown)])
    return f"#{to_markdown(board, title=MAPS_TITLE, lead=lead)}\n"


def _settings(record: Submission) -> str:
    settings = record.settings
    masker = settings.masker
    if settings.scoring_masker != masker:
        masker += f" (for scoring: {settings.scoring_masker})"
    return (
        f"Model {markdown(record.model.label)} on dataset {markdown(record.dataset.label)}:"
        f" segments of {settings.segment_s:g} s every {settings.segment_hop_s:g} s,"
        f" {settings.samples:,} drop masks ({markdown(settings.design)}), masker"
        f" {markdown(masker)}, seed {settings.seed}."
    )


def _index_line(
    name: str, groups: dict[str, list[Submitted]], registry: Registry, spots: Spots
) -> str:
    every = [one for group in groups.values() for one in group]
    record = every[0].record
    kept = sorted({len(one.manifest.kept) for one in every})
    link = f"[{markdown(board_title(record, registry))}]({name}.md)"
    return (
        f"| {link} | {markdown(record.dataset.label)} |"
        f" {markdown(record.model.label)} | {', '.join(map(str, kept))} | {len(every)} |"
        f" {count_text(every, spots)} |"
    )


def _write_index(path: Path, lines: Sequence[str]) -> None:
    """Write the index between its markers, and keep the rest of the file."""
    header = (
        "| board | dataset | model | instances | submissions | fidelity |\n"
        "| --- | --- | --- | --- | --- | --- |"
    )
    block = "\n".join([BEGIN, header, *lines, END])
    old = path.read_text(encoding="utf-8") if path.is_file() else _NOTHING
    before, found, rest = old.partition(BEGIN)
    after = rest.partition(END)[2] if found else ""
    before = before if found else f"{old.rstrip()}\n\n"
    path.write_text(f"{before}{block}{after or chr(10)}", encoding="utf-8")
