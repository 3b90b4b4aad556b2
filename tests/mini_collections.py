"""Miniature copies of published collections, in their own layouts, with a tone for each class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.protocols import Dataset

RATE_HZ = 8000
ESC50_COLUMNS = "filename,fold,target,category,esc10,src_file,take"
URBAN_COLUMNS = "slice_file_name,fsID,start,end,salience,fold,classID,class"


def opened(name: str, root: Path, settings: str = "") -> Dataset:
    """Open a collection as it is typed on the command line."""
    dataset = resolve(load(), "dataset", f"{name}:root={root}{settings}").build()
    assert isinstance(dataset, Dataset)
    return dataset


def write_tone(path: Path, pitch_hz: float, *, seconds: float = 0.8, pad_s: float = 0.4) -> None:
    """Write a tone of two channels with digital silence on both sides."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time_s = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    silence = np.zeros(round(RATE_HZ * pad_s))
    tone = np.concatenate([silence, 0.4 * np.sin(2 * np.pi * pitch_hz * time_s), silence])
    soundfile.write(path, np.stack([tone, tone], axis=1), RATE_HZ)


def write_table(path: Path, columns: str, rows: list[str]) -> None:
    """Write a comma-separated table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")


def write_esc50(root: Path) -> Path:
    """Write three classes in folds 1 and 2, one source recording cut into two takes."""
    rows = []
    for fold in (1, 2):
        for target, category, esc10 in [
            (0, "dog", True),
            (14, "chirping_birds", False),
            (40, "helicopter", True),
        ]:
            for take in "AB":
                source = 1000 * fold + target
                name = f"{fold}-{source}-{take}-{target}.wav"
                write_tone(root / "audio" / name, 300 + 20 * target)
                rows.append(f"{name},{fold},{target},{category},{esc10},{source},{take}")
    write_table(root / "meta" / "esc50.csv", ESC50_COLUMNS, rows)
    return root


def write_urbansound8k(root: Path) -> Path:
    """Write two classes in folds 1 and 10, each with a slice in the background."""
    rows = []
    for fold in (1, 10):
        for number, label in [(3, "dog_bark"), (8, "siren")]:
            for part, salience in enumerate((1, 2)):
                source = 500 + 10 * fold + number
                name = f"{source}-{number}-0-{part}.wav"
                write_tone(root / "audio" / f"fold{fold}" / name, 300 + 50 * number)
                rows.append(f"{name},{source},0.0,1.6,{salience},{fold},{number},{label}")
    write_table(root / "metadata" / "UrbanSound8K.csv", URBAN_COLUMNS, rows)
    return root


def write_ravdess(root: Path) -> Path:
    """Write three emotions by two actors, spoken, and a song."""
    for actor in (1, 24):
        for emotion in (1, 5, 8):
            name = f"03-01-{emotion:02d}-01-01-01-{actor:02d}.wav"
            write_tone(root / f"Actor_{actor:02d}" / name, 300 + 100 * emotion)
    write_tone(root / "Actor_24" / "03-02-03-02-02-02-24.wav", 1500)
    return root


def write_emodb(root: Path) -> Path:
    """Write three emotions by two speakers."""
    for speaker in ("03", "16"):
        for number, emotion in enumerate("WNT"):
            write_tone(root / "wav" / f"{speaker}a01{emotion}a.wav", 300 + 200 * number)
    return root


def write_iemocap(root: Path) -> Path:
    """Write four turns by each of two speakers in sessions 1 and 5, one without agreement."""
    for session in (1, 5):
        folder = root / f"Session{session}"
        dialogue = f"Ses0{session}F_impro01"
        lines = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
        for who in "FM":
            for number, emotion in enumerate(("ang", "exc", "fru", "xxx")):
                name = f"{dialogue}_{who}{number:03d}"
                write_tone(folder / "sentences" / "wav" / dialogue / f"{name}.wav", 300)
                lines.append(f"[6.2901 - 8.2357]\t{name}\t{emotion}\t[2.5000, 2.5000, 2.5000]")
                lines.append("C-E1:\tNeutral;\t()")
        table = folder / "dialog" / "EmoEvaluation" / f"{dialogue}.txt"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def write_cremad(root: Path) -> Path:
    """Write three emotions by two actors."""
    for actor in (1001, 1091):
        for number, emotion in enumerate(("ANG", "NEU", "SAD")):
            write_tone(root / "AudioWAV" / f"{actor}_DFA_{emotion}_XX.wav", 300 + 200 * number)
    return root


def write_class_folders(root: Path) -> Path:
    """Write voices of two classes with a table of sex and age; the first clip is very short."""
    rows = ["Sample ID,SEX,AGE"]
    for label, pitch_hz, count in (("hc", 200, 4), ("pd", 900, 4)):
        for number in range(0 if label == "hc" else 1, count):
            path = root / label / f"{label[0]}{number}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            time_s = np.arange(16_000 if number else 8_000) / 16_000
            tone = 0.3 * np.sin(2 * np.pi * (pitch_hz + 10 * number) * time_s)
            soundfile.write(path, tone, 16_000)
            age = "" if path.stem == "h2" else 60 + number
            rows.append(f"{path.stem},{'MF'[number % 2]},{age}")
    (root / "demographics.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return root


def unlike(root: Path) -> Path:
    """Add a little noise to every file: the trainer refuses recordings that two parts share."""
    for seed, path in enumerate(sorted(root.rglob("*.wav"))):
        samples, rate_hz = soundfile.read(path)
        noise = 0.01 * np.random.default_rng(seed).standard_normal(samples.shape)
        soundfile.write(path, np.clip(samples + noise, -1, 1), rate_hz)
    return root
