"""The published layout: ``wav/03a01Fa.wav``.

Conventions
-----------
A name is the speaker (two digits), the text (a letter and two digits), the emotion (the first
letter of its German name) and a letter that numbers the versions.
"""

from __future__ import annotations

import re
from pathlib import Path

from awb.errors import DataError, LabelError
from awb_datasets.labelled.recordings import Recording, choose_groups
from awb_datasets.labelled.tables import require_folder

LAYOUT = "expected wav/*.wav with names such as 03a01Fa.wav"
SPEAKERS = ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16")
TEXTS = ("a01", "a02", "a04", "a05", "a07", "b01", "b02", "b03", "b09", "b10")
EMOTIONS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
"""Emotions by the letter in a name: Wut, Langeweile, Ekel, Angst, Freude, Trauer, neutral."""

_NAME = re.compile(r"(\d\d)([ab]\d\d)([A-Z])([a-z])\.wav")


def read_collection(root: Path, *, speakers: str | None = None) -> list[Recording]:
    """List the recordings and read their names."""
    folder = require_folder(root, "wav", "emodb:root=DIR", LAYOUT)
    files = sorted(path for path in folder.glob("wav/*.wav") if path.name[0] != ".")
    if not files:
        raise DataError(f"{folder / 'wav'} contains no *.wav; {LAYOUT}")
    recordings = [_recording(path) for path in files]
    names = {one: f"speaker-{one}" for one in SPEAKERS}
    return choose_groups(recordings, speakers, names, "speaker")


def _recording(path: Path) -> Recording:
    """Read the codes of a name and check them."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise LabelError(f"{path}: cannot read the name; {LAYOUT}")
    speaker, text, emotion, _ = match.groups()
    for what, code, allowed in (
        ("speaker", speaker, SPEAKERS),
        ("text", text, TEXTS),
        ("emotion", emotion, tuple(EMOTIONS)),
    ):
        if code not in allowed:
            raise LabelError(f"{path}: unknown {what} {code!r}: allowed {', '.join(allowed)}")
    return Recording(path.name, path, EMOTIONS[emotion], f"speaker-{speaker}")
