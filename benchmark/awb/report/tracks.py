"""Explanations of a run as tracks for an editor: their strongest segments, beside the labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from awb.data.annotations.tracks import Recording, Span, Track
from awb.errors import RunError, UnknownNameError, did_you_mean
from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.storage.run_folder import RunFolder
from awb.intervals import FloatArray
from awb.plugins.discovery import Registry
from awb.report.stitching import LABELS, MODEL, stitched
from awb.segments import Segments
from awb.specs import ExplainerSpec

_RATE_HZ = 16_000  # where a run of an older awb does not say


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the explanations is written.

    Attributes
    ----------
    explainers : tuple of str
        Rows; empty for all but the baselines.
    top : float
        Share of the cells.
    above : float or None
        Share of the highest relevance from which a cell is written; it wins over `top`.
    """

    explainers: tuple[str, ...] = ()
    top: float = 0.1
    above: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if not (0 < self.top <= 1 and (self.above is None or 0 < self.above <= 1)):
            raise RunError("--top and --above are shares, greater than 0 and at most 1")


def recordings_of(
    folder: RunFolder, registry: Registry, choice: Choice
) -> dict[tuple[str, str], list[Recording]]:
    """Collect the tracks of a run's recordings, by dataset and model.

    Per target: what people labelled, the model's score of the clip, and the strongest segments of
    every explainer. Only positive relevance counts; equal relevance is taken or left together.
    """
    baselines = {spec.name for spec in registry.specs(ExplainerSpec) if spec.baseline}
    rates = folder.record().get("sample_rates_hz") or {}
    manifests, store = folder.manifests(), folder.store()
    _require_any(manifests)
    facts = store.facts()
    found: dict[tuple[str, str], list[Recording]] = {}
    for manifest in manifests:
        pair = manifest.dataset, manifest.model
        every = store.relevances(*pair)
        _check_names(choice.explainers, every)
        wanted = {
            key: {name: row for name, row in rows.items() if _is_wanted(name, choice, baselines)}
            for key, rows in every.items()
        }
        lengths_s = {
            key: float(known["clip_s"])
            for key, known in facts.get(pair, {}).items()
            if "clip_s" in known
        }
        rate_hz = int(rates.get(manifest.model, _RATE_HZ))
        grid = _Grid(rate_hz, folder.config().segment_hop_s)
        found[pair] = stitched(_recordings(manifest, wanted, lengths_s, grid, choice))
    return found


@dataclass(frozen=True, slots=True)
class _Grid:
    """The cells of a run."""

    rate_hz: int
    hop_s: float

    def edges_s(self, cells: int, length_s: float) -> FloatArray:
        """Return the edges of an explanation's cells in seconds."""
        n_samples = max(1, round(length_s * self.rate_hz))
        edges = Segments(n_samples, self.rate_hz, self.hop_s, self.hop_s).edges_samples
        if edges.size == cells + 1:
            return np.divide(edges, float(self.rate_hz))
        regular: FloatArray = np.arange(cells + 1, dtype=np.float64) * self.hop_s
        return np.minimum(regular, max(length_s, self.hop_s))


def _is_wanted(name: str, choice: Choice, baselines: set[str]) -> bool:
    if choice.explainers:
        return name in choice.explainers
    return name.partition(":")[0] not in baselines


def _recordings(
    manifest: Manifest,
    relevances: Mapping[tuple[str, str], Mapping[str, FloatArray]],
    lengths_s: Mapping[tuple[str, str], float],
    grid: _Grid,
    choice: Choice,
) -> list[Recording]:
    """Collect the tracks of one board by clip."""
    tracks: dict[str, list[Track]] = {}
    longest_s: dict[str, float] = {}
    for kept in manifest.kept:
        clip, key = kept.clip_id, (kept.clip_id, kept.target)
        rows = relevances.get(key, {})
        cells = max((row.size for row in rows.values()), default=0)
        length_s = lengths_s.get(key, cells * grid.hop_s)
        longest_s[clip] = max(length_s, longest_s.get(clip, 0.0))
        tracks.setdefault(clip, []).extend(_tracks(kept, rows, length_s, grid, choice))
    return [
        Recording(clip, longest_s[clip], grid.rate_hz / 2, manifest.model, tuple(found))
        for clip, found in tracks.items()
    ]


def _require_any(manifests: Sequence[Manifest]) -> None:
    if not any(one.kept for one in manifests):
        raise RunError("the run has no instances, so that there is nothing to write")


def _check_names(
    wanted: Sequence[str], relevances: Mapping[tuple[str, str], Mapping[str, FloatArray]]
) -> None:
    known = sorted({name for rows in relevances.values() for name in rows})
    for name in wanted:
        if name not in known:
            raise UnknownNameError(f"the run has no explainer {name!r}.{did_you_mean(name, known)}")


def _tracks(
    kept: Kept, rows: Mapping[str, FloatArray], length_s: float, grid: _Grid, choice: Choice
) -> list[Track]:
    """Make the tracks of one instance."""
    target = kept.target
    labels = tuple(Span(onset_s, offset_s, target) for onset_s, offset_s in kept.intervals_s)
    tracks = [Track(LABELS, target, labels)] if labels else []
    if length_s > 0:
        tracks.append(Track(MODEL, target, (Span(0.0, length_s, target, kept.score),)))
    for name, relevance in rows.items():
        edges_s = grid.edges_s(relevance.size, length_s)
        tracks.append(Track(name, target, strongest(relevance, edges_s, target, choice)))
    return tracks


def strongest(
    relevance: FloatArray, edges_s: FloatArray, target: str, choice: Choice
) -> tuple[Span, ...]:
    """Return the strongest cells as spans, neighbours joined; the value is their highest."""
    peak = float(relevance.max(initial=0.0))
    if peak <= 0:
        return ()
    if choice.above is not None:
        limit = choice.above * peak
    else:
        count = min(relevance.size, math.ceil(choice.top * relevance.size))
        limit = float(np.sort(relevance)[-count])
    chosen = (relevance >= limit) & (relevance > 0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], chosen.astype(np.int8), [0]])))
    return tuple(
        Span(
            float(edges_s[start]),
            float(edges_s[end]),
            target,
            float(relevance[start:end].max()),
            float(relevance[start:end].max()) / peak,
        )
        for start, end in edges.reshape(-1, 2)
        if edges_s[end] > edges_s[start]
    )
