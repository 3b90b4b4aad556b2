"""Localization in time and frequency: does a map point into the box of the sound?

Conventions
-----------
A map of relevance is ``shape=(frames, bins)``, higher = more evidence for the target. A *box* is an
event with its frequencies. A cell of the map spans the time and the frequencies up to half-way to
its neighbours; it is inside (1) if this span overlaps a box, else outside (0). So a pure tone has
at least one bin, however narrow it is. On the cells of a map, the metrics are those of
`awb.metrics.mass`, `awb.metrics.binarized` and `awb.metrics.pointing`, ties included.

*Bands* are neighbouring bins, about equally wide in mel. Their relevance is the sum of the map over
them and over all frames. The *band deletion curve* is the target's probability after the top 0, 1,
..., n bands are replaced in the whole clip.

References
----------
Arras, L., Osman, A., & Samek, W. (2022). CLEVR-XAI: A benchmark dataset for the ground truth
evaluation of neural network explanations. Information Fusion 81. doi:10.1016/j.inffus.2021.11.008
O'Shaughnessy, D. (1987). Speech communication: Human and machine. Addison-Wesley. (Mel scale.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.alignment import frame_spans_s
from awb.errors import ParameterError, RelevanceError
from awb.intervals import FloatArray, IntArray
from awb.metrics.facts import MetricFacts
from awb.metrics.ranking import labelled
from awb.segments import LabelArray

_ARRAS = "Arras et al. 2022, doi:10.1016/j.inffus.2021.11.008"
_ONE_KIND = (
    "an event has no frequencies, the explanation has no map, or no cell is inside the boxes,"
    " or none is outside"
)


def _facts(
    name: str, summary: str, unit: str, formula: str, citation: str, order_form: str = ""
) -> MetricFacts:
    """Describe a metric of the cells of a map."""
    return MetricFacts(
        name=name,
        family="localization",
        summary=summary,
        higher_is_better=True,
        lowest=0.0,
        highest=1.0,
        unit=unit,
        undefined=_ONE_KIND + (", or no relevance is positive" if "mass" in name else ""),
        formula=formula,
        citation=citation,
        reads="magnitudes" if order_form else "order",
        order_form=order_form,
    )


TF_MASS_ACCURACY = _facts(
    "tf-mass-accuracy",
    "share of the map's positive relevance inside the events' times and frequencies",
    "share of relevance",
    r"\frac{\sum_{i \in P} \max(r_i, 0)}{\sum_i \max(r_i, 0)}, \quad"
    r" i \text{ a cell of the map}",
    _ARRAS + "; cells of a time-frequency map are our own",
    order_form="tf-rank-accuracy",
)
TF_RANK_ACCURACY = _facts(
    "tf-rank-accuracy",
    "share of the K most relevant cells of the map inside the events' times and frequencies, K"
    " being how many are inside",
    "share of cells",
    r"\frac{|P \cap T|}{|P|}, \quad T = \text{the } |P| \text{ most relevant cells of the map}",
    _ARRAS + "; cells of a time-frequency map are our own",
)
TF_IOU_ANNOTATED = _facts(
    "tf-iou-annotated",
    "intersection over union of the events' times and frequencies and the most relevant cells of"
    " the map, taking as many as are inside",
    "share of cells",
    r"\frac{|P \cap T|}{|P \cup T|}, \quad T = \text{the } |P| \text{ most relevant cells of the"
    r" map}",
    "Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x; cells of a map are our own",
)
TF_POINTING_GAME = _facts(
    "tf-pointing-game",
    "share of the map's most relevant cells inside the events' times and frequencies",
    "share of the tied peak",
    r"\frac{|P \cap M|}{|M|}, \quad M = \{ i : r_i = \max_j r_j \}, \quad"
    r" i \text{ a cell of the map}",
    "Zhang et al. 2018, doi:10.1007/s11263-017-1059-x; cells of a time-frequency map are our own",
)
BAND_DELETION_AREA = MetricFacts(
    name="band-deletion-area",
    family="fidelity",
    summary="area under the target's probability as the most relevant frequency bands are replaced",
    higher_is_better=False,
    lowest=0.0,
    highest=1.0,
    unit="probability",
    undefined="the explanation has no map, or the model does not know its frequencies",
    formula=r"\frac{1}{B} \sum_{b=1}^{B} \frac{p_{b-1} + p_b}{2}, \quad"
    r" p_b = \text{without the } b \text{ most relevant bands}",
    citation="Petsiuk et al. 2018, arXiv:1806.07421; bands instead of pixels are our own",
    reads="magnitudes",
)


def box_labels(
    frame_centers_s: npt.ArrayLike, bin_centers_hz: npt.ArrayLike, boxes: npt.ArrayLike
) -> LabelArray:
    """Label the cells of a map: inside the boxes, or outside.

    Parameters
    ----------
    frame_centers_s : array_like, shape=(frames,)
        Centre of each frame in seconds, increasing.
    bin_centers_hz : array_like, shape=(bins,)
        Centre of each bin in Hz, increasing.
    boxes : array_like, shape=(n, 4)
        Onset and offset in seconds, lowest and highest frequency in Hz.

    Returns
    -------
    np.ndarray, shape=(frames, bins), dtype=int8
        1 or 0.

    Raises
    ------
    ParameterError
        If the centres do not increase, or the boxes have another shape.

    Examples
    --------
    >>> box_labels([0.1, 0.3], [100.0, 200.0, 300.0], [[0.2, 0.4, 190.0, 260.0]]).tolist()
    [[0, 0, 0], [0, 1, 1]]
    """
    times_s, frequencies_hz = frame_spans_s(frame_centers_s), frame_spans_s(bin_centers_hz)
    given = np.asarray(boxes, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != 4:
        raise ParameterError(f"a box is onset, offset, low_hz, high_hz; got shape {given.shape}")
    inside = np.zeros((len(times_s), len(frequencies_hz)), dtype=bool)
    for onset_s, offset_s, low_hz, high_hz in given:
        frames = _overlaps(times_s, onset_s, offset_s)
        inside |= frames[:, np.newaxis] & _overlaps(frequencies_hz, low_hz, high_hz)
    return inside.astype(np.int8)


def _overlaps(covered: FloatArray, low: float, high: float) -> npt.NDArray[np.bool_]:
    """Tell which spans have more than a point (and float noise) in common with an interval."""
    common = np.minimum(covered[:, 1], high) - np.maximum(covered[:, 0], low)
    return np.asarray(common > 1e-9 * max(abs(high), 1.0))


def cells_of(relevance_map: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[FloatArray, LabelArray]:
    """Return the cells of a map and their labels as rows, which the metrics of segments take.

    Parameters
    ----------
    relevance_map : array_like, shape=(frames, bins)
        Relevance of every cell.
    labels : array_like, shape=(frames, bins)
        1 inside a box, 0 outside.

    Returns
    -------
    relevance : np.ndarray, shape=(frames * bins,), dtype=float64
        Relevance of every cell.
    labels : np.ndarray, shape=(frames * bins,), dtype=int8
        Its label.

    Raises
    ------
    RelevanceError
        If the map is not two-dimensional, empty or not finite.
    ParameterError
        If the shapes differ.
    UndefinedScoreError
        If no cell is inside, or none is outside.

    Examples
    --------
    >>> from awb.metrics import mass_accuracy
    >>> mass_accuracy(*cells_of([[3.0, 0.0], [1.0, -2.0]], [[1, 0], [0, 0]]))
    0.75
    """
    grid, marks = np.asarray(relevance_map, dtype=np.float64), np.asarray(labels)
    if grid.ndim != 2:
        raise RelevanceError(f"a time-frequency map has two dimensions, got shape {grid.shape}")
    if marks.shape != grid.shape:
        raise ParameterError(f"the map has shape {grid.shape}, its labels {marks.shape}")
    labelled(grid.ravel(), marks.ravel())
    return grid.ravel(), marks.ravel().astype(np.int8)


def mel_bands(bin_centers_hz: npt.ArrayLike, n_bands: int, nyquist_hz: float) -> FloatArray:
    """Divide a model's bins into bands of about equal width in mel.

    Parameters
    ----------
    bin_centers_hz : array_like, shape=(bins,)
        Centre of each bin in Hz, increasing.
    n_bands : int
        How many bands, at least 2; there are fewer where a band would have no bin.
    nyquist_hz : float
        Half the sample rate, where the last band ends.

    Returns
    -------
    np.ndarray, shape=(bands + 1,)
        Edges of the bands in Hz, from 0 to `nyquist_hz`, between bins.

    Raises
    ------
    ParameterError
        If there are fewer than two bands or bins, or the centres do not increase.

    References
    ----------
    O'Shaughnessy, D. (1987). Speech communication: Human and machine. Addison-Wesley.

    Examples
    --------
    >>> mel_bands([100.0, 300.0, 500.0, 1500.0, 3500.0], 2, 4000.0).tolist()
    [0.0, 1000.0, 4000.0]
    """
    centers = np.asarray(bin_centers_hz, dtype=np.float64)
    middles = frame_spans_s(centers)[1:, 0]
    if n_bands < 2 or middles.size == 0:
        raise ParameterError("bands need at least two of them, and two bins")
    mel = 2595.0 * np.log10(1.0 + np.maximum(centers, 0.0) / 700.0)
    place = (mel - mel[0]) / (mel[-1] - mel[0]) * n_bands
    band = np.minimum(np.floor(place + 1e-9), n_bands - 1)
    return np.concatenate([[0.0], middles[np.diff(band) > 0], [nyquist_hz]])


def band_relevance(
    relevance_map: npt.ArrayLike, bin_centers_hz: npt.ArrayLike, edges_hz: npt.ArrayLike
) -> FloatArray:
    """Sum a map over the bins of each band and over all frames.

    Parameters
    ----------
    relevance_map : array_like, shape=(frames, bins)
        Relevance of every cell.
    bin_centers_hz : array_like, shape=(bins,)
        Centre of each bin in Hz.
    edges_hz : array_like, shape=(bands + 1,)
        Edges of the bands in Hz.

    Returns
    -------
    np.ndarray, shape=(bands,)
        Relevance of every band; the sum is that of the map.

    Examples
    --------
    >>> band_relevance([[1.0, 2.0, 4.0]], [100.0, 200.0, 900.0], [0.0, 500.0, 1000.0]).tolist()
    [3.0, 4.0]
    """
    edges = np.asarray(edges_hz, dtype=np.float64)
    found = np.searchsorted(edges[1:-1], np.asarray(bin_centers_hz), side="right")
    band: IntArray = found.astype(np.int64)
    per_bin = np.asarray(relevance_map, dtype=np.float64).sum(axis=0)
    return np.bincount(band, weights=per_bin, minlength=edges.size - 1).astype(np.float64)
