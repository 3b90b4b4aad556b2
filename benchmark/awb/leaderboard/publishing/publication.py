"""Publish a run or a sweep: its submissions, then the pages of all submissions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from awb.data.instance_kinds import only_hits
from awb.errors import AwbError, ParameterError, SubmissionError
from awb.harness.storage.run_folder import RunFolder
from awb.harness.storage.sweep_folder import SweepFolder
from awb.leaderboard.publishing.attempts import attempted
from awb.leaderboard.publishing.board_pages import write_pages
from awb.leaderboard.publishing.comparable_boards import Comparable, comparable
from awb.leaderboard.publishing.over_datasets import DatasetSummary
from awb.leaderboard.publishing.provenance import overall_text
from awb.leaderboard.publishing.submission_from_run import submissions
from awb.leaderboard.publishing.summary_pages import (
    DATASETS_PAGE,
    FIGURE,
    MODELS_PAGE,
    Summaries,
    datasets_page,
    models_page,
    summarize_boards,
)
from awb.leaderboard.submissions.credits import SUBMISSIONS
from awb.leaderboard.submissions.files import Submitted, is_taken, path_in, write
from awb.leaderboard.submissions.schema import Credit
from awb.leaderboard.submissions.shadows import read_shadows
from awb.leaderboard.submissions.spot_records import read_spots
from awb.leaderboard.verification.checks import readable
from awb.leaderboard.verification.published_folder import read_folder
from awb.plugins.discovery import Registry

Draw = Callable[[DatasetSummary, Path], None]


@dataclass(frozen=True, eq=False)
class Contents:
    """The valid submissions of a folder, read once, and what follows from all of them."""

    submitted: list[Submitted]
    refused: list[str]  # existing submissions that are invalid and on no board, and why
    registry: Registry = field(repr=False)

    @classmethod
    def of(cls, leaderboards: Path, registry: Registry) -> Contents:
        """Read and check every submission."""
        folder = leaderboards / SUBMISSIONS
        found, refused = read_folder(folder, registry) if folder.is_dir() else ([], [])
        return cls(found, refused, registry)

    @cached_property
    def comparable(self) -> Comparable:
        """The boards that are summarized together."""
        return comparable(self.submitted, self.registry)

    @cached_property
    def summaries(self) -> Summaries:
        """The summaries over these boards."""
        return summarize_boards(self.comparable, self.registry)


@dataclass(frozen=True, slots=True)
class Published:
    """What was written, and what was not."""

    submissions: tuple[Path, ...]
    boards: tuple[Path, ...]
    without: tuple[str, ...]  # explainers of the run that explained nothing, and why
    refused: tuple[str, ...]  # existing submissions that are invalid and on no board, and why
    ignored: tuple[str, ...] = ()  # shadows of submissions that have changed since, and the like
    contents: Contents | None = field(default=None, repr=False)  # of the folder, as it is now


def make_credit(*, author: str = "", note: str = "", citation: str = "") -> Credit:
    """Validate what the author typed."""
    try:
        return Credit(author=author, note=note, citation=citation)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        message = first["msg"].removeprefix("Value error, ")
        raise ParameterError(f"--{first['loc'][0]}: {message}") from None


def publish(
    folder: RunFolder | SweepFolder | None,
    into: Path,
    registry: Registry,
    credit: Credit,
    *,
    replace: bool = False,
    draw: Draw | None = None,
) -> Published:
    """Write the submissions of a run or of a sweep, then the boards of all submissions."""
    made, without = _made(folder, registry, credit)
    if folder is not None and not made:
        raise SubmissionError(f"{folder.path} has nothing to publish: {'; '.join(without)}")
    folder_of_all = into / SUBMISSIONS
    taken = [one.record.name for one in made if is_taken(one, folder_of_all)]
    if taken and not replace:
        raise SubmissionError(
            f"{folder_of_all} has other submissions of {', '.join(taken)}; type --replace to"
            " replace them"
        )
    written = [write(one, folder_of_all) for one in made]
    contents = Contents.of(into, registry)
    boards, refused, ignored = render(into, registry, draw, contents=contents)
    return Published(
        tuple(written),
        tuple(boards),
        tuple(without),
        tuple(refused),
        tuple(map(readable, ignored)),
        contents,
    )


def _made(
    folder: RunFolder | SweepFolder | None, registry: Registry, credit: Credit
) -> tuple[list[Submitted], list[str]]:
    """Make all submissions before any is written, and list what is not published and why."""
    if not isinstance(folder, SweepFolder):
        found = [] if folder is None else list(submissions(folder, registry, credit))
        made = [one for one in found if isinstance(one, Submitted)]
        return made, [one for one in found if not isinstance(one, Submitted)]
    first: dict[Path, tuple[str, Submitted]] = {}
    without = []
    for variant, run in folder.all_runs():
        try:
            made, left = _made(run, registry, credit)
        except AwbError as error:
            raise SubmissionError(f"variant {variant.name}: {error}") from error
        without += [f"{reason} (variant {variant.name})" for reason in left]
        for one in made:
            other, _ = first.setdefault(path_in(one, Path()), (variant.name, one))
            if other != variant.name:
                without.append(
                    f"{one.record.name} of variant {variant.name}: it would replace the same"
                    f" explainer of variant {other}, since the variants differ in no setting that"
                    " makes separate boards"
                )
    return [one for _, one in first.values()], without


def render(
    into: Path, registry: Registry, draw: Draw | None = None, *, contents: Contents | None = None
) -> tuple[list[Path], list[str], list[str]]:
    """Write the pages of all valid submissions; list what is not shown, and records ignored."""
    contents = contents or Contents.of(into, registry)
    found, refused = contents.submitted, list(contents.refused)
    hashes = {one.record.sha256 for one in found}
    shadows, ignored = read_shadows(into, hashes)
    spots, others = read_spots(into, hashes)
    hits = only_hits(found)
    told = overall_text(hits, spots)
    overall = attempted("the summary", lambda: contents.summaries, refused)
    summaries = {} if overall is None else write_summaries(overall, into, draw, told=told)
    over = "all boards" if len(hits) == len(found) else "all boards of hits"
    links = ["", f"Over {over}: {', '.join(summaries)}."] if summaries else []
    boards, failed = write_pages(found, into, registry, links, shadows, spots)
    written = [*boards, *(into / name for name in summaries.values())]
    return written, [*refused, *failed], [*ignored, *others]


def write_summaries(
    found: Summaries, into: Path, draw: Draw | None = None, *, told: str = ""
) -> dict[str, str]:
    """Write the summary pages over all boards, with their figures, and return their links."""
    pages = {}
    try:
        into.mkdir(parents=True, exist_ok=True)
        if found.models is not None:
            (into / MODELS_PAGE).write_text(models_page(found.models, told), encoding="utf-8")
            pages[f"[right for the right reasons?]({MODELS_PAGE})"] = MODELS_PAGE
        if found.datasets:
            figures = []
            if draw is not None:
                figures = [FIGURE.format(metric=one.metric.name) for one in found.datasets]
                for one, figure in zip(found.datasets, figures, strict=True):
                    draw(one, into / figure)
            text = datasets_page(found.datasets, figures, told)
            (into / DATASETS_PAGE).write_text(text, encoding="utf-8")
            pages[f"[mean ranks]({DATASETS_PAGE})"] = DATASETS_PAGE
    except OSError as error:
        raise SubmissionError(f"cannot write to {into}: {error.strerror}") from error
    return pages
