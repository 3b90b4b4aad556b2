"""The input of a metric: the relevance of one explanation, the labels, and the model's scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, wraps
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from awb.errors import NotApplicableError, UndefinedScoreError
from awb.intervals import FloatArray, IntArray
from awb.metrics.curve_gains import ReferenceAreas, reference_areas
from awb.metrics.detection import ScoredClip
from awb.metrics.fidelity import deletion_order
from awb.metrics.masked import kept_cells, moved_masks
from awb.metrics.time_frequency import band_relevance, box_labels, cells_of, mel_bands
from awb.perturbation import Perturber, Pool
from awb.protocols import TimeFrequencyModel
from awb.randomness import RandomKey
from awb.segments import LabelArray, Segments, labels_from_coverage, tied
from awb.types import BoolArray, Event, Surrogate, immutable
from awb.variations import Variation

Found = TypeVar("Found")

NO_TIMES = "no annotated times: the label is the whole clip's"
NO_FREQUENCIES = "the events have no low_hz and high_hz"
NO_MAP = "the explanation has no time-frequency map"

_SINGLE = 1e-6  # of a sum over a map, which most models compute in float32


def _expit(log_odds: npt.ArrayLike) -> FloatArray:
    """Turn log-odds into probabilities; scipy is imported when there are some."""
    from scipy.special import expit as of_scipy

    return np.asarray(of_scipy(log_odds))


def _sealed(compute: Callable[[Any], Found]) -> Callable[[Any], Found]:
    """Make the array of a property immutable, so that no metric can change it for the next one."""

    @wraps(compute)
    def sealed(scoring: Any) -> Found:
        found: Any = immutable(np.asarray(compute(scoring)))
        return cast(Found, found)

    return sealed


class Scoring:
    """One explanation, ready to be scored; costly values are computed once, on first access.

    Everything that depends on the events raises `UndefinedScoreError` if the target has no
    annotated times, so that every metric that uses it is undefined there, with the same reason.

    Parameters
    ----------
    relevance : np.ndarray, shape=(cells,)
        Relevance on the grid of cells.
    intervals_s : np.ndarray, shape=(events, 2)
        The target's events in seconds, disjoint; none if only the clip is labelled.
    perturber : Perturber
        Scores masked versions of the clip, with the segments of the run.
    rng_key : RandomKey
        Path of the instance and explainer; the last part is the explainer.
    other_intervals_s : np.ndarray, shape=(others, 2), or None
        Labelled events of other classes in the clip, in seconds, disjoint; None for none.
    decision_threshold : float
        Log-odds from which the model is taken to say yes.
    surrogate : callable or None
        The model that the explainer fitted to the scores, if any.
    again : callable or None
        ``again(variation)`` explains the varied instance with the same explainer.
    time_frequency : np.ndarray, shape=(frames, bins), or None
        The explanation's time-frequency map, if it has one.
    events : sequence of Event
        The target's events, with their frequencies where these are known.
    no_times : str
        Why the target has no annotated times, where it has none.
    """

    def __init__(
        self,
        relevance: FloatArray,
        intervals_s: FloatArray,
        perturber: Perturber,
        rng_key: RandomKey,
        *,
        other_intervals_s: FloatArray | None = None,
        decision_threshold: float = 0.0,
        surrogate: Surrogate | None = None,
        again: Callable[[Variation], FloatArray] | None = None,
        time_frequency: FloatArray | None = None,
        events: Sequence[Event] = (),
        no_times: str = NO_TIMES,
    ) -> None:
        self.relevance = relevance
        self._time_frequency = time_frequency
        self._events = tuple(events)
        self._no_times = no_times
        self.p_threshold = float(_expit(decision_threshold))
        self._surrogate = surrogate
        self._again = again
        self._varied: dict[Variation, FloatArray] = {}
        self._intervals_s = intervals_s
        self._other_intervals_s = (
            np.empty((0, 2)) if other_intervals_s is None else other_intervals_s
        )
        self.segments: Segments = perturber.segments
        self._perturber = perturber
        self._cells = perturber.view(segments=perturber.segments.grid)
        self._rng_key = rng_key

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse changes after construction, since all metrics share the scoring."""
        if "_rng_key" in self.__dict__:
            raise AttributeError(f"a metric cannot set {name}: other metrics share it")
        super().__setattr__(name, value)

    @property
    def intervals_s(self) -> FloatArray:
        """The target's events in seconds, ``shape=(events, 2)``, at least one."""
        if len(self._intervals_s) == 0:
            raise UndefinedScoreError(self._no_times)
        return self._intervals_s

    def rng(self, purpose: str) -> np.random.Generator:
        """Return the generator for one purpose, the same in every run."""
        return self._rng_key.generator(purpose)

    @cached_property
    @_sealed
    def coverage(self) -> FloatArray:
        """Part of each cell inside the target's events, ``shape=(cells,)``."""
        return self.segments.coverage(self.intervals_s)

    @cached_property
    @_sealed
    def others_coverage(self) -> FloatArray:
        """Part of each cell inside labelled events of other classes, ``shape=(cells,)``."""
        return self.segments.coverage(self._other_intervals_s)

    @cached_property
    @_sealed
    def event_coverage(self) -> FloatArray:
        """Part of each cell inside each event, ``shape=(events, cells)``."""
        rows = [self.segments.coverage([interval]) for interval in self.intervals_s]
        return np.array(rows).reshape(len(rows), self.segments.n_cells)

    @cached_property
    @_sealed
    def labels(self) -> LabelArray:
        """Relaxed labels of the cells: 1, 0, or -1 for ignored."""
        return labels_from_coverage(self.coverage)

    @cached_property
    @_sealed
    def strict_labels(self) -> LabelArray:
        """Labels without ignored cells: 1 if more than half of the cell is covered, else 0."""
        return labels_from_coverage(self.coverage, positive=0.5, negative=0.5)

    @cached_property
    def detections(self) -> ScoredClip:
        """The explanation as a sound event detection."""
        edges_s = self.segments.edges_samples / self.segments.sample_rate_hz
        return ScoredClip(self.relevance, edges_s, self.intervals_s)

    @cached_property
    @_sealed
    def relevance_map(self) -> FloatArray:
        """The explanation's time-frequency map, ``shape=(frames, bins)``, read-only.

        Cells that differ by no more than rounding are tied.

        Raises
        ------
        NotApplicableError
            If the explanation has no map.
        """
        if self._time_frequency is None:
            raise NotApplicableError(NO_MAP)
        return tied(self._time_frequency)

    @cached_property
    @_sealed
    def _bin_centers_hz(self) -> FloatArray:
        """Centre of each bin of the map in Hz, if the model knows them."""
        model = self._perturber.model_as(TimeFrequencyModel)
        return np.asarray(model.bin_centers_hz(self.relevance_map.shape[1]), dtype=np.float64)

    @property
    def boxes(self) -> FloatArray:
        """The target's events as onset, offset, low_hz, high_hz, ``shape=(events, 4)``.

        Raises
        ------
        UndefinedScoreError
            If the target has no annotated times, or an event has no frequencies.
        """
        _ = self.intervals_s
        bands = [(event, event.band_hz) for event in self._events]
        boxes = [(event.onset_s, event.offset_s, *band) for event, band in bands if band]
        if len(boxes) < len(bands) or not boxes:
            raise UndefinedScoreError(NO_FREQUENCIES)
        return np.array(boxes)

    @cached_property
    @_sealed
    def map_labels(self) -> LabelArray:
        """Labels of the map's cells: 1 inside the target's boxes, 0 outside."""
        boxes, frames = self.boxes, len(self.relevance_map)
        model = self._perturber.model_as(TimeFrequencyModel)
        return box_labels(model.frame_centers_s(frames), self._bin_centers_hz, boxes)

    @property
    def map_cells(self) -> tuple[FloatArray, LabelArray]:
        """Relevance and labels of the map's cells, each ``shape=(frames * bins,)``."""
        labels = self.map_labels  # first: missing times are the better reason
        return cells_of(self.relevance_map, labels)

    def band_curve(self, n_bands: int) -> FloatArray:
        """Return the probability after replacing the most relevant frequency bands.

        Parameters
        ----------
        n_bands : int
            Number of bands, equally wide in mel; fewer where a band would have no bin.

        Returns
        -------
        np.ndarray, shape=(bands + 1,)
            Probability of the target without the top 0, 1, ..., bands.

        Raises
        ------
        NotApplicableError
            If the explanation has no map, or the model does not know its frequencies.
        """
        edges_hz = mel_bands(self._bin_centers_hz, n_bands, self.segments.sample_rate_hz / 2)
        exponent = np.frexp(np.abs(self.relevance_map).max())[1]
        scaled = np.ldexp(self.relevance_map, -exponent)  # sums of the largest floats overflow
        relevance = band_relevance(scaled, self._bin_centers_hz, edges_hz)
        order = deletion_order(tied(relevance, _SINGLE), self.rng("ties of bands"))
        rank = np.argsort(order)
        top = rank[np.newaxis, :] < np.arange(order.size + 1)[:, np.newaxis]
        return _expit(self._perturber.band_scores(top, edges_hz))

    def probabilities(self, drop_masks: BoolArray) -> FloatArray:
        """Return the target's probability for drop masks of cells, ``bool[n, cells]``."""
        return _expit(self._cells.scores(drop_masks))

    @cached_property
    @_sealed
    def order(self) -> IntArray:
        """Cells from most to least relevant, ties broken by a seeded permutation."""
        return deletion_order(self.relevance, self.rng("ties"))

    @cached_property
    @_sealed
    def _top(self) -> BoolArray:
        """The top 0, 1, ..., n cells, ``shape=(cells + 1, cells)``."""
        n_cells = self.relevance.size
        rank = np.empty(n_cells, dtype=np.int64)
        rank[self.order] = np.arange(n_cells)
        top: BoolArray = rank[np.newaxis, :] < np.arange(n_cells + 1)[:, np.newaxis]
        return top

    @cached_property
    @_sealed
    def deletion_curve(self) -> FloatArray:
        """Probability after dropping the top 0, 1, ..., n cells, ``shape=(cells + 1,)``."""
        return self.probabilities(self._top)

    @cached_property
    @_sealed
    def insertion_curve(self) -> FloatArray:
        """Probability with only the top 0, 1, ..., n cells kept, ``shape=(cells + 1,)``."""
        return self.probabilities(~self._top)

    @cached_property
    def reference_areas(self) -> ReferenceAreas:
        """The scale of this instance's curves, which all explanations of it share."""
        scores, n_cells, held_out = self._cells.scores, self.segments.n_cells, self.held_out
        return self._cells.once(
            "reference areas",
            lambda rng: reference_areas(scores, n_cells, held_out.drop_masks, held_out.scores, rng),
        )

    def known_curves(self) -> dict[str, FloatArray]:
        """Return the curves that metrics have used so far, keyed ``deletion`` and ``insertion``."""
        kinds = ("deletion", "insertion")
        known = {kind: self.__dict__.get(f"{kind}_curve") for kind in kinds}
        return {kind: curve for kind, curve in known.items() if curve is not None}

    @cached_property
    def p_clip(self) -> float:
        """Probability of the unchanged clip."""
        return float(self.probabilities(np.zeros((1, self.segments.n_cells), dtype=bool))[0])

    @cached_property
    @_sealed
    def kept(self) -> BoolArray:
        """Cells that the masked-in audio keeps: those above the mean relevance."""
        return kept_cells(self.relevance)

    @cached_property
    def p_masked_in(self) -> float:
        """Probability of the kept cells alone."""
        return float(self.probabilities(~self.kept[np.newaxis])[0])

    @cached_property
    def p_masked_out(self) -> float:
        """Probability of everything except the kept cells."""
        return float(self.probabilities(self.kept[np.newaxis])[0])

    @cached_property
    @_sealed
    def moved(self) -> BoolArray:
        """The kept cells moved to other times, the same for all explainers of the instance."""
        instance = RandomKey(self._rng_key.parts[:-1])
        return moved_masks(self.kept, instance.generator("moved masks"))

    @cached_property
    @_sealed
    def p_moved_in(self) -> FloatArray:
        """Probability of the moved cells alone, ``shape=(moved,)``."""
        return self._p_moved[0]

    @cached_property
    @_sealed
    def p_moved_out(self) -> FloatArray:
        """Probability of everything except the moved cells, ``shape=(moved,)``."""
        return self._p_moved[1]

    @cached_property
    def _p_moved(self) -> list[FloatArray]:
        """Both at once: they are few, and a model fills its last batch up."""
        return np.split(self.probabilities(np.concatenate([~self.moved, self.moved])), 2)

    @cached_property
    def _drawn(self) -> Pool:
        """The held-out masks of segments, which may be longer than cells."""
        return self._perturber.held_out()

    @cached_property
    def held_out(self) -> Pool:
        """Random drop masks of the cells on which no explainer was fitted, and their log-odds."""
        pool = self._drawn
        return Pool(immutable(self.segments.drop_cells(pool.drop_masks)), pool.scores)

    @cached_property
    @_sealed
    def score_drops(self) -> FloatArray:
        """Score that is lost with each held-out mask, in log-odds, ``shape=(samples,)``."""
        return self._perturber.clip_score() - self.held_out.scores

    def varied(self, variation: Variation) -> FloatArray:
        """Return the same explainer's relevance under a variation; computed once.

        Parameters
        ----------
        variation : Variation
            What to change.

        Returns
        -------
        np.ndarray, shape=(cells,)
            Relevance of the varied instance.

        Raises
        ------
        UndefinedScoreError
            If only the explanation is available, and not the explainer.
        """
        if self._again is None:
            raise UndefinedScoreError("only the explanation is available, not the explainer")
        if variation not in self._varied:
            self._varied[variation] = immutable(self._again(variation))
        return self._varied[variation]

    @cached_property
    def forecasts(self) -> tuple[FloatArray, FloatArray]:
        """The surrogate's predictions for the held-out masks, and the model's log-odds.

        Raises
        ------
        NotApplicableError
            If the explainer fits no surrogate.
        """
        if self._surrogate is None:
            raise NotApplicableError("the explainer fits no surrogate model")
        pool = self._drawn
        forecasts = np.asarray(self._surrogate(pool.drop_masks), dtype=np.float64)
        return immutable(forecasts), pool.scores
