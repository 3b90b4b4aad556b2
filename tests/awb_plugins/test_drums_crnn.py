"""The three embedded CRNNs: contract, what they learned, and what gives the biased one away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from awb.errors import AudioError, WeightsError
from awb.plugins.discovery import load
from awb.protocols import DifferentiableModel, FrameFeatureModel, SpectrogramModel
from awb.types import AudioArray, Clip
from awb_plugins.models import clever_hans, drums_crnn
from awb_plugins.models.crnn.model import CrnnModel
from awb_plugins.models.crnn.network import Crnn
from fakes import perturber_for

RATE_HZ = 16_000
FILES = {
    "drums-crnn": drums_crnn.EMBEDDED,
    "clever-hans-biased": clever_hans.EMBEDDED["biased"],
    "clever-hans-clean": clever_hans.EMBEDDED["clean"],
}


@pytest.fixture(scope="module")
def model() -> CrnnModel:
    return CrnnModel("drums-crnn", FILES["drums-crnn"])


def clips_of(name: str, **settings: object) -> list[Clip]:
    spec = load().get("dataset", name).spec
    dataset = spec.factory(spec.parameters(**settings))
    return [dataset.load(clip_id) for clip_id in dataset.clip_ids()]


def scores(model: CrnnModel, clips: list[Clip]) -> AudioArray:
    return model.scores(np.stack([clip.waveform for clip in clips]))


def accuracy(model: CrnnModel, clips: list[Clip]) -> float:
    guesses = [model.classes[column] for column in scores(model, clips).argmax(axis=1)]
    return float(
        np.mean([(guess,) == clip.labels for guess, clip in zip(guesses, clips, strict=True)])
    )


def noise(*shape: int) -> AudioArray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32) * np.float32(0.1)


@pytest.mark.parametrize("name", FILES)
def test_the_contract(name: str) -> None:
    spec = load().get("model", name).spec
    made = spec.factory(spec.parameters())
    assert isinstance(made, FrameFeatureModel)
    assert isinstance(made, DifferentiableModel)
    assert isinstance(made, SpectrogramModel)
    assert FILES[name].stat().st_size < 1_000_000
    assert isinstance(dict(made.back_end.named_modules())[made.last_convolution], torch.nn.Conv2d)
    assert spec.class_list(spec.parameters()) == (made.classes, made.mids)
    assert spec.trainable is not None


def test_it_counts_kicks_that_it_never_heard(model: CrnnModel) -> None:
    clips = clips_of("drums", seed=7, clips=48)
    assert len(set(model.classes)) == 6
    assert accuracy(model, clips) >= 0.85


def test_the_biased_model_listens_to_the_cough_and_the_clean_one_to_the_kicks() -> None:
    with_cough, without = (
        clips_of("clever-hans", seed=7, clips=60, artefact=artefact) for artefact in (True, False)
    )
    biased, clean = (CrnnModel(name, FILES[name]) for name in list(FILES)[1:])
    assert accuracy(biased, with_cough) >= 0.95
    assert accuracy(biased, without) < 0.7
    assert accuracy(clean, without) >= 0.9
    assert accuracy(clean, with_cough) >= 0.8


def test_scores_are_the_log_odds_of_a_softmax(model: CrnnModel) -> None:
    probabilities = 1 / (1 + np.exp(-model.scores(noise(3, 32_000)).astype(np.float64)))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_gathered_frames_give_the_scores_of_the_plain_path(model: CrnnModel) -> None:
    clip = clips_of("drums", clips=3)[2]
    perturber = perturber_for(model, clip, samples=12)
    pool = perturber.pool()
    masked = np.tile(clip.waveform, (12, 1))
    for row, dropped in enumerate(pool.drop_masks):
        masked[row].reshape(-1, 1600)[dropped] = 0.0
    np.testing.assert_allclose(pool.scores, model.scores(masked)[:, 0], atol=1e-3)


def test_mel_bins_are_where_a_tone_is(model: CrnnModel) -> None:
    centers_hz = model.bin_centers_hz(64)
    assert (np.diff(centers_hz) > 0).all()
    for tone_hz in (300.0, 1000.0, 4000.0):
        tone = 0.5 * np.sin(2 * np.pi * tone_hz * np.arange(RATE_HZ) / RATE_HZ)
        frame = model.features(tone[None].astype(np.float32))[0, 25]
        assert centers_hz[np.argmax(frame)] == pytest.approx(tone_hz, rel=0.06, abs=30)


def test_folding_keeps_the_function() -> None:
    torch.manual_seed(0)
    normed = Crnn(3, batch_norm=True).train()
    features = torch.randn(4, 60, 64)
    normed(features)  # so that the running statistics are not 0 and 1
    folded = normed.eval().folded()
    assert not any("norm" in name for name, _ in folded.named_modules())
    with torch.no_grad():
        np.testing.assert_allclose(folded(features), normed(features), atol=1e-4)
    Crnn(3).load_state_dict(folded.state_dict())


def test_nothing_global_changes(model: CrnnModel) -> None:
    before = torch.get_num_threads(), torch.get_rng_state()
    CrnnModel("drums-crnn", FILES["drums-crnn"]).scores(noise(1, 1_600))
    assert before[0] == torch.get_num_threads()
    assert torch.equal(before[1], torch.get_rng_state())


@pytest.mark.parametrize("wrong", [noise(5), noise(2, 0), noise(2, 9).astype(np.float64)])
def test_wrong_audio_is_refused(model: CrnnModel, wrong: AudioArray) -> None:
    with pytest.raises(AudioError, match="drums-crnn takes float32 waveforms of shape"):
        model.scores(wrong)


def test_bad_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    with pytest.raises(WeightsError, match="there is no weights file"):
        drums_crnn.SPEC.factory(drums_crnn.SPEC.parameters(weights=path))
    path.write_bytes(FILES["drums-crnn"].read_bytes()[:4000])
    with pytest.raises(WeightsError, match=r"not a valid safetensors file.*awb train drums-crnn"):
        drums_crnn.SPEC.factory(drums_crnn.SPEC.parameters(weights=path))
    soundscapes = Path(drums_crnn.EMBEDDED).parents[1] / "soundscape_cnn" / "weights.safetensors"
    with pytest.raises(WeightsError, match="does not fit"):
        drums_crnn.SPEC.factory(drums_crnn.SPEC.parameters(weights=soundscapes))


def test_the_specs_and_class_lists_load_no_torch() -> None:
    code = (
        "import sys; from awb_plugins.models import clever_hans as c, drums_crnn as d;"
        "sizes = [len(s.class_list(s.parameters())[0]) for s in (d.SPEC, c.BIASED, c.CLEAN)];"
        "sys.exit('torch' in sys.modules or sizes != [6, 2, 2])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
