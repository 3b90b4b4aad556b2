"""Keywords in LibriSpeech: the published layout in miniature, TextGrids written by a library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import soundfile

pytest.importorskip("praatio", reason="needs the extra textgrid")

from praatio import textgrid

from awb.errors import AudioError, DataError, LabelError, ParameterError
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb_datasets.kws_librispeech import SPEC, KwsLibrispeechParameters
from awb_datasets.kws_librispeech.alignments import read_alignment
from awb_datasets.kws_librispeech.dataset import KwsLibrispeech

RATE_HZ = 16_000
Spoken = Sequence[tuple[float, float, str]]


def write_grid(
    path: Path,
    words: Spoken,
    duration_s: float,
    *,
    tier: str = "words",
    form: Literal["long_textgrid", "short_textgrid"] = "long_textgrid",
) -> None:
    grid = textgrid.Textgrid()
    grid.addTier(textgrid.IntervalTier("phones", [], 0, duration_s))
    grid.addTier(textgrid.IntervalTier(tier, list(words), 0, duration_s))
    path.parent.mkdir(parents=True, exist_ok=True)
    grid.save(str(path), format=form, includeBlankSpaces=True)


def write_utterance(root: Path, name: str, words: Spoken | None, duration_s: float = 2.0) -> None:
    speaker, chapter, _ = name.split("-")
    path = root / "LibriSpeech" / "test-clean" / speaker / chapter / f"{name}.flac"
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.full(round(duration_s * RATE_HZ), 0.1), RATE_HZ)
    if words is not None:
        write_grid(root / "grids" / "test-clean" / speaker / f"{name}.TextGrid", words, duration_s)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_utterance(
        tmp_path, "7-1-0000", [(0.2, 0.7, "NEVER"), (0.7, 0.9, "a"), (1.0, 1.5, "never")]
    )
    write_utterance(tmp_path, "7-1-0001", [(0.1, 0.4, "hello")])
    write_utterance(tmp_path, "7-1-0002", None)
    write_utterance(tmp_path, "81-2-0000", [(0.5, 1.0, "Nothing")], 1.5)
    write_utterance(tmp_path, "81-2-0001", [(0.5, 1.0, "nothing")], 4.0)
    return tmp_path


def opened(root: Path, **settings: Any) -> KwsLibrispeech:
    given = {"words": "never+nothing", "longest_s": 3.0, **settings}
    dataset = SPEC.factory(
        KwsLibrispeechParameters(root=root / "LibriSpeech", alignments=root / "grids", **given)
    )
    assert isinstance(dataset, KwsLibrispeech)
    return dataset


def test_words_of_the_list_are_events(corpus: Path) -> None:
    dataset = opened(corpus)
    assert list(dataset.clip_ids()) == ["7-1-0000", "81-2-0000"]
    clip = dataset.load("7-1-0000")
    assert [(event.onset_s, event.offset_s, event.label) for event in clip.events] == [
        (0.2, 0.7, "never"),
        (1.0, 1.5, "never"),
    ]
    assert (clip.group, clip.sample_rate_hz, clip.duration_s) == ("speaker-7", RATE_HZ, 2.0)
    assert dataset.load("81-2-0000").group == "speaker-81"


def test_what_is_left_out_is_counted_by_reason(corpus: Path) -> None:
    assert {(one.clip_id, one.reason, one.detail) for one in opened(corpus).excluded()} == {
        ("7-1-0001", "no events", ""),
        ("7-1-0002", "not aligned", ""),
        ("81-2-0001", "utterance too long", "4.0 s"),
    }


def test_both_text_formats_and_the_tiers_letter_case(tmp_path: Path) -> None:
    words = [(0.1, 0.5, "never"), (0.5, 0.75, ' "quoted" ')]
    for form in ("long_textgrid", "short_textgrid"):
        path = tmp_path / f"{form}.TextGrid"
        write_grid(path, words, 1.0, tier="Words", form=form)  # type: ignore[arg-type]
        found = read_alignment(path)
        assert found.duration_s == 1.0
        assert [(word.onset_s, word.offset_s) for word in found.words] == [(0.1, 0.5), (0.5, 0.75)]
        assert found.words[0].text == "never"


@pytest.mark.parametrize("content", ["", "hello", 'File type = "ooTextFile"\n', "half", "order"])
def test_a_damaged_textgrid_is_named(corpus: Path, content: str) -> None:
    path = corpus / "grids" / "test-clean" / "7" / "7-1-0000.TextGrid"
    text = path.read_text(encoding="utf-8")
    changed = {"half": text[: len(text) // 2], "order": text.replace("xmax = 0.7", "xmax = 0.1")}
    path.write_text(changed.get(content, content), encoding="utf-8")
    with pytest.raises(LabelError, match=r"7-1-0000\.TextGrid cannot be read as a TextGrid: \S"):
        opened(corpus)


def test_a_textgrid_without_words(corpus: Path) -> None:
    path = corpus / "grids" / "test-clean" / "7" / "7-1-0000.TextGrid"
    write_grid(path, [], 2.0, tier="speaker")
    with pytest.raises(LabelError, match="no tier 'words'; its tiers are: phones, speaker"):
        opened(corpus)


def test_words_beyond_the_audio(corpus: Path) -> None:
    grids = corpus / "grids" / "test-clean"
    write_grid(grids / "81" / "81-2-0000.TextGrid", [(1.0, 1.54, "nothing")], 1.54)
    assert opened(corpus).load("81-2-0000").events[0].offset_s == 1.5
    write_grid(grids / "81" / "81-2-0000.TextGrid", [(1.0, 1.9, "nothing")], 1.9)
    with pytest.raises(LabelError, match="after the clip's end"):
        opened(corpus).load("81-2-0000")


def test_missing_folders_audio_alignments_and_words(corpus: Path) -> None:
    with pytest.raises(
        DataError, match=r"there is no folder .*dev-clean; expected SPEAKER/CHAPTER"
    ):
        opened(corpus, subset="dev-clean")
    with pytest.raises(DataError, match=r"none of 5 utterances .* holds one of: zebra"):
        opened(corpus, words="zebra")
    with pytest.raises(DataError, match=r"contains no \*/\*/\*\.flac"):
        opened(corpus, subset="test-clean/7")
    for path in (corpus / "grids").rglob("*.TextGrid"):
        path.unlink()
    with pytest.raises(DataError, match=r"contains no \*\.TextGrid"):
        opened(corpus)
    with pytest.raises(DataError, match="there is no such folder"):
        KwsLibrispeech(
            corpus / "LibriSpeech" / "test-clean", corpus / "x", words=["a"], longest_s=1.0
        )


def test_misplaced_and_damaged_audio(corpus: Path) -> None:
    dataset = opened(corpus)
    folder = corpus / "LibriSpeech" / "test-clean" / "7" / "1"
    (folder / "7-1-0000.flac").write_bytes(b"fLaC")
    with pytest.raises(AudioError, match=r"7-1-0000\.flac"):
        dataset.load("7-1-0000")
    with pytest.raises(DataError, match="there is no clip '7-1-0001'"):
        dataset.load("7-1-0001")
    (folder / "8-1-0000.flac").touch()
    with pytest.raises(LabelError, match="the name does not fit its folders"):
        opened(corpus)


def test_an_empty_word_is_refused() -> None:
    with pytest.raises(ParameterError, match="words are joined by"):
        resolve(load(), "dataset", "kws-librispeech:root=a,alignments=b,words=never++nothing")
