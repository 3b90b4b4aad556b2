"""Classifiers of transformers over waveforms, with right padding and masks.

Conventions
-----------
Each clip is normalized on its own, as its checkpoint's feature extractor says. Clips of different
lengths, and clips shorter than the first convolutions reach, are followed by zeros. A mask tells
the network where they end, except in networks that were trained without masks (those whose
convolutions use group normalization): the extractor's ``return_attention_mask`` says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from awb.errors import WeightsError
from awb.protocols import ScoreArray
from awb.types import AudioArray
from awb_plugins.models import checkpoints
from awb_plugins.models.ast import audioset_classes
from awb_plugins.models.checkpoint_classifiers import load_classifier
from awb_plugins.models.checkpoints import Problem
from awb_plugins.models.memory import FittingBatches, Precision, autocast
from awb_plugins.models.randomizing import randomized_twin
from awb_plugins.models.wav2vec2 import Wav2Vec2Parameters

NAME = "wav2vec2"
_BATCH = {"cpu": 4}
_BATCH_ELSEWHERE = 32
_TINY = 1e-7  # as in Wav2Vec2FeatureExtractor, so that silence does not divide by zero


class Wav2Vec2:
    """A classifier of waveforms.

    Parameters
    ----------
    network : transformers.PreTrainedModel
        A model for audio classification with its weights, on the CPU.
    extractor : transformers.Wav2Vec2FeatureExtractor
        Says rate, normalization and masks.
    problem : str
        ``multi-label`` or ``single-label``.
    device : torch.device
        Where to compute.
    batch_size : int or None
        Clips in a batch; None for what suits the device.
    precision : str
        ``float32``, or what the network computes in under torch's autocast.
    notes : tuple of str
        What a reader of the board must know.

    Attributes
    ----------
    device : torch.device
        Where it computes.
    revision : str or None
        Commit of the checkpoint, where it came from the hub.

    Raises
    ------
    WeightsError
        If the network does not hear waveforms.
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
        kernels, strides = (
            getattr(config, "conv_kernel", None),
            getattr(config, "conv_stride", None),
        )
        if not kernels or not strides or "input_values" not in extractor.model_input_names:
            raise WeightsError(
                f"{NAME}: a {config.model_type} does not hear waveforms; for a spectrogram"
                " transformer type --model ast:checkpoint=..."
            )
        self.sample_rate_hz = int(extractor.sampling_rate)
        self.classes: Sequence[str] = checkpoints.class_names(config.id2label)
        self.mids: Sequence[str] = checkpoints.mids_of(self.classes, audioset_classes())
        self.weights_sha256 = checkpoints.weights_sha256(network)
        self.revision = getattr(config, "_commit_hash", None)
        self.batch_size = batch_size or _BATCH.get(device.type, _BATCH_ELSEWHERE)
        self._batches = FittingBatches(self.batch_size, NAME)
        self._shortest = shortest_input(kernels, strides)
        self._normalizes = bool(extractor.do_normalize)
        self._masks = bool(extractor.return_attention_mask)
        self._problem = problem
        self._network = network.to(device)
        self.device = device
        self.precision = precision
        self.notes = notes

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score clips of one length in batches that fit the memory.

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

    def scores_of(self, waveforms: Sequence[AudioArray]) -> ScoreArray:
        """Score clips of different lengths together, the shorter ones padded and masked.

        Parameters
        ----------
        waveforms : sequence of np.ndarray, shape=(samples,), dtype=float32
            Samples in [-1, 1].

        Returns
        -------
        np.ndarray, shape=(clips, classes), dtype=float32
            Log-odds.
        """
        found: ScoreArray = self._forward(waveforms).float().cpu().numpy()
        return found

    def randomized(self, share: float, rng: np.random.Generator) -> Wav2Vec2:
        """Return a twin with randomized layers; see `awb.protocols.RandomizableModel`."""
        return randomized_twin(self, share, rng, module="_network")

    def _forward(self, waveforms: Sequence[AudioArray] | AudioArray) -> torch.Tensor:
        inputs, mask = self._padded(waveforms)
        padded = self._masks and not bool(mask.all())
        with torch.inference_mode(), autocast(self.device, self.precision):
            logits = self._network(
                inputs.to(self.device),
                attention_mask=mask.to(self.device) if padded else None,
            ).logits
            return checkpoints.log_odds(logits, self._problem)

    def _padded(
        self, waveforms: Sequence[AudioArray] | AudioArray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Normalize each clip, and put zeros after the shorter ones."""
        lengths = [len(waveform) for waveform in waveforms]
        shape = (len(lengths), max(self._shortest, *lengths))
        inputs, mask = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.int64)
        for row, waveform in enumerate(waveforms):
            inputs[row, : lengths[row]] = self._normalized(waveform)
            mask[row, : max(lengths[row], self._shortest)] = 1
        return torch.from_numpy(inputs), torch.from_numpy(mask)

    def _normalized(self, waveform: AudioArray) -> AudioArray:
        """Bring a clip to mean 0 and variance 1, if the checkpoint was trained so."""
        if not self._normalizes:
            return waveform
        centered = waveform - waveform.mean()
        normalized: AudioArray = centered / np.sqrt(waveform.var() + _TINY)
        return normalized


def shortest_input(kernels: Sequence[int], strides: Sequence[int]) -> int:
    """Return how many samples the convolutions need to give one frame.

    Parameters
    ----------
    kernels, strides : sequence of int
        Of each convolution, first to last.

    Returns
    -------
    int
        Samples.

    Examples
    --------
    >>> shortest_input((10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2))
    400
    """
    samples = 1
    for kernel, stride in zip(reversed(kernels), reversed(strides), strict=True):
        samples = (samples - 1) * stride + kernel
    return samples


def load(parameters: Wav2Vec2Parameters) -> Wav2Vec2:
    """Load a checkpoint.

    Parameters
    ----------
    parameters : Wav2Vec2Parameters
        Which, and where to compute.

    Returns
    -------
    Wav2Vec2
        The model.

    Raises
    ------
    WeightsError
        If the checkpoint cannot be had, lacks weights, or does not hear waveforms.
    ParameterError
        If there is no such device.
    """
    from transformers import AutoFeatureExtractor, AutoModelForAudioClassification

    families = (AutoModelForAudioClassification, AutoFeatureExtractor)
    return Wav2Vec2(**load_classifier(parameters, NAME, families))
