"""``l-mac``: a decoder that was trained to keep what a classifier decides by.

References
----------
Paissan, F., Ravanelli, M., & Subakan, C. (2024). Listenable maps for audio classifiers. ICML.
arXiv:2403.13086
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from awb.alignment import Aggregation, map_to_segments
from awb.perturbation import Perturber
from awb.protocols import SpectrogramModel
from awb.specs import Explainer, ExplainerSpec
from awb.training import ExplainerTrainer
from awb.types import Explanation, Instance
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished
from awb_plugins.training.explainer_files import learned

NAME = "l-mac"


class LMacParameters(SegmentParameters):
    """Settings of `l-mac`.

    Attributes
    ----------
    weights : Path or None
        The trained decoder; None for the one that ``awb train explainer:l-mac`` wrote for the
        model.
    aggregation : str
        How the mask's points become segments.
    """

    weights: Path | None = None
    aggregation: Aggregation = "sum"


class LMac:
    """The mask that the decoder makes of one forward pass."""

    def __init__(self, parameters: LMacParameters) -> None:
        from awb_plugins.explainers.trained.decoder import from_state
        from awb_plugins.explainers.trained.warm import Trained

        self._parameters = parameters
        self._trained = Trained(NAME, parameters.weights, from_state)

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        import torch

        from awb_plugins.explainers.trained.decoder import Encoded

        model = perturber.model_as(SpectrogramModel)
        ready = self._trained.for_model(model, perturber)
        column = ready.column(model.classes[instance.class_index])
        encoded = Encoded(model)
        with torch.inference_mode():
            waveform = torch.tensor(instance.clip.waveform[np.newaxis]).to(encoded.device)
            features, hidden, _ = encoded(waveform)
            mask = ready.network(features.cpu(), hidden.cpu(), torch.tensor([column]))[0]
        perturber.charge(calls=1)
        found = mask.double().numpy()
        centers_s = model.frame_centers_s(len(found))
        relevance = map_to_segments(
            found, centers_s, perturber.segments, aggregation=self._parameters.aggregation
        )
        return Explanation(relevance, found, notes=(ready.note,))


def _trainer(parameters: Any) -> ExplainerTrainer:
    from awb_plugins.explainers.trained import l_mac_training
    from awb_plugins.training.explainers import FittingTrainer

    return FittingTrainer(NAME, parameters.weights, l_mac_training.fit)


def _files(parameters: Any, weights_sha256: str) -> str:
    return learned(NAME, weights_sha256, parameters.weights)


def _make(parameters: Any) -> Explainer:
    return LMac(parameters)


SPEC = ExplainerSpec(
    name=NAME,
    summary="Mask of a decoder trained for the model, to keep what it decides by; then one call.",
    citation="Paissan et al. (2024), arXiv:2403.13086",
    cost="one call and one that tells the model, after a training (awb train explainer:l-mac)",
    needs=(SpectrogramModel,),
    parameters=LMacParameters,
    path_parameter="weights",
    factory=finished(_make),
    trainable=_trainer,
    files_sha256=_files,
)
