"""``lrp-epsilon`` and ``lrp-flat``: relevance handed back layer by layer, through captum.

The score is shared among the units below in proportion to what they contributed, down to the
features. Without biases nothing is lost or added on the way: the map sums to the score. Biases keep
their share, as does the stabilizer.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from awb.protocols import DifferentiableModel
from awb.specs import ExplainerSpec
from awb_plugins.explainers.segmentwise.postprocessing import finished
from awb_plugins.explainers.spectrogram.hearing import Heard, MapExplainer, MapParameters

if TYPE_CHECKING:
    import torch

    from awb_plugins.explainers.spectrogram.lrp_rules import Composite


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
        ``epsilon`` or ``flat``, see `lrp_rules.set_rules`.
    """

    def __init__(self, parameters: LrpParameters, composite: Composite) -> None:
        from awb_plugins.explainers.spectrogram import lrp_rules

        super().__init__(parameters)
        self._rules = lrp_rules
        self._composite: Composite = composite

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        rules = self._rules
        network = copy.deepcopy(heard.model.back_end).eval()
        rules.fold_normalizations(network, heard.features)
        plain = copy.deepcopy(network)
        first = rules.set_rules(network, heard.features, self._composite, self.parameters.epsilon)
        found = self.captum.LRP(network).attribute(heard.features.clone(), target=heard.target)
        relevance: torch.Tensor = rules.undo_scaling(
            found, plain, plain.get_submodule(first), heard.features
        )
        return relevance


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
        citation="Bach et al. (2015), doi:10.1371/journal.pone.0130140; captum",
        cost="five calls and one backward pass",
        needs=(DifferentiableModel,),
        parameters=LrpParameters,
        factory=finished(_epsilon),
    ),
    ExplainerSpec(
        name="lrp-flat",
        summary="Relevance handed back by positive contributions, spread evenly at the input.",
        citation=(
            "Bach et al. (2015), doi:10.1371/journal.pone.0130140;"
            " Lapuschkin et al. (2019), doi:10.1038/s41467-019-08987-4; captum"
        ),
        cost="five calls and one backward pass",
        needs=(DifferentiableModel,),
        parameters=LrpParameters,
        factory=finished(_flat),
    ),
]
