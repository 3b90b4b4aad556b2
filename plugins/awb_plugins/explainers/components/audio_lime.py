"""``audio-lime``: a local linear model of which components of the sound are audible, and when.

References
----------
Haunschmid, V., Manilow, E., & Widmer, G. (2020). audioLIME: Listenable explanations using source
separation. arXiv:2008.00582
Mishra, S., Sturm, B. L., & Dixon, S. (2017). Local interpretable model-agnostic explanations for
music content analysis. ISMIR (SLIME)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import Explanation, Instance
from awb_plugins.explainers.components.players import (
    PartParameters,
    explained,
    files_of,
    load_libraries,
    parts_of,
)
from awb_plugins.explainers.segmentwise.coalitions import uniform_coalitions
from awb_plugins.explainers.segmentwise.lime import proximity
from awb_plugins.explainers.segmentwise.postprocessing import finished


class AudioLimeParameters(PartParameters):
    """Settings of `audio-lime`: those of parts, and the kernel and penalty of `lime`."""

    kernel_width: float = Field(default=0.25, gt=0)
    alpha: float = Field(default=1.0, gt=0)


class AudioLime:
    """Coefficients of a ridge regression from audible parts to the score."""

    def __init__(self, parameters: AudioLimeParameters) -> None:
        from sklearn.linear_model import Ridge

        load_libraries(parameters)
        self._regressor: Any = Ridge
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        settings = self._parameters
        parts = parts_of(perturber, instance, settings)
        dropped = uniform_coalitions(parts.n, settings.samples or perturber.samples, rng)
        weights = proximity(dropped, distance="cosine", kernel_width=settings.kernel_width)
        fit = self._regressor(alpha=settings.alpha).fit(
            (~dropped).astype(np.float64), parts.scores(dropped), sample_weight=weights
        )
        return explained(np.asarray(fit.coef_), parts, perturber, settings)


SPEC = ExplainerSpec(
    name="audio-lime",
    summary="LIME on audible components of the sound, shared over time by their energy.",
    citation="Haunschmid et al. (2020), arXiv:2008.00582; Mishra et al. (2017), ISMIR",
    cost="300 calls of its own",
    parameters=AudioLimeParameters,
    factory=finished(AudioLime),
    files_sha256=files_of,
)
