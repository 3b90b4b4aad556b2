"""Devices: batches that fit, masked audio rendered on the device, what is recorded."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch

import small_data
from awb.designs import pooled
from awb.errors import ParameterError, RunError
from awb.harness.config.choice import choose
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import make_config
from awb.harness.run import resume
from awb.harness.storage.run_folder import RunFolder
from awb.maskers import noise
from awb.perturbation.scorers.batches import fitting, is_out_of_memory
from awb.perturbation.scorers.choice import make_scorer
from awb.perturbation.scorers.clips import ClipScorer, PatchScorer
from awb.perturbation.scorers.frames import FrameScorer
from awb.perturbation.scorers.moments import MomentScorer
from awb.perturbation.scorers.on_device import DeviceClipScorer, DeviceFrameScorer, is_elsewhere
from awb.perturbation.scorers.rendering import Renderer
from awb.plugins.discovery import load
from awb.protocols import TensorFrameModel, TensorModel
from awb.segments import Segments
from awb_plugins.models.soundscape_cnn import SPEC, SoundscapeCnnParameters
from commands import awb
from fakes import FrameEnergy, PatchEnergy, WeightedEnergy, unit_clip

NEEDS_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")


def _renderer(n_segments: int = 12) -> tuple[Renderer, Segments]:
    waveform = unit_clip(n_segments).waveform
    segments = Segments(waveform.size, 1000)
    fill = noise()(waveform, 1000, np.random.default_rng(1))
    return Renderer(waveform, fill, segments.edges_samples), segments


def _masks(n: int, n_segments: int = 12) -> np.ndarray:
    return np.random.default_rng(0).random((n, n_segments)) < 0.4


class Cramped:
    """A model that raises a library's out-of-memory error for more rows than fit."""

    def __init__(self, model: object, fits: int, error: BaseException) -> None:
        self.model, self.fits, self.error = model, fits, error
        self.tried: list[int] = []

    def limited(self, name: str):  # type: ignore[no-untyped-def]
        function = getattr(self.model, name)

        def call(rows: np.ndarray) -> np.ndarray:
            self.tried.append(len(rows))
            if len(rows) > self.fits:
                raise self.error
            return function(rows)

        return call


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_a_batch_that_does_not_fit_is_halved_until_it_does(error: BaseException) -> None:
    renderer, _ = _renderer()
    masks = _masks(50)
    expected = ClipScorer(WeightedEnergy(np.arange(12.0)), renderer, 0).scores(masks)
    model = WeightedEnergy(np.arange(12.0))
    cramped = Cramped(model, 5, error)
    model.scores = cramped.limited("scores")  # type: ignore[method-assign]
    np.testing.assert_array_equal(ClipScorer(model, renderer, 0).scores(masks), expected)
    assert cramped.tried[:4] == [16, 8, 4, 4], "the size that fits is kept"


def test_patches_and_frames_are_halved_too() -> None:
    renderer, segments = _renderer()
    masks, error = _masks(60), RuntimeError("MPS backend out of memory")
    patches = PatchEnergy()
    expected = PatchScorer(PatchEnergy(), renderer, segments, 0).scores(masks)
    patches.patch_scores = Cramped(patches, 3, error).limited("patch_scores")  # type: ignore[method-assign]
    np.testing.assert_array_equal(
        PatchScorer(patches, renderer, segments, 0).scores(masks), expected
    )
    frames = FrameEnergy()
    expected = FrameScorer(FrameEnergy(), renderer, segments, 0).scores(masks)
    for name in ("features", "feature_scores"):
        setattr(frames, name, Cramped(frames, 3, error).limited(name))
    np.testing.assert_array_equal(
        FrameScorer(frames, renderer, segments, 0).scores(masks), expected
    )


def test_one_row_that_does_not_fit_is_an_error_and_other_errors_are_not_hidden() -> None:
    def full(size: int) -> int:
        raise MemoryError

    def broken(size: int) -> int:
        raise RuntimeError("shapes do not match")

    with pytest.raises(ParameterError, match="--device cpu"):
        fitting(full, 8)
    with pytest.raises(RuntimeError, match="shapes"):
        fitting(broken, 8)
    assert not is_out_of_memory(RuntimeError("memory format is wrong"))


def _embedded(device: str = "cpu") -> object:
    return SPEC.factory(SoundscapeCnnParameters(device=device))


def _second() -> tuple[Renderer, Segments]:
    waveform = (0.1 * np.random.default_rng(0).standard_normal(16_000)).astype(np.float32)
    segments = Segments(waveform.size, 16_000)
    fill = noise()(waveform, 16_000, np.random.default_rng(1))
    return Renderer(waveform, fill, segments.edges_samples), segments


