"""Any dataset under noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from awb.errors import AudioError, UnknownNameError
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from mini_collections import write_class_folders


def opened(reference: str) -> Any:
    return resolve(load(), "dataset", reference).build()


@pytest.mark.parametrize("noise", ["white", "room", "natural"])
@pytest.mark.parametrize("snr_db", [0.0, 20.0])
def test_the_noise_has_the_level_that_was_asked_for(
    tmp_path: Path, noise: str, snr_db: float
) -> None:
    root = write_class_folders(tmp_path)
    clean = opened(f"folder:{root}")
    noisy = opened(f"noisy:folder:{root},noise={noise},snr_db={snr_db}")
    assert noisy.clip_ids() == clean.clip_ids()
    given, found = (one.load("pd/p1.wav") for one in (clean, noisy))
    assert (found.labels, found.sample_rate_hz) == (given.labels, given.sample_rate_hz)
    added = found.waveform.astype(float) - given.waveform
    power = np.mean(given.waveform.astype(float) ** 2)
    level_db = 10 * np.log10(power / np.mean(added**2))
    assert level_db == pytest.approx(snr_db, abs=0.5)  # peaks are clipped


def test_noise_depends_on_clip_and_seed_alone_and_the_rest_is_the_datasets(tmp_path: Path) -> None:
    root = write_class_folders(tmp_path)
    first, again, other = (opened(f"noisy:of=folder:{root},seed={seed}") for seed in (0, 0, 1))
    again.load("hc/h1.wav")
    assert np.array_equal(first.load("pd/p1.wav").waveform, again.load("pd/p1.wav").waveform)
    assert not np.array_equal(first.load("pd/p1.wav").waveform, other.load("pd/p1.wav").waveform)
    assert first.attributes()["pd/p1.wav"]["SEX"] == "F"
    assert first.notes()[0].startswith("class per folder")


def test_settings_of_the_dataset_and_a_recording(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hum.wav", np.sin(np.arange(4000) / 5), 16_000)
    dataset = opened(f"noisy:of=soundscapes:clips=2;seed=3,path={tmp_path / 'hum.wav'},snr_db=0")
    assert len(dataset.clip_ids()) == 2
    clip = dataset.load(dataset.clip_ids()[0])
    assert clip.events == opened("soundscapes:clips=2,seed=3").load(clip.id).events


def test_faults(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean soundscapes"):
        opened("noisy:soundscape")
    for name in ("a/1.wav", "b/2.wav"):
        (tmp_path / name).parent.mkdir()
        soundfile.write(tmp_path / name, np.zeros(800), 8000)
    with pytest.raises(AudioError, match="the clip is silent"):
        opened(f"noisy:folder:{tmp_path}").load("a/1.wav")
