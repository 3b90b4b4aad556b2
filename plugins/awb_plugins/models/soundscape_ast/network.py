"""A small Audio Spectrogram Transformer: its frames, its sizes, and how its positions begin.

References
----------
Gong, Y., Chung, Y.-A., & Glass, J. (2021). AST: Audio Spectrogram Transformer. Interspeech.
https://doi.org/10.21437/Interspeech.2021-698
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

from awb.intervals import IntArray
from awb_plugins.models.ast.features import FrontEnd
from awb_plugins.models.ast.model import Classifier
from awb_plugins.models.log_mel_front_end import POWER_FLOOR, LogMelFormat
from awb_plugins.models.log_mel_front_end import FrontEnd as LogMel

FORMAT = LogMelFormat(hop_samples=160)
MAX_FRAMES = 1024
PATCH = 16

_HIDDEN = 64
_SPREAD = 0.1  # of weights before training: 0.02, the usual, is for ten times the width
_POSITION = 0.5

_MEAN, _SCALE = -7.5, 2.4  # of the log-mel frames of soundscapes, about
_MARGIN = (FORMAT.window_samples - FORMAT.hop_samples) // 2


class Frames(FrontEnd):
    """Waveforms to log-mel frames every 10 ms, shifted and scaled; padding is silence.

    Parameters
    ----------
    padded : bool
        Whether clips are padded to the longest input, as transformers' network wants it.
    """

    frame_samples = FORMAT.window_samples
    hop_samples = FORMAT.hop_samples
    max_frames = MAX_FRAMES
    padding = (float(np.log(POWER_FLOOR)) - _MEAN) / _SCALE

    def __init__(self, *, padded: bool = False) -> None:
        super().__init__()
        self._log_mel = LogMel(FORMAT)
        self._padded = padded

    def forward(self, waveforms: Tensor) -> Tensor:
        """Compute ``(batch, frames, bins)``."""
        heard = waveforms[:, : MAX_FRAMES * FORMAT.hop_samples + _MARGIN]
        frames: Tensor = (self._log_mel(heard)[:, :MAX_FRAMES] - _MEAN) / _SCALE
        missing = MAX_FRAMES - frames.shape[1] if self._padded else 0
        return nn.functional.pad(frames, (0, 0, 0, missing), value=self.padding)

    def starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each frame's window; below 0 for the first frames."""
        n_frames = min(MAX_FRAMES, -(-n_samples // FORMAT.hop_samples))
        return np.arange(n_frames, dtype=np.int64) * FORMAT.hop_samples - _MARGIN


def extractor() -> Any:
    """Say what transformers wants to know of the frames."""
    return ASTFeatureExtractor(
        num_mel_bins=FORMAT.mel_bins,
        max_length=MAX_FRAMES,
        sampling_rate=FORMAT.sample_rate_hz,
    )


def make_classifier(n_classes: int) -> Classifier:
    """Make the network with random weights.

    Before training the patches of a band have one position: a sound is what it is at any time.
    """
    config = ASTConfig(
        hidden_size=_HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=2 * _HIDDEN,
        initializer_range=_SPREAD,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        num_mel_bins=FORMAT.mel_bins,
        max_length=MAX_FRAMES,
        patch_size=PATCH,
        time_stride=PATCH,
        frequency_stride=PATCH,
        num_labels=n_classes,
    )
    network = ASTForAudioClassification(config)
    positions = network.audio_spectrogram_transformer.embeddings.position_embeddings
    readers = torch.randn(2, _HIDDEN)
    bands = torch.randn(FORMAT.mel_bins // PATCH, _HIDDEN)
    with torch.no_grad():
        positions[0, :2] = _POSITION * readers
        positions[0, 2:] = _POSITION * bands.repeat_interleave(MAX_FRAMES // PATCH, dim=0)
    return Classifier(network, "multi-label")
