"""Parts of a clip that can be heard or not: components of the sound, cut in time.

Conventions
-----------
A *component* is a waveform as long as the clip; all components together are the clip. Each may be
cut at the same times into *parts*, numbered component by component. A dropped part is left out of
the sum: nothing takes its place, so that dropping every part leaves silence, whatever the masker.

References
----------
Haunschmid, V., Manilow, E., & Widmer, G. (2020). audioLIME: Listenable explanations using source
separation. arXiv:2008.00582
Mishra, S., Sturm, B. L., & Dixon, S. (2017). Local interpretable model-agnostic explanations for
music content analysis. ISMIR
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray, IntArray
from awb.types import AudioArray, BoolArray, immutable

_TOLERANCE = 1e-4
"""By how much components may miss the clip: -80 dB of full scale."""


class PartRenderer:
    """Renders a clip without some of its parts."""

    def __init__(
        self,
        waveform: AudioArray,
        components: npt.ArrayLike,
        edges_samples: npt.ArrayLike | None = None,
    ) -> None:
        self.components = _components(components, waveform)
        self.edges_samples = _edges(edges_samples, waveform.size)
        self._lengths = np.diff(self.edges_samples)
        digest = hashlib.sha256(self.components.tobytes())
        digest.update(self.edges_samples.tobytes())
        self.key = digest.digest()

    @property
    def n_parts(self) -> int:
        """Number of parts."""
        return len(self.components) * self._lengths.size

    def render(self, dropped: BoolArray, out: AudioArray | None = None) -> AudioArray:
        """Render masks of parts, ``bool[n, parts]`` to ``float32[n, samples]`` in [-1, 1]."""
        kept = ~dropped.reshape(len(dropped), len(self.components), -1)
        audio = np.empty((len(dropped), self.edges_samples[-1]), np.float32) if out is None else out
        audio[:] = 0.0
        for place, component in enumerate(self.components):
            audio += np.repeat(kept[:, place], self._lengths, axis=1) * component
        return np.clip(audio, -1.0, 1.0, out=audio)


class Parts:
    """What `awb.perturbation.Perturber.parts` returns: scores of sums of audible parts.

    Attributes
    ----------
    n : int
        Number of parts: components times the stretches that each is cut into.
    n_components : int
        Number of components.
    components : np.ndarray, shape=(components, samples), dtype=float32
        The components; read-only.
    edges_samples : np.ndarray, shape=(stretches + 1,), dtype=int64
        Where they are cut, from 0 to the clip's length; read-only. Part ``c * stretches + s`` is
        component c in stretch s.
    """

    def __init__(
        self, renderer: PartRenderer, score: Callable[[PartRenderer, BoolArray], FloatArray]
    ) -> None:
        self._renderer = renderer
        self._score = score
        self.n = renderer.n_parts
        self.components: AudioArray = renderer.components
        self.n_components = len(self.components)
        self.edges_samples: IntArray = renderer.edges_samples

    def scores(self, drop_parts: npt.ArrayLike) -> FloatArray:
        """Score the clip without some of its parts.

        Parameters
        ----------
        drop_parts : array_like, shape=(n, parts), dtype=bool
            True = this part is not heard.

        Returns
        -------
        np.ndarray, shape=(n,), dtype=float64
            Log-odds of the target, finite. A score that is known is not computed again.

        Raises
        ------
        ParameterError
            If the masks are not boolean or not of the parts' shape.
        PluginError
            If the model breaks its contract.
        """
        masks = np.asarray(drop_parts)
        if masks.dtype != np.bool_ or masks.ndim != 2 or masks.shape[1] != self.n:
            raise ParameterError(
                f"masks of parts must be boolean of shape (n, {self.n}),"
                f" got {masks.dtype} of shape {masks.shape}"
            )
        return self._score(self._renderer, masks)

    def over_time(self, values: npt.ArrayLike, edges_samples: npt.ArrayLike) -> FloatArray:
        """Share the values of parts among cells of time, each by its part's energy there.

        Parameters
        ----------
        values : array_like, shape=(parts,)
            What each part is worth.
        edges_samples : array_like, shape=(cells + 1,)
            Edges of the cells, such as ``segments.edges_samples``.

        Returns
        -------
        np.ndarray, shape=(cells,)
            Values over time; the sum is kept. A part that is silent is shared evenly.

        Raises
        ------
        ParameterError
            If there is not one value per part.

        References
        ----------
        Parekh, J., et al. (2022). Listen to interpret: post-hoc interpretability for audio networks
        with NMF. NeurIPS. arXiv:2202.11479 (a component's relevance follows its activation in time)
        """
        worth = np.asarray(values, dtype=np.float64)
        if worth.shape != (self.n,):
            raise ParameterError(f"expected one value per part ({self.n}), got {worth.shape}")
        edges, cells = self.edges_samples, np.asarray(edges_samples, dtype=np.int64)
        starts = np.maximum(edges[:-1, np.newaxis], cells[:-1])
        stops = np.maximum(starts, np.minimum(edges[1:, np.newaxis], cells[1:]))
        length = (stops - starts).astype(np.float64)
        total = np.zeros(cells.size - 1)
        stretches = worth.reshape(self.n_components, -1)
        for component, weights in zip(self.components, stretches, strict=True):
            power = np.append(0.0, np.cumsum(np.square(component, dtype=np.float64)))
            energy = power[stops] - power[starts]
            silent = energy.sum(axis=1) <= 0
            energy[silent] = length[silent]
            total += weights @ (energy / energy.sum(axis=1, keepdims=True))
        return total


def _components(given: npt.ArrayLike, waveform: AudioArray) -> AudioArray:
    """Return components as float32 if they are finite and add up to the clip."""
    components = np.asarray(given, dtype=np.float32)
    if components.ndim != 2 or len(components) == 0 or components.shape[1] != waveform.size:
        raise ParameterError(
            f"components must have the shape (components, {waveform.size}), at least one,"
            f" got {components.shape}"
        )
    if not np.isfinite(components).all():
        raise ParameterError("components must be finite")
    off = float(np.abs(components.sum(axis=0, dtype=np.float64) - waveform).max())
    if off > _TOLERANCE:
        raise ParameterError(
            f"components must add up to the clip, and are off by {off:.2g}"
            " (add what is left over as one more component)"
        )
    return immutable(components)


def _edges(given: npt.ArrayLike | None, n_samples: int) -> IntArray:
    """Return where components are cut, or refuse it."""
    edges = np.array([0, n_samples]) if given is None else np.asarray(given)
    if (
        edges.ndim != 1
        or edges.size < 2
        or edges.dtype.kind not in "iu"
        or (edges[0], edges[-1]) != (0, n_samples)
        or not (np.diff(edges) > 0).all()
    ):
        raise ParameterError(
            f"components are cut at increasing sample positions from 0 to {n_samples}"
        )
    return immutable(edges.astype(np.int64))
