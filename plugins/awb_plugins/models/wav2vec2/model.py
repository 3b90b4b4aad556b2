"""Classifiers of transformers over waveforms, each clip normalized by itself.

Conventions
-----------
Each clip is normalized on its own, as its checkpoint's feature extractor says. The clips of a batch
have one length, so that none is padded and no mask is needed; a clip that is shorter than the first
convolutions reach is followed by zeros.

The front end is the normalization, and the features are its samples: frames of one sample in one
bin. Gradient explainers find the relevance of each sample at the level at which the network hears
it, and the dropped clip that they compare with is the silence that the network hears. At the raw
samples a normalized network cannot tell half the level from the whole: the way from silence to the
clip would be decided in its first thousandth, where no quadrature looks, and gradient times input
would sum to 0. The front end is differentiable too, so that the score can be differentiated with
respect to raw samples through both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import torch
from torch import nn

from awb.errors import WeightsError
from awb.intervals import FloatArray, IntArray
from awb.types import AudioArray
from awb_plugins.models import checkpoints
from awb_plugins.models.checkpoint_classifiers import CheckpointModel, Computing, load_classifier
from awb_plugins.models.checkpoints import Problem
from awb_plugins.models.memory import autocast
from awb_plugins.models.tokens import TokenMaps
from awb_plugins.models.wav2vec2.parameters import Wav2Vec2Parameters

NAME = "wav2vec2"
_TINY = 1e-7  # as in Wav2Vec2FeatureExtractor, so that silence does not divide by zero


class Samples(nn.Module):
    """Waveforms to the samples that the network hears, one a frame.

    Parameters
    ----------
    normalizes : bool
        Whether each clip is brought to mean 0 and variance 1, as the checkpoint was trained.
    """

    def __init__(self, normalizes: bool) -> None:
        super().__init__()
        self._normalizes = normalizes

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Turn ``(batch, samples)`` into ``(batch, samples, 1)``."""
        if not self._normalizes:
            return waveforms[..., None]
        centered = waveforms - waveforms.mean(dim=1, keepdim=True)
        variance = centered.square().mean(dim=1, keepdim=True)
        return (centered / torch.sqrt(variance + _TINY))[..., None]


class Classifier(nn.Module):
    """Samples to log-odds.

    Parameters
    ----------
    network : transformers.PreTrainedModel
        The network.
    shortest : int
        Samples that it needs; shorter clips are followed by zeros.
    problem : str
        ``multi-label`` or ``single-label``.
    """

    def __init__(self, network: Any, shortest: int, problem: Problem) -> None:
        super().__init__()
        self.network = network
        self._shortest = shortest
        self._problem = problem

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Score samples ``(batch, samples, 1)``, giving log-odds ``(batch, classes)``."""
        missing = max(0, self._shortest - features.shape[1])
        samples = nn.functional.pad(features[..., 0], (0, missing))
        logits = self.network(samples).logits
        return checkpoints.log_odds(logits, self._problem)

    def last_convolution(self) -> str:
        """Return the name of the last convolution before the transformer."""
        layers = self.network.base_model.feature_extractor.named_modules()
        name = [name for name, layer in layers if isinstance(layer, nn.Conv1d)][-1]
        return f"network.{self.network.base_model_prefix}.feature_extractor.{name}"


class Wav2Vec2(CheckpointModel):
    """A classifier of waveforms: differentiable, its features are samples.

    Parameters
    ----------
    network : transformers.PreTrainedModel
        A model for audio classification with its weights, on the CPU.
    extractor : transformers.Wav2Vec2FeatureExtractor
        Says rate and normalization.
    problem : str
        ``multi-label`` or ``single-label``.
    **computing
        As for `CheckpointModel`.

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
        **computing: Unpack[Computing],
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
        super().__init__(
            NAME, network, extractor, classes=checkpoints.class_names(config.id2label), **computing
        )
        self._convolutions = [*zip(kernels, strides, strict=True)]
        self._shortest = shortest_input(kernels, strides)
        self.front_end: nn.Module = Samples(bool(extractor.do_normalize))
        back_end = Classifier(network.to(self.device), self._shortest, problem).eval()
        self.back_end: nn.Module = back_end
        self.last_convolution = back_end.last_convolution()
        blocks, strides_product = int(config.num_hidden_layers), int(np.prod(strides))
        name = f"network.{network.base_model_prefix}.encoder.layers.{blocks - 1}"
        self.token_maps = TokenMaps(name, frames=strides_product)

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each frame, which is a sample, ``shape=(n_frames,)``."""
        return (np.arange(n_frames, dtype=np.float64) + 0.5) / self.sample_rate_hz

    def token_cells(self, n_frames: int, n_bins: int) -> IntArray:
        """Return the samples of each token; see `awb.protocols.TokenModel`.

        They are those around the middle of what it hears, from half way to the token before to half
        way to the token after it.
        """
        count, step = max(n_frames, self._shortest), 1
        for kernel, stride in self._convolutions:
            count, step = (count - kernel) // stride + 1, step * stride
        first = np.arange(count, dtype=np.int64) * step + (self._shortest - step) // 2
        whole = np.zeros_like(first)
        return np.stack([first, first + step, whole, whole + n_bins], axis=1)

    def token_spans_s(self, n_samples: int) -> FloatArray:
        """Return start and end of each token's audio in seconds, ``shape=(tokens, 2)``."""
        return np.minimum(self.token_cells(n_samples, 1)[:, :2], n_samples) / self.sample_rate_hz

    def tensor_scores(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Score waveforms ``(batch, samples)``, giving log-odds ``(batch, classes)``."""
        with autocast(self.device, self.precision):
            scores: torch.Tensor = self.back_end(self.front_end(waveforms.to(self.device)))
        return scores

    def _forward(self, waveforms: AudioArray) -> torch.Tensor:
        with torch.inference_mode():
            return self.tensor_scores(torch.tensor(waveforms))


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
