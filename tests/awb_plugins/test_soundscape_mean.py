"""Soundscape-mean: contract, accuracy, and that it hears how long a sound is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from awb.plugins.discovery import load
from awb.protocols import FrameFeatureModel, LocalModel, SpectrogramModel
from awb.types import AudioArray, Clip
from awb_plugins.models.soundscape_cnn.model import SoundscapeCnn
from awb_plugins.models.soundscape_cnn.weights import EMBEDDED as CNN
from awb_plugins.models.soundscape_mean import EMBEDDED, NAME, SPEC
from awb_plugins.models.soundscape_mean.model import SoundscapeMean
from awb_plugins.models.soundscape_mean.recipe import make, recipe

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def model() -> SoundscapeMean:
    return SoundscapeMean(NAME, EMBEDDED)


@pytest.fixture(scope="module")
def scenes() -> list[Clip]:
    spec = load().get("dataset", "soundscapes").spec
    dataset = spec.factory(spec.parameters(split="validation", clips=32))
    return [dataset.load(clip_id) for clip_id in dataset.clip_ids()]


def test_the_contract(model: SoundscapeMean) -> None:
    made = SPEC.factory(SPEC.parameters())
    for capability in (FrameFeatureModel, LocalModel, SpectrogramModel):
        assert isinstance(made, capability)
    assert EMBEDDED.stat().st_size < 1_000_000
    assert SPEC.class_list is not None
    assert SPEC.class_list(SPEC.parameters()) == (model.classes, model.mids)
    assert (model.classes, model.mids) == (SoundscapeCnn(CNN).classes, SoundscapeCnn(CNN).mids)


def test_it_tells_the_classes_apart(model: SoundscapeMean, scenes: list[Clip]) -> None:
    truth = np.array(
        [[name in {e.label for e in clip.events} for name in model.classes] for clip in scenes]
    )
    scores = np.concatenate([model.scores(clip.waveform[None]) for clip in scenes])
    heard = truth.any(axis=0)
    assert average_precision_score(truth[:, heard], scores[:, heard], average="macro") > 0.8
    assert np.mean(scores[truth] >= 0) > 0.6


def test_the_score_is_the_mean_of_what_moments_say_for_a_class(model: SoundscapeMean) -> None:
    waveforms = 0.1 * np.random.default_rng(0).standard_normal((2, 16_000)).astype(np.float32)
    moments = model.moments(waveforms).astype(np.float64)
    offset = model.back_end.state_dict()["offset"].numpy()
    expected = 10 * np.maximum(moments, 0).mean(axis=1) + offset
    np.testing.assert_allclose(model.scores(waveforms), expected, atol=1e-3)


def _long_sounds(scenes: list[Clip]) -> Iterator[tuple[AudioArray, str]]:
    """Yield scenes with a sound of a second or more: whole, its first 100 ms, its rest, nothing."""
    for clip in scenes:
        for event in clip.events:
            start, stop = (round(time_s * RATE_HZ) for time_s in (event.onset_s, event.offset_s))
            alone = [one.label for one in clip.events].count(event.label) == 1
            if not alone or stop - start < RATE_HZ:
                continue
            versions = np.tile(clip.waveform, (4, 1))
            onset = start + 1_600
            for row, dropped in enumerate([(0, 0), (onset, stop), (start, onset), (start, stop)]):
                versions[row, slice(*dropped)] = 0.0
            yield versions, event.label


def test_it_hears_the_duration_where_the_other_is_content_with_a_part(
    model: SoundscapeMean, scenes: list[Clip]
) -> None:
    shares = {}
    for one in (model, SoundscapeCnn(CNN)):
        found = []
        for versions, label in _long_sounds(scenes[:12]):
            whole, onset, rest, without = one.scores(versions)[:, one.classes.index(label)]
            if whole >= 0:
                found.append(np.array([onset - without, rest - without]) / (whole - without))
        shares[one] = np.median(found, axis=0)
    (own_onset, own_rest), (other_onset, _) = shares.values()
    assert own_onset < 0.3
    assert own_rest > 0.7
    assert other_onset > own_onset + 0.1


def test_training_starts_from_the_weights_of_soundscape_cnn() -> None:
    own = make(16).back_end.state_dict()
    cnn = SoundscapeCnn(CNN).back_end.state_dict()
    assert set(cnn) - set(own) == {"sharpness"}
    assert set(own) - set(cnn) == {"offset"}
    for name in set(own) & set(cnn):
        assert torch.equal(own[name], cnn[name])
    assert recipe().classes == SoundscapeCnn(CNN).classes


def test_the_spec_and_its_class_list_load_no_torch() -> None:
    code = (
        "import sys; from awb_plugins.models.soundscape_mean import SPEC as s;"
        "sys.exit('torch' in sys.modules or len(s.class_list(s.parameters())[0]) != 16)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
