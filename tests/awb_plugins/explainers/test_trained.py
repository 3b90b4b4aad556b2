"""Trained explainers: what they learn, the files they leave, and the models they refuse."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import comb
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from sklearn.metrics import roc_auc_score

from awb.cli import main
from awb.conformance import listeners
from awb.conformance.explainers import RULES as KIT
from awb.conformance.listeners import CELL, FRAME, RATE_HZ, Listener, clip_with
from awb.errors import NotApplicableError, WeightsError
from awb.maskers import noise, zeros
from awb.perturbation import Perturber
from awb.plugins.discovery import load as load_plugins
from awb.plugins.resolve import resolve
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.specs import ExplainerSpec
from awb.types import AudioArray, Clip, Explanation
from awb_plugins.explainers.segmentwise.coalitions import all_coalitions
from awb_plugins.explainers.spectrogram.resynthesis import masked_audio
from awb_plugins.explainers.trained import SPECS, fast_shap, fast_shap_training, l_mac
from awb_plugins.explainers.trained import l_mac_training as learning
from awb_plugins.explainers.trained.decoder import Decoder, MaskedAudio
from awb_plugins.explainers.trained.window_network import WindowNetwork, efficient
from awb_plugins.explainers.trained.windows import window_edges
from awb_plugins.training import explainers as training
from awb_plugins.training.explainer_files import Facts, file_of, load, probe, save
from awb_plugins.training.explainers import Fitted, Lesson, lesson_of
from fakes import WeightedEnergy, instance_of
from games import exact_shapley, table_game

pytestmark = pytest.mark.usefixtures("one_thread")
N = 20
PLACES = [2, 7, 12, 15]
LOSSES: dict[str, list[float]] = {}


class Known(Listener):
    """The kit's model, which can be recognized."""

    weights_sha256 = "5e" * 32


def _waveforms(places: list[int]) -> AudioArray:
    return np.stack([clip_with(place, 4, N).waveform for place in places])


def _lesson(model: Listener, places: list[int] | None = None) -> Lesson:
    return lesson_of(model, _waveforms(places or PLACES))


def _remember(name: str, number: int, total: int, loss: float) -> None:
    LOSSES.setdefault(name, []).append(loss)


def _silent(number: int, total: int, loss: float) -> None:
    """Report nothing."""


