"""The configurations of the repository: valid, honest about cost, and run on a small scale."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mini_audioset
from awb.harness.config.toml_input import read_settings
from awb.harness.launch import checked_variants
from commands import awb

CONFIGS = sorted((Path(__file__).parents[3] / "configs").glob("*.toml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_names_exist_and_the_top_says_what_to_type_and_what_it_costs(path: Path) -> None:
    assert checked_variants(read_settings(path, {}))
    top = re.match(r"(#.*\n|\n)+", path.read_text(encoding="utf-8"))
    assert top is not None
    assert f"awb run configs/{path.name}" in top[0]
    assert re.search(r"arXiv:|doi:", top[0])
    assert re.search(r"of one core|how long it takes", top[0])


def test_the_grid_of_audiointerp_is_whole() -> None:
    path = next(one for one in CONFIGS if one.stem == "audiointerp")
    found = checked_variants(read_settings(path, {}))
    asked = {(*one.config.datasets, *one.config.models) for one in found}
    noises = ("", *(f",noise={name},snr_db=10" for name in ("white", "room", "natural")))
    assert asked == {
        (f"noisy:soundscapes{noise}" if noise else "soundscapes", f"soundscape-cnn{features}")
        for noise in noises
        for features in ("", ":features=stft")
    }
    names = found[0].config.explainers
    assert len(names) == 24
    for source in ("saliency", "smoothgrad", "integrated-gradients", "grad-cam"):
        assert source in names
        assert sum(one.startswith(f"listen:source={source},") for one in names) == 5


SMALL = {
    "audiointerp": (
        ("--clips", "2", "--dataset", "noisy:soundscapes,noise=room,snr_db=10"),
        ("--explainers", "saliency,listen:source=saliency", "--no-baselines"),
    ),
    "lrp": (
        ("--clips", "2", "--dataset", "soundscapes", "--model", "soundscape-cnn"),
        ("--explainers", "lrp-epsilon,lrp-flat:epsilon=0.25", "--no-baselines"),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_it_runs_on_a_small_scale(name: str, tmp_path: Path) -> None:
    path = next(one for one in CONFIGS if one.stem == name)
    settings = [word for words in SMALL[name] for word in words]
    done = awb("run", path, *settings, "--samples", "20", "--jobs", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for metric in ("roc-auc", "sparseness"):
        assert metric in done.stdout


@pytest.mark.slow
def test_audioset_is_foretold_and_run(tmp_path: Path) -> None:
    path = next(one for one in CONFIGS if one.stem == "audioset-strong")
    dataset = mini_audioset.build(tmp_path, 4)
    small = ("--dataset", dataset, "--model", "soundscape-cnn", "--samples", "30", "--jobs", "1")
    told = awb("run", path, *small, "--dry-run", "--cache", "off", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    count = re.search(r"on audioset:\S+: (\d+) instances in 4 clips\n", told.stdout)
    assert count is not None, told.stdout
    assert not (tmp_path / "runs").exists()
    done = awb("run", path, *small, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    board = re.search(rf": {count[1]} instances from (\d+) clips\n", done.stdout)
    assert board is not None, done.stdout
    assert int(board[1]) == 3  # the fourth has none; a forecast counts the clips that are read
    assert "psds" in done.stdout


@pytest.mark.slow
def test_keywords_that_are_heard_and_missed(test_data: Path, tmp_path: Path) -> None:
    path = next(one for one in CONFIGS if one.stem == "explain_where")
    recordings = test_data / "free-spoken-digit-dataset" / "recordings"
    dataset = f"noisy:of=kws:recordings={recordings};clips=8,noise=natural,snr_db=-10"
    for kind in ("hits", "misses"):
        done = awb(
            *("run", path, "--dataset", dataset, "--instances", kind, "--masker", "zeros"),
            *("--samples", "20", "--explainers", "linear-regression-paper", "--jobs", "1"),
            *("--no-baselines", "--out", tmp_path / kind),
        )
        assert done.returncode == 0, done.stderr
        assert "ndcg" in done.stdout
