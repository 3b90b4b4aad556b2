"""Small hand-made files in AudioSet's published layout."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from awb.data.class_index import ClassIndex
from awb.data.preparation import Family, Preparation
from awb_datasets.audioset import SPEC
from awb_datasets.audioset.parameters import AudioSetParameters

HEADER = "segment_id\tstart_time_seconds\tend_time_seconds\tlabel"
RATE_HZ = 8_000

CLASSES = {
    "/m/animal": ("Animal", ["/m/pets", "/m/wild"]),
    "/m/pets": ("Pets", ["/m/dog"]),
    "/m/wild": ("Wild animals", ["/m/wolves"]),
    "/m/wolves": ("Canidae, wolves", ["/m/howl"]),
    "/m/dog": ("Dog", ["/m/bark", "/m/howl"]),
    "/m/bark": ("Bark", ["/m/yip"]),
    "/m/yip": ("Yip", []),
    "/m/howl": ("Howl", []),
    "/m/things": ("Things", ["/m/bell", "/m/car"]),
    "/m/bell": ("Bell", []),
    "/m/car": ("Car", ["/m/engine"]),
    "/m/engine": ("Engine", ["/m/knock"]),
    "/m/knock": ("Knock", []),
}
"""Pets comes before Wild animals in the file, so a howl's father is Dog."""


class Everything:
    """A list of classes in which every label has a class."""

    classes = tuple(name for name, _ in CLASSES.values())
    mids = tuple(CLASSES)


def family(name: str = "model", **settings: Any) -> Family:
    return Family(name, ClassIndex(Everything()), **settings)


def write_ontology(path: Path, classes: dict[str, tuple[str, list[str]]] = CLASSES) -> Path:
    entries = [
        {"id": mid, "name": name, "child_ids": children, "restrictions": []}
        for mid, (name, children) in classes.items()
    ]
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def write_labels(path: Path, rows: Iterable[str], header: str = HEADER) -> Path:
    """Rows are written with spaces for tabs."""
    lines = [header, *("\t".join(row.split(" ")) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_audio(folder: Path, *names: str, seconds: float = 10.0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for name in names:
        noise = rng.uniform(-0.1, 0.1, round(seconds * RATE_HZ))
        soundfile.write(folder / name, noise, RATE_HZ)
    return folder


def parameters(folder: Path, rows: Iterable[str], **settings: Any) -> AudioSetParameters:
    return AudioSetParameters(
        labels=write_labels(folder / "labels.tsv", rows),
        ontology=write_ontology(folder / "ontology.json"),
        **settings,
    )


def prepared(given: AudioSetParameters, *families: Family, limit: float = 0.2) -> Preparation:
    assert SPEC.prepare is not None
    return SPEC.prepare(given, families or (family(),), limit)


def rows_of(found: Preparation, name: str = "model") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = found.tables[name].to_pylist()
    return rows
