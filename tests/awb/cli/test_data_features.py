"""``awb data features``, ``clusters`` and ``spectrograms`` on a miniature of a study of voices."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from pyarrow import csv, parquet

from awb.data.feature_table import FeatureTable, read_features
from awb.errors import DataError, ParameterError
from awb.report.figures.clusters import find_clusters
from awb.report.spectrogram_folder import Picture
from awb.types import Clip
from commands import awb
from mini_collections import RATE_HZ, write_class_folders


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_class_folders(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def table(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("features") / "features.parquet"
    done = awb(
        "data", "features", f"folder:{study}", "--extractor", "vggish-log-mel", "--out", path
    )
    assert done.returncode == 0, done.stderr
    assert "class per folder: 7 clips of 2 classes (hc, pd)" in done.stdout
    assert "6 x 128 features: 3 hc, 3 pd" in done.stdout
    assert "left out: 1 clips under 0.975 s" in done.stdout
    return path


def test_rows_have_class_group_attributes_and_features(table: Path) -> None:
    found = parquet.read_table(table)
    names = found.column_names
    assert names[:6] == ["clip", "class", "group", "SEX", "AGE", "vggish-log-mel_0"]
    assert names[-1] == "vggish-log-mel_127"
    rows = {row["clip"]: row for row in found.to_pylist()}
    assert (rows["pd/p1.wav"]["class"], rows["pd/p1.wav"]["SEX"]) == ("pd", "F")
    assert rows["pd/p1.wav"]["AGE"] == 61
    assert rows["hc/h2.wav"]["AGE"] is None
    assert b"vggish-log-mel of folder:" in found.schema.metadata[b"awb"]


def test_values_are_those_of_the_model(study: Path, table: Path) -> None:
    from awb_plugins.models.extractors import make_extractor

    waveform, rate_hz = soundfile.read(study / "hc" / "h1.wav", dtype="float32")
    assert rate_hz == 16_000
    expected = make_extractor("log-mel").vectors(waveform[np.newaxis])[0]
    found = read_features(table)
    np.testing.assert_allclose(found.values[found.clips.index("hc/h1.wav")], expected)


def test_csv_says_the_same(table: Path, tmp_path: Path) -> None:
    first = read_features(table)
    path = tmp_path / "features.csv"
    first.write(path)
    second = read_features(path)
    assert (first.clips, first.classes) == (second.clips, second.classes)
    assert first.attributes == second.attributes
    np.testing.assert_allclose(first.values, second.values, rtol=1e-12)
    assert csv.read_csv(path).column_names == parquet.read_table(table).column_names


def test_clusters(table: Path, tmp_path: Path) -> None:
    done = awb("data", "clusters", table, "--out", tmp_path / "a.svg")
    assert done.returncode == 0, done.stderr
    assert "6 clips, 2 clusters against class: adjusted Rand index 1.000" in done.stdout
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "hc (3)" in text
    assert "adjusted Rand index 1.00" in text
    done = awb("data", "clusters", table, "--by", "SEX", "--out", tmp_path / "b.png")
    assert "against SEX" in done.stdout


def _adjusted_rand(first: tuple[str, ...], second: tuple[int, ...]) -> float:
    """Count pairs of clips that are together in both, in one, and in none (Hubert & Arabie)."""
    pairs = list(itertools.combinations(range(len(first)), 2))
    one = np.array([first[a] == first[b] for a, b in pairs])
    other = np.array([second[a] == second[b] for a, b in pairs])
    expected = one.sum() * other.sum() / len(pairs)
    largest = (one.sum() + other.sum()) / 2
    return float(((one & other).sum() - expected) / (largest - expected))


def test_adjusted_rand_index_is_that_of_pairs() -> None:
    rng = np.random.default_rng(0)
    names = tuple("ab"[number % 2] for number in range(20))
    values = rng.standard_normal((20, 4))
    values[:, 0] += [2.0 * (name == "b") for name in names]
    ids = tuple(map(str, range(20)))
    found = find_clusters(FeatureTable("mine", ids, names, ids, values))
    assert found.adjusted_rand == pytest.approx(_adjusted_rand(names, found.clusters))
    assert -0.5 < found.adjusted_rand < 1


def test_components_are_those_of_a_singular_value_decomposition(table: Path) -> None:
    features = read_features(table)
    values = features.values - features.values.mean(axis=0)
    deviations = values.std(axis=0)
    scaled = values / np.where(deviations > 1e-9, deviations, 1.0)
    left, sizes, _ = np.linalg.svd(scaled, full_matrices=False)
    found = find_clusters(features)
    np.testing.assert_allclose(np.abs(found.places), np.abs(left * sizes)[:, :2], atol=1e-4)
    assert found.explained == pytest.approx(tuple((sizes**2 / (sizes**2).sum())[:2]), abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--by", "SIZE"), "no attribute 'SIZE'; it has: group, SEX, AGE"),
        (("--out", "a.jpg"), "use a name that ends in"),
    ],
)
def test_clusters_that_cannot_be(table: Path, arguments: tuple[str, ...], said: str) -> None:
    done = awb("data", "clusters", table, *arguments)
    assert done.returncode != 0
    assert said in done.stderr


def test_tables_that_are_none(tmp_path: Path, study: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("clip,value\na,1\n", encoding="utf-8")
    with pytest.raises(DataError, match="no table of features"):
        read_features(other)
    with pytest.raises(DataError, match=r"does not exist. Type: awb data features"):
        read_features(tmp_path / "nothing.csv")
    with pytest.raises(ParameterError, match=r"\.parquet or \.csv"):
        read_features(tmp_path / "a.xlsx")
    command = ("data", "features", f"folder:{study}", "--extractor", "vggish-log-mel")
    done = awb(*command, "--clips", "1", "--out", tmp_path / "a.parquet")
    assert "none of 1 clips can be used: 1 are shorter than 0.975 s" in done.stderr


def test_spectrograms(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "images"
    done = awb("data", "spectrograms", f"folder:{study}", out, "--size", "40x30")
    assert done.returncode == 0, done.stderr
    assert "7 images of 2 classes" in done.stdout
    assert sorted(path.name for path in (out / "pd").iterdir()) == ["p1.png", "p2.png", "p3.png"]
    image = np.asarray(Image.open(out / "pd" / "p1.png"))
    assert image.shape == (30, 40)
    found = csv.read_csv(out / "spectrograms.csv").to_pylist()
    assert {row["class"] for row in found} == {"hc", "pd"}
    assert found[0]["file"] == "hc/h0.png"
    again = awb("data", "spectrograms", f"folder:{study}", out)
    assert "not an empty folder" in again.stderr


def test_low_sounds_are_at_the_bottom_and_loud_ones_bright(tmp_path: Path) -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    low = (0.5 * np.sin(2 * np.pi * 100 * time_s)).astype(np.float32)
    for colour in ("grey", "magma"):
        Picture(20, 20, colour).write(Clip("low", low, RATE_HZ), tmp_path / "low.png")
        image = np.asarray(Image.open(tmp_path / "low.png").convert("L"))
        assert image[15:].mean() > 4 * image[:5].mean()
