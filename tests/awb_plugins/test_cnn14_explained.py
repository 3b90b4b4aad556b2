"""Explainers that look inside run on Cnn14, relevance is conserved, and a run works."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("librosa", reason="needs librosa (extra ser)")

import mini_cnn14
from awb.errors import NotApplicableError
from awb.maskers import zeros
from awb.perturbation import Design, Perturber
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.specs import ExplainerSpec
from awb.types import Clip, Explanation, Instance
from awb_plugins.explainers import spectrogram
from awb_plugins.models.cnn14 import SPEC
from awb_plugins.models.cnn14.model import Cnn14
from awb_plugins.models.cnn14.parameters import Cnn14Parameters

RATE_HZ = 32_000
TARGET = 5
BY_NAME = {spec.name: spec for spec in spectrogram.SPECS}


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cnn14")
    mini_cnn14.write(folder / "plain.pth")
    mini_cnn14.write(folder / "unbiased.pth", biases=False)
    return folder


def burst() -> Clip:
    """Faint noise with a loud burst in the middle."""
    rng = np.random.default_rng(0)
    waveform = 0.01 * rng.standard_normal(RATE_HZ)
    waveform[14_000:18_000] *= 40
    return Clip("burst", waveform.clip(-1, 1).astype(np.float32), RATE_HZ)


def perturber(model: Cnn14) -> tuple[Perturber, Instance]:
    clip = burst()
    instance = Instance("fake", clip, model.classes[TARGET], TARGET, np.empty((0, 2)))
    segments = Segments(clip.waveform.size, RATE_HZ, 0.1, 0.1)
    key = RandomKey((0, "fake", clip.id))
    return Perturber(model, instance, segments, zeros, key, design=Design(20)), instance


def explain(spec: ExplainerSpec, model: Cnn14, **settings: object) -> Explanation:
    view, instance = perturber(model)
    explainer = spec.factory(spec.parameters(**settings))
    found = explainer(view, instance, np.random.default_rng(0))
    assert isinstance(found, Explanation)
    return found.check_length(view.n_segments)


RUN = [
    *((name, "mel") for name in ("saliency", "grad-cam", "lrp-epsilon", "lrp-flat", "listen")),
    *((name, "stft") for name in ("saliency", "grad-cam", "lrp-epsilon", "lrp-flat")),
]


@pytest.mark.parametrize(("name", "front"), RUN)
def test_explainers_run(folder: Path, name: str, front: str) -> None:
    path = folder / "plain.pth"
    model = SPEC.factory(Cnn14Parameters(path=path, device="cpu", front=front))
    found = explain(BY_NAME[name], model)
    assert found.time_frequency is not None
    assert found.time_frequency.shape == (101, 64 if front == "mel" else 513)
    assert np.ptp(found.relevance) > 0
    if name == "listen":
        assert "masked in" in found.notes[0]


def test_gradients_that_do_not_add_up_are_refused_with_the_numbers(folder: Path) -> None:
    """Powers from silence on: the logarithm behind them is too steep for any number of steps."""
    model = SPEC.factory(Cnn14Parameters(path=folder / "plain.pth", device="cpu", front="stft"))
    with pytest.raises(NotApplicableError, match=r"after 256 steps, not to the score's rise"):
        explain(BY_NAME["listen"], model)


def test_relevance_is_conserved(folder: Path) -> None:
    """Without biases nothing but the shift of the features keeps relevance for itself."""
    model = SPEC.factory(Cnn14Parameters(path=folder / "unbiased.pth", device="cpu"))
    model.back_end.bin_shift.zero_()
    for block in range(1, 7):
        for norm in ("bn1", "bn2"):
            made = model.back_end.get_submodule(f"conv_block{block}.{norm}")
            made.running_mean.zero_()
    score = float(model.scores(burst().waveform[np.newaxis].copy())[0, TARGET])
    found = explain(BY_NAME["lrp-epsilon"], model, epsilon=1e-9)
    assert found.time_frequency is not None
    assert abs(score) > 0.01
    np.testing.assert_allclose(found.time_frequency.sum(), score, rtol=0.02)


@pytest.mark.parametrize("name", ["lrp-epsilon", "grad-cam"])
def test_explainers_run_on_a_transfer_head(folder: Path, name: str) -> None:
    head = mini_cnn14.write_head(folder / "head.safetensors", ("a", "b", "c", "d", "e", "f"))
    given = Cnn14Parameters(path=folder / "plain.pth", head=head, device="cpu")
    found = explain(BY_NAME[name], SPEC.factory(given))
    assert np.ptp(found.relevance) > 0
