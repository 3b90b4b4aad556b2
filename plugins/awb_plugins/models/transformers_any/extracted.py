"""Classifiers of transformers behind their own feature extractor, which runs clip by clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from awb.errors import WeightsError
from awb.protocols import ScoreArray
from awb.types import AudioArray
from awb_plugins.models import checkpoints
from awb_plugins.models.audioset_labels import audioset_classes
from awb_plugins.models.checkpoints import Problem
from awb_plugins.models.memory import FittingBatches, Precision, autocast
from awb_plugins.models.randomizing import randomized_twin

NAME = "transformers"
_BATCH = {"cpu": 4}
_BATCH_ELSEWHERE = 32


class Extracted:
    """A classifier and its feature extractor.

    Parameters
    ----------
    network : transformers.PreTrainedModel
        A model for audio classification with its weights, on the CPU.
    extractor : transformers.SequenceFeatureExtractor
        Turns waveforms into what the network takes.
    problem : str
        ``multi-label`` or ``single-label``.
    device : torch.device
        Where the network computes.
    batch_size : int or None
        Clips in a batch; None for what suits the device.
    precision : str
        ``float32``, or what the network computes in under torch's autocast.
    notes : tuple of str
        What a reader of the board must know.

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
        device: torch.device,
        batch_size: int | None,
        precision: Precision = "float32",
        notes: tuple[str, ...] = (),
    ) -> None:
        config = network.config
        if not getattr(extractor, "sampling_rate", None):
            raise WeightsError(
                f"{NAME}: the feature extractor of this {config.model_type} says no sampling_rate;"
                " does it hear audio?"
            )
        self.sample_rate_hz = int(extractor.sampling_rate)
        self.classes: Sequence[str] = checkpoints.class_names(config.id2label)
        self.mids: Sequence[str] = checkpoints.mids_of(self.classes, audioset_classes())
        self.weights_sha256 = checkpoints.weights_sha256(network)
        self.revision = getattr(config, "_commit_hash", None)
        self.batch_size = batch_size or _BATCH.get(device.type, _BATCH_ELSEWHERE)
        self._batches = FittingBatches(self.batch_size, NAME)
        self._problem = problem
        self._network = network.to(device)
        self._extractor = extractor
        self.device = device
        self.precision = precision
        self.notes = notes

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score clips in batches that fit the memory.

        Parameters
        ----------
        waveforms : np.ndarray, shape=(batch, samples), dtype=float32
            Samples in [-1, 1].

        Returns
        -------
        np.ndarray, shape=(batch, classes), dtype=float32
            Log-odds.
        """
        return self._batches.scores(waveforms, self._forward)

    def randomized(self, share: float, rng: np.random.Generator) -> Extracted:
        """Return a twin with randomized layers; see `awb.protocols.RandomizableModel`."""
        return randomized_twin(self, share, rng, module="_network")

    def _forward(self, waveforms: AudioArray) -> torch.Tensor:
        given = self._extractor(
            list(waveforms), sampling_rate=self.sample_rate_hz, return_tensors="pt"
        )
        with torch.inference_mode(), autocast(self.device, self.precision):
            logits = self._network(**given.to(self.device)).logits
            return checkpoints.log_odds(logits, self._problem)
