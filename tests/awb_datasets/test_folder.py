"""The folder dataset: what it accepts, what it leaves out and counts, and what it refuses."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from awb.errors import AudioError, DataError, LabelError, ParameterError
from awb.protocols import Dataset
from awb_datasets.folder import SPEC, FolderParameters
from awb_datasets.folder.dataset import FolderDataset

RATE_HZ = 8_000
HEADER = "filename\tonset\toffset\tevent_label"
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a folder with three clips of 2 s, and a table with the given rows."""

    def write(*rows: str, header: str = HEADER, newline: str = "\n", mark: str = "") -> Path:
        for name in ("dog.wav", "cat.flac", "far/owl.WAV"):
            path = tmp_path / "audio" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, np.full((2 * RATE_HZ, 2), 0.25), RATE_HZ)
        text = mark + newline.join([header, *rows]) + newline
        (tmp_path / "events.tsv").write_bytes(text.encode("utf-8"))
        return tmp_path

    return write


def opened(folder: Path, **settings: Any) -> FolderDataset:
    dataset = SPEC.factory(FolderParameters(path=folder, **settings))
    assert isinstance(dataset, FolderDataset)
    return dataset


def fault(folder: Path, kind: type[DataError] = LabelError) -> str:
    with pytest.raises(DataError) as caught:
        opened(folder)
    assert type(caught.value) is kind
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_clips_and_events(make: Make) -> None:
    dataset = opened(
        make("dog.wav\t0.5\t1\tDog", "far/owl.WAV\t0\t2\tOwl", "dog.wav\t1.5\t1.75\tCat")
    )
    assert isinstance(dataset, Dataset)
    assert dataset.clip_ids() == ["cat.flac", "dog.wav", "far/owl.WAV"]
    clip = dataset.load("dog.wav")
    assert (clip.sample_rate_hz, clip.waveform.shape) == (RATE_HZ, (16_000,))
    assert [(e.onset_s, e.offset_s, e.label) for e in clip.events] == [
        (0.5, 1.0, "Dog"),
        (1.5, 1.75, "Cat"),
    ]
    assert dataset.load("cat.flac").events == ()


def test_path_parameter() -> None:
    assert SPEC.path_parameter in FolderParameters.model_fields


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_byte_order_mark_and_line_ends(make: Make, newline: str, mark: str) -> None:
    folder = make("dog.wav\t0.5\t1\tDog", "", "", newline=newline, mark=mark)
    assert opened(folder).load("dog.wav").events[0].label == "Dog"


def test_columns_in_any_order_with_extras_and_mids(make: Make) -> None:
    header = "annotator\tevent_label\tmid\toffset\tonset\tfilename"
    folder = make(
        "me\t#Dog\t/m/0bt9lr\t1\t0.5\tdog.wav", "me\tCat\t\t1\t0.5\tcat.flac", header=header
    )
    (dog,) = opened(folder).load("dog.wav").events
    assert (dog.label, dog.mid) == ("#Dog", "/m/0bt9lr")
    assert opened(folder).load("cat.flac").events[0].mid is None


def test_frequencies_are_read_and_may_be_unknown(make: Make) -> None:
    rows = ["dog.wav\t0.5\t1\tBark\t200\t1500.5", "dog.wav\t1\t2.01\tOwl\t\t"]
    events = opened(make(*rows, header=HEADER + "\tlow_hz\thigh_hz")).load("dog.wav").events
    assert [event.band_hz for event in events] == [(200.0, 1500.5), None]
    trimmed = make("dog.wav\t1\t2.01\tOwl\t50\t90", header=HEADER + "\tlow_hz\thigh_hz")
    [event] = opened(trimmed).load("dog.wav").events
    assert (event.offset_s, event.band_hz) == (2.0, (50.0, 90.0))


@pytest.mark.parametrize("cells", ["200\t", "900\t300", "-1\t-1", "\tnan", "0\t0"])
def test_frequencies_that_are_no_band_are_unknown(make: Make, cells: str) -> None:
    row = f"dog.wav\t0.5\t1\tBark\t{cells}"
    [event] = opened(make(row, header=HEADER + "\tlow_hz\thigh_hz")).load("dog.wav").events
    assert event.band_hz is None


def test_missing_empty_fields_at_the_end_of_a_row(make: Make) -> None:
    folder = make("dog.wav\t0.5\t1\tDog", header=f"{HEADER}\tmid\tnote")
    assert opened(folder).load("dog.wav").events[0].mid is None


