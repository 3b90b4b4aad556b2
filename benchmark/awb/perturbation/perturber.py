"""The perturber: scores of masked clips, each computed once, with the cost counted."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from awb.activity import model_at_work
from awb.errors import NotApplicableError, ParameterError
from awb.intervals import FloatArray, IntArray
from awb.maskers import ContextMasker, Masker
from awb.perturbation.bands import BandRenderer, score_rendered
from awb.perturbation.design import HELD_OUT, LOG_ODDS_LIMIT, Design, Pool, fill_of, renderer_of
from awb.perturbation.memory import Known, ModelCache
from awb.perturbation.parts import PartRenderer, Parts
from awb.perturbation.scorers.choice import make_scorer, shared_parts
from awb.perturbation.scorers.clips import PartMemory
from awb.perturbation.scorers.moments import MomentScorer
from awb.perturbation.scorers.rendering import ContextRenderer
from awb.protocols import AudioModel
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import AudioArray, BoolArray, Cost, Instance, immutable

Capability = TypeVar("Capability")
Found = TypeVar("Found")


class _Shared:
    """What all views of one instance share: the known scores, the pools."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.pools: dict[tuple[str, int, int], tuple[Pool, float]] = {}
        self.findings: dict[tuple[str, int], Any] = {}
        self.renderers: dict[bytes, BandRenderer] = {}
        self.bands: dict[tuple[bytes, bytes], float] = {}
        self.parts: dict[tuple[bytes, bytes], float] = {}


