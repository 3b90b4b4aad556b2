"""The published layout: ``AudioWAV/1001_DFA_ANG_XX.wav``.

Conventions
-----------
A name is the actor, the sentence, the emotion, and its level (LO, MD, HI, or XX if it has none).
"""

from __future__ import annotations

import re
from pathlib import Path

from awb.errors import DataError, LabelError
from awb_datasets.labelled.recordings import Recording, choose_groups
from awb_datasets.labelled.tables import require_folder

FOLDER = "AudioWAV"
LAYOUT = f"expected {FOLDER}/*.wav with names such as 1001_DFA_ANG_XX.wav"
ACTORS = range(1001, 1092)
EMOTIONS = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happiness",
    "NEU": "neutral",
    "SAD": "sadness",
}

_NAME = re.compile(r"(\d{4})_([A-Z]{3})_([A-Z]{3})_(LO|MD|HI|XX|X)\.wav")


def read_collection(root: Path, *, actors: str | None = None) -> list[Recording]:
    """List the recordings and read their names."""
    folder = require_folder(root, FOLDER, "cremad:root=DIR", LAYOUT)
    files = sorted(path for path in folder.glob(f"{FOLDER}/*.wav") if path.name[0] != ".")
    if not files:
        raise DataError(f"{folder / FOLDER} contains no *.wav; {LAYOUT}")
    names = {str(one): f"actor-{one}" for one in ACTORS}
    return choose_groups([_recording(path) for path in files], actors, names, "actor")


def _recording(path: Path) -> Recording:
    """Read the codes of a name and check them."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise LabelError(f"{path}: cannot read the name; {LAYOUT}")
    actor, _, emotion, _ = match.groups()
    if int(actor) not in ACTORS:
        raise LabelError(f"{path}: unknown actor {actor!r}: allowed {ACTORS[0]} to {ACTORS[-1]}")
    if emotion not in EMOTIONS:
        raise LabelError(f"{path}: unknown emotion {emotion!r}: allowed {', '.join(EMOTIONS)}")
    return Recording(path.name, path, EMOTIONS[emotion], f"actor-{actor}")
