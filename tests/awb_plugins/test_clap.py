"""CLAP: scores against transformers' own, prompts as classes, gradients at its log-mel frames."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs transformers (extra ast)")

import soundfile
import torch
from pydantic import ValidationError

from awb.conformance.capabilities import differentiable
from awb.errors import ParameterError, WeightsError
from awb.protocols import AudioModel, DifferentiableModel, RandomizableModel, ScoreArray
from awb.types import AudioArray
from awb_plugins.models.clap import SPEC
from awb_plugins.models.clap.model import Clap
from awb_plugins.models.clap.parameters import ClapParameters, read_prompts
from commands import awb
from mini_checkpoints import random_checkpoint, random_clap

RATE_HZ = 8000
PROMPTS = "dog barking|car horn|rain"

pytestmark = pytest.mark.usefixtures("one_thread")


def made(folder: Path, **given: Any) -> Clap:
    settings = {"checkpoint": str(folder), "prompts": PROMPTS, "device": "cpu", **given}
    found = SPEC.factory(ClapParameters.model_validate(settings))
    assert isinstance(found, Clap)
    return found


def clips(seconds: float) -> AudioArray:
    """Three clips of other colours and levels."""
    rng = np.random.default_rng(0)
    found = rng.normal(size=(3, round(seconds * RATE_HZ))) * np.array([[0.01], [0.1], [0.1]])
    found[0] = np.cumsum(found[0]) / 10
    found[2] *= np.linspace(0, 1, found.shape[1])
    return np.clip(found, -1, 1).astype(np.float32)


def reference(folder: Path, waveforms: AudioArray, template: str = "This is a sound of {}.") -> Any:
    """Score with transformers alone, all prompts in one padded batch."""
    from transformers import AutoTokenizer, ClapFeatureExtractor, ClapModel

    network = ClapModel.from_pretrained(folder).eval()
    texts = [template.format(one) for one in PROMPTS.split("|")]
    tokens = AutoTokenizer.from_pretrained(folder)(texts, return_tensors="pt", padding=True)
    audio = ClapFeatureExtractor.from_pretrained(folder)(
        list(waveforms), sampling_rate=RATE_HZ, return_tensors="pt"
    )
    audio["is_longer"] = torch.zeros((len(waveforms), 1), dtype=torch.bool)
    with torch.no_grad():
        chances = network(**tokens, **audio).logits_per_audio.double().softmax(dim=-1).numpy()
    return np.log(chances / (1 - chances))


@pytest.mark.parametrize("truncation", ["rand_trunc", "fusion"])
@pytest.mark.parametrize("seconds", [0.503, 0.75, 1.0])
def test_scores_are_those_of_transformers(truncation: str, seconds: float) -> None:
    folder = random_clap(truncation)
    model, waveforms = made(folder, batch_size=2), clips(seconds)
    assert isinstance(model, AudioModel)
    assert isinstance(model, RandomizableModel)
    expected = reference(folder, waveforms)
    np.testing.assert_allclose(model.scores(waveforms), expected, atol=1e-4)
    assert np.ptp(expected, axis=0).max() > 2e-3
    assert model.classes == ("dog barking", "car horn", "rain")
    assert (model.sample_rate_hz, model.hears_s) == (RATE_HZ, 1.0)


def test_what_lies_beyond_its_reach_is_not_heard() -> None:
    model = made(random_clap())
    long = clips(2.5)
    np.testing.assert_array_equal(model.scores(long), model.scores(long[:, :RATE_HZ]))


@pytest.mark.parametrize("seconds", [0.2, 0.33, 0.25])
def test_short_clips_are_repeated(seconds: float) -> None:
    """As near to transformers as copies of frames are to copies of samples."""
    folder = random_clap("fusion")
    model, waveforms = made(folder), clips(seconds)
    expected = reference(folder, waveforms)
    spread = float(np.ptp(expected, axis=0).max())
    off = np.abs(model.scores(waveforms) - expected).max()
    assert off < 0.35 * spread
    padded = np.pad(waveforms, ((0, 0), (0, RATE_HZ - waveforms.shape[1])))
    assert np.abs(model.scores(padded) - expected).max() > 2 * off  # silence is something else


def test_the_template_is_what_is_said() -> None:
    folder = random_clap()
    said = "{} can be heard"
    found = made(folder, template=said).scores(clips(1.0))
    np.testing.assert_allclose(found, reference(folder, clips(1.0), said), atol=1e-4)
    assert not np.allclose(found, made(folder).scores(clips(1.0)), atol=1e-4)
    with pytest.raises(ValidationError, match="it must hold"):
        made(folder, template="a sound")


@pytest.mark.parametrize("seconds", [0.33, 1.0])
@pytest.mark.parametrize("truncation", ["rand_trunc", "fusion"])
def test_gradients_are_those_of_finite_differences(truncation: str, seconds: float) -> None:
    model = made(random_clap(truncation))
    assert isinstance(model, DifferentiableModel)
    differentiable(model, clips(seconds))
    back_end = deepcopy(model.back_end).double()
    point = model.front_end(torch.tensor(clips(seconds)[:1])).double()
    assert model.frame_centers_s(point.shape[1])[-1] <= seconds + 0.04
    point.requires_grad_(True)
    (gradient,) = torch.autograd.grad(back_end(point)[0, 1], point)
    generator = torch.Generator().manual_seed(0)
    step = torch.randn(point.shape, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        rise = back_end(point + 1e-5 * step)[0, 1] - back_end(point - 1e-5 * step)[0, 1]
    assert float(rise) / 2e-5 == pytest.approx(float((gradient * step).sum()), rel=1e-4)


def test_its_weights_can_be_put_out_of_order() -> None:
    model, waveforms = made(random_clap()), clips(1.0)
    before: ScoreArray = model.scores(waveforms)
    twin = model.randomized(1.0, np.random.default_rng(0))
    assert not np.allclose(twin.scores(waveforms), before, atol=1e-4)
    np.testing.assert_array_equal(model.scores(waveforms), before)


def test_other_prompts_are_another_model() -> None:
    folder = random_clap()
    one, other = made(folder), made(folder, prompts="dog barking|car horn|snow")
    assert one.weights_sha256 != other.weights_sha256
    assert one.weights_sha256 == made(folder).weights_sha256


def test_prompts_come_from_the_line_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text("Dog\n\n a car, honking \n", encoding="utf-8")
    assert read_prompts(str(file)) == ("Dog", "a car, honking")
    assert read_prompts("Dog|Cat, feline") == ("Dog", "Cat, feline")
    for wrong, words in [
        ("dog", "a single text is not a choice"),
        ("a|", "fewer than two"),
        ("a|a", "twice"),
    ]:
        with pytest.raises(ParameterError, match=words):
            read_prompts(wrong)
    assert SPEC.class_list is not None
    listed = SPEC.class_list(ClapParameters(checkpoint="none", prompts="Dog|Bark"))
    assert listed == (("Dog", "Bark"), ("/m/0bt9lr", "/m/05tny_"))


def test_other_checkpoints_are_refused() -> None:
    with pytest.raises(WeightsError, match="clap: checkpoint"):
        made(random_checkpoint("ast"))


def test_a_board_from_the_command_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "audio").mkdir(parents=True)
    rows = ["filename\tonset\toffset\tevent_label"]
    for index, clip in enumerate(clips(1.0)):
        soundfile.write(data / "audio" / f"{index}.wav", clip, RATE_HZ)
        rows.append(f"{index}.wav\t0.4\t0.55\train")
    (data / "events.tsv").write_text("\n".join(rows))
    done = awb(
        "run", "--model", f"clap:{random_clap()},prompts={PROMPTS}", "--dataset", f"folder:{data}",
        "--samples", "20", "--min-score", "-50", "--metrics", "roc-auc", "--explainers",
        "naive,saliency,grad-cam", "--jobs", "1", "--robustness", "0", "--cache", "off",
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "3 instances from 3 clips" in done.stdout
    assert re.search(r"\d .*saliency +[01]\.\d+", done.stdout)
    assert "its maps do not tell one time from another" in " ".join(done.stdout.split())
