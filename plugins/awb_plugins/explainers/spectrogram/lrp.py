"""``lrp-epsilon`` and ``lrp-flat``: relevance handed back operation by operation.

The score is shared among the units below in proportion to what they contributed, down to the
features. Biases and other constants keep their share, as does the stabilizer: the map sums to the
rest of the score. A note says how much each holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from awb.protocols import DifferentiableModel
from awb.specs import ExplainerSpec
from awb_plugins.explainers.segmentwise.postprocessing import finished
from awb_plugins.explainers.spectrogram.hearing import Heard, MapExplainer, MapParameters

if TYPE_CHECKING:
    import torch

    from awb_plugins.explainers.graph.lrp import Composite


class LrpParameters(MapParameters):
    """Settings of LRP: ``epsilon`` stabilizes divisions, and absorbs what is weak."""

    epsilon: float = Field(default=1e-6, gt=0)


class Lrp(MapExplainer):
    """Layer-wise relevance propagation with a composite of rules.

    Parameters
    ----------
    parameters : LrpParameters
        Stabilizer.
    composite : str
        ``epsilon`` or ``flat``, see `awb_plugins.explainers.graph.lrp.propagate`.
    """

    def __init__(self, parameters: LrpParameters, composite: Composite) -> None:
        from awb_plugins.explainers.graph import lrp

        super().__init__(parameters)
        self._rules = lrp
        self._composite: Composite = composite

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        found = self._rules.propagate(
            heard.tape(), heard.target, self._composite, self.parameters.epsilon
        )
        heard.notes.append(found.note("features"))
        return found.relevance


def _epsilon(parameters: LrpParameters) -> Lrp:
    """Make ``lrp-epsilon``."""
    return Lrp(parameters, "epsilon")


def _flat(parameters: LrpParameters) -> Lrp:
    """Make ``lrp-flat``."""
    return Lrp(parameters, "flat")


SPECS = [
    ExplainerSpec(
        name="lrp-epsilon",
        summary="Relevance handed back layer by layer in proportion to contributions.",
        citation=(
            "Bach et al. (2015), doi:10.1371/journal.pone.0130140;"
            " Achtibat et al. (2024), arXiv:2402.05602"
        ),
        cost="one call and one backward pass",
        needs=(DifferentiableModel,),
        parameters=LrpParameters,
        factory=finished(_epsilon),
    ),
    ExplainerSpec(
        name="lrp-flat",
        summary="Relevance handed back by positive contributions, spread evenly at the input.",
        citation=(
            "Bach et al. (2015), doi:10.1371/journal.pone.0130140;"
            " Lapuschkin et al. (2019), doi:10.1038/s41467-019-08987-4"
        ),
        cost="one call and one backward pass",
        needs=(DifferentiableModel,),
        parameters=LrpParameters,
        factory=finished(_flat),
    ),
]
