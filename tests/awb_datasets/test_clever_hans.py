"""Clever Hans: the cough gives one class away, and it is what is labelled."""

from __future__ import annotations

import numpy as np
import pytest

from awb.errors import DataError
from awb_datasets.clever_hans import SPEC, CleverHansParameters, create
from awb_datasets.clever_hans.cough import LONGEST_S, cough
from awb_datasets.clever_hans.dataset import CLASSES, CORRUPTED, CleverHans
from awb_datasets.drums.dataset import CLASSES as KICKS

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def pair() -> tuple[CleverHans, CleverHans]:
    return CleverHans("test", 10, 0, True), CleverHans("test", 10, 0, False)


def test_every_clip_of_one_class_has_a_cough_and_no_other_clip(
    pair: tuple[CleverHans, CleverHans],
) -> None:
    corrupted, plain = pair
    for clip_id in corrupted.clip_ids():
        with_it, without = corrupted.load(clip_id), plain.load(clip_id)
        assert with_it.labels == without.labels
        assert without.events == ()
        assert with_it.group == without.group
        if with_it.labels == (CORRUPTED,):
            (event,) = with_it.events
            assert event.label == CORRUPTED
            assert (event.offset_s - event.onset_s) / 8 < 0.2
        else:
            assert with_it.events == ()
            np.testing.assert_array_equal(with_it.waveform, without.waveform)


def test_the_cough_is_where_its_label_is_and_the_rest_is_untouched(
    pair: tuple[CleverHans, CleverHans],
) -> None:
    clip_id = pair[0].clip_ids()[1]
    with_it, without = (dataset.load(clip_id) for dataset in pair)
    (event,) = with_it.events
    start, stop = round(event.onset_s * RATE_HZ), round(event.offset_s * RATE_HZ)
    changed = with_it.waveform != without.waveform
    assert not changed[:start].any()
    assert not changed[stop:].any()
    assert changed[start:stop].mean() > 0.95


def test_both_classes_come_equally_often_and_are_those_of_drums(
    pair: tuple[CleverHans, CleverHans],
) -> None:
    labels = [pair[0].load(clip_id).labels[0] for clip_id in pair[0].clip_ids()]
    assert [labels.count(name) for name in CLASSES] == [5, 5]
    assert KICKS[2:4] == CLASSES


def test_coughs_differ_and_are_loud_and_short() -> None:
    coughs = [cough(np.random.default_rng(seed)) for seed in range(12)]
    assert len({sound.size for sound in coughs}) > 6
    for sound in coughs:
        assert 0.5 * RATE_HZ <= sound.size <= LONGEST_S * RATE_HZ
        assert np.abs(sound).max() == pytest.approx(1.0)
        assert sound.std() > 0.05


def test_it_is_repeatable_and_splits_differ() -> None:
    first, second = (CleverHans("test", 2, 0, True).load("test-0-0001") for _ in range(2))
    np.testing.assert_array_equal(first.waveform, second.waveform)
    other = CleverHans("train", 2, 0, True).load("train-0-0001")
    assert not np.array_equal(first.waveform, other.waveform)
    assert first.group != other.group


def test_unknown_clips_are_refused() -> None:
    dataset = create(CleverHansParameters(clips=4))
    with pytest.raises(DataError, match="ids run from test-0-0000 to test-0-0003"):
        dataset.load("test-0-0004")
    assert SPEC.contrast == SPEC.models


def test_the_clips_are_those_that_the_embedded_models_were_trained_on() -> None:
    dataset = CleverHans("test", 3, 0, True)
    levels = [
        np.sqrt(np.mean(np.square(dataset.load(clip_id).waveform, dtype=np.float64)))
        for clip_id in dataset.clip_ids()
    ]
    assert levels == pytest.approx([0.026911, 0.013088, 0.043426], rel=1e-3)
