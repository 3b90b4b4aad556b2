"""Push the leaderboards to the Hugging Face Hub as a dataset: one commit, or nothing.

The token is the one that `huggingface_hub` finds on its own (``HF_TOKEN``, or a login). It is never
read, stored or printed here, and errors are reported without the request, whose headers contain it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from awb.errors import AwbError, HubError, MissingExtraError, SubmissionError
from awb.leaderboard.deposits.croissant import CROISSANT, croissant
from awb.leaderboard.publishing.dataset_card import (
    TABLE,
    card,
    checked_license,
    model_results,
    score_table,
)
from awb.leaderboard.submissions.credits import SUBMISSIONS
from awb.leaderboard.submissions.files import RELEVANCE_SUFFIX, Reader, Submitted, find
from awb.leaderboard.submissions.shadows import SHADOWS
from awb.leaderboard.submissions.spot_records import VERIFIED
from awb.leaderboard.verification.checks import readable, verify
from awb.plugins.discovery import Registry

CARD = "README.md"
_DOWNLOAD = """\
pip install audio-where-benchmark huggingface_hub
hf download {repo} --repo-type dataset --local-dir leaderboards
awb verify leaderboards"""
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_REPO = re.compile(rf"{_PART}/{_PART}\Z")
_SUFFIXES = frozenset({".json", RELEVANCE_SUFFIX})
_PAGES = frozenset({".md", ".svg"})


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is pushed to the Hub."""

    repo: str  # OWNER/NAME
    files: dict[str, Path | bytes]  # by path in the repository: a local file, or its content

    def sizes(self) -> dict[str, int]:
        """Return the size of each file, in bytes."""
        return {
            name: len(one) if isinstance(one, bytes) else one.stat().st_size
            for name, one in self.files.items()
        }


def checked_repo(text: str) -> str:
    """Check the name of a repository."""
    if not _REPO.match(text) or len(text) > 96 or "--" in text or ".." in text:
        raise HubError(
            f"{readable(text)!r} is not a name on the Hub; type OWNER/NAME, such as"
            " my-lab/awb-leaderboards: letters, digits, single dots and hyphens, at most 96"
        )
    return text


def pack(into: Path, registry: Registry, repo: str, *, license_id: str = "apache-2.0") -> Parcel:
    """Collect the verified submissions, their boards, a card, scores and results per model."""
    checked_repo(repo)
    commands = _DOWNLOAD.format(repo=repo)
    submitted, files = collect(into, registry, license_id=license_id, commands=commands)
    return Parcel(repo, {**model_results(submitted, registry, repo), **files})


def collect(
    into: Path, registry: Registry, *, license_id: str, commands: str
) -> tuple[list[Submitted], dict[str, Path | bytes]]:
    """Read and verify every submission, and collect what is given away of it, by name."""
    checked_license(license_id)
    if not (into / SUBMISSIONS).is_dir():
        raise SubmissionError(f"{into} has no submissions. Type: awb publish RUN --into {into}")
    reader, submitted = Reader(), []
    for path in find([into / SUBMISSIONS]):
        verdict = verify(path, registry, reader)
        if verdict.submitted is None:
            raise SubmissionError(f"{path} is refused, so nothing is sent: {verdict.reason}")
        submitted.append(verdict.submitted)
    if not submitted:
        raise SubmissionError(f"{into} has no submissions. Type: awb publish RUN --into {into}")
    chosen = [path for path in into.iterdir() if path.suffix in _PAGES and path.name != CARD]
    chosen += [path for path in into.glob(f"{SUBMISSIONS}/*/*") if path.suffix in _SUFFIXES]
    chosen += [*into.glob(f"{SHADOWS}/*.json"), *into.glob(f"{VERIFIED}/*.json")]
    files: dict[str, Path | bytes] = {
        path.relative_to(into).as_posix(): path
        for path in sorted(chosen)
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
    }
    index = into / CARD
    table, n_rows = score_table(submitted)
    text = card(
        submitted,
        index.read_text(encoding="utf-8") if index.is_file() else "",
        commands=commands,
        license_id=license_id,
        n_rows=n_rows,
    )
    described = croissant(submitted, table, license_id=license_id)
    return submitted, {CARD: text.encode(), TABLE: table, CROISSANT: described, **files}


def push(parcel: Parcel, *, private: bool = False) -> str:
    """Create the dataset if needed, and commit all files at once, leaving any others in place."""
    try:
        import huggingface_hub
        from huggingface_hub.errors import HTTPError, LocalTokenNotFoundError
        from huggingface_hub.utils import disable_progress_bars
    except ImportError as error:
        raise MissingExtraError(
            "--to-hub needs huggingface_hub; type: pip install 'audio-where-benchmark[hub]'"
        ) from error
    disable_progress_bars()  # there would be one per file
    api = huggingface_hub.HfApi(library_name="awb")
    failure: AwbError
    try:
        url = api.create_repo(
            parcel.repo, repo_type="dataset", private=private or None, exist_ok=True, token=True
        )
        api.create_commit(
            parcel.repo,
            operations=_operations(parcel),
            commit_message=f"{len(parcel.files)} files of the leaderboards, by awb publish",
            repo_type="dataset",
            token=True,
        )
    except LocalTokenNotFoundError:
        failure = HubError(
            "no token for the Hub. Type: hf auth login, or set HF_TOKEN in the environment"
        )
    except (HTTPError, OSError, ValueError, RuntimeError) as error:
        failure = _reported(error, parcel.repo)
    else:
        return str(url)
    # Raised outside the handlers, so that no traceback holds the request.
    raise failure


def _operations(parcel: Parcel) -> Sequence[Any]:
    from huggingface_hub import CommitOperationAdd

    return [
        CommitOperationAdd(path_in_repo=name, path_or_fileobj=one)
        for name, one in parcel.files.items()
    ]


def _reported(error: Exception, repo: str) -> HubError:
    """Say what happened and what to do, without quoting the request."""
    cause = error.__cause__ if isinstance(error, RuntimeError) and error.__cause__ else error
    response = getattr(cause, "response", None)
    status = getattr(response, "status_code", None)
    said = readable(str(getattr(cause, "server_message", "") or ""))
    owner = repo.partition("/")[0]
    advice = {
        401: "the token is not valid. Type: hf auth login, or set HF_TOKEN",
        403: f"the token may not write to {owner}. Make one with write access to it at"
        " https://huggingface.co/settings/tokens",
        404: f"there is no {owner} on the Hub that this token can see",
        429: "too many requests; wait a few minutes and run the same command again",
    }
    if status is not None:
        what = advice.get(int(status), "nothing was committed; try again later")
        detail = f" ({said})" if said else ""
        return HubError(f"the Hub refused {repo} with status {status}{detail}: {what}")
    if isinstance(cause, ValueError):
        return HubError(f"unexpected answer of the Hub for {repo}: {readable(str(cause))}")
    return HubError(
        f"the Hub cannot be reached ({type(cause).__name__}: {readable(str(cause))}). Nothing was"
        " committed; check the network, and HF_ENDPOINT if it is set"
    )
