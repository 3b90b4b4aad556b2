"""Folders as people have them: labels beside the clips, other names, and twenty kinds of damage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import label_files as mini
from awb.errors import AudioError, DataError, LabelError
from awb.types import Event
from awb_datasets.folder import SPEC, FolderParameters
from awb_datasets.folder.dataset import FolderDataset

RATE_HZ = 8_000
Files = Mapping[str, "str | bytes | float"]
Make = Callable[[Files], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write files: text, bytes, or audio of a number of seconds."""

    def write(files: Files) -> Path:
        for name, content in files.items():
            path = tmp_path / "mine" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, float):
                form = {".opus": "OGG", ".oga": "OGG", ".AIF": "AIFF"}.get(path.suffix)
                kind = "OPUS" if path.suffix == ".opus" else None
                wave = np.full((round(content * RATE_HZ), 2), 0.25)
                soundfile.write(path, wave, RATE_HZ, subtype=kind, format=form)
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / "mine"

    return write


def opened(folder: Path, **settings: Any) -> FolderDataset:
    dataset = SPEC.factory(FolderParameters(path=folder, **settings))
    assert isinstance(dataset, FolderDataset)
    return dataset


def events(dataset: FolderDataset, clip: str) -> tuple[tuple[float, float, str], ...]:
    return tuple((one.onset_s, one.offset_s, one.label) for one in dataset.load(clip).events)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dog.txt", mini.AUDACITY),
        ("dog.wav.txt", mini.AUDACITY),
        ("dog.Table.1.selections.txt", mini.RAVEN),
        ("Dog.selections.txt", mini.RAVEN),
        ("dog.BirdNET.results.csv", mini.BIRDNET),
        ("dog.BirdNET.selection.table.txt", mini.BIRDNET_RAVEN),
        ("dog.TextGrid", mini.TEXTGRID_SHORT),
        ("dog.jams", mini.JAMS),
        ("dog.vtt", mini.VTT),
        ("dog.rttm", mini.RTTM),
        ("dog.csv", mini.ANY_CSV.replace("begin;finish;what", "start;end;label")),
    ],
)
@pytest.mark.parametrize("audio", ["", "audio/", "audio/far/"])
def test_labels_beside_each_clip(make: Make, name: str, content: str, audio: str) -> None:
    if name.endswith("TextGrid"):
        pytest.importorskip("praatio", reason="needs the extra textgrid")
    folder = make({f"{audio}dog.wav": 2.0, f"{audio}doge.wav": 2.0, f"{audio}{name}": content})
    inside = audio.removeprefix("audio/")
    dataset = opened(folder)
    assert events(dataset, f"{inside}dog.wav") == mini.EVENTS
    assert events(dataset, f"{inside}doge.wav") == ()
    assert dataset.excluded() == ()


@pytest.mark.parametrize("table", ["", "labels", "labels/a/*.txt", "*.txt"])
def test_labels_in_a_folder_of_their_own(make: Make, table: str) -> None:
    folder = make({"audio/a/dog.wav": 2.0, "audio/cat.wav": 2.0, "labels/a/dog.txt": mini.AUDACITY})
    assert events(opened(folder, table=table), "a/dog.wav") == mini.EVENTS


def test_the_only_table_is_found_and_other_texts_are_not_labels(make: Make) -> None:
    files = {"a.wav": 2.0, "b.wav": 2.0, "README.txt": "Sounds.\n", "mine.csv": mini.DESED}
    assert events(opened(make({**files, "mine.csv": mini.DESED})), "a.wav") == mini.EVENTS
    with pytest.raises(LabelError, match=r"several files of labels: mine\.csv, other\.tsv"):
        opened(make({**files, "other.tsv": mini.DESED}))


def test_two_files_of_labels_for_a_clip_are_a_question(make: Make) -> None:
    folder = make({"dog.wav": 2.0, "dog.txt": mini.AUDACITY, "dog.csv": mini.BIRDNET})
    with pytest.raises(LabelError, match=r"two files of labels, dog\.csv and dog\.txt\. Choose"):
        opened(folder)
    assert opened(folder, table="*.txt").notes() == ()
    assert "results of BirdNET" in opened(folder, table="*.csv").notes()[0]


@pytest.mark.parametrize(
    "audio",
    [
        "b0RFKhbpFJA.wav",
        "Yb0RFKhbpFJA.wav",
        "b0RFKhbpFJA_30000.wav",
        "b0RFKhbpFJA_30.000_40.000.wav",
        "Yb0RFKhbpFJA_30.000_40.000.flac",
        "b0RFKhbpFJA_30.wav",
    ],
)
def test_clips_of_audioset_are_found_by_their_ids(make: Make, audio: str) -> None:
    strong = opened(make({f"audio/{audio}": 10.0, "events.tsv": mini.AUDIOSET_STRONG}))
    assert [one[:2] for one in events(strong, audio)] == [(0.5, 1.0), (1.25, 1.75)]
    weak = opened(make({"events.tsv": mini.AUDIOSET}))
    assert weak.load(audio).labels == ("/m/0bt9lr",)
    assert [one.reason for one in weak.excluded()] == ["audio missing"]


