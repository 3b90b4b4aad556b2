"""Shadows of submissions: the same explainer on clips that did not exist when it was submitted.

A shadow is made by whoever verifies, never by the author, so it is not part of the submission: it
is ``shadow/<sha256 of the submission>.json`` beside the folder of submissions. Its hash reveals
damage, not who wrote it: that is a matter of who may write into the folder.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from awb.errors import AwbError, SubmissionError
from awb.leaderboard.submissions.canonical_json import canonical, content_sha256
from awb.leaderboard.submissions.credits import SUBMISSIONS
from awb.leaderboard.submissions.schema import (
    MAX_INSTANCES,
    MAX_METRICS,
    Column,
    Count,
    Environment,
    Label,
    Sha256,
    Status,
    Strict,
    Text,
)
from awb.leaderboard.submissions.untrusted_json import parse, read_bounded

SHADOWS = "shadow"
"""Folder of the shadows, beside that of the submissions."""

_MAX_BYTES = 8_000_000


class ShadowRow(Strict):
    """One new instance, and what came of it."""

    clip_id: Text
    target: Text
    status: Status


class Shadow(Strict):
    """The scores of a submitted explainer on new clips."""

    format: Literal[1]
    submission: Sha256  # a changed submission has another hash, and no shadow
    name: Label  # of the submission's row
    board: Text  # folder of the submission
    dataset: Label  # as it is typed to render the same clips
    seed: Count
    clips: Count
    verifier: Text
    environment: Environment  # of the verifier
    manifest_sha256: Sha256  # of the selection from the new clips
    instances: Annotated[list[ShadowRow], Field(max_length=MAX_INSTANCES)]
    scores: Annotated[dict[Text, Column], Field(max_length=MAX_METRICS)]
    sha256: Sha256  # of everything else


def sealed(content: dict[str, Any]) -> Shadow:
    """Validate a shadow and add its hash."""
    try:
        return Shadow.model_validate({**content, "sha256": content_sha256(content)})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SubmissionError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None


def write_shadow(shadow: Shadow, submission: Path) -> Path:
    """Write a shadow beside the folder that a submission is in."""
    folder = submission.resolve().parent.parent
    if folder.name != SUBMISSIONS:
        raise SubmissionError(
            f"--record writes beside a folder called {SUBMISSIONS}; {submission} is not in one"
        )
    path = folder.parent / SHADOWS / f"{shadow.submission}.json"
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(canonical(shadow.model_dump(mode="json")))
    except OSError as error:
        raise SubmissionError(f"cannot write {path}: {error.strerror}") from error
    return path


def read_shadows(
    leaderboards: Path, submissions: Collection[str]
) -> tuple[dict[str, Shadow], list[str]]:
    """Read the shadows of these submissions by hash, and list those that are ignored and why."""
    found, ignored = {}, []
    for path in sorted((leaderboards / SHADOWS).glob("*.json")):
        try:
            one = _read(path)
            if one.submission not in submissions:
                raise SubmissionError(
                    f"{one.name} of {one.board} has changed since; repeat awb verify --shadow"
                )
        except AwbError as error:
            ignored.append(f"{path}: {error}")
        else:
            found[one.submission] = one
    return found, ignored


def _read(path: Path) -> Shadow:
    content = read_bounded(path, _MAX_BYTES)
    plain = parse(content, path.name)
    given = plain.pop("sha256", None)
    shadow = sealed(plain)
    if given != shadow.sha256 or canonical(shadow.model_dump(mode="json")) != content:
        raise SubmissionError("it was changed after it was recorded: its hash differs")
    if path.stem != shadow.submission:
        raise SubmissionError(f"it should be called {shadow.submission}.json")
    ends = {len(column) for column in shadow.scores.values()} - {len(shadow.instances)}
    if ends:
        raise SubmissionError(f"it has columns of {ends.pop()}, not {len(shadow.instances)} values")
    return shadow