def test_masked_audio_and_frames_made_on_the_device_are_those_of_the_host() -> None:
    model = _embedded()
    assert isinstance(model, TensorModel)
    assert isinstance(model, TensorFrameModel)
    renderer, segments = _second()
    masks = pooled(10, 40, np.random.default_rng(0))
    host = np.empty((40, 16_000), dtype=np.float32)
    renderer.render(masks, host)
    on_device = DeviceClipScorer(model, renderer, 0)
    np.testing.assert_array_equal(on_device.render(torch.from_numpy(masks)).numpy(), host)
    np.testing.assert_array_equal(
        on_device.scores(masks), ClipScorer(model, renderer, 0).scores(masks)
    )
    plain, gathered = (
        kind(model, renderer, segments, 0) for kind in (FrameScorer, DeviceFrameScorer)
    )
    np.testing.assert_array_equal(gathered.scores(masks), plain.scores(masks))
    assert gathered.forwards == on_device.forwards == 40


def test_models_on_the_host_are_rendered_on_the_host() -> None:
    model = _embedded()
    assert isinstance(model, TensorModel)
    assert not is_elsewhere(model)
    renderer, segments = _second()
    assert isinstance(make_scorer(model, renderer, segments, 0), MomentScorer)


@NEEDS_CUDA
def test_a_gpu_scores_like_the_host() -> None:
    renderer, segments = _second()
    masks = pooled(10, 40, np.random.default_rng(0))
    scorer = make_scorer(_embedded("cuda"), renderer, segments, 0)  # type: ignore[arg-type]
    assert isinstance(scorer, DeviceFrameScorer)
    expected = make_scorer(_embedded(), renderer, segments, 0)  # type: ignore[arg-type]
    np.testing.assert_allclose(scorer.scores(masks), expected.scores(masks), atol=1e-3)


def test_the_device_goes_to_models_that_take_it_and_stays_out_of_their_names() -> None:
    models = ["soundscape-cnn", "yamnet", "ast:device=cuda:1"]
    chosen = choose(make_config(models=models, device="cuda", precision="bfloat16"), load())
    embedded, yamnet, ast = chosen.models
    assert embedded.parameters.device == "cuda"  # type: ignore[attr-defined]
    assert "device" not in yamnet.parameters.model_dump()
    assert ast.parameters.device == "cuda:1", "what is typed wins"  # type: ignore[attr-defined]
    assert ast.parameters.precision == "bfloat16"  # type: ignore[attr-defined]
    assert [one.label for one in chosen.models] == models
    plain = choose(make_config(models=["soundscape-cnn"]), load()).models[0]
    assert plain.identity() != embedded.identity(), "results of two devices are not mixed"


@pytest.mark.parametrize("device", ["gpu", "cuda:", "CPU"])
def test_an_unknown_device_is_refused(device: str) -> None:
    with pytest.raises(ParameterError, match="device"):
        make_config(device=device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA GPU")
def test_a_missing_gpu_is_a_one_line_error(tmp_path: Path) -> None:
    done = awb("run", "--clips=1", "--device=cuda", "--jobs=1", "--out", tmp_path / "run")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("awb: device cuda:")
    assert "Traceback" not in done.stderr


def test_the_device_is_recorded_and_on_the_board(tmp_path: Path) -> None:
    out = tmp_path / "run"
    options = ("--samples=10", "--explainers=random", "--metrics=roc-auc", "--jobs=1")
    done = awb("run", "--clips=2", "--device=auto", *options, "--out", out)
    assert done.returncode == 0, done.stderr
    place = "cuda, float32" if torch.cuda.is_available() else "cpu, float32"
    assert RunFolder(out).computed_on() == {"soundscape-cnn": place}
    assert f"Computed on {place}." in done.stdout
    record = RunFolder(out).record()
    text = (out / "run.json").read_text(encoding="utf-8")
    (out / "run.json").write_text(text.replace(place, "mps, float16"), encoding="utf-8")
    assert record["config"]["device"] == "auto"
    resume(out)  # finished: nothing is computed anywhere
    with closing(RunFolder(out).store().connect()) as connection, connection:
        for table in ("fact", "score", "explanation", "unit"):
            connection.execute(f"delete from {table}")
    with pytest.raises(RunError, match=r"computed soundscape-cnn on mps, float16, but here"):
        resume(out, Resources(jobs=1))


def test_a_model_that_does_not_say_where_it_computes_has_no_remark(tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "bursts", 1)
    done = awb(
        "run", f"--dataset=folder:{data}", "--model=loudness", "--samples=10", "--jobs=1",
        "--explainers=random", "--metrics=roc-auc", "--out", tmp_path / "run",
    )  # fmt: skip
    assert "Computed on" not in done.stdout
