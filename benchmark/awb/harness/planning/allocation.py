"""Allocation: clips against drop masks, so that a board tells most apart in a given time.

Conventions
-----------
An instance takes ``base_s`` seconds of a worker and ``mask_s`` for every drop mask. The difference
of two explainers varies between clips, and on one clip from seed to seed if they learn from random
masks: over n clips of S masks its variance is proportional to ``(1 + K / S) / n``. So n clips are
worth ``n / (1 + K / S)``: that many clips with explanations free of that noise. For a pair of which
one explainer learns from masks, K is halved; where neither does, masks are worth nothing.

`NOISE_MASKS` is K as measured on 28 pairs of eight explainers that learn from masks (20 embedded
scenes, two seeds, ROC-AUC, 300 masks: the variance between seeds is 2.5 times that between clips).

References
----------
Cochran, W. G. (1977). Sampling Techniques (3rd ed.), section 10.6: the best size of a subsample
where units and their parts have different costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

NOISE_MASKS = 750.0
"""Drop masks at which the seed adds as much variance as the clips do."""

MASKS = (100, 200, 300, 500, 1000, 2000, 3000)
"""Numbers of masks that are chosen from, so that boards of different people can be compared."""

MASKS_PER_SEGMENT = 2
"""Fewer masks do not determine the surrogate models."""

ENOUGH_CLIPS = 30
"""Clips of a board before any time is spent on robustness."""

LEAST_AGAIN = 5
"""Clips on which robustness says something."""

SHARE_AGAIN = 0.2
"""Largest share of a run that robustness takes."""

TIMES_AGAIN = 11
"""Variations of an instance that robustness and sanity metrics explain again."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What a run takes, as measured by a pilot; all times are those of one worker."""

    base_s: float  # of an instance, whatever the number of masks
    mask_s: float  # of every drop mask of an instance
    instances_per_clip: float
    workers: int
    heeds: float = 1.0  # share of the explainers that learn from random masks, in [0, 1]

    def clip_s(self, samples: int) -> float:
        """Return the seconds that a clip adds to the run, with all workers at it."""
        each_s = self.base_s + self.mask_s * samples
        return self.instances_per_clip * each_s / self.workers

    def again_s(self, samples: int) -> float:
        """Return the seconds that explaining one instance again adds to the run."""
        return TIMES_AGAIN * (self.base_s + self.mask_s * samples) / self.workers


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user has set, and what there is."""

    most_clips: int  # of the dataset, or as given
    n_segments: int
    samples: int | None = None  # None: to be chosen
    exact_clips: bool = False  # whether `most_clips` were asked for
    robustness: int | None = None  # instances to explain again; None: to be chosen
    samples_again: int = 300


@dataclass(frozen=True, slots=True)
class Choice:
    """What a run does in its time."""

    clips: int
    samples: int
    robustness: int
    seconds: float  # that it is expected to take


def worth(clips: float, samples: int, heeds: float) -> float:
    """Return the number of noiseless clips that tell as much, the mean over pairs of explainers."""
    both = 1 / (1 + NOISE_MASKS / samples)
    one = 1 / (1 + NOISE_MASKS / 2 / samples)
    return clips * ((1 - heeds) ** 2 + 2 * heeds * (1 - heeds) * one + heeds**2 * both)


def allocate(costs: Costs, wishes: Wishes, budget_s: float) -> Choice | None:
    """Choose what is worth most in a time; None if not even one clip fits."""
    asked = wishes.robustness
    again_s = costs.again_s(wishes.samples_again)
    if asked is not None:
        return _best(costs, wishes, budget_s, asked)
    plain = _best(costs, wishes, budget_s, 0)
    if plain is None or again_s <= 0:
        return plain
    count = min(floor(SHARE_AGAIN * budget_s / again_s), wishes.most_clips)
    enough = min(ENOUGH_CLIPS, wishes.most_clips)
    if count < LEAST_AGAIN:
        return plain
    found = _best(costs, wishes, budget_s, count)
    if found is None or found.clips < enough:
        return plain
    return found


def _best(costs: Costs, wishes: Wishes, budget_s: float, again: int) -> Choice | None:
    """Compare all numbers of masks, each with the clips that fit."""
    left_s = budget_s - again * costs.again_s(wishes.samples_again)
    found: list[tuple[float, Choice]] = []
    given = wishes.samples
    for samples in masks_for(wishes.n_segments) if given is None else (given,):
        clip_s = costs.clip_s(samples)
        fit = min(floor(left_s / clip_s + 1e-9), wishes.most_clips)
        if fit < (wishes.most_clips if wishes.exact_clips else 1):
            continue
        taken_s = fit * clip_s + budget_s - left_s
        found.append((worth(fit, samples, costs.heeds), Choice(fit, samples, again, taken_s)))
    return max(found, key=lambda one: one[0])[1] if found else None


def masks_for(n_segments: int) -> tuple[int, ...]:
    """List the numbers of masks to compare, for clips of so many segments."""
    least = MASKS_PER_SEGMENT * n_segments
    return tuple(one for one in MASKS if one >= least) or MASKS[-1:]
