"""A submission with its manifest and its relevance: read from a folder, and written to one.

A board's submissions are in one folder, ``<dataset>--<model>--<hash>``: ``_manifest.json``, and for
each submission ``<explainer>.json`` and ``<explainer>.relevance``. The hash covers the manifest and
the settings, so submissions in the same folder can be compared.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from awb.data.instance_kinds import InstanceKind
from awb.errors import AwbError, SubmissionError
from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.unit.record import OK, at_budget
from awb.intervals import FloatArray
from awb.leaderboard.submissions.canonical_json import canonical
from awb.leaderboard.submissions.names import folder_name, slug
from awb.leaderboard.submissions.schema import Row, Submission, read_manifest, read_submission
from awb.leaderboard.submissions.untrusted_json import parse, read_bounded
from awb.segments import Segments

MANIFEST_NAME = "_manifest.json"
RELEVANCE_SUFFIX = ".relevance"
MAX_JSON_BYTES = 32_000_000
MAX_RELEVANCE_BYTES = 256_000_000


@dataclass(frozen=True)
class Submitted:
    """A submission whose files are complete and match their hashes."""

    record: Submission
    manifest: Manifest
    packed: bytes = field(repr=False)  # the content of the relevance file

    @property
    def kind(self) -> InstanceKind:
        """The kind of the instances."""
        return self.record.kind

    @cached_property
    def kept(self) -> dict[tuple[str, str], Kept]:
        """The manifest's instances by clip and target."""
        return {(one.clip_id, one.target): one for one in self.manifest.kept}

    @cached_property
    def relevance(self) -> list[FloatArray | None]:
        """Relevance per instance, ``shape=(cells,)``, in row order; None where there is none."""
        rows = self.record.instances
        kind = np.dtype(self.record.relevance.dtype)
        sizes = [row.n_cells if row.status == OK else 0 for row in rows]
        values = np.frombuffer(_inflated(self.packed, sum(sizes) * kind.itemsize), dtype=kind)
        if not np.isfinite(values).all():
            raise SubmissionError("the relevance has values that are not finite")
        cut = np.split(values.astype(np.float64), np.cumsum(sizes)[:-1])
        return [one if row.status == OK else None for row, one in zip(rows, cut, strict=True)]

    def segments(self, row: Row) -> Segments:
        """Return the segments of one instance."""
        settings = self.record.settings
        expected = row.n_samples / settings.sample_rate_hz / settings.segment_hop_s
        if abs(expected - row.n_cells) > 1.5:  # before an array of that length is allocated
            raise SubmissionError(
                f"{row.clip_id} ({row.target}): {row.n_cells} cells do not fit its length"
            )
        try:
            found = Segments(
                row.n_samples, settings.sample_rate_hz, settings.segment_s, settings.segment_hop_s
            )
        except AwbError as error:
            raise SubmissionError(f"segments: {error}") from error
        if found.n_cells != row.n_cells:
            raise SubmissionError(
                f"{row.clip_id} ({row.target}): {row.n_cells} cells do not fit its length"
            )
        return found


def _inflated(packed: bytes, n_bytes: int) -> bytes:
    """Inflate to exactly this many bytes, and never allocate more."""
    if n_bytes > MAX_RELEVANCE_BYTES:
        raise SubmissionError(f"the relevance takes more than {MAX_RELEVANCE_BYTES:,} bytes")
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(packed, n_bytes + 1)
    except zlib.error as error:
        raise SubmissionError(f"the relevance cannot be inflated: {error}") from error
    if len(content) != n_bytes or not inflater.eof or inflater.unused_data:
        raise SubmissionError("the relevance does not have the number of values of the instances")
    return content


def deflated(relevance: FloatArray, dtype: str) -> bytes:
    """Compress relevance in the form that `Submitted.relevance` reads."""
    return zlib.compress(relevance.astype(dtype).tobytes(), 9)