class Perturber:
    """Score an instance's clip with segments dropped.

    Parameters
    ----------
    model : AudioModel
        The model.
    instance : Instance
        Clip and target; the clip is at the model's sample rate.
    segments : Segments
        The segments of the clip.
    masker : callable
        What replaces dropped audio, see `awb.maskers`.
    rng_key : RandomKey
        Path of the instance, from which the masker's and the design's draws come.
    design : Design or None
        Drop masks of the shared pool; None for the default.
    model_cache : ModelCache or None
        Where scores are kept from run to run; None to compute them here.
    parts : PartMemory or None
        Parts of masked clips that other perturbers of this model have scored; None for none.

    Raises
    ------
    ParameterError
        If the clip is not at the model's rate, the target is no class of the model, or the segments
        are of another clip.
    PluginError
        If the masker returns something that is not a waveform of the clip's shape.
    """

    _whole: Perturber | None = None  # of a view of players: where its masks are scored and charged
    _players: IntArray = np.zeros(0, dtype=np.int64)

    def __init__(
        self,
        model: AudioModel,
        instance: Instance,
        segments: Segments,
        masker: Masker,
        rng_key: RandomKey,
        *,
        design: Design | None = None,
        model_cache: ModelCache | None = None,
        parts: PartMemory | None = None,
    ) -> None:
        clip = instance.clip
        if clip.sample_rate_hz != model.sample_rate_hz:
            raise ParameterError(
                f"clip {clip.id} is at {clip.sample_rate_hz} Hz, the model wants"
                f" {model.sample_rate_hz} Hz"
            )
        if instance.class_index >= len(model.classes):
            raise ParameterError(f"the model has no class {instance.class_index}")
        if (segments.n_samples, segments.sample_rate_hz) != (
            clip.waveform.size,
            clip.sample_rate_hz,
        ):
            raise ParameterError(f"the segments are not those of clip {clip.id}")
        fill = fill_of(masker, clip, rng_key)
        edges, target = segments.edges_samples, instance.class_index
        renderer = renderer_of(masker, clip, fill, edges, rng_key)
        if isinstance(renderer, ContextRenderer):
            model_cache = None  # its entries are found by the one fill that a plain masker has
        self._parts = parts or PartMemory()
        make = partial(make_scorer, model, renderer, segments, target, self._parts)
        self._shared = _Shared(Known(make, model_cache, target, clip.waveform, fill, edges))
        self._model_cache = model_cache
        self._model = model
        self._instance = instance
        self._design = design or Design()
        self._rng_key = rng_key
        self._segments = segments
        self._fill: AudioArray = immutable(fill)
        self._heeds_budget = False
        self._calls = 0
        self._forwards = 0.0
        self._designs_s: dict[tuple[str, int, int], float] = {}

    def view(self, *, segments: Segments | None = None) -> Perturber:
        """Return a perturber with its own cost and the same cache.

        Parameters
        ----------
        segments : Segments or None
            Other segments over the same cells, for example ``segments.grid``.

        Returns
        -------
        Perturber
            A view; whatever one view has computed, the others get for nothing.
        """
        view = object.__new__(Perturber)
        view.__dict__.update(self.__dict__)
        view._segments = segments or self._segments
        view._calls, view._forwards, view._designs_s = 0, 0.0, {}
        view._heeds_budget = False
        return view

    def budgeted(self, samples: int) -> Perturber:
        """Return a perturber with another number of masks in its design.

        Parameters
        ----------
        samples : int
            Number of masks.

        Returns
        -------
        Perturber
            A view: its design is the one of a run with so many samples, drawn and scored apart.
        """
        view = self.view()
        view._design = replace(self._design, samples=samples)
        return view

    def grouped(self, players: npt.ArrayLike, *, share: int = 1) -> Perturber:
        """Return a perturber whose masks drop players, each a group of segments.

        Parameters
        ----------
        players : array_like, shape=(segments,), dtype=int
            Number of the player that each segment belongs to, from 0 without gaps.
        share : int
            What part of the masks its design has: one of so many, at least one mask.

        Returns
        -------
        Perturber
            A view on which `n_segments` counts players and the shared design is drawn over them;
            `segments` stay those of the clip. What it asks for is charged to this perturber.

        Raises
        ------
        ParameterError
            If a segment has no player, or a player no segment.
        """
        numbers = np.asarray(players)
        if numbers.shape != (self.n_segments,) or numbers.dtype.kind not in "iu":
            raise ParameterError(f"expected the player of each of {self.n_segments} segments")
        if not np.array_equal(np.unique(numbers), np.arange(numbers.max() + 1)):
            raise ParameterError("players are numbered from 0 without gaps")
        view = self.view()
        view._design = replace(self._design, samples=max(1, self._design.samples // max(1, share)))
        view._whole, view._players = self, immutable(numbers.astype(np.int64))
        return view

    @property
    def heeds_budget(self) -> bool:
        """Whether the design, or its number of masks, was asked for through this view."""
        return self._heeds_budget

    def _heed_budget(self) -> None:
        """Note that the design was asked for."""
        self._heeds_budget = True
        if self._whole is not None:
            self._whole._heed_budget()

    def reseeded(self, masker: Masker, rng_key: RandomKey) -> Perturber:
        """Return a perturber of the same clip with new random draws.

        Parameters
        ----------
        masker : callable
            The masker of this perturber.
        rng_key : RandomKey
            Another path.

        Returns
        -------
        Perturber
            With another design; where the masker draws nothing, scores that are known stay known.
        """
        if isinstance(masker, ContextMasker) or not np.array_equal(
            fill_of(masker, self._instance.clip, rng_key), self._fill
        ):
            return Perturber(
                self._model,
                self._instance,
                self._segments,
                masker,
                rng_key,
                design=self._design,
                model_cache=self._model_cache,
                parts=self._parts,
            )
        again = self.view()
        again._shared = _Shared(self._shared.known)
        again._rng_key = rng_key
        return again

    @property
    def segments(self) -> Segments:
        """The segments of the clip."""
        return self._segments

    @property
    def n_segments(self) -> int:
        """Number of segments, or of players in a view of `grouped`."""
        return self._segments.n if self._whole is None else int(self._players.max()) + 1

    @property
    def fill(self) -> AudioArray:
        """What replaces dropped audio, ``shape=(samples,)``, float32, read-only.

        A masker may fill gaps from what is kept around them; this is then what it makes of a clip
        of which everything is dropped.
        """
        return self._fill

    @property
    def samples(self) -> int:
        """How many masks an explainer that draws its own may ask for."""
        self._heed_budget()
        return self._design.samples

    def own_samples(self, share: int) -> int:
        """How many masks an explainer draws whose answers settle sooner than those of the design.

        Parameters
        ----------
        share : int
            What part of the design's masks suffices: one of so many.

        Returns
        -------
        int
            That part; under ``--budgets``, which compare at a number of calls, all of them.
        """
        return self.samples if self._design.is_budget else self.samples // share

    def explainer_rng(self, label: str) -> np.random.Generator:
        """Return the generator that an explainer gets on this instance, for ensembles.

        Parameters
        ----------
        label : str
            The explainer as boards name it, such as ``random-forest``.

        Returns
        -------
        np.random.Generator
            A new one with the stream that the harness hands to that explainer.
        """
        return self._rng_key.generator("explainer", label)

    @property
    def cost(self) -> Cost:
        """What was asked for through this view so far, with the seconds of the designs it read."""
        if self._whole is not None:
            return self._whole.cost
        shared_s = math.fsum(self._designs_s.values())
        return Cost(self._calls, self._forwards, shared_seconds=shared_s)

    @property
    def designs_s(self) -> float:
        """Seconds that the designs of this instance have taken so far, through any view."""
        return math.fsum(seconds for _, seconds in self._shared.pools.values())

    def charge(self, *, calls: int, forwards: float | None = None) -> None:
        """Count model calls made through `model_as`, in clips.

        Parameters
        ----------
        calls : int
            Clips that were asked for, at least 0.
        forwards : float or None
            Clips that were really computed, at least 0; None for as many.

        Raises
        ------
        ParameterError
            If a number is negative or not finite.
        """
        if not (0 <= calls < math.inf and 0 <= (forwards or 0) < math.inf):
            raise ParameterError(f"a cost is never negative (calls={calls}, forwards={forwards})")
        if self._whole is not None:
            self._whole.charge(calls=calls, forwards=forwards)
            return
        self._calls += calls
        self._forwards += calls if forwards is None else forwards

    def model_as(self, capability: type[Capability]) -> Capability:
        """Return the model as something more than an `AudioModel`; its calls must be charged.

        Parameters
        ----------
        capability : type
            A protocol such as `awb.protocols.DifferentiableModel`.

        Returns
        -------
        object
            The model.

        Raises
        ------
        NotApplicableError
            If the model lacks the capability.
        """
        if not isinstance(self._model, capability):
            raise NotApplicableError(f"the model does not implement {capability.__name__}")
        return self._model

    def scores(self, drop_masks: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Score the clip under drop masks.

        Parameters
        ----------
        drop_masks : array_like, shape=(n, segments), dtype=bool
            True = this segment's audio is replaced.

        Returns
        -------
        np.ndarray, shape=(n,), dtype=float64
            Log-odds of the target, finite.

        Raises
        ------
        ParameterError
            If the masks are not boolean or not of the segments' shape.
        PluginError
            If the model breaks its contract.
        """
        masks = np.asarray(drop_masks)
        if masks.dtype != np.bool_ or masks.ndim != 2 or masks.shape[1] != self.n_segments:
            raise ParameterError(
                f"drop masks must be boolean of shape (n, {self.n_segments}),"
                f" got {masks.dtype} of shape {masks.shape}"
            )
        if self._whole is not None:
            return self._whole.scores(masks[:, self._players])
        cells = self._segments.drop_cells(masks)
        self._calls += len(cells)
        shared = self._shared.known
        known = shared.scores
        keys = [row.tobytes() for row in np.packbits(cells, axis=1)]
        new = {key: row for row, key in enumerate(keys) if key not in known}
        if new:
            with model_at_work():
                scorer = shared.scorer
                before = scorer.forwards
                found = scorer.scores(cells[list(new.values())])
            clipped = np.clip(found, -LOG_ODDS_LIMIT, LOG_ODDS_LIMIT)
            known.update(zip(new, clipped.tolist(), strict=True))
            self._forwards += scorer.forwards - before
        return np.array([known[key] for key in keys], dtype=np.float64)

    def band_scores(
        self, drop_bands: npt.ArrayLike, edges_hz: npt.ArrayLike
    ) -> npt.NDArray[np.float64]:
        """Score the clip with frequency bands replaced, from its start to its end.

        The replaced bands are those of the masker's audio. A score that is known is not computed
        again; with no band or all bands dropped, it is that of the clip or of its replacement.

        Parameters
        ----------
        drop_bands : array_like, shape=(n, bands), dtype=bool
            True = this band is replaced.
        edges_hz : array_like, shape=(bands + 1,)
            Edges of the bands in Hz, increasing.

        Returns
        -------
        np.ndarray, shape=(n,), dtype=float64
            Log-odds of the target, finite.

        Raises
        ------
        ParameterError
            If the edges do not increase, or the masks are not boolean or not of the bands' shape.
        PluginError
            If the model breaks its contract.
        """
        masks, edges = np.asarray(drop_bands), np.asarray(edges_hz, dtype=np.float64)
        if edges.ndim != 1 or edges.size < 2 or not (np.diff(edges) > 0).all():
            raise ParameterError("edges of bands must be increasing frequencies, at least two")
        if masks.dtype != np.bool_ or masks.ndim != 2 or masks.shape[1] != edges.size - 1:
            raise ParameterError(
                f"masks of bands must be boolean of shape (n, {edges.size - 1}),"
                f" got {masks.dtype} of shape {masks.shape}"
            )
        known, place = self._shared.bands, edges.tobytes()
        keys = [(place, row.tobytes()) for row in masks]
        for key, row in zip(keys, masks, strict=True):
            if key not in known and row.all() | ~row.any():
                known[key] = self.dropped_score() if row.all() else self.clip_score()
        new = {key: row for row, key in enumerate(keys) if key not in known}
        if new:
            with model_at_work():
                found = score_rendered(
                    self._model,
                    self._band_renderer(edges),
                    masks[list(new.values())],
                    self._instance.class_index,
                    self._instance.clip.waveform,
                )
            clipped = np.clip(found, -LOG_ODDS_LIMIT, LOG_ODDS_LIMIT)
            known.update(zip(new, clipped.tolist(), strict=True))
            self._forwards += len(new)
        self._calls += len(masks)
        return np.array([known[key] for key in keys], dtype=np.float64)

    def parts(self, components: npt.ArrayLike, edges_samples: npt.ArrayLike | None = None) -> Parts:
        """Return a door to the model for sums of audible parts: sources, components, stretches.

        Parameters
        ----------
        components : array_like, shape=(components, samples)
            Waveforms that add up to the clip, for example its separated sources and what is left.
        edges_samples : array_like or None, shape=(stretches + 1,), dtype=int
            Where all components are cut in time, from 0 to the clip's length; None for whole ones.

        Returns
        -------
        Parts
            Scores of the clip without some parts. Calls through it are counted here, and what one
            view has scored of the same parts, the others get without another forward.

        Raises
        ------
        ParameterError
            If the components do not add up to the clip, or the edges do not increase.

        Examples
        --------
        An explainer that asks how much the score falls without each source:

        >>> def without_each(perturber, instance, rng):
        ...     parts = perturber.parts(separate(instance.clip.waveform))
        ...     fall = perturber.clip_score() - parts.scores(np.eye(parts.n, dtype=bool))
        ...     return parts.over_time(fall, perturber.segments.edges_samples)
        """
        waveform = self._instance.clip.waveform
        return Parts(PartRenderer(waveform, components, edges_samples), self._part_scores)

    def _part_scores(self, renderer: PartRenderer, drop_parts: BoolArray) -> FloatArray:
        """Score masks of parts, each once; with nothing dropped it is the clip that is heard."""
        known = self._shared.parts
        keys = [(renderer.key, row.tobytes()) for row in np.packbits(drop_parts, axis=1)]
        whole = self.view()
        for key, row in zip(keys, drop_parts, strict=True):
            if key not in known and not row.any():
                known[key] = whole.clip_score()
        new = {key: row for row, key in enumerate(keys) if key not in known}
        if new:
            with model_at_work():
                found, forwards = self._sums_scored(renderer, drop_parts[list(new.values())])
            clipped = np.clip(found, -LOG_ODDS_LIMIT, LOG_ODDS_LIMIT)
            known.update(zip(new, clipped.tolist(), strict=True))
            self._forwards += forwards
        self._calls += len(drop_parts)
        self._forwards += whole.cost.forwards
        return np.array([known[key] for key in keys], dtype=np.float64)

    def _sums_scored(
        self, renderer: PartRenderer, drop_parts: BoolArray
    ) -> tuple[FloatArray, float]:
        """Score sums of parts, by moments where these hear few of them; count clips computed."""
        scorer = self._shared.known.scorer
        by_moments = scorer.of_parts(renderer) if isinstance(scorer, MomentScorer) else None
        if by_moments is not None:
            found = by_moments.scores(drop_parts)
            return found, by_moments.forwards
        index, waveform = self._instance.class_index, self._instance.clip.waveform
        found = score_rendered(self._model, renderer, drop_parts, index, waveform)
        return found, float(len(drop_parts))

    def _band_renderer(self, edges_hz: FloatArray) -> BandRenderer:
        """Return the renderer of these bands, made once."""
        clip, made, key = self._instance.clip, self._shared.renderers, edges_hz.tobytes()
        if key not in made:
            made[key] = BandRenderer(clip.waveform, self._fill, clip.sample_rate_hz, edges_hz)
        return made[key]

    @property
    def reuse(self) -> str:
        """Which parts of masked clips are scored once, in words."""
        return shared_parts(self._shared.known.scorer, self._model.sample_rate_hz)

    def keep(self) -> None:
        """Write the scores that are new to the disk, where a model_cache was given."""
        self._shared.known.keep()

    def clip_score(self) -> float:
        """Score the clip as it is."""
        return float(self.scores(np.zeros((1, self.n_segments), dtype=bool))[0])

    def dropped_score(self) -> float:
        """Score the clip with everything dropped."""
        return float(self.scores(np.ones((1, self.n_segments), dtype=bool))[0])

    def pool(self) -> Pool:
        """Return the shared design; drawn and scored once an instance.

        Returns
        -------
        Pool
            Drop masks and scores, read-only.
        """
        self._heed_budget()
        return self._drawn("design", self._design.samples)

    def held_out(self) -> Pool:
        """Return masks of the same design on which no explainer was fitted, for metrics.

        Returns
        -------
        Pool
            At most `HELD_OUT` drop masks and their scores, read-only.
        """
        return self._drawn("held-out", min(HELD_OUT, self._design.samples))

    def once(self, purpose: str, compute: Callable[[np.random.Generator], Found]) -> Found:
        """Compute something about the instance once for all views.

        Parameters
        ----------
        purpose : str
            What it is; also seeds the generator.
        compute : callable
            ``compute(rng)``; what it asks of the model must depend on the instance alone.

        Returns
        -------
        object
            What the first call computed.
        """
        purpose += self._players_name()
        key = (purpose, self.n_segments)
        findings = self._shared.findings
        if key not in findings:
            findings[key] = compute(self._rng_key.generator(purpose))
        found: Found = findings[key]
        return found

    def _drawn(self, purpose: str, samples: int) -> Pool:
        """Draw and score masks once, and charge every view that asks for them."""
        purpose += self._players_name()
        key = (purpose, self.n_segments, samples)
        payer = self if self._whole is None else self._whole
        if key in self._shared.pools:
            pool, payer._designs_s[key] = self._shared.pools[key]
            payer.charge(calls=len(pool.scores), forwards=0.0)
            return pool
        started = time.perf_counter()
        rng = self._rng_key.generator(purpose)
        drop_masks = self._design.draw(self.n_segments, samples, rng)
        pool = Pool(immutable(drop_masks), immutable(self.scores(drop_masks)))
        payer._designs_s[key] = time.perf_counter() - started
        self._shared.pools[key] = pool, payer._designs_s[key]
        return pool

    def _players_name(self) -> str:
        """Name the players, for what is drawn once; empty for segments."""
        if self._whole is None:
            return ""
        return " of players " + " ".join(map(str, self._players.tolist()))
