"""Transformers: of torch's own layers, and tiny random checkpoints of the usual families."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import awb
import mini_checkpoints
from awb.protocols import AudioModel
from networks.base import BINS, CLASSES, Network

_N = len(CLASSES)
_WIDTH = 8


class _Encoder(nn.Module):
    """An encoder over frames, read from a class token or from the mean of the frames."""

    def __init__(self, *, token: bool, activation: str, norm_first: bool) -> None:
        super().__init__()
        self.inside = nn.Linear(BINS, _WIDTH)
        self.place = nn.Parameter(0.1 * torch.randn(1, 64, _WIDTH))
        self.token = nn.Parameter(torch.randn(1, 1, _WIDTH)) if token else None
        layer = nn.TransformerEncoderLayer(
            _WIDTH, 2, 16, dropout=0.1, activation=activation, batch_first=True,
            norm_first=norm_first,
        )  # fmt: skip
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.dense = nn.Linear(_WIDTH, _N)

    def forward(self, features: Tensor) -> Tensor:
        tokens = self.inside(features) + self.place[:, : features.shape[1]]
        if self.token is None:
            return self.dense(self.encoder(tokens).mean(dim=1))
        tokens = torch.cat([self.token.expand(len(tokens), -1, -1), tokens], dim=1)
        return self.dense(self.encoder(tokens)[:, 0])


@dataclass(frozen=True)
class Checkpoint:
    """A tiny random checkpoint of transformers, given to awb by its folder.

    Attributes
    ----------
    name, title : str
        As of `networks.base.Network`.
    maps : str
        The module inside of the back end that gives the tokens that a CAM should look at.
    bands : int
        Into how many bands the tokens divide the spectrum, one band after another; 0 where tokens
        stand for times alone.
    first : int
        Tokens before those, which stand for no audio.
    step : int
        Frames of the features to a token.
    full_s : float
        Length of the clip that needs no padding; 0 where none does.
    """

    name: str
    title: str
    maps: str = ""
    bands: int = 0
    first: int = 0
    step: int = 1
    full_s: float = 0.0

    def as_maps(self, tokens: Tensor, n_frames: int) -> Tensor:
        """Lay tokens ``(batch, tokens, channels)`` of audio out as maps of time and bands."""
        heard = math.ceil(n_frames / self.step)
        size = (tokens.shape[1] - self.first) // max(1, self.bands)
        rows = [
            tokens[:, self.first + band * size : self.first + band * size + heard]
            for band in range(max(1, self.bands))
        ]
        maps = torch.stack([row.transpose(1, 2) for row in rows], dim=3)
        return maps if self.bands else maps[..., 0]

    def model(self) -> AudioModel:
        """Open it as the documentation says."""
        return awb.transformers_model(_folder(self.name), device="cpu")

    def network(self) -> Any:
        """Open it with transformers alone."""
        from transformers import AutoModelForAudioClassification

        opened = AutoModelForAudioClassification.from_pretrained(
            _folder(self.name), attn_implementation="eager"
        )
        return opened.eval()

    def extractor(self) -> Any:
        """Open what makes its features."""
        from transformers import AutoFeatureExtractor

        return AutoFeatureExtractor.from_pretrained(_folder(self.name))


@cache
def _folder(kind: str) -> Path:
    return mini_checkpoints.random_checkpoint(kind, "multi_label_classification")


CHECKPOINTS = [
    Checkpoint("ast", "AST", "network.audio_spectrogram_transformer.embeddings", 0, 2, 32, 2.6),
    Checkpoint("whisper", "Whisper", "network.encoder.layers.0", step=2, full_s=3.0),
    *(
        Checkpoint(name, title, f"network.{prefix}.encoder.layers.0", step=640)
        for name, title, prefix in (
            ("wav2vec2", "wav2vec 2.0", "wav2vec2"),
            ("hubert", "HuBERT", "hubert"),
            ("wavlm", "WavLM", "wavlm"),
            ("data2vec", "Data2Vec", "data2vec_audio"),
        )
    ),
]


def _encoder(**settings: Any) -> Callable[[], nn.Module]:
    return lambda: _Encoder(**settings)


NETWORKS = [
    Network(
        name="encoder-class-token", title="transformer, class token",
        make=_encoder(token=True, activation="gelu", norm_first=True),
    ),
    Network(
        name="encoder-mean", title="transformer, mean of the frames",
        make=_encoder(token=False, activation="relu", norm_first=False),
    ),
]  # fmt: skip
