"""Write the site into a folder, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from awb.errors import SubmissionError
from awb.leaderboard.publishing.summary_pages import summarize
from awb.leaderboard.submissions.credits import SUBMISSIONS
from awb.leaderboard.verification.published_folder import read_folder
from awb.plugins.discovery import Registry
from awb.report.views.clips import NoClips
from awb.site.audio import SubmittedClips
from awb.site.catalog import catalog_of
from awb.site.pages import Site, pages

INSTANCES = 50
"""Most instances a board to look at."""

_OWN = ("summary.html", "boards/*.html", "explainers/*.html", "models/*.html", "static/*")
"""What a build may leave behind that a later one does not write."""

_MARKS = ("index.html", "feed.xml", "static/awb.js")


@dataclass(frozen=True, slots=True)
class Built:
    """What was written.

    Attributes
    ----------
    pages : int
        HTML files.
    n_bytes : int
        Size of everything.
    refused : tuple of str
        Submissions that are on no page, and why.
    """

    pages: int
    n_bytes: int
    refused: tuple[str, ...]


def build_site(
    leaderboards: Path, into: Path, registry: Registry, *, audio: Sequence[str] = ()
) -> Built:
    """Render all submissions of a folder as a static site."""
    folder = leaderboards / SUBMISSIONS
    submitted, refused = read_folder(folder) if folder.is_dir() else ([], [])
    if not submitted:
        raise SubmissionError(
            f"{leaderboards} has no submission that holds. Type: awb publish RUN --into"
            f" {leaderboards}"
        )
    _check_folder(into)
    clips = SubmittedClips(submitted, registry, audio) if audio else NoClips(_SILENT)
    overall = summarize(submitted, registry)
    site = Site(catalog_of(submitted, registry), overall, registry, clips, not audio, INSTANCES)
    content = {path: text.encode("utf-8", "replace") for path, text in pages(site)}
    _write(content, into)
    n_pages = sum(path.endswith(".html") for path in content)
    return Built(n_pages, sum(map(len, content.values())), tuple(refused))


_SILENT = "submissions hold relevance and no audio"


def _check_folder(into: Path) -> None:
    """Refuse to write over what is no site."""
    if into.is_dir() and any(into.iterdir()) and not is_site(into):
        raise SubmissionError(
            f"{into} holds something else than a site of awb; choose another folder with --into"
        )


def is_site(folder: Path) -> bool:
    """Say whether a folder holds a site that was built before."""
    return all((folder / name).is_file() for name in _MARKS)


def _write(content: dict[str, bytes], into: Path) -> None:
    """Write the files, and remove pages of an older site that are no more."""
    try:
        for path, data in content.items():
            file = into / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        for file in [file for pattern in _OWN for file in into.glob(pattern)]:
            if file.is_file() and file.relative_to(into).as_posix() not in content:
                file.unlink()
    except OSError as error:
        raise SubmissionError(f"cannot write to {into}: {error.strerror or error}") from error
