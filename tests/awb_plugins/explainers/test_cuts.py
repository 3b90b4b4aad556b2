"""Parts that follow the sound: onsets, tables of edges, words and phones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from awb.audio import cuts
from awb.audio.cuts import (
    check_cut,
    closed,
    file_edges,
    files_sha256,
    onset_edges,
)
from awb.errors import DataError, MissingExtraError, ParameterError
from awb.perturbation import Perturber
from awb.segments import Segments
from awb.types import Clip, Explanation
from awb_plugins.explainers.components import part_shap
from awb_plugins.explainers.components.players import window_edges
from fakes import RATE_HZ, WeightedEnergy, instance_of, perturber_for, unit_clip

GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 1
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.25
            text = ""
        intervals [2]:
            xmin = 0.25
            xmax = 0.6
            text = "größe"
        intervals [3]:
            xmin = 0.6
            xmax = 1
            text = "zwei"
    item [2]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 1
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 0.4
            text = "g"
        intervals [2]:
            xmin = 0.4
            xmax = 1
            text = "r"
"""


def _explain(perturber: Perturber, clip: Clip, **settings: object) -> Explanation:
    spec = part_shap.SPEC
    found = spec.factory(spec.parameters(components="clip", **settings))(
        perturber, instance_of(clip).blind(), np.random.default_rng(0)
    )
    assert isinstance(found, Explanation)
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_words_and_phones_are_read_from_text_grids(tmp_path: Path, encoding: str) -> None:
    pytest.importorskip("praatio", reason="needs praatio (extra textgrid)")
    (tmp_path / "speaker").mkdir()
    mark = "\ufeff" if encoding.startswith("utf-16-") else ""
    (tmp_path / "speaker" / "clip.TextGrid").write_bytes((mark + GRID).encode(encoding))
    words = file_edges(tmp_path, "words", "clip", 1000, 1000)
    assert words.tolist() == [0, 250, 600, 1000]
    assert file_edges(tmp_path, "Phones", "clip.wav", 1000, 1000).tolist() == [0, 400, 1000]
    with pytest.raises(DataError, match="no tier 'syllables'; its tiers are: words, phones"):
        file_edges(tmp_path, "syllables", "clip", 1000, 1000)
    with pytest.raises(DataError, match=r"no file other\.TextGrid for clip other"):
        file_edges(tmp_path, "words", "other", 1000, 1000)


