"""Open the tables: find the files, read them, and apply the policy.

The display names belong to the strong labels: they are the file named in the settings, else one
that lies beside the labels, else (with the official labels) the official one, else the ontology's.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from awb.errors import LabelError
from awb_datasets.audioset.labels import StrongLabels, read_labels
from awb_datasets.audioset.ontology import Ontology, read_names, read_ontology
from awb_datasets.audioset.policies import Contributions, Policy
from awb_datasets.audioset.sources import (
    EVAL_CLIPS,
    EVAL_ROWS,
    LABELS,
    NAMES,
    ONTOLOGY,
    local,
    official,
    sha256_file,
)

NAMES_FILE = "mid_to_display_name.tsv"

_log = logging.getLogger(__name__)
_MOST_TOLD = 10


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Everything but the audio.

    Attributes
    ----------
    path : Path
        File of the strong labels.
    labels : StrongLabels
        Its rows.
    ontology : Ontology
        The graph of classes.
    names : dict of str to str
        Display names by machine id.
    contributions : Contributions
        Which labels count for which targets, under the policy.
    fingerprint : str
        Hash of the three files and the policy.
    clip_ids : tuple of str
        The id of each segment's clip: the YouTube id; the segment id where a video has several.
    """

    path: Path
    labels: StrongLabels
    ontology: Ontology
    names: dict[str, str]
    contributions: Contributions
    fingerprint: str
    clip_ids: tuple[str, ...]

    def name(self, mid: str) -> str:
        """Return a label's display name; its machine id where nobody names it."""
        return self.names.get(mid) or self.ontology.names.get(mid, mid)

    def faults(self) -> tuple[str, ...]:
        """Return what is wrong with the labels, a line a row."""
        return tuple(
            f"{self.path} line {fault.line}: {fault.message}" for fault in self.labels.faults
        )


def open_tables(
    labels: Path | None, ontology: Path | None, names: Path | None, policy: Policy
) -> Tables:
    """Read and check the published tables."""
    labels_path = official(LABELS) if labels is None else local(labels, LABELS)
    ontology_path = official(ONTOLOGY) if ontology is None else local(ontology, ONTOLOGY)
    names_path = _names_path(labels, names)
    rows = read_labels(labels_path)
    if not rows.segments:
        raise LabelError(f"{labels_path} has no usable row" + _first_fault(rows))
    if labels is None:
        _check_size(labels_path, rows)
    graph = read_ontology(ontology_path)
    hashes = [sha256_file(path) for path in (labels_path, ontology_path, names_path) if path]
    fingerprint = hashlib.sha256(json.dumps([*hashes, policy]).encode()).hexdigest()
    return Tables(
        labels_path,
        rows,
        graph,
        read_names(names_path) if names_path else {},
        Contributions.of(rows.mids, graph, policy),
        fingerprint,
        _clip_ids(rows),
    )


def fingerprint(tables_sha256: str, merge_gap_s: float, available: Sequence[str]) -> str:
    """Hash what decides about the instances, apart from the model and the samples."""
    content = [tables_sha256, merge_gap_s, sorted(available)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def tell_faults(tables: Tables) -> None:
    """Log the first malformed rows, a line each, and how many more there are."""
    faults = tables.faults()
    for fault in faults[:_MOST_TOLD]:
        _log.warning("%s; the row is left out", fault)
    if len(faults) > _MOST_TOLD:
        _log.warning("%s: %d more malformed rows", tables.path, len(faults) - _MOST_TOLD)


def _names_path(labels: Path | None, names: Path | None) -> Path | None:
    if names is not None:
        return local(names, NAMES)
    if labels is None:
        return official(NAMES)
    beside = labels.expanduser().with_name(NAMES_FILE)
    return beside if beside.is_file() else None


def _clip_ids(labels: StrongLabels) -> tuple[str, ...]:
    several = Counter(segment.video for segment in labels.segments)
    return tuple(
        segment.video if several[segment.video] == 1 else segment.id for segment in labels.segments
    )


def _first_fault(labels: StrongLabels) -> str:
    if not labels.faults:
        return ""
    return f"; line {labels.faults[0].line}: {labels.faults[0].message}"


def _check_size(path: Path, labels: StrongLabels) -> None:
    """The official table has no published checksum, but a published size."""
    found = (labels.n_rows, len(labels.segments))
    if found != (EVAL_ROWS, EVAL_CLIPS):
        raise LabelError(
            f"{path} has {found[0]} rows over {found[1]} clips; the published evaluation set has"
            f" {EVAL_ROWS} over {EVAL_CLIPS}. Delete the file to fetch it again, or name another"
            " one as labels=FILE"
        )
