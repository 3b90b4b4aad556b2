"""What one instance knows of its masked clips, in memory and on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from awb.intervals import IntArray
from awb.perturbation.cache import ScoreCache, entry_key
from awb.perturbation.scorers.clips import Scorer
from awb.types import AudioArray


@dataclass(frozen=True, slots=True)
class ModelCache:
    """Where the scores of one model are kept on disk.

    Attributes
    ----------
    cache : ScoreCache
        The folder.
    model_key : str
        Hash of the model, its settings, weights and code.
    label : str
        What the model is called.
    """

    cache: ScoreCache
    model_key: str
    label: str


class Known:
    """Scores by drop mask of one (model, target, clip, replacement audio, cells).

    Attributes
    ----------
    scores : dict of bytes to float
        Scores by packed drop mask.
    """

    def __init__(
        self,
        make_scorer: Callable[[], Scorer],
        model_cache: ModelCache | None,
        class_index: int,
        waveform: AudioArray,
        fill: AudioArray,
        edges: IntArray,
    ) -> None:
        self._make_scorer = make_scorer
        self._model_cache = model_cache
        self._key = ""
        self.scores: dict[bytes, float] = {}
        if model_cache is not None:
            self._key = entry_key(model_cache.model_key, class_index, waveform, fill, edges)
            self.scores = model_cache.cache.load(self._key)
        self._kept = len(self.scores)

    @cached_property
    def scorer(self) -> Scorer:
        """What computes scores."""
        return self._make_scorer()

    def keep(self) -> None:
        """Write what is new to the disk."""
        if self._model_cache is not None and len(self.scores) > self._kept:
            self._model_cache.cache.save(self._key, self._model_cache.label, self.scores)
            self._kept = len(self.scores)
