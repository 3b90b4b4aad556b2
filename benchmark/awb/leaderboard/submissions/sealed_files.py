"""Files about submissions by whoever verifies them: sealed by a hash, named after the submission.

They are in a folder beside that of the submissions, so that a pull request of an author need not
touch it. The hash reveals damage, not who wrote a file: that is a matter of who may write there.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import ValidationError

from awb.errors import AwbError, SubmissionError
from awb.leaderboard.submissions.canonical_json import canonical, content_sha256
from awb.leaderboard.submissions.credits import SUBMISSIONS
from awb.leaderboard.submissions.schema import Count, Environment, Label, Sha256, Strict, Text
from awb.leaderboard.submissions.untrusted_json import parse, read_bounded

_MAX_BYTES = 8_000_000


class SealedFile(Strict):
    """What every file about a submission says."""

    format: Literal[1]
    submission: Sha256  # a changed submission has another hash, and no such file
    name: Label  # of the submission's row
    board: Text  # folder of the submission
    seed: Count
    verifier: Text
    environment: Environment  # of the verifier
    sha256: Sha256  # of everything else


File = TypeVar("File", bound=SealedFile)


def sealed(schema: type[File], content: dict[str, Any]) -> File:
    """Validate a file and add its hash."""
    try:
        return schema.model_validate({**content, "sha256": content_sha256(content)})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise SubmissionError(f"{place}: {message}" if place else message) from None


def write_beside(file: SealedFile, folder: str, submission: Path) -> Path:
    """Write a file into a folder beside the one that a submission is in."""
    root = submission.resolve().parent.parent
    if root.name != SUBMISSIONS:
        raise SubmissionError(
            f"--record writes beside a folder called {SUBMISSIONS}; {submission} is not in one"
        )
    path = root.parent / folder / f"{file.submission}.json"
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(canonical(file.model_dump(mode="json")))
    except OSError as error:
        raise SubmissionError(f"cannot write {path}: {error.strerror}") from error
    return path


def read_beside(
    folder: Path, submissions: Collection[str], schema: type[File], repeat: str
) -> tuple[dict[str, File], list[str]]:
    """Read the files about these submissions by hash, and list those that are ignored and why."""
    found, ignored = {}, []
    for path in sorted(folder.glob("*.json")):
        try:
            one = _read(path, schema)
            if one.submission not in submissions:
                raise SubmissionError(f"{one.name} of {one.board} has changed since; {repeat}")
        except AwbError as error:
            ignored.append(f"{path}: {error}")
        else:
            found[one.submission] = one
    return found, ignored


def _read(path: Path, schema: type[File]) -> File:
    content = read_bounded(path, _MAX_BYTES)
    plain = parse(content, path.name)
    given = plain.pop("sha256", None)
    changed = SubmissionError("it was changed after it was recorded: its hash differs")
    if given != content_sha256(plain):
        raise changed
    file = sealed(schema, plain)
    if canonical(file.model_dump(mode="json")) != content:
        raise changed
    if path.stem != file.submission:
        raise SubmissionError(f"it should be called {file.submission}.json")
    return file
