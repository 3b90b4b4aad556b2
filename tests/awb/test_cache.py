"""The cache of scores on disk: what is found, what is dropped, what is deleted first."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awb.maskers import noise, zeros
from awb.perturbation import Design, Perturber
from awb.perturbation.cache import ScoreCache, entry_key
from awb.perturbation.memory import ModelCache
from awb.randomness import RandomKey
from awb.segments import Segments
from fakes import WeightedEnergy, instance_of, unit_clip

KEY = "ab" * 32


@given(
    st.integers(1, 20).flatmap(
        lambda width: st.dictionaries(
            st.binary(min_size=width, max_size=width), st.floats(-100, 100), min_size=1
        )
    ),
    st.text(max_size=300),
)
@settings(max_examples=30, deadline=None)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, known: dict[bytes, float], label: str
) -> None:
    cache = ScoreCache(tmp_path_factory.mktemp("cache"))
    assert cache.load(KEY) == {}
    cache.save(KEY, label, known)
    assert cache.load(KEY) == known
    [entry] = cache.entries()
    assert entry.scores == len(known)
    assert entry.label == label.encode()[:900].decode(errors="replace")
    assert entry.n_bytes == entry.path.stat().st_size


def test_a_second_writer_adds_to_the_first(tmp_path: Path) -> None:
    ScoreCache(tmp_path).save(KEY, "m", {b"a": 1.0})
    ScoreCache(tmp_path).save(KEY, "m", {b"b": 2.0})
    assert ScoreCache(tmp_path).load(KEY) == {b"a": 1.0, b"b": 2.0}


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "foreign", "renamed"])
def test_corrupt_entries_are_dropped(tmp_path: Path, damage: str) -> None:
    cache = ScoreCache(tmp_path)
    cache.save(KEY, "m", {bytes([n]): float(n) for n in range(50)})
    [entry] = cache.entries()
    content = bytearray(entry.path.read_bytes())
    key = KEY
    if damage == "flip":
        content[-5] ^= 1
    if damage == "renamed":
        key = "cd" * 32
        path = tmp_path / "cd" / f"{key}.scores"
        path.parent.mkdir()
        entry.path.rename(path)
    else:
        damaged = {"cut": content[:-9], "empty": b"", "foreign": b"text"}.get(damage, content)
        entry.path.write_bytes(damaged)
    assert cache.load(key) == {}
    assert not list(cache.entries()), "a corrupt entry is removed"
    cache.save(key, "m", {b"a": 1.0})
    assert cache.load(key) == {b"a": 1.0}


def test_an_entry_that_is_cut_anywhere_is_listed_without_its_label(tmp_path: Path) -> None:
    cache = ScoreCache(tmp_path)
    cache.save(KEY, "m", {b"a": 1.0})
    [entry] = cache.entries()
    content = entry.path.read_bytes()
    head = content.index(b"m" + b"a")
    for n_bytes in range(head):
        entry.path.write_bytes(content[:n_bytes])
        [cut] = cache.entries()
        assert (cut.label, cut.n_bytes) == ("", n_bytes)
    entry.path.write_bytes(content[: head + 1])
    [cut] = cache.entries()
    assert (cut.label, cut.scores) == ("m", 0)


def test_the_least_recently_used_entry_is_deleted_first(tmp_path: Path) -> None:
    cache = ScoreCache(tmp_path)
    keys = [f"{n:02d}" * 32 for n in range(5)]
    for age, key in enumerate(keys):
        cache.save(key, "m", {b"a": 1.0})
        path = tmp_path / key[:2] / f"{key}.scores"
        os.utime(path, (1000 + age, 1000 + age))
    size = sum(entry.n_bytes for entry in cache.entries())
    cache.load(keys[0])
    assert cache.prune(size * 2 // 5) == 3
    left = {entry.path.stem for entry in cache.entries()}
    assert left == {keys[0], keys[4]}, "reading counts as use"
    assert ScoreCache(tmp_path).prune(-1) == 2


def test_writing_keeps_the_folder_below_its_limit(tmp_path: Path) -> None:
    cache = ScoreCache(tmp_path, limit_bytes=3000)
    for n in range(101):
        cache.save(f"{n:03d}" * 20, "m", {bytes([m]): 1.0 for m in range(10)})
    assert sum(entry.n_bytes for entry in cache.entries()) <= 3000


def test_concurrent_readers_never_see_half_an_entry(tmp_path: Path) -> None:
    known = {bytes([n]): float(n) for n in range(200)}
    errors: list[str] = []

    def write(part: int) -> None:
        for _ in range(20):
            ScoreCache(tmp_path).save(KEY, "m", dict(list(known.items())[part::3]))
            found = ScoreCache(tmp_path).load(KEY)
            errors.extend(str(key) for key, value in found.items() if known[key] != value)
            if not found:
                errors.append("empty")

    threads = [threading.Thread(target=write, args=(part,)) for part in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    cache = ScoreCache(blocked / "cache")
    cache.save(KEY, "m", {b"a": 1.0})
    assert cache.load(KEY) == {}


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    cache = ScoreCache(tmp_path)
    cache.save(KEY, "m", {b"a": 1.0})
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_everything_that_a_score_depends_on_is_in_the_key() -> None:
    waveform, edges = np.ones(10, dtype=np.float32), np.array([0, 5, 10])
    fill = np.zeros_like(waveform)
    same = entry_key("m", 0, waveform.copy(), fill.copy(), edges.copy())
    others = [
        entry_key("n", 0, waveform, fill, edges),
        entry_key("m", 1, waveform, fill, edges),
        entry_key("m", 0, waveform * 2, fill, edges),
        entry_key("m", 0, waveform, fill + 0.1, edges),
        entry_key("m", 0, waveform, fill, np.array([0, 4, 10])),
    ]
    assert entry_key("m", 0, waveform, fill, edges) == same
    assert len({same, *others}) == 6


def _perturber(
    model: WeightedEnergy, model_cache: ModelCache, *, seed: int = 0, masker: object = zeros
) -> Perturber:
    clip = unit_clip(10)
    return Perturber(
        model, instance_of(clip), Segments(clip.waveform.size, 1000), masker,  # type: ignore[arg-type]
        RandomKey((seed,)), design=Design(64), model_cache=model_cache,
    )  # fmt: skip


def test_a_second_run_needs_no_model_calls_and_scores_the_same(tmp_path: Path) -> None:
    model_cache = ModelCache(ScoreCache(tmp_path), "key", "fake")
    model = WeightedEnergy(np.arange(10.0))
    cold = _perturber(model, model_cache)
    first = cold.pool().scores
    cold.keep()
    asked = len(model.batches)
    warm = _perturber(model, model_cache)
    np.testing.assert_array_equal(warm.pool().scores, first)
    assert len(model.batches) == asked
    assert warm.cost.calls == cold.cost.calls
    distinct = len(np.unique(cold.pool().drop_masks, axis=0))
    assert (cold.cost.forwards, warm.cost.forwards) == (distinct, 0)
    more = np.zeros((1, 10), dtype=bool)
    warm.scores(more)
    assert len(model.batches) == asked + 1, "only what is new is computed"
    warm.keep()
    assert len(model_cache.cache.load(next(model_cache.cache.entries()).path.stem)) == distinct + 1


def test_other_noise_is_another_entry(tmp_path: Path) -> None:
    model_cache = ModelCache(ScoreCache(tmp_path), "key", "fake")
    for seed in (0, 1):
        perturber = _perturber(WeightedEnergy(np.ones(10)), model_cache, seed=seed, masker=noise())
        perturber.dropped_score()
        perturber.keep()
    assert len(list(model_cache.cache.entries())) == 2
