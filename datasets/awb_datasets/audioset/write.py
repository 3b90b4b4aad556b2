"""Write any clips in AudioSet's published layout, as a miniature AudioSet.

::

    DIR/audioset_eval_strong.tsv    the events
    DIR/mid_to_display_name.tsv     their labels
    DIR/ontology.json               a copy of a given one, or the labels as roots
    DIR/audio/<clip id>.wav         32-bit float, so that nothing is lost
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from awb.errors import LabelError
from awb.types import Clip, Event
from awb_datasets.audioset.labels import COLUMNS
from awb_datasets.audioset.ontology import read_names, read_ontology
from awb_datasets.audioset.opening import NAMES_FILE
from awb_datasets.audioset.sources import NAMES, ONTOLOGY, local

LABELS_FILE, ONTOLOGY_FILE, AUDIO = "audioset_eval_strong.tsv", "ontology.json", "audio"


class _Labels:
    """Machine ids of labels: the event's own, else by display name."""

    def __init__(self, ontology: Path | None, names: Path | None) -> None:
        known = {} if ontology is None else read_ontology(ontology).names
        if names is not None:
            known = {**known, **read_names(names)}
        self._by_name = {name.casefold(): mid for mid, name in known.items()}
        self.used: dict[str, str] = {}

    def mid(self, event: Event) -> str:
        """Return an event's machine id, and remember its name."""
        mid = event.mid or self._by_name.get(event.label.casefold())
        if mid is None:
            raise LabelError(
                f"label {event.label!r} has no machine id; give the files that know it:"
                " --ontology FILE or --names FILE"
            )
        self.used.setdefault(mid, event.label)
        return mid


def write_clips(
    clips: Iterable[Clip], folder: Path, *, ontology: Path | None, names: Path | None
) -> tuple[str, ...]:
    """Write clips, their events, the display names and an ontology."""
    import soundfile

    ontology = None if ontology is None else local(ontology, ONTOLOGY)
    labels = _Labels(ontology, None if names is None else local(names, NAMES))
    audio = folder / AUDIO
    audio.mkdir(parents=True, exist_ok=True)
    rows = ["\t".join(COLUMNS)]
    videos: set[str] = set()
    for clip in clips:
        video = _video(clip.id, videos)
        events = sorted((e.onset_s, e.offset_s, labels.mid(e)) for e in clip.events)
        rows += [f"{video}_0\t{_time(on)}\t{_time(off)}\t{mid}" for on, off, mid in events]
        soundfile.write(audio / f"{video}.wav", clip.waveform, clip.sample_rate_hz, subtype="FLOAT")
    _write_lines(folder / LABELS_FILE, rows)
    _write_lines(
        folder / NAMES_FILE, [f"{mid}\t{name}" for mid, name in sorted(labels.used.items())]
    )
    notes = [f"wrote {len(videos)} clips with {len(rows) - 1} events to {folder}"]
    if ontology is not None:
        shutil.copyfile(ontology, folder / ONTOLOGY_FILE)
    else:
        _write_flat_ontology(folder / ONTOLOGY_FILE, labels.used)
        notes.append("the ontology holds these labels alone, as roots; --ontology FILE copies one")
    settings = f"audio={audio},labels={folder / LABELS_FILE},ontology={folder / ONTOLOGY_FILE}"
    return (*notes, f"try: awb run --dataset audioset:{settings} --model yamnet")


def _video(clip_id: str, taken: set[str]) -> str:
    """Make a name for a file of a clip id; ids that look alike then are numbered."""
    stem = re.sub(r"[^\w-]+", "-", clip_id)
    name, count = stem, 1
    while name in taken:
        count += 1
        name = f"{stem}-{count}"
    taken.add(name)
    return name


def _time(seconds: float) -> str:
    """Write seconds with three to six decimals."""
    text = f"{seconds:.6f}"
    return text[:-3] + text[-3:].rstrip("0")


def _write_lines(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _write_flat_ontology(path: Path, used: dict[str, str]) -> None:
    entries = [
        {"id": mid, "name": name, "child_ids": [], "restrictions": []}
        for mid, name in sorted(used.items())
    ]
    path.write_text(json.dumps(entries, indent=2, ensure_ascii=False), encoding="utf-8")
