"""``saliency``: gradients at the features, through captum."""

from __future__ import annotations

from typing import Any

import numpy as np

from awb.alignment import map_to_segments
from awb.perturbation import Perturber
from awb.protocols import DifferentiableModel
from awb.specs import ExplainerSpec, Parameters
from awb.types import Explanation, Instance


class Saliency:
    """Absolute gradient of the score at the model's features, summed over frequency.

    Parameters
    ----------
    parameters : Parameters
        None.
    """

    def __init__(self, parameters: Parameters) -> None:
        import torch
        from captum.attr import Saliency as CaptumSaliency

        self._torch: Any = torch
        self._method: Any = CaptumSaliency

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        model = perturber.model_as(DifferentiableModel)
        waveform = self._torch.from_numpy(np.array(instance.clip.waveform)[np.newaxis])
        with self._torch.no_grad():
            features = model.front_end(waveform)
        gradients = self._method(model.back_end).attribute(
            features.requires_grad_(), target=instance.class_index
        )
        perturber.charge(calls=1)
        relevance_map = gradients[0].detach().numpy().astype(np.float64)
        relevance = map_to_segments(
            relevance_map, model.frame_centers_s(len(relevance_map)), perturber.segments
        )
        return Explanation(relevance, relevance_map)


SPEC = ExplainerSpec(
    name="saliency",
    summary="Absolute gradient of the score at the spectrogram, summed over frequency; unsigned.",
    citation="Simonyan et al. (2013), arXiv:1312.6034; Kokhlikyan et al. (2020), arXiv:2009.07896",
    cost="one call and one backward pass",
    needs=(DifferentiableModel,),
    factory=Saliency,
)
