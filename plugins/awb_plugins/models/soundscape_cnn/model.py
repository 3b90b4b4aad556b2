"""The model object of the embedded default."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from awb.errors import NotApplicableError
from awb.intervals import FloatArray
from awb_plugins.models import log_mel_front_end
from awb_plugins.models.log_mel_model import HOST, LogMelModel
from awb_plugins.models.moments import MomentNetwork
from awb_plugins.models.soundscape_cnn import network
from awb_plugins.models.soundscape_cnn.stft import LogPower, MelNetwork
from awb_plugins.models.soundscape_cnn.weights import EMBEDDED, NAME, RANDOM_LABELS
from awb_plugins.training.weights import file_sha256, read_back_end, read_class_list

Features = Literal["mel", "stft"]


class SoundscapeCnn(LogMelModel):
    """A small log-mel CNN for the classes of soundscapes.

    Attributes
    ----------
    mids : sequence of str
        AudioSet machine ids in the order of the classes.
    """

    def __init__(
        self, path: Path, device: torch.device = HOST, *, features: Features = "mel"
    ) -> None:
        class_list = read_class_list(path, NAME)
        n_classes = len(class_list.names)
        form = log_mel_front_end.SOUNDSCAPES
        front_end: log_mel_front_end.FrontEnd = log_mel_front_end.FrontEnd()
        back_end: MomentNetwork = read_back_end(path, lambda: network.BackEnd(n_classes), NAME)
        last_convolution = network.LAST_CONVOLUTION
        if features == "stft":
            front_end, back_end = LogPower(), MelNetwork(form, back_end).eval()
            last_convolution = f"network.{last_convolution}"
        super().__init__(
            NAME,
            form,
            front_end,
            back_end,
            classes=class_list.names,
            weights_sha256=file_sha256(path),
            last_convolution=last_convolution,
            device=device,
        )
        self._path = path
        self._features: Features = features
        self.mids: Sequence[str] = class_list.mids

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        """Return the centre of each feature bin."""
        if self._features == "mel":
            return super().bin_centers_hz(n_bins)
        width_hz = self._form.sample_rate_hz / self._form.window_samples
        return np.arange(n_bins, dtype=np.float64) * width_hz

    def trained_on_random_labels(self) -> SoundscapeCnn:
        """Return the embedded twin that was trained on labels dealt out at random."""
        if self._path != EMBEDDED:
            raise NotApplicableError("only the embedded weights have a twin on random labels")
        return SoundscapeCnn(RANDOM_LABELS, self.device, features=self._features)
