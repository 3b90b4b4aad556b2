"""The folder dataset: what it accepts, and one clear line for whatever is wrong."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from awb.errors import AudioError, DataError, LabelError
from awb.protocols import Dataset
from awb_datasets.folder import SPEC, FolderParameters
from awb_datasets.folder.formats import EVENT_COLUMNS, find_format

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


def opened(folder: Path) -> Dataset:
    return SPEC.factory(FolderParameters(path=folder))


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


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("200\t", "high_hz is missing"),
        ("900\t300", "did you swap the columns"),
        ("2,5\t300", "low_hz '2,5' is not a number of Hz"),
    ],
)
def test_bad_frequencies(make: Make, cells: str, said: str) -> None:
    row = f"dog.wav\t0.5\t1\tBark\t{cells}"
    assert said in fault(make(row, header=HEADER + "\tlow_hz\thigh_hz"))


def test_missing_empty_fields_at_the_end_of_a_row(make: Make) -> None:
    folder = make("dog.wav\t0.5\t1\tDog", header=f"{HEADER}\tmid\tnote")
    assert opened(folder).load("dog.wav").events[0].mid is None


def test_quotes_of_a_spreadsheet(make: Make) -> None:
    folder = make('dog.wav\t0.5\t1\t"Vehicle horn, car horn, honking"')
    label = opened(folder).load("dog.wav").events[0].label
    assert label == "Vehicle horn, car horn, honking"


@pytest.mark.parametrize("name", ["audio/dog.wav", "./dog.wav", " dog.wav "])
def test_ways_to_write_a_filename(make: Make, name: str) -> None:
    assert opened(make(f"{name}\t0\t1\tDog")).load("dog.wav").events


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
    ("row", "said"),
    [
        ("dog.wav\tx\t1\tDog", "onset 'x' is not a number"),
        ("dog.wav\t0\t\tDog", "offset '' is not a number"),
        ("dog.wav\t0,5\t1\tDog", "write decimals with a point"),
        ("dog.wav\tnan\t1\tDog", "must be finite"),
        ("dog.wav\t0\tinf\tDog", "must be finite"),
        ("dog.wav\t1\t0.5\tDog", "offset 0.5 s is not after onset 1 s"),
        ("dog.wav\t1\t1\tDog", "offset 1 s is not after onset 1 s"),
        ("dog.wav\t-0.1\t1\tDog", "before the start of the clip"),
        ("dog.wav\t0\t1\t ", "needs a label"),
        ("dog.wav\t0\t1", "needs a label"),
        ("dog.wav\t0\t1\tDog\tx", "has 5 fields for 4 columns"),
        ('dog.wav\t0\t1\t"Dog', "cannot be split"),
        ("dgo.wav\t0\t1\tDog", "no file 'dgo.wav' in audio/. Did you mean dog.wav?"),
        ("\t0\t1\tDog", "filename is empty"),
        (".\t0\t1\tDog", "leads out of"),
        ("../secret.wav\t0\t1\tDog", "leads out of"),
        ("far/../../dog.wav\t0\t1\tDog", "leads out of"),
        ("/etc/dog.wav\t0\t1\tDog", "leads out of"),
        ("C:\\dog.wav\t0\t1\tDog", "leads out of"),
        ("dog.wav\t1\t2.03\tDog", "lies outside 'dog.wav', which lasts 2 s"),
        ("dog.wav\t2\t2.01\tDog", "lies outside 'dog.wav'"),
        ("dog.wav\t500\t1500\tDog", "did you supply seconds?"),
    ],
)
def test_bad_row(make: Make, row: str, said: str) -> None:
    message = fault(make("cat.flac\t0\t1\tCat", row))
    assert "events.tsv line 3: " in message
    assert said in message
    assert "more bad" not in message


def test_further_bad_rows_are_counted(make: Make) -> None:
    bad = "dog.wav\t1\t0\tDog"
    assert fault(make(bad, "cat.flac\t0\t1\tCat", bad)).endswith("(and 1 more bad row)")
    message = fault(make(bad, bad, "owl\t0\t1\tDog"))
    assert "line 2" in message
    assert message.endswith("(and 2 more bad rows)")


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
    ("header", "rows", "said"),
    [
        ("filename\tevent_labels", ["dog.wav\tDog,"], "has an empty label"),
        ("filename\tevent_labels", ["dgo.wav\tDog"], "no file 'dgo.wav'"),
        ("file\tevent_labels", ["dog.wav\tDog"], "has no column filename"),
        ("filename\tevent_labels\tfilename", [], "2 columns called filename"),
    ],
)
def test_bad_weak_labels(make: Make, header: str, rows: list[str], said: str) -> None:
    assert said in fault(make(*rows, header=header))


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


def test_a_fault_without_a_header_is_counted_from_the_first_line(make: Make) -> None:
    assert "line 1: offset 0 s is not after" in fault(make(header="cat.flac\t1\t0\tCat"))


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
    settings = {"path": folder, "audio": "audio/validation", "table": "metadata/validation.tsv"}
    with pytest.raises(LabelError, match=r"line 3: there is no file .Ygone_1\.wav"):
        SPEC.factory(FolderParameters(**settings))
    dataset = SPEC.factory(FolderParameters(**settings, absent="skip"))
    assert dataset.load("dog.wav").events
    [excluded] = dataset.excluded()
    assert (excluded.clip_id, excluded.reason) == ("Ygone_1.wav", "audio missing")
    with pytest.raises(DataError, match="has no folder audio/test/"):
        SPEC.factory(FolderParameters(path=folder, audio="audio/test"))


def test_missing_column(make: Make) -> None:
    message = fault(make("dog.wav\t0\t1\tDog", header="filename\tonset\toffset\tlabel"))
    assert "no column event_label" in message
    assert "filename, onset, offset, label" in message


def test_comma_separated(make: Make) -> None:
    message = fault(make("dog.wav,0,1,Dog", header=HEADER.replace("\t", ",")))
    assert "comma-separated" in message


def test_semicolons_of_a_spreadsheet_are_told_from_commas(make: Make) -> None:
    folder = make()
    (folder / "e.csv").write_text("filename;onset;offset;event_label\n", encoding="utf-8")
    with pytest.raises(LabelError, match="seems to be semicolon-separated; save it comma-sep"):
        SPEC.factory(FolderParameters(path=folder, table="e.csv"))


def test_column_given_twice(make: Make) -> None:
    assert "2 columns called onset" in fault(make(header=f"{HEADER}\tonset"))


def test_table_that_is_empty_or_no_utf8_or_missing(make: Make) -> None:
    folder = make()
    table = folder / "events.tsv"
    table.write_bytes(b"")
    assert "the file is empty" in fault(folder)
    table.write_bytes(HEADER.encode("utf-16"))
    assert "not UTF-8" in fault(folder, DataError)
    table.unlink()
    assert "does not exist; expected audio/*.{wav,flac,ogg,mp3}" in fault(folder, DataError)


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


@pytest.mark.parametrize(
    ("name", "line", "columns", "has_header"),
    [
        ("a.tsv", "filename\tonset\toffset\tevent_label", EVENT_COLUMNS, True),
        ("a.csv", "filename,onset,offset,event_label", EVENT_COLUMNS, True),
        ("a.CSV", " onset , filename,offset,event_label", ("onset", "filename"), True),
        ("a.txt", "dog.wav\t0.5\t1\tDog", EVENT_COLUMNS, False),
        ("a.csv", "dog.wav,0.5,1,Dog,more", (*EVENT_COLUMNS, "column 5"), False),
        ("a.tsv", "filename\tevent_labels", ("filename", "event_labels"), True),
        (
            "a.tsv",
            "filename\tonset\toffset\tevent_label\tevent_labels",
            (*EVENT_COLUMNS, "event_labels"),
            True,
        ),
    ],
)
def test_the_first_line_tells_the_format(
    name: str, line: str, columns: tuple[str, ...], has_header: bool
) -> None:
    found = find_format(Path(name), [line])
    assert (found.columns[: len(columns)], found.has_header) == (columns, has_header)
    assert found.separator == ("," if name.lower().endswith("csv") else "\t")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["filename,onset,offset,event_label"], r"comma-separated; save it tab-separated"),
        (["file;onset;offset"], r"semicolon-separated; save it tab-separated"),
        (["filename\tonset,s\toffset"], r"has no column onset, event_label; .*offset\. Expected"),
        (["filename\tonset\tevent_labels\tevent_label"], r"has no column offset"),
        ([], r"its header is: nothing, the file is empty\."),
    ],
)
def test_a_header_without_its_columns_is_refused(lines: list[str], said: str) -> None:
    with pytest.raises(LabelError, match=said):
        find_format(Path("a.tsv"), lines)
