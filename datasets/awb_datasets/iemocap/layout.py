"""The published layout: ``Session1`` to ``Session5``, each with ``dialog`` and ``sentences``.

Conventions
-----------
``SessionN/dialog/EmoEvaluation/DIALOG.txt`` has a line for each turn: its times in the dialogue,
its name, the emotion that most evaluators agreed on, and three ratings. The audio of a turn is
``SessionN/sentences/wav/DIALOG/TURN.wav``. In ``Ses01F_impro01_M003`` the actress of session 1
wears the markers, the dialogue is improvised, and the actor speaks.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from awb.errors import DataError, LabelError
from awb_datasets.labelled.recordings import Recording, choose_groups, divide_by_audio
from awb_datasets.labelled.tables import require_folder

LAYOUT = "expected Session1 to Session5 with dialog/EmoEvaluation/*.txt and sentences/wav/*/*.wav"
SESSIONS = range(1, 6)
EMOTIONS = {
    "ang": "anger",
    "hap": "happiness",
    "exc": "excitement",
    "neu": "neutral",
    "sad": "sadness",
    "fru": "frustration",
    "fea": "fear",
    "sur": "surprise",
    "dis": "disgust",
    "oth": "other",
}
"""Emotions by their code; ``xxx`` is a turn on which the evaluators did not agree."""

FOUR = {"ang": "anger", "hap": "happiness", "exc": "happiness", "neu": "neutral", "sad": "sadness"}
"""The four classes of most studies, with excitement as happiness: 5,531 turns."""

UNDECIDED = "xxx"
_TURN = re.compile(
    r"\[[\d.]+ - [\d.]+\]\s+(Ses0(\d)[FM]_(impro|script)\w+_([FM])\w+)\s+([a-z]{3})\s+\["
)
_KINDS = {"improvised": "impro", "scripted": "script"}


def read_collection(
    root: Path,
    *,
    sessions: str | None = None,
    four: bool = True,
    kind: Literal["all", "improvised", "scripted"] = "all",
    skip: bool = False,
) -> tuple[list[Recording], list[str]]:
    """Read the evaluations; turns without audio are named apart."""
    folder = require_folder(root, "Session*/dialog/EmoEvaluation", "iemocap:root=DIR", LAYOUT)
    tables = [
        path
        for path in sorted(folder.glob("Session*/dialog/EmoEvaluation/*.txt"))
        if path.name[0] != "."
    ]
    recordings = [one for table in tables for one in _turns(table, folder, four, kind)]
    if not recordings:
        raise DataError(f"{folder} has no turn of these emotions and kinds; {LAYOUT}")
    chosen = _of_sessions(recordings, sessions)
    return divide_by_audio(chosen, "dialog/EmoEvaluation", skip=skip)


def _turns(table: Path, folder: Path, four: bool, kind: str) -> list[Recording]:
    """Read the turns of a dialogue that have one of the wanted emotions."""
    session = table.parents[2].name
    wanted = FOUR if four else EMOTIONS
    found = []
    for line in table.read_text(encoding="utf-8", errors="replace").splitlines():
        match = _TURN.match(line)
        if match is None:
            if line.startswith("[") and "Ses0" in line:
                raise LabelError(f"{table}: cannot read the line {line!r}")
            continue
        name, number, said, who, emotion = match.groups()
        if emotion != UNDECIDED and emotion not in EMOTIONS:
            raise LabelError(f"{table}: unknown emotion {emotion!r} of {name}")
        if session != f"Session{number}":
            raise LabelError(f"{table}: {name} is not of {session}")
        if emotion in wanted and said == _KINDS.get(kind, said):
            path = folder / session / "sentences" / "wav" / name.rpartition("_")[0] / f"{name}.wav"
            group = f"session-{number}-{who}"
            found.append(Recording(f"{name}.wav", path, wanted[emotion], group))
    return found


def _of_sessions(recordings: list[Recording], sessions: str | None) -> list[Recording]:
    """Keep the turns of both speakers of some sessions."""
    names = {str(one): f"session-{one}" for one in SESSIONS}
    wanted = choose_groups(
        [Recording(one.id, one.path, one.label, one.group[:-2]) for one in recordings],
        sessions,
        names,
        "session",
    )
    kept = {one.id for one in wanted}
    return [one for one in recordings if one.id in kept]
