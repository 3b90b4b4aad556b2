"""The model object: an AST on other frames, which can be heard."""

from __future__ import annotations

from pathlib import Path

import torch

from awb.intervals import FloatArray
from awb_plugins.models.ast.model import Ast
from awb_plugins.models.soundscape_ast.network import FORMAT, Frames, extractor, make_classifier
from awb_plugins.training.weights import file_sha256, read_back_end, read_class_list

_BATCH = 16


class SoundscapeAst(Ast):
    """A small Audio Spectrogram Transformer for the classes of soundscapes."""

    def __init__(self, name: str, path: Path) -> None:
        names = read_class_list(path, name).names
        network = read_back_end(path, lambda: make_classifier(len(names)), name).network
        network.config.id2label = dict(enumerate(names))
        super().__init__(
            network,
            extractor(),
            problem="multi-label",
            name=name,
            front_end=Frames(),
            device=torch.device("cpu"),
            batch_size=_BATCH,
        )
        self.weights_sha256 = file_sha256(path)

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        """Return the centre of each mel bin."""
        centers_hz: FloatArray = FORMAT.edges_hz()[1 : n_bins + 1].numpy()
        return centers_hz