def test_quotes_of_a_spreadsheet(make: Make) -> None:
    folder = make('dog.wav\t0.5\t1\t"Vehicle horn, car horn, honking"')
    label = opened(folder).load("dog.wav").events[0].label
    assert label == "Vehicle horn, car horn, honking"


@pytest.mark.parametrize(
    ("name", "as_called"),
    [
        ("audio/dog.wav", True),
        ("./dog.wav", True),
        (" dog.wav ", True),
        ("dog", False),
        ("DOG.WAV", False),
        ("dog.mp3", False),
        ("C:\\mine\\dog.wav", False),
        ("/home/me/dog.wav", False),
        ("../dog.wav", False),
    ],
)
def test_ways_to_write_a_filename(make: Make, name: str, as_called: bool) -> None:
    dataset = opened(make(f"{name}\t0\t1\tDog"))
    assert dataset.load("dog.wav").events
    assert any("files found by stem" in note for note in dataset.notes()) != as_called


def test_backslashes_and_composed_letters(make: Make) -> None:
    folder = make("far\\owl.WAV\t0\t1\tOwl", f"{unicodedata.normalize('NFC', 'é.wav')}\t0\t1\tOwl")
    decomposed = unicodedata.normalize("NFD", "é.wav")
    soundfile.write(folder / "audio" / decomposed, np.zeros(RATE_HZ), RATE_HZ)
    assert opened(folder).load("far/owl.WAV").events
    assert opened(folder).load(decomposed).events


def test_hidden_and_other_files_are_no_clips(make: Make) -> None:
    folder = make()
    for name in ("._dog.wav", "notes.txt"):
        (folder / "audio" / name).write_text("x", encoding="ascii")
    assert len(opened(folder).clip_ids()) == 3


def test_small_overhang_is_trimmed(make: Make) -> None:
    (event,) = opened(make("dog.wav\t1.5\t2.02\tDog")).load("dog.wav").events
    assert event.offset_s == 2.0


@pytest.mark.parametrize(
    ("row", "reason", "said"),
    [
        ("dog.wav\tx\t1\tDog", "row that cannot be read", "onset 'x' is not a number"),
        ("dog.wav\t0\t\tDog", "row that cannot be read", "the end of the event is empty"),
        ("dog.wav\tnan\t1\tDog", "row that cannot be read", "must be finite"),
        ("dog.wav\t0\tinf\tDog", "row that cannot be read", "must be finite"),
        ("dog.wav\t1\t0.5\tDog", "event that ends before it begins", "1 to 0.5 s"),
        ("dog.wav\t1\t1\tDog", "event of zero length", "1 to 1 s"),
        ("dog.wav\t-1\t-0.5\tDog", "event outside the clip", "-1 to -0.5 s"),
        ("dog.wav\t2\t2.01\tDog", "event outside the clip", "dog.wav lasts 2 s"),
        ("dog.wav\t0\t1\t ", "event without a label", "0 to 1 s"),
        ("dog.wav\t0\t1", "event without a label", "0 to 1 s"),
        ("dog.wav\t0\t1\tDog\tx", "row that cannot be read", "has 5 fields for 4 columns"),
        ('dog.wav\t0\t1\t"Dog', "row that cannot be read", "cannot be split"),
        ("dgo.wav\t0\t1\tDog", "audio missing", "no audio file 'dgo.wav'. Did you mean dog.wav?"),
        ("\t0\t1\tDog", "audio missing", "filename is empty"),
        ("../secret.wav\t0\t1\tDog", "audio missing", "no audio file '../secret.wav'"),
    ],
)
def test_a_bad_row_is_left_out_and_counted(make: Make, row: str, reason: str, said: str) -> None:
    dataset = opened(make("cat.flac\t0\t1\tCat", row))
    [left_out] = dataset.excluded()
    assert left_out.reason == reason
    assert "events.tsv line 3: " in left_out.detail
    assert said in left_out.detail
    [note] = dataset.notes()
    assert note == f"left out, {reason}: 1, {left_out.detail}"
    assert dataset.load("cat.flac").events
    message = fault(make(row))
    assert said in message
    assert "no label can be used" in message


@pytest.mark.parametrize(
    ("row", "times", "note"),
    [
        ("dog.wav\t-0.1\t1\tDog", (0.0, 1.0), "events trimmed to the start of their clips: 1, "),
        ("dog.wav\t1\t2.03\tDog", (1.0, 2.0), "events trimmed to the end of their clips: 1, "),
        ("dog.wav\t0,5\t1\tDog", (0.5, 1.0), ""),
        ("dog.wav\t0:00.5\t00:00:01\tDog", (0.5, 1.0), ""),
    ],
)
def test_times_are_trimmed_and_told(
    make: Make, row: str, times: tuple[float, float], note: str
) -> None:
    dataset = opened(make(row))
    [event] = dataset.load("dog.wav").events
    assert (event.onset_s, event.offset_s) == times
    assert dataset.excluded() == ()
    assert [one.startswith(note) for one in dataset.notes()] == ([True] if note else [])


