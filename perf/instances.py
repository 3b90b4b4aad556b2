"""Measure a whole instance, with all explainers and metrics: parts that masks share, against none.

One instance is run by `awb.run`, and all masks that it scores are written down, call by call. They
are then scored again: by moments, clip by clip, and, counted only, by patches of YAMNet's framing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from reuse import CountingPatches
from subjects import SAMPLES, Ratio
from torch import nn

import awb
from awb.perturbation import perturber
from awb.perturbation.scorers.choice import make_scorer
from awb.perturbation.scorers.clips import ClipScorer, PatchScorer, Scorer
from awb.perturbation.scorers.moments import MomentScorer
from awb.perturbation.scorers.search import SearchingScorer
from awb.types import BoolArray

PLAIN_MASKS = 160


@dataclass
class Scored:
    """All that one instance asked of its model.

    Attributes
    ----------
    given : tuple
        Model, renderer, segments and class.
    calls : list of np.ndarray
        Drop masks of every call, each mask in the first call that it was in.
    """

    given: tuple[Any, ...] = ()
    calls: list[BoolArray] = field(default_factory=list)

    @property
    def masks(self) -> BoolArray:
        """All masks, ``shape=(masks, cells)``."""
        return np.concatenate(self.calls)


class _Recording:
    """A scorer that writes down what it is asked."""

    def __init__(self, scorer: Scorer, calls: list[BoolArray]) -> None:
        self._scorer, self._calls = scorer, calls

    @property
    def forwards(self) -> float:
        return self._scorer.forwards

    def scores(self, drop_cells: BoolArray) -> Any:
        self._calls.append(drop_cells.copy())
        return self._scorer.scores(drop_cells)


class _EnoughError(BaseException):
    """Another instance begins; no explainer can catch this."""


@contextmanager
def _recording(found: Scored) -> Iterator[None]:
    def recording(*given: Any) -> Scorer:
        if found.given:
            raise _EnoughError
        found.given = given[:4]
        return _Recording(make_scorer(*given), found.calls)

    perturber.make_scorer = recording  # type: ignore[attr-defined]
    try:
        with suppress(_EnoughError):
            yield
    finally:
        perturber.make_scorer = make_scorer  # type: ignore[attr-defined]


@cache
def scored(samples: int = SAMPLES) -> Scored:
    """Run the first instance of the embedded scenes, without metrics that explain it again."""
    found = Scored()
    with TemporaryDirectory() as folder, _recording(found):
        out = str(Path(folder) / "run")
        awb.run(
            datasets="soundscapes", clips=2, samples=samples, robustness=0, cache="off", out=out
        )
    return found


def _timed(scorer: Scorer, calls: list[BoolArray]) -> float:
    started = time.process_time()
    for masks in calls:
        scorer.scores(masks)
    return time.process_time() - started


def by_moments(*, rounds: int = 3) -> list[Ratio]:
    """Time masked clips of one design and of an instance, by moments and as whole clips."""
    model, renderer, segments, class_index = scored().given
    every = scored().calls
    design = max(every, key=len)
    some = scored().masks[np.random.default_rng(0).permutation(len(scored().masks))[:PLAIN_MASKS]]
    taken: dict[str, list[float]] = {"design": [], "instance": [], "plain": []}
    for _ in range(rounds):
        for name, calls in (("design", [design]), ("instance", every)):
            scorer = MomentScorer(model, renderer, segments, class_index)
            taken[name].append(_timed(scorer, calls))
        plain = ClipScorer(model, renderer, class_index)
        taken["plain"].append(_timed(plain, [some]) / len(some))
    scores = MomentScorer(model, renderer, segments, class_index).scores(some)
    same = np.array_equal(scores, ClipScorer(model, renderer, class_index).scores(some))
    bits = "the same bits" if same else "other bits"
    note = f"plain path timed on {PLAIN_MASKS} masks; {bits}"
    design_s, instance_s, plain_s = (statistics.median(times) for times in taken.values())
    n_masks = len(scored().masks)
    return [
        Ratio(
            f"soundscape-cnn, moments: {len(design):,} masks of one design",
            design_s,
            plain_s * len(design),
            "at least 15",
            note=note,
        ),
        Ratio(
            f"soundscape-cnn, moments: {n_masks:,} masks of an instance, all explainers",
            instance_s,
            plain_s * n_masks,
            "at least 50",
            note=note,
        ),
    ]


def found_in_a_module() -> list[Ratio]:
    """Time the same masks with the same network as a torch module, whose moments awb finds."""
    model, renderer, segments, class_index = scored().given
    network = nn.Sequential(model.front_end, model.back_end)
    given = {"sample_rate_hz": model.sample_rate_hz, "classes": model.classes}
    module = awb.torch_model(network, output="logits", batch_size=16, name="module", **given)
    every = scored().calls
    design = max(every, key=len)
    sample = design[:PLAIN_MASKS]
    plain = ClipScorer(module, renderer, class_index)
    scorer = SearchingScorer(module, renderer, segments, class_index)
    design_s = _timed(scorer, [design])
    plain_s = _timed(plain, [sample]) / len(sample)
    rest_s = _timed(scorer, [call for call in every if call is not design])
    same = np.array_equal(scorer.scores(sample), plain.scores(sample))
    note = f"with the search and its trial; {'the same' if same else 'other'} bits"
    n_masks = len(scored().masks)
    name = "the same network as a torch module, moments found by awb"
    return [
        Ratio(f"{name}: one design", design_s, plain_s * len(design), "", note=note),
        Ratio(f"{name}: an instance", design_s + rest_s, plain_s * n_masks, "", note=note),
    ]


def patches() -> list[Ratio]:
    """Count the patches of an instance, shared by all calls, by the masks of a call, or by none."""
    _, renderer, segments, _ = scored().given
    shared, apart = CountingPatches(), CountingPatches()
    scorer = PatchScorer(shared, renderer, segments, 0)
    for masks in scored().calls:
        scorer.scores(masks)
        PatchScorer(apart, renderer, segments, 0).scores(masks)
    n_masks = len(scored().masks)
    none = n_masks * len(shared.patch_starts(segments.n_samples))
    name = f"YAMNet patches: {n_masks:,} masks of an instance, all explainers"
    count = {"unit": "patches", "note": "counted"}
    return [
        Ratio(f"{name}, against none shared", shared.seen, none, "", **count),
        Ratio(f"{name}, against sharing within a call", shared.seen, apart.seen, "", **count),
    ]
