"""``fast-shap``: Shapley values of windows of a second by a network that was trained to give them.

References
----------
Jethani, N., Sudarshan, M., Covert, I., Lee, S.-I., & Ranganath, R. (2022). FastSHAP: Real-time
Shapley value estimation. ICLR. arXiv:2107.07436
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from awb.alignment import cells_to_segments
from awb.errors import NotApplicableError
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.protocols import AudioModel
from awb.specs import Explainer, ExplainerSpec
from awb.training import ExplainerTrainer
from awb.types import Explanation, Instance
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished
from awb_plugins.explainers.trained.windows import shared_evenly, window_edges
from awb_plugins.training.explainer_files import learned

NAME = "fast-shap"


class FastShapParameters(SegmentParameters):
    """Settings of `fast-shap`.

    Attributes
    ----------
    weights : Path or None
        The trained network; None for the one that ``awb train explainer:fast-shap`` wrote for the
        model.
    """

    weights: Path | None = None


class FastShap:
    """The network's values of the windows, corrected to sum to the score's rise."""

    def __init__(self, parameters: FastShapParameters) -> None:
        from awb_plugins.explainers.trained.warm import Trained
        from awb_plugins.explainers.trained.window_network import from_state

        self._trained = Trained(NAME, parameters.weights, from_state)

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        import torch

        from awb_plugins.explainers.trained.window_network import efficient

        model = perturber.model_as(AudioModel)
        ready = self._trained.for_model(model, perturber)
        column = ready.column(model.classes[instance.class_index])
        if perturber.fill.any():
            raise NotApplicableError(f"{NAME} has learned what silence does: it needs masker zeros")
        clip = instance.clip
        edges = window_edges(clip.waveform.size, clip.sample_rate_hz)
        rise = torch.tensor(perturber.clip_score() - perturber.dropped_score())
        with torch.inference_mode():
            values = ready.network(torch.tensor(clip.waveform[np.newaxis]), edges)[0, :, column]
            found: FloatArray = efficient(values.double(), rise).numpy()
        cells = shared_evenly(found, edges, perturber.segments.edges_samples)
        return Explanation(cells_to_segments(cells, perturber.segments), notes=(ready.note,))


def _trainer(parameters: Any) -> ExplainerTrainer:
    from awb_plugins.explainers.trained import fast_shap_training
    from awb_plugins.training.explainers import FittingTrainer

    return FittingTrainer(NAME, parameters.weights, fast_shap_training.fit)


def _files(parameters: Any, weights_sha256: str) -> str:
    return learned(NAME, weights_sha256, parameters.weights)


def _make(parameters: Any) -> Explainer:
    return FastShap(parameters)


SPEC = ExplainerSpec(
    name=NAME,
    summary="Shapley values of windows of 1 s by a network trained for the model.",
    citation="Jethani et al. (2022), arXiv:2107.07436",
    cost="two calls and one that tells the model, after a training (awb train explainer:fast-shap)",
    parameters=FastShapParameters,
    path_parameter="weights",
    factory=finished(_make),
    trainable=_trainer,
    files_sha256=_files,
)