def test_another_segment_of_the_video_is_another_clip(make: Make) -> None:
    table = mini.AUDIOSET_STRONG.replace("b0RFKhbpFJA_30000\t1.250", "b0RFKhbpFJA_70000\t1.250")
    named = opened(make({"audio/b0RFKhbpFJA_70000.wav": 10.0, "events.tsv": table}))
    assert events(named, "b0RFKhbpFJA_70000.wav") == ((1.25, 1.75, "/m/01yrx"),)
    (Path(named._files["b0RFKhbpFJA_70000.wav"])).unlink()
    unclear = opened(make({"audio/b0RFKhbpFJA.wav": 10.0, "events.tsv": table}))
    assert [one.reason for one in unclear.excluded()] == ["name that fits several files"]


def test_fsd50k(make: Make) -> None:
    dataset = opened(make({"audio/64760.wav": 2.0, "audio/16399.wav": 2.0, "dev.csv": mini.FSD50K}))
    assert dataset.load("64760.wav").labels == ("Dog", "Animal")


def test_a_raven_table_for_several_files(make: Make) -> None:
    folder = make({"a.wav": 2.0, "b.wav": 2.0, "all.selections.txt": mini.RAVEN_SEQUENCE})
    dataset = opened(folder)
    assert dataset.load("a.wav").events == (Event(0.5, 1.0, "Dog", None, 200.0, 1500.5),)
    assert dataset.load("b.wav").events == (Event(1.25, 1.75, "Cat", None, 300.0, 4000.0),)


