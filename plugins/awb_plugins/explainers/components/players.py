"""The players of these explainers: components of a clip, cut into stretches of time."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from awb.alignment import cells_to_segments
from awb.audio.cuts import (
    ONSETS,
    WINDOWS,
    check_cut,
    file_edges,
    files_sha256,
    onset_edges,
)
from awb.intervals import FloatArray, IntArray
from awb.perturbation import Parts, Perturber
from awb.segments import Segments
from awb.types import Explanation, Instance
from awb_plugins.explainers.components.separation import Kind, components_of
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters


class PartParameters(SegmentParameters):
    """Settings of explainers of parts.

    Attributes
    ----------
    components : str
        ``hpss`` (harmonic and percussive), ``nmf``, ``bands``, or ``clip`` for time alone.
    count : int
        Number of components of ``nmf`` and ``bands``.
    cut : str
        Where components are cut: ``windows``, ``onsets`` (and where silence begins and ends), or a
        file: a table of edges, or a folder of TextGrids.
    window_s : float
        Length of the windows in seconds; 0 for whole components.
    tier : str
        Tier of the TextGrids whose intervals are the stretches.
    samples : int
        Coalitions that are scored; 0 for as many as the run has masks.
    """

    components: Kind = "hpss"
    count: int = Field(default=4, ge=2, le=64)
    cut: str = WINDOWS
    window_s: float = Field(default=0.5, ge=0)
    tier: str = "words"
    samples: int = Field(default=300, ge=0)


def load_libraries(settings: PartParameters) -> None:
    """Import now what separates, so that limits on threads find its libraries."""
    check_cut(settings.cut)
    if settings.cut == ONSETS:
        import_module("scipy.ndimage")
    import_module("scipy.signal")
    if settings.components == "hpss":
        import_module("scipy.ndimage")
    if settings.components == "nmf":
        import_module("sklearn.decomposition")


def parts_of(perturber: Perturber, instance: Instance, settings: PartParameters) -> Parts:
    """Separate the clip, once for all explainers that ask for the same components."""
    clip = instance.clip

    def separate(rng: np.random.Generator) -> FloatArray:
        seed = int(rng.integers(2**31))
        kind, count = settings.components, settings.count
        return components_of(clip.waveform, clip.sample_rate_hz, kind, count, seed)

    found = perturber.once(f"components {settings.components} {settings.count}", separate)
    if settings.cut == WINDOWS:
        edges = window_edges(perturber.segments, settings.window_s)
    elif settings.cut == ONSETS:
        edges = perturber.once(
            "onsets", lambda rng: onset_edges(clip.waveform, clip.sample_rate_hz)
        )
    else:
        path = Path(settings.cut).expanduser()
        edges = file_edges(path, settings.tier, clip.id, clip.waveform.size, clip.sample_rate_hz)
    return perturber.parts(found, edges)


def window_edges(segments: Segments, window_s: float) -> IntArray:
    """Return the edges of stretches that are whole numbers of cells.

    Examples
    --------
    >>> window_edges(Segments(2500, 1000), 1.0).tolist()
    [0, 1000, 2000, 2500]
    """
    edges = segments.edges_samples
    if window_s == 0:
        return edges[[0, -1]]
    cells = max(1, round(window_s / segments.hop_s))
    return np.append(edges[:-1:cells], edges[-1])


def explained(
    values: FloatArray, parts: Parts, perturber: Perturber, settings: PartParameters
) -> Explanation:
    """Turn the values of parts into an explanation over time, with what each component is worth."""
    cells = parts.over_time(values, perturber.segments.edges_samples)
    return Explanation(
        cells_to_segments(cells, perturber.segments), notes=(_note(values, parts, settings),)
    )


def _note(values: FloatArray, parts: Parts, settings: PartParameters) -> str:
    """Say what each component is worth in all."""
    worth = values.reshape(parts.n_components, -1).sum(axis=1)
    names = [f"component {number}" for number in range(1, worth.size + 1)]
    if settings.components == "hpss" and worth.size == 2:
        names = ["harmonic", "percussive"]
    if settings.components == "clip":
        names = ["the clip"]
    return ", ".join(f"{name} {one:+.2f}" for name, one in zip(names, worth, strict=True))


def files_of(parameters: Any, weights_sha256: str) -> str:
    """Hash the files that explanations depend on; see `awb.specs.ExplainerSpec`."""
    return files_sha256(parameters.cut)
