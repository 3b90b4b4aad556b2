"""Classifiers of transformers behind their own feature extractor, which runs clip by clip."""

from __future__ import annotations

from typing import Any, Self, Unpack

import numpy as np
import torch

from awb.errors import WeightsError
from awb.types import AudioArray
from awb_plugins.models import checkpoints
from awb_plugins.models.checkpoint_classifiers import CheckpointModel, Computing
from awb_plugins.models.checkpoints import Problem
from awb_plugins.models.memory import autocast
from awb_plugins.models.randomizing import randomized_twin

NAME = "transformers"


class Extracted(CheckpointModel):
    """A classifier and its feature extractor.

    Parameters
    ----------
    network : transformers.PreTrainedModel
        A model for audio classification with its weights, on the CPU.
    extractor : transformers.SequenceFeatureExtractor
        Turns waveforms into what the network takes.
    problem : str
        ``multi-label`` or ``single-label``.
    **computing
        As for `CheckpointModel`.

    Raises
    ------
    WeightsError
        If the extractor says no sample rate.
    """

    def __init__(
        self,
        network: Any,
        extractor: Any,
        *,
        problem: Problem,
        **computing: Unpack[Computing],
    ) -> None:
        config = network.config
        if not getattr(extractor, "sampling_rate", None):
            raise WeightsError(
                f"{NAME}: the feature extractor of this {config.model_type} says no sampling_rate;"
                " does it hear audio?"
            )
        super().__init__(
            NAME, network, extractor, classes=checkpoints.class_names(config.id2label), **computing
        )
        self._problem = problem
        self._network = network.to(self.device)
        self._extractor = extractor

    def randomized(self, share: float, rng: np.random.Generator) -> Self:
        """Return a twin with randomized layers; see `awb.protocols.RandomizableModel`."""
        return randomized_twin(self, share, rng, module="_network")

    def _forward(self, waveforms: AudioArray) -> torch.Tensor:
        given = self._extractor(
            list(waveforms), sampling_rate=self.sample_rate_hz, return_tensors="pt"
        )
        with torch.inference_mode(), autocast(self.device, self.precision):
            logits = self._network(**given.to(self.device)).logits
            return checkpoints.log_odds(logits, self._problem)