HEADER = "filename\tonset\toffset\tevent_label\n"
GOOD = f"{HEADER}dog.wav\t0.5\t1\tDog\n"
DAMAGED: dict[str, tuple[Files, str]] = {
    "an event far past the end": (
        {"audio/dog.wav": 2.0, "events.tsv": f"{GOOD}dog.wav\t1.5\t9\tCat\n"},
        "events trimmed to the end of their clips: 1, events.tsv line 3: 1.5 to 9 s",
    ),
    "an event before the start": (
        {"audio/dog.wav": 2.0, "events.tsv": f"{GOOD}dog.wav\t-0.5\t0.3\tCat\n"},
        "events trimmed to the start of their clips: 1, events.tsv line 3",
    ),
    "an event behind the end": (
        {"audio/dog.wav": 2.0, "events.tsv": f"{GOOD}dog.wav\t5\t6\tCat\n"},
        "left out, event outside the clip: 1, events.tsv line 3: 5 to 6 s, dog.wav lasts 2 s",
    ),
    "a point": (
        {"audio/dog.wav": 2.0, "events.tsv": f"{GOOD}dog.wav\t1\t1\tCat\n"},
        "left out, event of zero length: 1, events.tsv line 3",
    ),
    "points of Audacity": (
        {"dog.wav": 2.0, "dog.txt": f"{mini.AUDACITY}1.9\t1.9\tclick\n1.8\t1.8\tclick\n"},
        "left out, event of zero length: 2, such as dog.txt line 4",
    ),
    "times swapped": (
        {"audio/dog.wav": 2.0, "events.tsv": f"{GOOD}dog.wav\t1.5\t1\tCat\n"},
        "left out, event that ends before it begins: 1, events.tsv line 3",
    ),
    "no number": (
        {"audio/dog.wav": 2.0, "events.tsv": f"{GOOD}dog.wav\tsoon\t1\tCat\n"},
        "left out, row that cannot be read: 1, events.tsv line 3: onset 'soon' is not a number",
    ),
    "a label without text": (
        {"dog.wav": 2.0, "dog.txt": f"{mini.AUDACITY}1.8\t1.9\n"},
        "left out, event without a label: 1, dog.txt line 4",
    ),
    "one column too many": (
        {"audio/dog.wav": 2.0, "events.tsv": f"{GOOD}dog.wav\t1\t1.5\tCat\tloud\n"},
        "left out, row that cannot be read: 1, events.tsv line 3: has 5 fields for 4 columns",
    ),
    "an open quotation mark": (
        {"audio/dog.wav": 2.0, "events.tsv": f'{GOOD}dog.wav\t1\t1.5\t"Cat\n'},
        "left out, row that cannot be read: 1, events.tsv line 3: cannot be split",
    ),
    "a file that is not there": (
        {"audio/dog.wav": 2.0, "events.tsv": f"{GOOD}owl.wav\t0\t1\tOwl\nowl.wav\t1\t2\tOwl\n"},
        "left out, audio missing: 1, events.tsv line 3: there is no audio file 'owl.wav'",
    ),
    "a stem": (
        {"audio/dog.wav": 2.0, "events.tsv": GOOD.replace("dog.wav", "dog")},
        "files found by stem, case, folder or id: 1, dog is dog.wav",
    ),
    "a stem of two files": (
        {"audio/dog.wav": 2.0, "audio/cat.wav": 2.0, "audio/cat.flac": 2.0,
         "events.tsv": f"{GOOD}cat\t0\t1\tCat\n"},
        "left out, name that fits several files: 1, events.tsv line 3: 'cat' fits 2 files",
    ),
    "a path of another machine": (
        {"audio/dog.wav": 2.0, "events.tsv": GOOD.replace("dog.wav", "D:\\rec\\dog.wav")},
        "files found by stem, case, folder or id: 1, D:\\rec\\dog.wav is dog.wav",
    ),
    "the encoding of Windows": (
        {"audio/dog.wav": 2.0, "events.tsv": f"{GOOD}dog.wav\t1\t2\tBär\n".encode("cp1252")},
        "events.tsv is not UTF-8, read as windows-1252",
    ),
    "a clip that is longer than its name": (
        {"audio/dog.wav": 2.0, "audio/b0RFKhbpFJA_30.000_40.000.wav": 10.6,
         "events.tsv": f"{GOOD}b0RFKhbpFJA_30.000_40.000.wav\t1\t2\tCat\n"},
        "left out, audio longer than its name says: 1, 10.6 s, its name says 10 s",
    ),
    "a text beside a clip": (
        {"dog.wav": 2.0, "dog.txt": mini.AUDACITY, "cat.wav": 2.0, "cat.txt": "Our cat Tom.\n"},
        "left out, file of labels that cannot be read: 1, ",
    ),
    "a TextGrid that is cut off": (
        {"dog.wav": 2.0, "dog.TextGrid": mini.TEXTGRID_SHORT, "cat.wav": 2.0,
         "cat.TextGrid": mini.TEXTGRID_SHORT[:-90]},
        "left out, file of labels that cannot be read: 1, ",
    ),
    "points of Praat": (
        {"dog.wav": 2.0, "dog.TextGrid": mini.TEXTGRID},
        "left out, event of zero length: 1, dog.TextGrid tier clicks, 1: a point at 0.75 s",
    ),
    "results of a detector": (
        {"dog.wav": 2.0, "dog.BirdNET.results.csv": mini.BIRDNET},
        "labels are results of BirdNET, not annotations by people",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGED)
def test_damage_is_told_in_one_line(make: Make, damage: str) -> None:
    files, line = DAMAGED[damage]
    if any(name.endswith("TextGrid") for name in files):
        pytest.importorskip("praatio", reason="needs the extra textgrid")
    dataset = opened(make(files))
    assert dataset.load("dog.wav").events
    [note] = dataset.notes()
    assert note.startswith(line)
    assert len(DAMAGED) == 20
    left_out = note.startswith("left out")
    assert bool(dataset.excluded()) == left_out


def test_a_shifted_clip_is_no_clip(make: Make) -> None:
    files, _ = DAMAGED["a clip that is longer than its name"]
    assert opened(make(files)).clip_ids() == ["dog.wav"]


@pytest.mark.parametrize("name", ["dog.aiff", "dog.AIF", "dog.opus", "dog.oga"])
def test_other_suffixes_that_are_read(make: Make, name: str) -> None:
    folder = make({f"audio/{name}": 2.0, "events.tsv": GOOD.replace("dog.wav", name)})
    assert events(opened(folder), name) == ((0.5, 1.0, "Dog"),)


@pytest.mark.parametrize("name", ["dog.aiff", "dog.opus"])
def test_truncated_files_of_other_suffixes(make: Make, name: str) -> None:
    folder = make({f"audio/{name}": 2.0, "events.tsv": GOOD.replace("dog.wav", name)})
    path = folder / "audio" / name
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(AudioError, match="truncated"):
        opened(folder).load(name)


@pytest.mark.parametrize(
    ("factor", "refused"), [(-1.0, True), (-0.98, True), (-0.5, False), (0.0, False)]
)
def test_channels_that_cancel_are_not_silence(make: Make, factor: float, refused: bool) -> None:
    folder = make({"audio/dog.wav": 2.0, "events.tsv": GOOD})
    wave = 0.3 * np.random.default_rng(0).standard_normal(2 * RATE_HZ).clip(-3, 3)
    soundfile.write(folder / "audio" / "dog.wav", np.stack([wave, factor * wave], 1), RATE_HZ)
    if refused:
        with pytest.raises(AudioError, match="2 channels cancel each other"):
            opened(folder).load("dog.wav")
    else:
        assert opened(folder).load("dog.wav").waveform.any()


def test_nothing_to_read(make: Make) -> None:
    with pytest.raises(DataError, match=r"events\.tsv does not exist; expected audio/"):
        opened(make({"dog.wav": 2.0}))
    with pytest.raises(DataError, match=r"no file of labels fits table=\*\.TextGrid"):
        opened(make({"dog.txt": mini.AUDACITY}), table="*.TextGrid")