def test_what_can_be_used_of_nothing_is_refused_with_a_guess(make: Make) -> None:
    assert "did you supply seconds?" in fault(make("dog.wav\t500\t1500\tDog"))
    bad = "dog.wav\t1\t0\tDog"
    message = fault(make(bad, bad))
    assert "did you swap the columns?" in message
    assert message.endswith("(and 1 more bad row)")


def test_rows_without_an_event(make: Make) -> None:
    dataset = opened(make("cat.flac\t\t\t", "dog.wav", "dog.wav\t0\t1\tDog"))
    assert dataset.load("cat.flac").events == ()
    assert len(dataset.load("dog.wav").events) == 1


def test_weak_labels_beside_events(make: Make) -> None:
    folder = make("dog.wav\t0\t1\tDog")
    weak = "filename\tevent_labels\ncat.flac\tCat,Speech, Cat\nfar/owl.WAV\t\n"
    (folder / "weak.tsv").write_text(weak, encoding="utf-8")
    dataset = SPEC.factory(FolderParameters(path=folder, table="events.tsv+weak.tsv"))
    assert dataset.load("cat.flac").labels == ("Cat", "Speech")
    assert dataset.load("far/owl.WAV").labels == ()
    assert dataset.load("dog.wav").labels == ()
    assert dataset.load("dog.wav").events


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("Cat,Speech", ("Cat", "Speech")),
        ("Vehicle horn, car horn|Dog", ("Vehicle horn, car horn", "Dog")),
        ('"""Vehicle horn, car horn"",Dog"', ("Vehicle horn, car horn", "Dog")),
        ("Beep, bleep;Dog", ("Beep, bleep", "Dog")),
    ],
)
def test_weak_labels_with_commas(make: Make, cell: str, labels: tuple[str, ...]) -> None:
    dataset = opened(make(f"dog.wav\t{cell}", header="filename\tevent_labels"))
    assert dataset.load("dog.wav").labels == labels


def test_bad_weak_labels(make: Make) -> None:
    folder = make("dog.wav\tDog,", "cat.flac\tCat", header="filename\tevent_labels")
    assert "have an empty one" in opened(folder).excluded()[0].detail
    assert "2 columns called filename" in fault(make(header="filename\tevent_labels\tfilename"))


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("filename\tevent_onset\tevent_offset\tevent_label", "dog.wav\t0.5\t1\tDog"),
        ("cat.flac\t0\t1\tCat", "dog.wav\t0.5\t1\tDog"),
        ("audio/cat.flac\tstreet\t0\t1\tCat", "audio/dog.wav\tstreet\t0.5\t1\tDog"),
        ("cat.flac\thome\t0\t1\tCat\tm\ta7", "dog.wav\thome\t0.5\t1\tDog\tm\ta8"),
    ],
)
def test_tables_of_dcase(make: Make, header: str, row: str) -> None:
    dataset = opened(make(row, header=header))
    [event] = dataset.load("dog.wav").events
    assert (event.onset_s, event.offset_s, event.label) == (0.5, 1.0, "Dog")
    assert len(dataset.load("cat.flac").events) == (header.startswith(("cat", "audio")))


def test_commas_in_a_csv(make: Make) -> None:
    folder = make()
    rows = 'filename,onset,offset,event_label\ndog.wav,0.5,1,"Dog, barking"\n'
    (folder / "meta.csv").write_text(rows, encoding="utf-8")
    dataset = SPEC.factory(FolderParameters(path=folder, table="meta.csv"))
    assert dataset.load("dog.wav").events[0].label == "Dog, barking"


def test_the_layout_of_desed(make: Make) -> None:
    folder = make()
    (folder / "audio").rename(folder / "wavs")
    (folder / "audio").mkdir()
    (folder / "wavs").rename(folder / "audio" / "validation")
    table = folder / "metadata" / "validation.tsv"
    table.parent.mkdir()
    rows = [HEADER, "dog.wav\t0.5\t1\tDog", "Ygone_1.wav\t0\t1\tCat", "Ygone_1.wav\t1\t2\tCat"]
    table.write_text("\n".join(rows), encoding="utf-8")
    settings = {"audio": "audio/validation", "table": "metadata/validation.tsv"}
    with pytest.raises(LabelError, match=r"line 3: there is no audio file .Ygone_1\.wav"):
        opened(folder, **settings, absent="refuse")
    dataset = opened(folder, **settings)
    assert dataset.load("dog.wav").events
    [excluded] = dataset.excluded()
    assert (excluded.clip_id, excluded.reason) == ("Ygone_1.wav", "audio missing")
    with pytest.raises(DataError, match="has no folder audio/test/"):
        SPEC.factory(FolderParameters(path=folder, audio="audio/test"))


