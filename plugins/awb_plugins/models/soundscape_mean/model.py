"""The model object."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from awb_plugins.models.log_mel_front_end import SOUNDSCAPES, FrontEnd
from awb_plugins.models.log_mel_model import LogMelModel
from awb_plugins.models.soundscape_cnn.network import LAST_CONVOLUTION
from awb_plugins.models.soundscape_mean.network import MeanBackEnd
from awb_plugins.training.weights import file_sha256, read_back_end, read_class_list


class SoundscapeMean(LogMelModel):
    """A small log-mel CNN that averages its evidence over the clip.

    Attributes
    ----------
    mids : sequence of str
        AudioSet machine ids in the order of the classes.
    """

    def __init__(self, name: str, path: Path) -> None:
        class_list = read_class_list(path, name)
        n_classes = len(class_list.names)
        super().__init__(
            name,
            SOUNDSCAPES,
            FrontEnd(),
            read_back_end(path, lambda: MeanBackEnd(n_classes), name),
            classes=class_list.names,
            weights_sha256=file_sha256(path),
            last_convolution=LAST_CONVOLUTION,
        )
        self.mids: Sequence[str] = class_list.mids
