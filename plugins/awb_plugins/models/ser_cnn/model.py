"""The model object: features of librosa, scored by the one-dimensional CNN."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from awb.protocols import ScoreArray
from awb.reprs import DescribedModel
from awb.types import AudioArray
from awb_plugins.models.named_weights import read_classes, read_network
from awb_plugins.models.randomizing import randomized_twin
from awb_plugins.models.ser_cnn.features import SAMPLE_RATE_HZ, SerFeatures
from awb_plugins.models.ser_cnn.network import SerCnn
from awb_plugins.models.torch_files import file_sha256

NAME = "ser-cnn"


class SerCnnModel(DescribedModel):
    """A one-dimensional CNN over time averages: a model of whole clips, open to no explainer.

    Attributes
    ----------
    sample_rate_hz : int
        22050.
    classes : sequence of str
        Names in the order of the scores.
    weights_sha256 : str
        SHA-256 of the weights file.
    """

    sample_rate_hz: int = SAMPLE_RATE_HZ

    def __init__(self, path: Path) -> None:
        self.classes: Sequence[str] = read_classes(path, NAME)
        self._network = read_network(path, lambda: SerCnn(len(self.classes)), NAME)
        self.weights_sha256 = file_sha256(path.expanduser())
        self._features = SerFeatures()

    def randomized(self, share: float, rng: np.random.Generator) -> SerCnnModel:
        """Return a twin with randomized layers; see `awb.protocols.RandomizableModel`."""
        return randomized_twin(self, share, rng, module="_network")

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score every class."""
        vectors = self._features.vectors(waveforms)
        with torch.inference_mode():
            found: ScoreArray = self._network(torch.from_numpy(vectors).float()).numpy()
        return np.ascontiguousarray(found)
