"""Whisper's encoder as a classifier: differentiable, its features are log-mel frames.

Whisper always hears 30 s. Its front end gives the frames that the clip reaches, and the back end
puts the silence after them: relevance then never falls on audio that is not there.

References
----------
Radford, A., et al. (2023). Robust speech recognition via large-scale weak supervision. ICML.
arXiv:2212.04356
"""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import torch
from torch import nn

from awb.intervals import FloatArray, IntArray
from awb_plugins.models import checkpoints
from awb_plugins.models.checkpoint_classifiers import CheckpointModel, Computing
from awb_plugins.models.checkpoints import Problem
from awb_plugins.models.tokens import TokenMaps

NAME = "whisper"
_FLOOR = -1.5  # (log10(1e-10) + 4) / 4: what the extractor makes of zeros
_RANGE = 2.0  # 8 / 4: it raises what lies further below the loudest point


class LogMel(nn.Module):
    """Waveforms to the frames of Whisper's extractor that they reach.

    Parameters
    ----------
    extractor : transformers.WhisperFeatureExtractor
        Does the work, clip by clip.
    """

    def __init__(self, extractor: Any) -> None:
        super().__init__()
        self._extractor = extractor

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Turn ``(batch, samples)`` into ``(batch, frames, bins)``."""
        extractor = self._extractor
        found = extractor(
            list(waveforms.detach().cpu().numpy()),
            sampling_rate=extractor.sampling_rate,
            return_tensors="pt",
        ).input_features
        reached = -(-(waveforms.shape[1] + extractor.n_fft // 2) // extractor.hop_length)
        features: torch.Tensor = found[:, :, :reached].transpose(1, 2)
        return features.to(waveforms.device)


class Classifier(nn.Module):
    """Frames to log-odds.

    Parameters
    ----------
    network : transformers.WhisperForAudioClassification
        The network.
    n_frames : int
        Frames of 30 s.
    problem : str
        ``multi-label`` or ``single-label``.
    """

    def __init__(self, network: Any, n_frames: int, problem: Problem) -> None:
        super().__init__()
        self.network = network
        self._n_frames = n_frames
        self._problem = problem

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Score features ``(batch, frames, bins)``, giving log-odds ``(batch, classes)``."""
        missing = self._n_frames - features.shape[1]
        if missing > 0:
            loudest = features.amax(dim=(1, 2), keepdim=True)
            silence = (loudest - _RANGE).clamp(min=_FLOOR)
            rest = silence.expand(-1, missing, features.shape[2])
            features = torch.cat([features, rest], dim=1)
        logits = self.network(input_features=features.transpose(1, 2)).logits
        return checkpoints.log_odds(logits, self._problem)


class Whisper(CheckpointModel):
    """A classifier on Whisper's encoder.

    Parameters
    ----------
    network : transformers.WhisperForAudioClassification
        The network with its weights, on the CPU.
    extractor : transformers.WhisperFeatureExtractor
        Its features.
    problem : str
        ``multi-label`` or ``single-label``.
    **computing
        As for `CheckpointModel`; features are computed on the CPU.

    Attributes
    ----------
    hears_s : float
        Seconds of a clip that it hears, 30 in all published checkpoints.
    """

    last_convolution = "network.encoder.conv2"

    def __init__(
        self,
        network: Any,
        extractor: Any,
        *,
        problem: Problem,
        **computing: Unpack[Computing],
    ) -> None:
        super().__init__(
            NAME,
            network,
            extractor,
            classes=checkpoints.class_names(network.config.id2label),
            **computing,
        )
        self._hop_samples = int(extractor.hop_length)
        n_frames = int(extractor.n_samples) // self._hop_samples
        self._n_tokens = n_frames // 2
        self.hears_s = int(extractor.n_samples) / self.sample_rate_hz
        self.front_end: nn.Module = LogMel(extractor)
        self.back_end: nn.Module = Classifier(network.to(self.device), n_frames, problem).eval()
        blocks = int(network.config.encoder_layers)
        self.token_maps = TokenMaps(f"network.encoder.layers.{blocks - 1}", frames=2)

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each frame in seconds, ``shape=(n_frames,)``; the first is 0."""
        return np.arange(n_frames, dtype=np.float64) * self._hop_samples / self.sample_rate_hz

    def token_cells(self, n_frames: int, n_bins: int) -> IntArray:
        """Return the frames of each token; see `awb.protocols.TokenModel`.

        Its second convolution hears three frames around every other one.
        """
        first = 2 * np.arange(self._n_tokens, dtype=np.int64) - 1
        whole = np.zeros_like(first)
        cells = np.stack([first, first + 2, whole, whole + n_bins], axis=1)
        return np.clip(cells, 0, [n_frames, n_frames, n_bins, n_bins])

    def token_spans_s(self, n_samples: int) -> FloatArray:
        """Return start and end of each token's audio in seconds, ``shape=(tokens, 2)``.

        Those of padding are empty.
        """
        edges = (2 * np.arange(self._n_tokens + 1, dtype=np.float64) - 1) * self._hop_samples
        ends = np.clip(edges, 0, n_samples) / self.sample_rate_hz
        return np.stack([ends[:-1], ends[1:]], axis=1)
