"""The cache across runs: boards do not change, and old scores are not found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import small_data
from awb.errors import ParameterError, RunError
from awb.harness import run as runner
from awb.harness.config.limits import read_size
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import make_config
from awb.harness.unit import score_cache
from awb.harness.unit.code_hash import code_sha256, surroundings
from awb.harness.unit.score_cache import model_cache_for, open_cache
from awb.leaderboard.boards.construction import boards
from awb.leaderboard.formats.long_table import write
from awb.leaderboard.formats.text import to_json
from awb.perturbation.cache import ScoreCache
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from commands import awb
from fakes import WeightedEnergy


class Weighted(WeightedEnergy):
    """A model whose scores depend on its weights."""

    weights_sha256 = "0" * 64


def _run(out: Path, cache: ScoreCache | None, masker: str = "noise") -> tuple[str, bytes, float]:
    config = make_config(
        datasets=["soundscapes"], clips=2, samples=40, masker=masker,
        metrics=["roc-auc", "deletion-area"], explainers=["linear-regression", "random"],
    )  # fmt: skip
    folder = runner.run(config, out, Resources(jobs=1, cache=cache))
    forwards = sum(row.forwards for row in folder.store().explanations())
    return to_json(boards(folder, load())), write(folder.store().scores(), "csv"), forwards


def test_boards_are_the_same_with_a_cold_a_warm_and_no_cache(tmp_path: Path) -> None:
    cache = open_cache(tmp_path / "cache")
    *off, computed = _run(tmp_path / "off", None)
    *cold, computed_cold = _run(tmp_path / "cold", cache)
    *warm, computed_warm = _run(tmp_path / "warm", cache)
    assert off == cold == warm
    assert computed == computed_cold > computed_warm == 0
    *other, computed_other = _run(tmp_path / "other", cache, masker="zeros")
    assert computed_other == computed
    assert other != off


def test_a_model_without_a_hash_of_its_weights_is_not_cached(tmp_path: Path) -> None:
    cache, resolved = open_cache(tmp_path), resolve(load(), "model", "soundscape-cnn")
    assert model_cache_for(cache, resolved, WeightedEnergy(np.ones(2))) is None
    assert model_cache_for(None, resolved, Weighted(np.ones(2))) is None
    assert model_cache_for(cache, resolved, Weighted(np.ones(2))) is not None


def test_weights_settings_device_and_code_are_in_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = open_cache(tmp_path)

    def key(reference: str = "yamnet", **attributes: str) -> str:
        model = Weighted(np.ones(2))
        model.__dict__.update(attributes)
        model_cache = model_cache_for(cache, resolve(load(), "model", reference), model)
        assert model_cache is not None
        return model_cache.model_key

    first = key()
    assert key() == first
    keys = {first, key("yamnet:hop_s=0.1"), key(weights_sha256="1" * 64), key(device="cuda")}
    keys.add(key(precision="bfloat16"))
    monkeypatch.setattr(score_cache, "_code", lambda modules: "another")
    keys.add(key())
    assert len(keys) == 6


def test_blinded_units_do_not_read_what_others_have_kept(tmp_path: Path) -> None:
    cache, resolved, model = open_cache(tmp_path), resolve(load(), "model", "yamnet"), Weighted
    keys = [
        found.model_key
        for blind in (False, True)
        if (found := model_cache_for(cache, resolved, model(np.ones(2)), blind=blind)) is not None
    ]
    assert len(set(keys)) == 2


def test_code_is_followed_through_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "codetest"
    package.mkdir()
    for name, text in {
        "__init__": "", "model": "def f():\n    from codetest import helper\n",
        "helper": "from codetest.deep import x\n", "deep": "x = 1\n", "unrelated": "",
    }.items():  # fmt: skip
        (package / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = code_sha256(["codetest.model"])
    assert len(before) == 64
    (package / "unrelated.py").write_text("y = 2\n", encoding="utf-8")
    assert code_sha256(["codetest.model"]) == before
    (package / "deep.py").write_text("x = 2\n", encoding="utf-8")
    assert code_sha256(["codetest.model"]) != before


def test_versions_of_what_a_plugin_needs_are_named() -> None:
    found = surroundings(("ai_edge_litert|tensorflow_hub", "no_such_module"))
    assert {"machine", "numpy", "ai_edge_litert"} <= found.keys()
    assert "no_such_module" not in found


@pytest.mark.parametrize("text", ["", "big", "-1", "2 elephants"])
def test_invalid_sizes_are_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="is not a size"):
        read_size(text)


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(RunError, match="--cache off"):
        open_cache(tmp_path / "file" / "cache")


def test_the_commands(tmp_path: Path) -> None:
    data, folder = small_data.build(tmp_path / "bursts", 1), tmp_path / "cache"
    cache = open_cache(folder)
    for key in ("aa", "bb"):
        cache.save(key * 32, "fake", {b"a": 1.0, b"b": 2.0})
    shown = awb("cache", "show", "--cache", folder).stdout
    assert str(folder) in shown
    assert "fake" in shown
    assert awb("cache", "prune", "--cache", folder, "--size=100").returncode == 0
    assert len(list(cache.entries())) == 1
    assert awb("cache", "clear", "--cache", folder).returncode == 0
    assert not list(cache.entries())
    assert "is not a size" in awb("cache", "prune", "--cache", folder, "--size=x").stderr
    done = awb(
        "run", f"--dataset=folder:{data}", "--model=loudness", "--samples=20", "--explainers=naive",
        "--out", tmp_path / "run", "--cache", folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not list(cache.entries()), "loudness has no weights, so nothing is kept"
