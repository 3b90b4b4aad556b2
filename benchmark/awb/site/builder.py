"""Writing the site into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from awb.errors import SubmissionError
from awb.leaderboard.publishing.attempts import attempted
from awb.leaderboard.publishing.provenance import overall_text
from awb.leaderboard.publishing.publication import Contents
from awb.leaderboard.publishing.summary_pages import Summaries
from awb.leaderboard.submissions.shadows import read_shadows
from awb.leaderboard.submissions.spot_records import read_spots
from awb.leaderboard.verification.identity import installed
from awb.plugins.discovery import Registry
from awb.report.views.clips import NoClips
from awb.site.advice import Kind, advice
from awb.site.audio import SubmittedClips
from awb.site.catalog import Catalog, catalog_of
from awb.site.clip import clip_view
from awb.site.clip_files import PICTURE, SOUND, read_clip
from awb.site.comparison import comparison
from awb.site.pages import Site, pages
from awb.specs import ExplainerSpec

INSTANCES = 50
"""Maximum number of instances shown per board."""

NOTICE = "notice.txt"
"""A file beside the submissions with what readers must know about the rows, shown on every page."""

_OWN = (
    "summary.html",
    "which-explainer.html",
    "compare.html",
    "boards/*.html",
    "explainers/*.html",
    "models/*.html",
    "static/*",
)
"""Files of an earlier build, which are removed if a later one does not write them."""

_MARKS = ("index.html", "feed.xml", "static/awb.js")


@dataclass(frozen=True, slots=True)
class Built:
    """The outcome of a build."""

    pages: int  # number of HTML files
    n_bytes: int  # total size
    refused: tuple[str, ...]  # submissions and pages that were left out, and why


def build_site(
    leaderboards: Path,
    into: Path,
    registry: Registry,
    *,
    audio: Sequence[str] = (),
    contents: Contents | None = None,
) -> Built:
    """Render all submissions of a folder as a static site; they are read unless they are given."""
    contents = contents or Contents.of(leaderboards, registry)
    submitted, refused = contents.submitted, contents.refused
    if not submitted:
        raise SubmissionError(
            f"{leaderboards} has no valid submission. Type: awb publish RUN --into {leaderboards}"
        )
    _check_folder(into)
    clips = SubmittedClips(submitted, registry, audio) if audio else NoClips(_SILENT)
    hashes = {one.record.sha256 for one in submitted}
    spots = read_spots(leaderboards, hashes)[0]
    failed: list[str] = []
    overall = attempted("summary.html", lambda: contents.summaries, failed) or Summaries(None, ())
    catalog = catalog_of(submitted, registry, spots, failed)
    stored = attempted("the clip", partial(read_clip, leaderboards), failed)
    view = attempted("the clip", partial(clip_view, catalog, stored), failed)
    kinds = attempted("which-explainer.html", lambda: _advice(contents, catalog), failed)
    both = attempted("compare.html", partial(comparison, catalog, overall, view), failed)
    site = Site(
        catalog,
        overall,
        registry,
        clips,
        not audio,
        INSTANCES,
        _notice(leaderboards),
        read_shadows(leaderboards, hashes)[0],
        overall_text(submitted, spots),
        view,
        kinds or (),
        both,
    )
    content = {path: text.encode("utf-8", "replace") for path, text in pages(site, failed)}
    if view is not None and view.stored is not None:
        content[f"static/{SOUND}"] = view.stored.sound
        content[f"static/{PICTURE}"] = view.stored.picture
    _write(content, into)
    n_pages = sum(path.endswith(".html") for path in content)
    return Built(n_pages, sum(map(len, content.values())), (*refused, *failed))


def _advice(contents: Contents, catalog: Catalog) -> list[Kind]:
    """Say which explainer to take, by what is known of their plugins."""
    specs: dict[str, ExplainerSpec] = {}
    for entry in catalog.entries:
        plugin = entry.record.explainer
        found = installed(contents.registry, "explainer", plugin.name)
        if found is not None and isinstance(found.spec, ExplainerSpec):
            specs[entry.record.name] = found.spec
    return advice(contents.comparable, specs)


def _notice(leaderboards: Path) -> str:
    """Read what the folder says about its rows, if anything."""
    path = leaderboards / NOTICE
    try:
        return path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SubmissionError(f"cannot read {path}: {error}") from error


_SILENT = "submissions contain relevance but no audio"


def _check_folder(into: Path) -> None:
    """Raise if a folder has content other than a site of awb."""
    if into.is_dir() and any(into.iterdir()) and not is_site(into):
        raise SubmissionError(
            f"{into} contains files that are not a site of awb; choose another folder with --into"
        )


def is_site(folder: Path) -> bool:
    """Report whether a folder is a built site."""
    return all((folder / name).is_file() for name in _MARKS)


def _write(content: dict[str, bytes], into: Path) -> None:
    """Write the files, and remove pages of an older build that are obsolete."""
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
