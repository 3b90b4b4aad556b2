"""AudioSet as an `awb.protocols.Dataset`: events are united and labelled when a clip is loaded."""

from __future__ import annotations

import numpy as np

from awb.data.skipped import Skipped
from awb.errors import DataError, did_you_mean
from awb.intervals import FloatArray, IntArray
from awb.reprs import DescribedDataset
from awb.types import Clip, Event
from awb_datasets.audioset.decisions import MALFORMED, NO_AUDIO, UNKNOWN_TO_ONTOLOGY
from awb_datasets.audioset.files import AudioFiles
from awb_datasets.audioset.instances import CLIP_S, Instances, find_instances
from awb_datasets.audioset.opening import Tables, fingerprint


class AudioSet(DescribedDataset):
    """Strongly labelled clips of AudioSet, those whose audio is there."""

    def __init__(self, tables: Tables, files: AudioFiles, *, merge_gap_s: float) -> None:
        self._tables = tables
        self._files = files
        self._merge_gap_s = merge_gap_s
        segments = tables.labels.segments
        self._segments = {
            clip_id: index
            for index, clip_id in enumerate(tables.clip_ids)
            if segments[index] in files
        }
        order = np.argsort(tables.labels.segment, kind="stable")
        bounds = np.searchsorted(tables.labels.segment[order], np.arange(len(segments) + 1))
        self._rows, self._bounds = order, bounds

    def clip_ids(self) -> list[str]:
        """List the clips that have audio, in order of their segments' ids."""
        return list(self._segments)

    def fingerprint(self) -> str:
        """Hash the tables, the policy, and which clips have audio."""
        segments = self._tables.labels.segments
        available = [segments[index].id for index in self._segments.values()]
        return fingerprint(self._tables.fingerprint, self._merge_gap_s, available)

    def excluded(self) -> tuple[Skipped, ...]:
        """List what never reaches the selection."""
        tables = self._tables
        missing = [
            Skipped(clip_id, "", NO_AUDIO)
            for clip_id in tables.clip_ids
            if clip_id not in self._segments
        ]
        there = np.isin(tables.labels.segment, list(self._segments.values()))
        found = self._instances(np.flatnonzero(there), self._nominal_s())
        refused = [
            Skipped(tables.clip_ids[found.segment[index]], self._label(found, index), reason)
            for index in range(len(found))
            if (reason := self._refusal(found, index))
        ]
        return (*missing, *refused)

    def relatives(self, label: str) -> list[str]:
        """List the machine ids of the classes above and below one in the ontology."""
        graph = self._tables.ontology
        if label not in graph:
            return []
        above = graph.ancestors(label)[1:]
        below = [mid for mid in graph.names if label in graph.ancestors(mid)[1:]]
        return [*above, *below]

    def load(self, clip_id: str) -> Clip:
        """Read one clip with the united events of all its targets."""
        segment = self._segments.get(clip_id)
        if segment is None:
            raise DataError(f"there is no clip {clip_id!r}.{did_you_mean(clip_id, self._segments)}")
        waveform, sample_rate_hz = self._files.read(self._tables.labels.segments[segment])
        clip_s = self._nominal_s()
        clip_s[segment] = waveform.size / sample_rate_hz
        rows = self._rows[self._bounds[segment] : self._bounds[segment + 1]]
        found = self._instances(rows, clip_s)
        events = tuple(
            event
            for index in range(len(found))
            if not self._refusal(found, index)
            for event in self._events(found, index)
        )
        return Clip(clip_id, waveform, sample_rate_hz, events)

    def _nominal_s(self) -> FloatArray:
        return np.full(len(self._tables.labels.segments), CLIP_S)

    def _instances(self, rows: IntArray, clip_s: FloatArray) -> Instances:
        tables = self._tables
        return find_instances(
            tables.labels,
            tables.contributions,
            clip_s,
            merge_gap_s=self._merge_gap_s,
            rows=rows,
        )

    def _refusal(self, found: Instances, index: int) -> str:
        """Say why an instance cannot be trusted, nothing if it can."""
        if found.malformed[index]:
            return MALFORMED
        known = self._tables.contributions.mids[found.target[index]] in self._tables.ontology
        return "" if known else UNKNOWN_TO_ONTOLOGY

    def _label(self, found: Instances, index: int) -> str:
        return self._tables.name(self._tables.contributions.mids[found.target[index]])

    def _events(self, found: Instances, index: int) -> list[Event]:
        mid = self._tables.contributions.mids[found.target[index]]
        label = self._tables.name(mid)
        return [Event(onset_s, offset_s, label, mid) for onset_s, offset_s in found.events_s(index)]