class Reader:
    """Reads submissions, and shared manifests only once."""

    def __init__(self) -> None:
        self._manifests: dict[Path, Manifest] = {}

    def read(self, path: Path) -> Submitted:
        """Read a submission, and check that its files belong together."""
        content = read_bounded(path, MAX_JSON_BYTES)
        plain = parse(content, path.name)
        record = read_submission(plain, path.name)
        if canonical(plain) != content:
            raise SubmissionError(f"{path.name} is not in the form that awb publish writes")
        _check_names(record, path)
        manifest = self._manifest(path.with_name(MANIFEST_NAME))
        if manifest.sha256 != record.manifest.sha256:
            raise SubmissionError("the scores belong to another manifest")
        packed = read_bounded(path.with_name(record.relevance.file), MAX_RELEVANCE_BYTES)
        if hashlib.sha256(packed).hexdigest() != record.relevance.sha256:
            raise SubmissionError(f"{record.relevance.file} is not the published file: wrong hash")
        return Submitted(record, manifest, packed)

    def _manifest(self, path: Path) -> Manifest:
        if path not in self._manifests:
            plain = parse(read_bounded(path, MAX_JSON_BYTES), path.name)
            self._manifests[path] = read_manifest(plain, path.name)
        return self._manifests[path]


def _check_names(record: Submission, path: Path) -> None:
    """Check every file name against the content, so that no submission appears twice."""
    expected = [
        (path.name, f"{slug(record.name)}.json"),
        (path.parent.resolve().name, folder_name(record)),
        (record.relevance.file, f"{slug(record.name)}{RELEVANCE_SUFFIX}"),
        (record.manifest.file, MANIFEST_NAME),
    ]
    for given, right in expected:
        if given != right:
            raise SubmissionError(f"{given} should be called {right}")
    names = {record.explainer.label}
    names |= {at_budget(record.explainer.label, one) for one in record.settings.budgets or ()}
    if record.name not in names:
        raise SubmissionError(f"{record.name} is not the name of {record.explainer.label}")


def path_in(submitted: Submitted, folder: Path) -> Path:
    """Return where a submission is written: in the folder of its board."""
    record = submitted.record
    return folder / folder_name(record) / f"{slug(record.name)}.json"


def is_taken(submitted: Submitted, folder: Path) -> bool:
    """Say whether a different submission exists where this one would be written."""
    path, record = path_in(submitted, folder), submitted.record
    return path.exists() and path.read_bytes() != canonical(
        record.model_dump(mode="json", exclude_unset=True)
    )


def write(submitted: Submitted, folder: Path) -> Path:
    """Write a submission into the folder of its board."""
    record = submitted.record
    board = folder / folder_name(record)
    path = board / f"{slug(record.name)}.json"
    content = canonical(record.model_dump(mode="json", exclude_unset=True))
    try:
        board.mkdir(parents=True, exist_ok=True)
        _write(board / MANIFEST_NAME, manifest_text(submitted.manifest))
        _write(board / record.relevance.file, submitted.packed)
        _write(path, content)
    except OSError as error:
        raise SubmissionError(f"cannot write to {board}: {error.strerror}") from error
    return path


def manifest_text(manifest: Manifest) -> bytes:
    """Serialize the manifest that the submissions of a board share."""
    plain = json.loads(json.dumps(manifest.to_json()))  # tuples become lists
    return canonical(plain)


def _write(path: Path, content: bytes) -> None:
    """Replace a file in one step."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def _is_submission(path: Path) -> bool:
    beside = path.parent.name in {"shadow", "verified"} or (path.parent / "submissions").is_dir()
    return path.name != MANIFEST_NAME and not beside  # beside: what describes all of them


def find(paths: list[Path]) -> Iterator[Path]:
    """List the given submission files, and those in the given folders."""
    for path in paths:
        if path.is_dir():
            yield from (one for one in sorted(path.rglob("*.json")) if _is_submission(one))
        elif path.exists() or path.is_symlink():
            yield path
        else:
            raise SubmissionError(f"{path} does not exist")
