"""The baselines that every board carries: four nulls, and the labels themselves."""

from __future__ import annotations

import numpy as np

from awb.alignment import cells_to_segments
from awb.errors import NotApplicableError
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import Instance


def random(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> FloatArray:
    """Draw relevance from a standard normal distribution; see `awb.specs.Explainer`."""
    return rng.standard_normal(perturber.n_segments)


def constant(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> FloatArray:
    """Give every segment the same relevance; see `awb.specs.Explainer`."""
    return np.ones(perturber.n_segments)


def energy(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> FloatArray:
    """Take a segment's root mean square for its relevance; see `awb.specs.Explainer`."""
    segments = perturber.segments
    edges = segments.edges_samples
    power = np.square(instance.clip.waveform, dtype=np.float64)
    per_cell = np.sqrt(np.add.reduceat(power, edges[:-1]) / np.diff(edges))
    return cells_to_segments(per_cell, segments)


def keep_nearly_all(
    perturber: Perturber, instance: Instance, rng: np.random.Generator
) -> FloatArray:
    """Drop the quietest segment alone, of several one at random; see `awb.specs.Explainer`."""
    loudness = energy(perturber, instance, rng)
    relevance = np.ones(perturber.n_segments)
    relevance[rng.choice(np.flatnonzero(loudness == loudness.min()))] = 0.0
    return relevance


def oracle(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> FloatArray:
    """Take the labels: the covered part of each segment; see `awb.specs.Explainer`."""
    if len(instance.intervals_s) == 0:
        raise NotApplicableError("the label is the whole clip's, without annotated times")
    return cells_to_segments(perturber.segments.coverage(instance.intervals_s), perturber.segments)


SPECS = [
    ExplainerSpec(
        name="random",
        summary="Random numbers: what chance scores.",
        citation="awb, docs/reading-a-board.md, Rows without a place",
        cost="none",
        baseline=True,
        factory=lambda _: random,
    ),
    ExplainerSpec(
        name="constant",
        summary="The same relevance everywhere: what ties score.",
        citation="awb, docs/reading-a-board.md, Rows without a place",
        cost="none",
        baseline=True,
        factory=lambda _: constant,
    ),
    ExplainerSpec(
        name="energy",
        summary="Loudness of each segment: what a model-blind guess scores.",
        citation="awb, docs/reading-a-board.md, Rows without a place",
        cost="none",
        baseline=True,
        factory=lambda _: energy,
    ),
    ExplainerSpec(
        name="keep-nearly-all",
        summary="Every segment but the quietest: what a mask that drops nothing scores.",
        citation="awb, docs/reading-a-board.md, Rows without a place",
        cost="none",
        baseline=True,
        factory=lambda _: keep_nearly_all,
    ),
    ExplainerSpec(
        name="oracle",
        summary="The labels themselves: what perfect localization scores.",
        citation="awb, docs/reading-a-board.md, Rows without a place",
        cost="none",
        baseline=True,
        sees_labels=True,
        factory=lambda _: oracle,
    ),
]