def test_a_broken_text_grid_is_told(tmp_path: Path) -> None:
    pytest.importorskip("praatio", reason="needs praatio (extra textgrid)")
    (tmp_path / "clip.TextGrid").write_text(GRID[:200], encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read as a TextGrid"):
        file_edges(tmp_path, "words", "clip", 1000, 1000)


@pytest.mark.parametrize("separator", ["\t", ","])
def test_edges_are_read_from_a_table(tmp_path: Path, separator: str) -> None:
    rows = [("clip", "edge_s"), ("a", "0.5"), ("a", "0.2"), ("b", "0.9")]
    path = tmp_path / "edges.txt"
    path.write_text("\n".join(separator.join(row) for row in rows), encoding="utf-8")
    assert file_edges(path, "", "a", 1000, 1000).tolist() == [0, 200, 500, 1000]
    with pytest.raises(DataError, match="no edges of clip c"):
        file_edges(path, "", "c", 1000, 1000)
    with pytest.raises(DataError, match="did you supply seconds"):
        file_edges(path, "", "b", 500, 1000)


@pytest.mark.parametrize("text", ["clip\tedge\na\t1", "clip,edge_s\na,soon", ""])
def test_what_is_no_table_of_edges_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "edges.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="edges"):
        file_edges(path, "", "a", 1000, 1000)


@pytest.mark.parametrize("level", [0.5, 0.01])
def test_onsets_and_silences_are_edges(level: float) -> None:
    rate = 8000
    waveform = np.zeros(2 * rate, dtype=np.float32)
    noise = np.random.default_rng(0).uniform(-level, level, 4000).astype(np.float32)
    waveform[4000:8000], waveform[12000:14000] = noise, noise[:2000]
    found = onset_edges(waveform, rate)
    for wanted in (4000, 8000, 12000, 14000):
        assert np.abs(found - wanted).min() <= 0.02 * rate
    assert found.size <= 8
    assert (np.diff(found) >= 0.03 * rate).all()


def test_a_note_that_begins_within_another_is_an_onset() -> None:
    rate = 8000
    time = np.arange(2 * rate) / rate
    first = 0.3 * np.sin(2 * np.pi * 440 * time)
    second = 0.3 * np.sin(2 * np.pi * 1320 * time) * (time >= 1.1)
    found = onset_edges((first + second).astype(np.float32), rate)
    assert np.abs(found - 1.1 * rate).min() <= 0.02 * rate
    assert found.size <= 5


@pytest.mark.parametrize("n_samples", [1, 50, 3000])
def test_silence_and_short_clips_are_not_cut(n_samples: int) -> None:
    assert onset_edges(np.zeros(n_samples, np.float32), 8000).tolist() == [0, n_samples]
    assert onset_edges(np.ones(50, np.float32), 8000).tolist() == [0, 50]


def test_edges_too_close_together_or_to_the_end_are_left_out() -> None:
    assert closed([0, 5, 40, 45, 990, 1000], 1000, 1000).tolist() == [0, 40, 1000]
    assert closed([], 20, 1000).tolist() == [0, 20]


def test_words_get_their_shapley_values_shared_by_energy(tmp_path: Path) -> None:
    path = tmp_path / "edges.tsv"
    path.write_text("clip\tedge_s\nclip\t0.25\nclip\t0.6\n", encoding="utf-8")
    clip = unit_clip(10)
    perturber = perturber_for(WeightedEnergy(np.arange(10.0)), clip)
    found = _explain(perturber, clip, cut=str(path))
    # All samples are equally loud, so a cell is worth its weight / 4, and a word shares evenly.
    per_sample = np.repeat(np.arange(10.0) / 4, 100) / 100
    slow = np.concatenate(
        [
            np.full(stop - start, per_sample[start:stop].mean())
            for start, stop in ((0, 250), (250, 600), (600, 1000))
        ]
    )
    np.testing.assert_allclose(found.relevance, slow.reshape(10, 100).sum(axis=1), atol=1e-5)


def test_splitting_a_part_keeps_what_cells_get(tmp_path: Path) -> None:
    clip = unit_clip(10)
    parts = perturber_for(WeightedEnergy(np.ones(10)), clip).parts
    cells = np.arange(0, 1001, 100)
    one = parts(clip.waveform[None], [0, 400, 1000]).over_time([2.0, 3.0], cells)
    other = parts(clip.waveform[None], [0, 100, 400, 1000]).over_time([0.5, 1.5, 3.0], cells)
    np.testing.assert_allclose(one, other, atol=1e-9)


def test_a_file_that_is_not_there_and_a_library_that_is_missing_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ParameterError, match="neither windows nor onsets"):
        part_shap.SPEC.factory(part_shap.SPEC.parameters(cut="onset"))
    monkeypatch.setattr(cuts, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"audio-where-benchmark\[textgrid\]"):
        check_cut(str(tmp_path))


def test_results_depend_on_the_files_that_were_read(tmp_path: Path) -> None:
    path = tmp_path / "edges.tsv"
    path.write_text("clip\tedge_s\na\t1\n", encoding="utf-8")
    first = files_sha256(str(path))
    path.write_text("clip\tedge_s\na\t2\n", encoding="utf-8")
    assert first != files_sha256(str(path))
    (tmp_path / "a.TextGrid").write_text(GRID, encoding="utf-8")
    assert len({first, files_sha256(str(tmp_path)), files_sha256("onsets")}) == 3
    files = part_shap.SPEC.files_sha256
    assert files is not None
    assert files(part_shap.SPEC.parameters(), "") == ""


def test_windows_are_whole_cells() -> None:
    segments = Segments(1050, RATE_HZ)
    assert window_edges(segments, 0.0).tolist() == [0, 1050]
    assert window_edges(segments, 0.5).tolist() == [0, 500, 1000, 1050]
