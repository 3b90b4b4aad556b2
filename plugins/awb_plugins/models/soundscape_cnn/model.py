"""The model object of the embedded default."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from awb.errors import NotApplicableError
from awb_plugins.models import log_mel_front_end
from awb_plugins.models.log_mel_model import HOST, LogMelModel
from awb_plugins.models.soundscape_cnn import network
from awb_plugins.models.soundscape_cnn.weights import EMBEDDED, NAME, RANDOM_LABELS
from awb_plugins.training.weights import file_sha256, read_back_end, read_class_list


class SoundscapeCnn(LogMelModel):
    """A small log-mel CNN for the classes of soundscapes.

    Attributes
    ----------
    mids : sequence of str
        AudioSet machine ids in the order of the classes.
    """

    def __init__(self, path: Path, device: torch.device = HOST) -> None:
        class_list = read_class_list(path, NAME)
        n_classes = len(class_list.names)
        super().__init__(
            NAME,
            log_mel_front_end.SOUNDSCAPES,
            log_mel_front_end.FrontEnd(),
            read_back_end(path, lambda: network.BackEnd(n_classes), NAME),
            classes=class_list.names,
            weights_sha256=file_sha256(path),
            last_convolution=network.LAST_CONVOLUTION,
            device=device,
        )
        self._path = path
        self.mids: Sequence[str] = class_list.mids

    def trained_on_random_labels(self) -> SoundscapeCnn:
        """Return the embedded twin that was trained on labels dealt out at random."""
        if self._path != EMBEDDED:
            raise NotApplicableError("only the embedded weights have a twin on random labels")
        return SoundscapeCnn(RANDOM_LABELS, self.device)
