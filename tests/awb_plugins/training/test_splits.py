"""Splits by group, augmented copies, and the refusal of what leaks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from awb.errors import DataError, ParameterError, SplitError
from awb.types import Clip, Event
from awb_plugins.training import augment
from awb_plugins.training.examples import (
    STEPS,
    Examples,
    class_list,
    classes_of,
    load_examples,
    targets,
)
from awb_plugins.training.recipe import Recipe
from awb_plugins.training.splits import check_split, classes_left_out, split_by_group
from small_training import RATE_HZ, Tones, examples, recipe


@pytest.fixture
def clips(tmp_path: Path) -> Examples:
    return examples(Tones(18), tmp_path)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("n_groups", [3, 4, 7, 40])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_split_by_group_cuts_no_group_and_loses_no_clip(n_groups: int, seed: int) -> None:
    groups = [f"g{number}" for number in rng(seed).integers(n_groups, size=200)]
    groups += [f"g{number}" for number in range(n_groups)]
    parts = split_by_group(groups, rng(seed))
    assert sorted(row for rows in parts.values() for row in rows) == list(range(len(groups)))
    owners = {part: {groups[row] for row in rows} for part, rows in parts.items()}
    assert all(owners.values())
    assert sum(map(len, owners.values())) == n_groups
    if n_groups == 40:
        shares = {part: len(rows) / len(groups) for part, rows in parts.items()}
        assert shares["validation"] == pytest.approx(0.15, abs=0.03)
        assert shares["test"] == pytest.approx(0.15, abs=0.03)


def test_a_split_depends_on_the_generator_alone() -> None:
    groups = [f"g{number % 9}" for number in range(60)]
    assert split_by_group(groups, rng(1)) == split_by_group(groups, rng(1))
    assert split_by_group(groups, rng(1)) != split_by_group(groups, rng(2))


def _classes(*names: str) -> list[frozenset[str]]:
    return [frozenset(one.split("+")) for one in names]


def test_parts_have_the_classes_in_equal_shares() -> None:
    """Speakers who say one class each: by chance alone, parts would lack some of them."""
    groups = [f"speaker {number // 4}" for number in range(280)]
    classes = _classes(*("abcdefg"[number // 4 % 7] for number in range(280)))
    for seed in range(2):
        parts = split_by_group(groups, rng(seed), classes)
        owners = [{groups[row] for row in rows} for rows in parts.values()]
        assert sum(map(len, owners)) == 70
        for rows in parts.values():
            counts = [sum(name in classes[row] for row in rows) for name in "abcdefg"]
            assert max(counts) - min(counts) <= 8
            assert min(counts) > 0
        assert classes_left_out(groups, classes, parts) == []


def test_a_class_of_one_group_is_trained_on_and_told() -> None:
    groups = [f"g{number % 10}" for number in range(60)]
    classes = _classes(*("owl" if group == "g3" else "dog+cat" for group in groups))
    for seed in range(4):
        parts = split_by_group(groups, rng(seed), classes)
        assert {"g3"} <= {groups[row] for row in parts["train"]}
        [note] = classes_left_out(groups, classes, parts)
        assert note.startswith("class 'owl' has 1 group (g3): there is none in validation and test")
        assert "three groups or more" in note


def test_a_class_of_two_groups_is_in_two_parts() -> None:
    groups = [f"g{number % 12}" for number in range(60)]
    classes = _classes(*("owl" if group in ("g3", "g4") else "dog" for group in groups))
    parts = split_by_group(groups, rng(), classes)
    assert any(classes[row] == {"owl"} for row in parts["train"])
    [note] = classes_left_out(groups, classes, parts)
    assert "'owl' has 2 groups (g3, g4): there is none in" in note
    assert "validation and test" not in note


def test_classes_that_cannot_all_be_trained_on_are_refused() -> None:
    groups, classes = ["a", "b", "c"] * 3, _classes("dog", "cat", "owl") * 3
    with pytest.raises(
        SplitError, match=r"leaves class '\w+' out of training: 1 group \(\w\) of 3"
    ):
        split_by_group(groups, rng(), classes)


def test_clips_of_all_different_classes_are_split_without_strata() -> None:
    groups = [f"g{number}" for number in range(9)]
    classes = [frozenset({"dog", f"extra {number}"}) for number in range(9)]
    parts = split_by_group(groups, rng(), [frozenset({"dog"})] * 9)
    assert sum(map(len, parts.values())) == 9
    with pytest.raises(SplitError, match="out of training"):
        split_by_group(groups, rng(), classes)


def test_two_groups_cannot_be_split() -> None:
    with pytest.raises(SplitError, match="three groups at least, found 2: ann, bob"):
        split_by_group(["ann", "bob", "ann"], rng())


def test_a_clip_without_group_is_a_group_of_its_own(tmp_path: Path) -> None:
    alone = examples(Tones(9, groups=0), tmp_path)
    assert len(set(alone.units)) == 9
    check_split(
        {part: alone.take(rows) for part, rows in split_by_group(alone.units, rng()).items()}
    )


def test_a_group_in_two_parts_is_refused_by_name(clips: Examples) -> None:
    parts = {"train": clips.take(range(9)), "test": clips.take(range(9, 18))}
    with pytest.raises(SplitError, match="groups speaker 0-0, speaker 1-0") as caught:
        check_split(parts)
    assert "in train and test" in str(caught.value)
    assert "and 3 more" in str(caught.value)


def test_augmenting_before_the_split_is_refused_and_the_copies_are_named(tmp_path: Path) -> None:
    whole = augment.with_copies(examples(Tones(12, groups=0), tmp_path), ("speed", "noise"))
    order = rng().permutation(len(whole))
    parts = {"train": whole.take(order[:36]), "validation": whole.take(order[36:])}
    with pytest.raises(SplitError, match="augmented copies") as caught:
        check_split(parts)
    assert "@speed x" in str(caught.value)
    assert "in train and validation" in str(caught.value)


def test_augmenting_after_the_split_is_not(tmp_path: Path) -> None:
    whole = examples(Tones(12, groups=0), tmp_path)
    train = augment.with_copies(whole.take(range(8)), ("speed", "noise"))
    check_split({"train": train, "validation": whole.take(range(8, 12))})


def test_the_same_audio_under_another_name_is_refused(tmp_path: Path, clips: Examples) -> None:
    class Renamed(Tones):
        def clip_ids(self) -> list[str]:
            return ["copy-of-tones-0-4"]

    path = tmp_path / "renamed.npy"
    copy = load_examples(Renamed(1, groups=0), recipe(), path, lambda done, total: None)
    with pytest.raises(SplitError, match=r"1 clips are in train and test.*tones-0-4.*copy-of"):
        check_split({"train": clips, "test": copy})


def test_copies_keep_labels_group_and_source_and_are_made_once(clips: Examples) -> None:
    several = augment.with_copies(clips, ("speed", "noise", "gain"))
    assert len(several) == 4 * len(clips)
    assert several.groups == clips.groups * 4
    assert several.present == clips.present * 4
    assert several.ids[: len(clips)] == clips.ids
    assert several.ids[-1] == f"{clips.ids[-1]}@noise"
    assert several.samples is clips.samples
    with pytest.raises(SplitError, match="augment only once"):
        augment.with_copies(several, ("noise",))


def test_an_epoch_hears_one_version_of_every_clip(clips: Examples) -> None:
    several = augment.with_copies(clips, ("speed", "noise"))
    drawn = augment.draw_versions(several, rng())
    assert sorted(several.rows[drawn]) == sorted(clips.rows)
    assert len({several.versions[index] for index in drawn}) == 4
    assert list(several.rows[drawn]) != sorted(clips.rows)


@pytest.mark.parametrize(("percent", "expected_hz"), [(123, 123.0), (81, 81.0)])
def test_speed_changes_pitch_and_keeps_length(percent: int, expected_hz: float) -> None:
    tone = np.sin(2 * np.pi * 100 * np.arange(4 * RATE_HZ) / RATE_HZ).astype(np.float32) / 2
    played = augment.change_speed(tone, percent, rng())
    assert played.size == tone.size
    loudest = np.argmax(np.abs(np.fft.rfft(played))) * RATE_HZ / tone.size
    assert loudest == pytest.approx(expected_hz, abs=0.5)
    silent = np.mean(np.abs(played) < 1e-6)
    assert silent == pytest.approx(1 - 1 / 1.23 if percent > 100 else 0.0, abs=0.02)


def test_noise_touches_a_quarter() -> None:
    waveform = 0.1 * rng().standard_normal(4000).astype(np.float32)
    noisy = augment.add_noise(waveform, rng())
    touched = np.flatnonzero(noisy != waveform)
    assert touched.size == pytest.approx(1000, abs=2)
    assert touched[-1] - touched[0] < 1000
    level_db = 20 * np.log10((noisy - waveform)[touched].std() / waveform.std())
    assert -21 < level_db < -4


def test_spec_augment_leaves_most_of_a_clip() -> None:
    features = torch.randn(40, 100, 40)
    changed = features.clone()
    augment.spec_augment(changed, rng())
    share = (changed != features).float().mean(dim=(1, 2))
    assert share.max() < 0.25
    assert (share > 0).float().mean() > 0.8
    assert len(share.unique()) > 20


def test_rendering_follows_the_version(clips: Examples) -> None:
    several = augment.with_copies(clips, ("speed",))
    n = len(clips)
    plain, fast, slow = augment.render(several, np.array([2, n + 2, 2 * n + 2]), rng())
    np.testing.assert_array_equal(plain, clips.waveforms([2])[0])
    assert not np.array_equal(fast, plain)
    assert not np.array_equal(slow, fast)
    np.testing.assert_array_equal(clips.waveforms([2])[0] * STEPS % 1, 0)


def test_classes_come_from_labels_and_events_and_times_do_not() -> None:
    clip = Clip(
        "a", np.zeros(10, np.float32), 10, (Event(0, 1, "Dog", "/m/0bt9lr"),), ("Dog", "Car")
    )
    assert classes_of(clip) == {("Dog", "/m/0bt9lr"), ("Car", "")}


def test_a_multi_class_clip_has_one_class(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"clip tones-0-0 must have exactly one class.*High, Low"):
        examples(Tones(6, several=True), tmp_path)
    several = examples(Tones(6, several=True), tmp_path, "multi-label")
    classes = class_list(several, recipe("multi-label"))
    assert classes == [("High", ""), ("Low", ""), ("Middle", "")]
    np.testing.assert_array_equal(targets(several, classes, "train")[0], [1, 1, 0])


def test_classes_in_the_order_of_the_dataset_or_the_recipe(clips: Examples) -> None:
    assert [name for name, _ in class_list(clips, recipe(), Tones.classes)] == list(Tones.classes)
    own = recipe(classes=("Middle", "High", "Low", "Other"))
    assert class_list(clips, own)[3] == ("Other", "")
    with pytest.raises(DataError, match="the model has no class 'Low'; it has: High, Middle"):
        class_list(clips, recipe(classes=("High", "Middle")))
    with pytest.raises(DataError, match="'High' of test does not occur in the training part"):
        targets(clips, [("Low", ""), ("Middle", "")], "test")


def test_clips_get_the_length_and_the_rate_of_the_recipe(tmp_path: Path) -> None:
    half: Recipe = recipe(duration_s=0.5)
    cut = load_examples(Tones(3), half, tmp_path / "a.npy", lambda done, total: None)
    assert cut.samples.shape == (3, 500)
    longer = load_examples(Tones(3), recipe(duration_s=2.0), tmp_path / "b.npy", lambda d, t: None)
    assert longer.samples.shape == (3, 2000)
    assert not longer.samples[:, 1000:].any()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"augment": ("spede",)}, "unknown augmentation 'spede'. Did you mean speed"),
        ({"epochs": 0}, "epochs must be positive"),
    ],
)
def test_wrong_recipes_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        recipe(**changes)