def _facts(model: Known, explainer: str, fitted: Fitted, lesson: Lesson) -> Facts:
    return Facts(
        explainer=explainer,
        model="known",
        weights_sha256=model.weights_sha256,
        probe=probe(model),
        classes=list(lesson.classes),
        dataset="made-up:clips=4",
        clips=len(lesson.waveforms),
        calls=fitted.calls,
        epochs=fitted.epochs,
        seed=0,
        seconds=61.4,
        loss=fitted.loss,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both explainers, trained for the kit's model."""
    found = tmp_path_factory.mktemp("trained")
    model = Known()
    lesson = _lesson(model, list(range(N - 4)))
    for name, fit, epochs in (
        ("l-mac", learning.fit, 24),
        ("fast-shap", fast_shap_training.fit, 10),
    ):
        done = fit(model, lesson, epochs=epochs, seed=0, on_pass=partial(_remember, name))
        path = found / file_of(name, model.weights_sha256).name
        save(path, done.state, _facts(model, name, done, lesson))
    return found


@pytest.fixture(autouse=True)
def own_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWB_TRAINED", str(folder))


def _perturber(model: object, clip: Clip, masker: object = None) -> Perturber:
    segments = Segments(clip.waveform.size, RATE_HZ)
    key = RandomKey((0, "trained", clip.id))
    return Perturber(model, instance_of(clip), segments, masker or zeros, key)  # type: ignore[arg-type]


def _explain(spec: ExplainerSpec, perturber: Perturber, clip: Clip, **given: object) -> Explanation:
    explainer = spec.factory(spec.parameters(**given))
    found = explainer(perturber, instance_of(clip).blind(), np.random.default_rng(0))
    assert isinstance(found, Explanation)
    return found


def test_training_lowers_the_loss_of_both(folder: Path) -> None:
    for name, told in LOSSES.items():
        assert told[-1] < 0.98 * told[0], name


def test_training_repeats_and_leaves_the_model_as_it_was() -> None:
    model = Known()
    before = [one.clone() for one in model.back_end.parameters()]
    state = torch.get_rng_state()
    first, second = (
        learning.fit(model, _lesson(model), epochs=2, seed=3, on_pass=_silent) for _ in range(2)
    )
    assert all(torch.equal(first.state[name], second.state[name]) for name in first.state)
    assert all(
        torch.equal(one, other)
        for one, other in zip(before, model.back_end.parameters(), strict=True)
    )
    assert all(one.grad is None for one in model.back_end.parameters())
    assert torch.equal(state, torch.get_rng_state())


def test_the_loss_of_l_mac_by_hand() -> None:
    inside, outside = np.array([2.0, -1.0]), np.array([0.5, -3.0])
    masks = np.random.default_rng(0).random((2, 5, 3))
    chance = 1 / (1 + np.exp(-inside)), 1 / (1 + np.exp(-outside))
    slow = -np.log(chance[0]) - np.log(1 - chance[1]) + 0.7 * masks.mean(axis=(1, 2))
    found = learning.loss_of(*map(torch.tensor, (inside, outside, masks)), sparseness=0.7)
    assert float(found) == pytest.approx(slow.mean())


def test_what_a_mask_lets_through_is_what_listen_hears() -> None:
    model = Known()
    waveform = np.random.default_rng(0).uniform(-0.5, 0.5, 1000).astype(np.float32)
    mask = np.random.default_rng(1).random((50, 4))
    centers = model.frame_centers_s(50), model.bin_centers_hz(4)
    expected = masked_audio(waveform, RATE_HZ, mask, *centers)
    heard = MaskedAudio(model, 1000, 50, 4)
    found = heard(torch.tensor(waveform[None]), torch.tensor(mask[None], dtype=torch.float32))[0]
    np.testing.assert_allclose(found.numpy()[100:-100], expected[100:-100], atol=1e-4)
    everything = heard(torch.tensor(waveform[None]), torch.ones(1, 50, 4))[0]
    np.testing.assert_allclose(everything.numpy(), waveform, atol=1e-5)


def test_l_mac_keeps_what_the_model_decides_by(folder: Path) -> None:
    clip = clip_with(9, 4, N)
    perturber = _perturber(Known(), clip)
    found = _explain(l_mac.SPEC, perturber, clip)
    labels = (np.arange(N) >= 9) & (np.arange(N) < 13)
    assert roc_auc_score(labels, found.relevance) > 0.95
    assert perturber.cost.calls == 2
    assert found.time_frequency is not None
    assert found.time_frequency.shape == (N * CELL // FRAME, listeners.BINS)
    assert found.notes[0].startswith("trained on 16 clips of made-up:clips=4 in 61 s with")


@pytest.mark.parametrize("n_windows", [2, 4, 6])
def test_the_minimum_of_the_loss_are_shapley_values(n_windows: int) -> None:
    game = table_game(n_windows, 1)
    dropped = all_coalitions(n_windows)
    value = np.array([game(~row) for row in dropped])
    worth, rise = torch.tensor(value - value[-1]), torch.tensor([value[0] - value[-1]])
    size = (~dropped).sum(axis=1)
    proper = (size > 0) & (size < n_windows)
    # Each coalition as often as the kernel draws it: weights as repetitions of its square root.
    kernel = np.array([1 / (comb(n_windows, k) * k * (n_windows - k)) for k in size[proper]])
    root = torch.tensor(np.sqrt(kernel / kernel.sum() * proper.sum()))[None, :, None]
    kept = torch.tensor((~dropped[proper]).astype(float))[None]
    values = torch.zeros(1, n_windows, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([values], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        weighted = fast_shap_training.loss_of(
            values, root * kept, root[..., 0] * worth[None, proper], rise
        )
        weighted.backward()
        return weighted

    optimizer.step(closure)
    found = efficient(values.detach(), rise)[0].numpy()
    np.testing.assert_allclose(found, exact_shapley(game, n_windows), atol=1e-5)


class LinearWindows:
    """A model whose score is a sum over windows of a second of how loud each is."""

    sample_rate_hz = 200
    classes = ("Target", "Other")
    weights_sha256 = "11" * 32

    def scores(self, waveforms: AudioArray) -> np.ndarray:
        power = np.square(waveforms.astype(float)).reshape(len(waveforms), -1, 200).mean(axis=2)
        score = 10 * power.sum(axis=1) + 1
        return np.stack([score, -score], axis=1).astype(np.float32)


def test_fast_shap_learns_a_linear_game() -> None:
    rng = np.random.default_rng(0)
    level = rng.choice([0.1, 0.7], (40, 4))
    waveforms = np.repeat(level, 200, axis=1) * rng.choice([-1, 1], (40, 800))
    model = LinearWindows()
    lesson = lesson_of(model, waveforms.astype(np.float32)[:32])  # type: ignore[arg-type]
    done = fast_shap_training.fit(model, lesson, epochs=25, seed=0, on_pass=_silent)  # type: ignore[arg-type]
    network = WindowNetwork(200, 1)
    network.load_state_dict(done.state)
    values = network(torch.tensor(waveforms[32:], dtype=torch.float32), np.arange(5) * 200)
    exact = 10 * level[32:] ** 2
    found = efficient(values[..., 0], torch.tensor(exact.sum(axis=1))).detach().numpy()
    assert np.corrcoef(found.ravel(), exact.ravel())[0, 1] > 0.95
    np.testing.assert_allclose(found.sum(axis=1), exact.sum(axis=1), rtol=1e-5)


def test_scores_of_coalitions_are_those_of_the_perturber() -> None:
    model = Known()
    lesson = _lesson(model)
    edges = window_edges(N * CELL, RATE_HZ)
    known, calls = fast_shap_training.scored(model, lesson, edges, np.random.default_rng(0))
    assert calls == len(PLACES) * 4
    clip = Clip("clip", lesson.waveforms[1], RATE_HZ)
    row = int(np.flatnonzero(lesson.rows == 1)[0])
    drop = np.repeat(known.kept[row].numpy() == 0, 10, axis=1)
    perturber = _perturber(model, clip)
    expected = perturber.scores(drop) - perturber.dropped_score()
    np.testing.assert_allclose(known.worth[row].numpy(), expected, atol=1e-5)


def test_fast_shap_sums_to_the_rise_of_the_score() -> None:
    clip = clip_with(3, 4, N)
    perturber = _perturber(Known(), clip)
    found = _explain(fast_shap.SPEC, perturber.view(), clip)
    rise = perturber.clip_score() - perturber.dropped_score()
    assert found.relevance.sum() == pytest.approx(rise, abs=1e-4)
    assert np.unique(found.relevance.round(6)).size == 2  # two windows of a second


def test_fast_shap_is_for_the_masker_it_has_learned() -> None:
    clip = clip_with(3, 4, N)
    with pytest.raises(NotApplicableError, match="masker zeros"):
        _explain(fast_shap.SPEC, _perturber(Known(), clip, noise()), clip)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_what_was_not_trained_for_a_model_says_what_to_type(
    spec: ExplainerSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = clip_with(3, 4, N)

    class Retrained(Known):
        weights_sha256 = "77" * 32

    class Recalibrated(Known):
        def scores(self, waveforms: AudioArray) -> np.ndarray:
            return super().scores(waveforms) + 1.0

    advice = f"type: awb train explainer:{spec.name} --model MODEL --dataset DATASET"
    with pytest.raises(NotApplicableError, match=rf"not trained for this model \({advice}\)"):
        _explain(spec, _perturber(Retrained(), clip), clip)
    path = file_of(spec.name, Known.weights_sha256)
    with pytest.raises(NotApplicableError, match="trained for another model"):
        _explain(spec, _perturber(Retrained(), clip), clip, weights=path)
    with pytest.raises(NotApplicableError, match="trained for another model"):
        _explain(spec, _perturber(Recalibrated(), clip), clip)
    with pytest.raises(NotApplicableError, match="not trained for this model"):
        _explain(spec, _perturber(Listener(), clip), clip)
    monkeypatch.setenv("AWB_TRAINED", str(tmp_path))
    with pytest.raises(NotApplicableError, match="not trained"):
        _explain(spec, _perturber(Known(), clip), clip)


def test_a_model_that_nothing_tells_from_others_is_refused() -> None:
    clip = clip_with(3, 4, N)
    with pytest.raises(NotApplicableError, match="it has no weights_sha256"):
        _explain(fast_shap.SPEC, _perturber(WeightedEnergy(np.ones(N)), clip), clip)


def test_a_class_that_was_not_heard_in_training_is_not_explained(folder: Path) -> None:
    clip = clip_with(3, 4, N)
    model = Known()
    lesson = _lesson(model)
    assert set(lesson.classes) <= {"Target", "Other"}
    path = file_of("l-mac", Known.weights_sha256)
    state, facts = load(path, "l-mac", model, Known.weights_sha256)
    only = folder / "only.safetensors"
    save(only, state, replace(facts, classes=["Other"] * len(facts.classes)))
    with pytest.raises(NotApplicableError, match="not trained on the class 'Target'"):
        _explain(l_mac.SPEC, _perturber(model, clip), clip, weights=only)


def test_files_come_back_as_they_were_and_broken_ones_are_refused(tmp_path: Path) -> None:
    model = Known()
    state = Decoder(4, 2, 1).state_dict()
    lesson = _lesson(model)
    facts = _facts(model, "l-mac", Fitted(state, 3, 1, 0.5), lesson)
    path = tmp_path / "own.safetensors"
    save(path, state, facts)
    again, told = load(path, "l-mac", model, model.weights_sha256)
    assert told == facts
    assert all(torch.equal(state[name], again[name]) for name in state)
    with pytest.raises(WeightsError, match="belongs to l-mac"):
        load(path, "fast-shap", model, model.weights_sha256)
    save(path, {**state, "bin_mean": torch.full((4,), np.nan)}, facts)
    with pytest.raises(WeightsError, match="not finite"):
        load(path, "l-mac", model, model.weights_sha256)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(WeightsError, match="not the file of a trained explainer"):
        load(path, "l-mac", model, model.weights_sha256)


def test_units_depend_on_what_was_trained(folder: Path, tmp_path: Path) -> None:
    learned = l_mac.SPEC.files_sha256
    assert learned is not None
    settings = l_mac.SPEC.parameters()
    first = learned(settings, Known.weights_sha256)
    assert len(first) == 64
    assert learned(settings, "00" * 32) == ""
    assert learned(settings, "") == first
    assert learned(l_mac.SPEC.parameters(weights=tmp_path / "none.safetensors"), "5e") == ""


RULES = ("contract", "determinism", "inputs", "global-state", "labels", "segments", "cost")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_the_kit_accepts_what_was_trained_for_its_model(
    spec: ExplainerSpec, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Listener, "weights_sha256", Known.weights_sha256, raising=False)
    resolved = resolve(load_plugins(), "explainer", spec.name)
    next(one for one in KIT if one.name == rule).check(resolved)


def test_the_command_trains_and_a_run_finds_what_was_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWB_TRAINED", str(tmp_path))
    monkeypatch.setattr(training, "LONGEST_S", 2.0)
    done = CliRunner().invoke(
        main,
        ["train", "explainer:l-mac", "--model", "soundscape-cnn", "--epochs", "1", "--clips", "2",
         "--dataset", "soundscapes:clips=2"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    (card,) = tmp_path.glob("l-mac-*.md")
    written = card.read_text(encoding="utf-8")
    for words in ("2 clips of `soundscapes:split=train", "`soundscape-cnn`, weights ", "1 passes"):
        assert words in written


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["explainer:l-mac"], "awb train explainer:l-mac --model MODEL"),
        (["explainer:naive", "--model", "soundscape-cnn"], "those that are: l-mac, fast-shap"),
        (["explainer:l-mac", "--model", "x", "--test", "y"], "--test is for models"),
        (["soundscape-cnn", "--model", "x"], "--model is for explainers"),
        (["soundscape-cnn", "--clips", "3"], "--clips is for explainers"),
        (["explainer:l-mac", "--model", "x", "--seed", "1,2"], "one seed"),
    ],
)
def test_mistakes_on_the_command_line_are_told(given: list[str], told: str) -> None:
    done = CliRunner().invoke(main, ["train", *given, "--dataset", "soundscapes"])
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())
