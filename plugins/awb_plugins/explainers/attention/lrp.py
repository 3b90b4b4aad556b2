"""``attn-lrp``: relevance through the weights of attention, to what was asked and what answered.

`lrp-epsilon` takes the weights of attention for constants, and all relevance goes to the values
that they weigh. Here half of it goes to the weights, through the softmax by its expansion, and from
there to queries and keys: so it also says why the network looked there. Linear layers, norms and
activations have the same rules in both. Biases and the constant of the softmax's expansion keep
their share; a note says how much.

References
----------
Achtibat, R., et al. (2024). AttnLRP: attention-aware layer-wise relevance propagation for
transformers. ICML. arXiv:2402.05602
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from awb.protocols import DifferentiableModel
from awb.specs import ExplainerSpec
from awb_plugins.explainers.segmentwise.postprocessing import finished
from awb_plugins.explainers.spectrogram.hearing import Heard, MapExplainer
from awb_plugins.explainers.spectrogram.lrp import LrpParameters

if TYPE_CHECKING:
    import torch


class AttnLrp(MapExplainer):
    """Layer-wise relevance propagation that goes through attention.

    Parameters
    ----------
    parameters : LrpParameters
        Stabilizer.
    """

    def __init__(self, parameters: LrpParameters) -> None:
        from awb_plugins.explainers.graph import attention, lrp

        super().__init__(parameters)
        self._attention, self._rules = attention, lrp

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        tape = heard.tape()
        self._attention.attention_weights(tape)  # without attention it would be lrp-epsilon
        found = self._rules.propagate(tape, heard.target, "attention", self.parameters.epsilon)
        heard.notes.append(found.note("features"))
        return found.relevance


SPEC = ExplainerSpec(
    name="attn-lrp",
    summary="Relevance handed back through attention, its weights and its values alike.",
    citation="Achtibat et al. (2024), arXiv:2402.05602",
    cost="one call and one backward pass",
    needs=(DifferentiableModel,),
    parameters=LrpParameters,
    factory=finished(AttnLrp),
)