@pytest.mark.parametrize(
    "header",
    [
        "filename\tonset\toffset\tlabel",
        "Filename,Onset,Offset,Event_Label",
        "file;start (s);end (s);class",
        "fname\tonset_s\toffset_s\tannotator's word",
        "file name\tbegin\tduration\tspecies",
    ],
)
def test_other_headers_and_separators(make: Make, header: str) -> None:
    separator = next(one for one in "\t;," if one in header)
    row = separator.join(["dog.wav", "0", "1.5", "Dog"])
    [event] = opened(make(row, header=header)).load("dog.wav").events
    assert (event.onset_s, event.offset_s, event.label) == (0.0, 1.5, "Dog")


def test_columns_that_no_name_tells(make: Make) -> None:
    header, row = "a\tb\tc\td\te", "dog.wav\t1\tDog\tfield\t1.5"
    assert "not a format that awb knows" in fault(make(row, header=header))
    named = {"columns": "filename:a,onset:b,offset:E,label:c"}
    [event] = opened(make(row, header=header), **named).load("dog.wav").events
    assert (event.onset_s, event.offset_s, event.label) == (1.0, 1.5, "Dog")
    joined = opened(make(row, header=header), columns="filename:a+onset:b+offset:e+label:c")
    assert joined.load("dog.wav").events == (event,)
    with pytest.raises(LabelError, match="no column 'z'; its header is: a, b, c"):
        opened(make(row, header=header), columns="onset:z")
    with pytest.raises(ParameterError, match=r"unknown 'onse'\. Did you mean onset"):
        opened(make(row, header=header), columns="onse:b")


def test_a_table_of_one_class_has_no_column_of_it(make: Make) -> None:
    folder = make("dog.wav\t1\t1.5", header="filename\tonset\toffset")
    assert "has no column of labels" in fault(folder)
    assert opened(folder, label="Dog").load("dog.wav").events[0].label == "Dog"


def test_column_given_twice(make: Make) -> None:
    assert "2 columns called onset" in fault(make(header=f"{HEADER}\tonset"))


def test_a_table_that_is_empty_or_not_utf8_or_missing(make: Make) -> None:
    folder = make()
    table = folder / "events.tsv"
    table.write_bytes(b"")
    assert "the file is empty" in fault(folder)
    table.write_bytes(f"{HEADER}\ndog.wav\t0\t1\tDog\n".encode("utf-16"))
    assert opened(folder).load("dog.wav").events
    table.write_bytes(f"{HEADER}\ndog.wav\t0\t1\tBär\n".encode("cp1252"))
    assert opened(folder).load("dog.wav").events[0].label == "Bär"
    assert opened(folder).notes() == ("events.tsv is not UTF-8, read as windows-1252",)
    table.unlink()
    assert "does not exist; expected audio/*.{wav,flac,ogg,oga" in fault(folder, DataError)


def test_missing_folder_or_audio(tmp_path: Path) -> None:
    assert "type --dataset folder:PATH" in fault(tmp_path / "nowhere", DataError)
    assert "has no folder audio/" in fault(tmp_path, DataError)
    (tmp_path / "audio").mkdir()
    assert "contains no audio file" in fault(tmp_path, DataError)
    (tmp_path / "file").touch()
    assert "is a file" in fault(tmp_path / "file", DataError)


@pytest.mark.parametrize("part", [0.0, 0.001, 0.5])
@pytest.mark.parametrize("name", ["dog.wav", "cat.flac"])
def test_bad_audio_is_told_when_it_is_loaded(make: Make, name: str, part: float) -> None:
    folder = make("dog.wav\t1.5\t2\tDog", "cat.flac\t1.5\t2\tCat", "far/owl.WAV\t0\t1\tOwl")
    path = folder / "audio" / name
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    dataset = opened(folder)
    assert dataset.load("far/owl.WAV").events
    with pytest.raises(AudioError, match=name):
        dataset.load(name)


def test_unknown_clip(make: Make) -> None:
    with pytest.raises(DataError, match=r"Did you mean dog\.wav"):
        opened(make()).load("dgo.wav")
