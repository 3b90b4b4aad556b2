"""``attention-rollout``: attention multiplied through the layers of a transformer.

It says from where information could have flowed to the class tokens, for whichever class: the same
for every target, and never negative.

References
----------
Abnar, S., & Zuidema, W. (2020). Quantifying attention flow in transformers. ACL. arXiv:2005.00928
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from pydantic import Field

from awb.alignment import spans_to_segments
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.protocols import AttentionModel
from awb.specs import ExplainerSpec
from awb.types import Instance
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished

Fusion = Literal["mean", "max", "min"]


class AttentionRolloutParameters(SegmentParameters):
    """Settings of `attention-rollout`.

    Attributes
    ----------
    fusion : str
        How the heads of a layer become one: ``mean``, ``max`` or ``min``.
    residual : float
        Share of each token that comes straight from itself in a layer.
    """

    fusion: Fusion = "mean"
    residual: float = Field(default=0.5, ge=0, lt=1)


def rollout(
    attentions: Iterable[np.ndarray[Any, Any]], *, fusion: Fusion, residual: float
) -> FloatArray:
    """Multiply attention through the layers.

    Parameters
    ----------
    attentions : iterable of np.ndarray, shape=(heads, tokens, tokens)
        Attention of each layer, first layer first.
    fusion : str
        How heads become one.
    residual : float
        Share of the residual connection, in [0, 1).

    Returns
    -------
    np.ndarray, shape=(tokens, tokens)
        Row: a token of the last layer; column: the share of each input token in it. Rows sum to 1.
    """
    flow: FloatArray | None = None
    for heads in attentions:
        fused = getattr(np, fusion)(np.asarray(heads, dtype=np.float64), axis=0)
        fused /= np.maximum(fused.sum(axis=1, keepdims=True), 1e-300)
        layer = (1.0 - residual) * fused + residual * np.eye(len(fused))
        flow = layer if flow is None else layer @ flow
    return np.zeros((0, 0)) if flow is None else flow


class AttentionRollout:
    """The share of every moment in the tokens from which the scores are read.

    Parameters
    ----------
    parameters : AttentionRolloutParameters
        Fusion of heads and share of the residual connection.
    """

    def __init__(self, parameters: AttentionRolloutParameters) -> None:
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray:
        """Explain one instance; see `awb.specs.Explainer`."""
        model = perturber.model_as(AttentionModel)
        waveform = np.array(instance.clip.waveform)
        settings = self._parameters
        flow = rollout(
            model.attentions(waveform), fusion=settings.fusion, residual=settings.residual
        )
        perturber.charge(calls=1)
        spans_s = model.token_spans_s(waveform.size)
        special = np.isnan(spans_s).any(axis=1)
        readers = special if special.any() else np.ones(len(spans_s), dtype=bool)
        return spans_to_segments(flow[readers].mean(axis=0), spans_s, perturber.segments)


SPEC = ExplainerSpec(
    name="attention-rollout",
    summary="Attention multiplied through the layers of a transformer; unsigned, classless.",
    citation="Abnar & Zuidema (2020), arXiv:2005.00928",
    cost="one call",
    needs=(AttentionModel,),
    parameters=AttentionRolloutParameters,
    factory=finished(AttentionRollout),
)
