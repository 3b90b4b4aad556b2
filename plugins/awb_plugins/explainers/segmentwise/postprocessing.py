"""What every segment explainer can do with its answer: smooth it along time, drop its sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any, Literal

import numpy as np
from pydantic import Field

from awb.errors import NotApplicableError
from awb.perturbation import Perturber
from awb.specs import Explainer, Parameters
from awb.types import Explanation, Instance
from awb_plugins.explainers.segmentwise.smoothing import Smoothing, smooth


class SegmentParameters(Parameters):
    """Settings of every segment explainer.

    Attributes
    ----------
    smoothing : str
        Prior along time: ``none``, ``moving-average``, ``gaussian-process``, ``total-variation``.
        It buys localization and loses fidelity.
    smoothing_s : float
        Time scale of the smoothing in seconds.
    sign : str
        ``signed``, or ``absolute`` for how much a segment matters either way. It is dropped after
        the smoothing, so that noise of both signs cancels first.
    """

    smoothing: Smoothing = "none"
    smoothing_s: float = Field(default=0.5, gt=0)
    sign: Literal["signed", "absolute"] = "signed"


def need_equal_segments(perturber: Perturber, setting: str) -> None:
    """Refuse a setting in seconds where segments follow the sound and differ in length."""
    if perturber.n_segments != perturber.segments.n:
        raise NotApplicableError(f"{setting} needs segments of one length (run without --segments)")


class Finished:
    """An explainer followed by the smoothing and the sign that its parameters ask for."""

    def __init__(self, explainer: Explainer, parameters: SegmentParameters) -> None:
        if parameters.smoothing == "total-variation":
            import_module("scipy.optimize")  # now, so that limits on threads find its libraries
        self._explainer = explainer
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        found = self._explainer(perturber, instance, rng)
        plain = found if isinstance(found, Explanation) else Explanation(found)
        settings = self._parameters
        if settings.smoothing != "none":
            need_equal_segments(perturber, "smoothing")
        width = settings.smoothing_s / perturber.segments.hop_s
        relevance = smooth(plain.relevance, settings.smoothing, width)
        if settings.sign == "absolute":
            relevance = np.abs(relevance)
        # The error of a smoothed value is not that of the plain one.
        uncertainty = plain.uncertainty if settings.smoothing == "none" else None
        return replace(plain, relevance=relevance, uncertainty=uncertainty)


def finished(factory: Callable[[Any], Explainer]) -> Callable[[Any], Explainer]:
    """Wrap a factory, so that what it makes obeys `SegmentParameters`."""
    return lambda parameters: Finished(factory(parameters), parameters)
