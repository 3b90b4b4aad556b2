"""The model object of the keyword spotter."""

from __future__ import annotations

from pathlib import Path

from awb_plugins.models.kws_cnn.network import FORMAT, LAST_CONVOLUTION, BackEnd, make_front_end
from awb_plugins.models.log_mel_model import LogMelModel
from awb_plugins.training.weights import file_sha256, read_back_end, read_class_list

NAME = "kws-cnn"


class KwsCnn(LogMelModel):
    """A small log-mel CNN that says whether the keyword is spoken."""

    def __init__(self, path: Path) -> None:
        names = read_class_list(path, NAME).names
        super().__init__(
            NAME,
            FORMAT,
            make_front_end(),
            read_back_end(path, lambda: BackEnd(len(names)), NAME),
            classes=names,
            weights_sha256=file_sha256(path),
            last_convolution=LAST_CONVOLUTION,
        )
