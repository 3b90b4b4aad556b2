"""``attention-gradients``: attention that raises the score, multiplied through the layers.

Attention says where a token looks, its gradient what the score makes of it. Per layer and head the
two are multiplied, what is negative is dropped, and heads are averaged; layers are multiplied as in
`attention-rollout`, each with the identity for the residual connection. What the tokens that the
scores are read from have of the others is the relevance: the class token's row, or the mean of all
rows where the scores are read from all tokens (GATR). Which they are, the gradient of the last
layer says.

References
----------
Chefer, H., Gur, S., & Wolf, L. (2021). Generic attention-model explainability for interpreting
bi-modal and encoder-decoder transformers. ICCV. arXiv:2103.15679 (weighting=attention)
Chefer, H., Gur, S., & Wolf, L. (2021). Transformer interpretability beyond attention visualization.
CVPR. arXiv:2012.09838 (weighting=relevance; there with other rules of relevance)
Grinberg, P., et al. (2025). What does an audio deepfake detector focus on? A study in the time
domain. ICASSP. arXiv:2501.13887 (tokens averaged)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from awb.protocols import DifferentiableModel
from awb.specs import ExplainerSpec
from awb_plugins.explainers.attention.tokens import cells_of, spread
from awb_plugins.explainers.segmentwise.postprocessing import finished
from awb_plugins.explainers.spectrogram.hearing import Heard, MapExplainer, MapParameters

if TYPE_CHECKING:
    import torch

_READ = 1e-6  # of the largest gradient: less is rounding
_EPSILON = 1e-6


class AttentionGradientsParameters(MapParameters):
    """Settings of `attention-gradients`.

    Attributes
    ----------
    weighting : str
        What the gradient weighs: ``attention`` itself, or its ``relevance`` by `attn-lrp`.
    """

    weighting: Literal["attention", "relevance"] = "attention"


def flow_through(layers: Sequence[torch.Tensor]) -> torch.Tensor:
    """Multiply layers, each with a residual connection, and leave the first residual out.

    Parameters
    ----------
    layers : sequence of torch.Tensor, shape=(tokens, tokens)
        First layer first.

    Returns
    -------
    torch.Tensor, shape=(tokens, tokens)
        Row: a token of the last layer; column: what it has of each input token.
    """
    import torch

    identity = torch.eye(len(layers[0]), dtype=torch.float64)
    flow = identity
    for layer in layers:
        flow = flow + layer.double().cpu() @ flow
    return flow - identity


class AttentionGradients(MapExplainer):
    """Attention weighted by its gradient, from the tokens that are read down to those of audio."""

    def __init__(self, parameters: AttentionGradientsParameters) -> None:
        from awb_plugins.explainers.graph import attention, backprop, lrp

        super().__init__(parameters)
        self._attention, self._backprop, self._lrp = attention, backprop, lrp

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        tape = heard.tape()
        numbers = self._attention.attention_weights(tape)
        _, n_frames, n_bins = heard.features.shape
        n_tokens = tape.values[numbers[0]].shape[-1]
        first_frame = self._attention.first_of_frames(tape, n_tokens, n_frames)
        cells = cells_of(heard.model, n_tokens, (n_frames, n_bins), first_frame)
        slopes = self._backprop.gradients_at(tape, heard.target, numbers)
        weighed = [tape.values[number] for number in numbers]
        if self.parameters.weighting == "relevance":
            seen = self._lrp.propagate(tape, heard.target, "attention", _EPSILON, numbers).seen
            weighed = [seen.get(n, slopes[0] * 0.0) for n in numbers]
        heads = self._attention.heads_of
        layers = [
            (heads(slope) * heads(weight)).clamp(min=0).mean(dim=0)
            for slope, weight in zip(slopes, weighed, strict=True)
        ]
        read = heads(slopes[-1]).abs().amax(dim=(0, 2)).cpu()
        readers = read > _READ * read.max()
        if not readers.any():
            readers = self.torch.ones_like(readers)
        relevance = flow_through(layers)[readers].mean(dim=0).numpy()
        found = spread(relevance, cells, n_frames, n_bins)
        heard.notes.append(f"scores are read from {int(readers.sum())} of {n_tokens} tokens")
        result: torch.Tensor = self.torch.from_numpy(found[np.newaxis])
        return result


SPEC = ExplainerSpec(
    name="attention-gradients",
    summary="Attention times its gradient, multiplied through the layers; unsigned, of the class.",
    citation=(
        "Chefer et al. (2021), arXiv:2103.15679, arXiv:2012.09838;"
        " Grinberg et al. (2025), arXiv:2501.13887"
    ),
    cost="one call and one backward pass",
    needs=(DifferentiableModel,),
    parameters=AttentionGradientsParameters,
    factory=finished(AttentionGradients),
)
