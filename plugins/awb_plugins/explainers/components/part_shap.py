"""``part-shap``: Shapley values of components of the sound, shared over time by their energy.

References
----------
Lundberg, S. M., & Lee, S.-I. (2017). A unified approach to interpreting model predictions. NeurIPS.
arXiv:1705.07874
Covert, I., & Lee, S.-I. (2021). Improving KernelSHAP: practical Shapley value estimation using
linear regression. AISTATS. arXiv:2012.01536
Haunschmid, V., Manilow, E., & Widmer, G. (2020). audioLIME: Listenable explanations using source
separation. arXiv:2008.00582
"""

from __future__ import annotations

import numpy as np

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
from awb_plugins.explainers.segmentwise.coalitions import shapley_coalitions
from awb_plugins.explainers.segmentwise.kernel_shap import (
    constrained_least_squares,
    kernel_weights,
)
from awb_plugins.explainers.segmentwise.postprocessing import finished


class PartShap:
    """Shapley values of parts; they sum to ``f(clip) - f(silence)``."""

    def __init__(self, parameters: PartParameters) -> None:
        load_libraries(parameters)
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        settings = self._parameters
        parts = parts_of(perturber, instance, settings)
        clip, silence = parts.scores(np.array([[False], [True]]).repeat(parts.n, axis=1))
        values = np.array([clip - silence])
        if parts.n > 1:
            drop_parts = shapley_coalitions(parts.n, settings.samples or perturber.samples, rng)
            values = constrained_least_squares(
                (~drop_parts).astype(np.float64),
                parts.scores(drop_parts) - silence,
                kernel_weights(drop_parts),
                float(clip - silence),
            )
        return explained(values, parts, perturber, settings)


SPEC = ExplainerSpec(
    name="part-shap",
    summary="Shapley values of audible components of the sound, shared over time by energy.",
    citation="Lundberg & Lee (2017), arXiv:1705.07874; Covert & Lee (2021), arXiv:2012.01536;"
    " Haunschmid et al. (2020), arXiv:2008.00582",
    cost="302 calls of its own",
    parameters=PartParameters,
    factory=finished(PartShap),
    files_sha256=files_of,
)
