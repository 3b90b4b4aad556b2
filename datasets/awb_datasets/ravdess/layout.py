"""The published layout: ``Actor_01`` to ``Actor_24`` with files named by seven numbers.

Conventions
-----------
``modality-channel-emotion-intensity-statement-repetition-actor.wav``, two digits each, as the
authors define them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from awb.errors import DataError, LabelError
from awb_datasets.labelled.recordings import Recording, choose_groups
from awb_datasets.labelled.tables import require_folder

LAYOUT = "expected Actor_01 to Actor_24 with files such as 03-01-06-01-02-01-12.wav"
ACTORS = range(1, 25)
EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
"""Emotions by their code, which starts at 1."""

_NAME = re.compile("-".join([r"(\d\d)"] * 7) + r"\.wav")
_FIELDS = ("modality", "channel", "emotion", "intensity", "statement", "repetition", "actor")
_HIGHEST = (3, 2, len(EMOTIONS), 2, 2, 2, ACTORS[-1])
_AUDIO_ONLY = 3
_CHANNELS = {"speech": 1, "song": 2}


def read_collection(
    root: Path, *, actors: str | None = None, channel: Literal["speech", "song"] = "speech"
) -> list[Recording]:
    """List the recordings and read their names."""
    folder = require_folder(root, "Actor_*", "ravdess:root=DIR", LAYOUT)
    files = sorted(path for path in folder.glob("Actor_*/*.wav") if path.name[0] != ".")
    if not files:
        raise DataError(f"{folder} contains no Actor_*/*.wav; {LAYOUT}")
    read = [(path, _read_name(path)) for path in files]
    recordings = [
        Recording(path.name, path, EMOTIONS[codes["emotion"] - 1], f"actor-{codes['actor']:02d}")
        for path, codes in read
        if codes["channel"] == _CHANNELS[channel]
    ]
    if not recordings:
        raise DataError(f"{folder} contains no {channel}; its files are of the other channel")
    names = {str(one): f"actor-{one:02d}" for one in ACTORS}
    return choose_groups(recordings, actors, names, "actor")


def _read_name(path: Path) -> dict[str, int]:
    """Read the seven codes of a name and check them."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise LabelError(f"{path}: cannot read the name; {LAYOUT}")
    codes = dict(zip(_FIELDS, map(int, match.groups()), strict=True))
    for field, highest in zip(_FIELDS, _HIGHEST, strict=True):
        if not 1 <= codes[field] <= highest:
            raise LabelError(
                f"{path}: unknown {field} {codes[field]:02d}: allowed 01 to {highest:02d}"
            )
    if codes["modality"] != _AUDIO_ONLY:
        raise LabelError(f"{path}: modality {codes['modality']:02d} is video; audio alone is 03")
    if codes["emotion"] == 1 and codes["intensity"] == 2:
        raise LabelError(f"{path}: neutral has no strong intensity")
    if path.parent.name != f"Actor_{codes['actor']:02d}":
        raise LabelError(f"{path}: the name says actor {codes['actor']:02d}, the folder does not")
    return codes
