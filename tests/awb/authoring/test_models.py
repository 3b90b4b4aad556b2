"""Torch modules, callables and decorated functions as models: the same scores, clear refusals."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import awb
import small_data
from awb.authoring.models import model_names
from awb.authoring.outputs import to_log_odds
from awb.authoring.torch_modules.split import SplitTorchModel
from awb.conformance.rules import check
from awb.errors import AwbError, NotApplicableError, ParameterError, PluginError
from awb.plugins import discovery
from awb.plugins.resolve import resolve
from awb.protocols import AudioModel, DifferentiableModel
from awb_plugins.explainers import captum_adapter
from awb_plugins.explainers.spectrogram import activation_maps, gradients, lrp
from fakes_torch import BINS, FRAME, FrameEnergy, SmallCnn
from spectrograms import look, varied_clip

RATE_HZ = 16_000
CLASSES = ["Loud", "Quiet"]
CNN = {"sample_rate_hz": 1000, "classes": CLASSES}
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (5, 800)).astype(np.float32)


pytestmark = pytest.mark.usefixtures("added")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"folder:{small_data.build(tmp_path_factory.mktemp('data'), 2)}"


def loudness(waveforms: Any) -> Any:
    """Probabilities of loud and quiet, from the loudest tenth of a second."""
    frames = waveforms[:, : waveforms.shape[1] // 1600 * 1600].reshape(len(waveforms), -1, 1600)
    loud = 1 / (1 + np.exp(2 - 20 * np.sqrt(np.square(frames).mean(axis=2)).max(axis=1)))
    return np.stack([loud, 1 - loud], axis=1)


class Whole(nn.Module):
    """A front end and a small network in one."""

    def __init__(self) -> None:
        super().__init__()
        self.front, self.back = FrameEnergy(), SmallCnn()

    def forward(self, waveforms: torch.Tensor) -> Any:
        return self.back(self.front(waveforms))


@pytest.mark.parametrize("output", ["logits", "softmax-logits"])
def test_a_module_scores_as_it_does_by_itself(output: Any) -> None:
    module = Whole()
    model = awb.torch_model(module, output=output, batch_size=2, **CNN)
    assert isinstance(model, AudioModel)
    assert not isinstance(model, DifferentiableModel)
    assert model.name == "whole"
    with torch.no_grad():
        logits = module(torch.from_numpy(NOISE))
    expected = logits if output == "logits" else logits - logits.flip(1)
    np.testing.assert_allclose(model.scores(NOISE), expected.numpy(), atol=1e-5)


def test_probabilities_become_log_odds() -> None:
    module = nn.Sequential(Whole(), nn.Softmax(dim=1))
    ours = awb.torch_model(module, output="probabilities", name="soft", **CNN)
    other = awb.torch_model(module[0], output="softmax-logits", name="plain", **CNN)
    np.testing.assert_allclose(ours.scores(NOISE), other.scores(NOISE), atol=1e-4)
    sure = to_log_odds(np.array([[0.0, 1.0]]), "probabilities")
    assert np.isfinite(sure).all()


@pytest.mark.parametrize("output", ["logits", "softmax-logits", "probabilities"])
def test_a_split_module_gains_the_explainers_that_look_inside(output: Any) -> None:
    back_end = SmallCnn()
    if output == "probabilities":
        back_end = nn.Sequential(back_end, nn.Sigmoid())  # type: ignore[assignment]
    model = awb.torch_model(
        front_end=FrameEnergy(), back_end=back_end, output=output, name="split", **CNN
    )
    assert isinstance(model, SplitTorchModel)
    assert isinstance(model, DifferentiableModel)
    np.testing.assert_allclose(model.frame_centers_s(3), (np.arange(3) + 0.5) * FRAME / 1000)
    with torch.no_grad():
        features = model.front_end(torch.from_numpy(NOISE))
        assert features.shape == (5, 40, BINS)
        scores = model.back_end(features).numpy()
    np.testing.assert_allclose(scores, model.scores(NOISE), atol=1e-5)
    assert model.back_end.get_submodule(model.last_convolution).out_channels == 6
    for spec in (gradients.SPECS[0], activation_maps.SPECS[0]):
        assert np.ptp(look(spec, model, varied_clip(6))[0].relevance) > 0
    if output != "probabilities":  # a sigmoid has no rule
        assert np.ptp(look(lrp.SPECS[0], model, varied_clip(6))[0].relevance) > 0


class Dense(nn.Module):
    """A back end without a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(BINS, 2)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.dense(features.mean(dim=1))


@pytest.mark.parametrize("output", ["logits", "softmax-logits"])
def test_without_a_convolution_cams_are_not_applicable(output: Any) -> None:
    model = awb.torch_model(
        front_end=FrameEnergy(), back_end=Dense(), output=output, name="dense", **CNN
    )
    assert isinstance(model, SplitTorchModel)
    assert model.last_convolution == ""
    assert np.ptp(look(gradients.SPECS[0], model, varied_clip(6))[0].relevance) > 0
    captum = captum_adapter.SPEC
    for spec, settings in [
        *((cam, {}) for cam in activation_maps.SPECS),
        (captum, {"method": "LayerGradCam"}),
        (captum, {"method": "GuidedGradCam"}),
    ]:
        with pytest.raises(NotApplicableError, match="the model has no convolution"):
            look(spec, model, varied_clip(6), **settings)


def test_its_rows_are_not_failed(data: str, tmp_path: Path) -> None:
    model = awb.torch_model(
        front_end=FrameEnergy(), back_end=Dense(), name="dense", sample_rate_hz=RATE_HZ,
        classes=CLASSES,
    )  # fmt: skip
    found = awb.run(
        datasets=data, models=model, explainers="grad-cam,saliency", metrics="roc-auc", clips=1,
        samples=10, robustness=0, min_score=-50, baselines=False, out=tmp_path / "run",
    )  # fmt: skip
    assert not found.failed
    [board] = found.boards
    assert "Not applicable, as the model has no convolution to look at: grad-cam" in str(board)


def test_layers_frames_and_channels_can_be_named() -> None:
    class WithChannel(FrameEnergy):
        def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
            return super().forward(waveforms[:, 0])

    model = awb.torch_model(
        front_end=WithChannel(), back_end=SmallCnn(), last_convolution="conv1", channel=True,
        first_frame_s=0.0, **CNN,
    )  # fmt: skip
    assert isinstance(model, SplitTorchModel)
    assert model.last_convolution == "conv1"
    assert model.frame_centers_s(2).tolist() == [0.0, 0.02]
    plain = awb.torch_model(front_end=FrameEnergy(), back_end=SmallCnn(), **CNN)
    np.testing.assert_allclose(model.scores(NOISE), plain.scores(NOISE), atol=1e-6)


def test_dropout_and_gradients_are_off_even_if_it_is_trained_on() -> None:
    module = nn.Sequential(Whole(), nn.Dropout(0.9)).train()
    model = awb.torch_model(module, name="dropping", **CNN)
    assert not module.training
    module.train()
    assert np.array_equal(model.scores(NOISE), model.scores(NOISE))


class _Fixed(nn.Module):
    def __init__(self, found: Any) -> None:
        super().__init__()
        self.found = found

    def forward(self, waveforms: torch.Tensor) -> Any:
        found = self.found
        return found[: len(waveforms)] if isinstance(found, torch.Tensor) else found


@pytest.mark.parametrize(
    ("found", "output", "message"),
    [
        (torch.zeros(9, 3), "logits", "it has 3 classes, and 2 were named"),
        (torch.zeros(2), "logits", "a row per waveform"),
        (torch.zeros(9, 2, 1), "logits", "gives shape (2, 2, 1) for 2 waveforms"),
        (torch.full((9, 2), torch.nan), "logits", "gives NaN for 2 of 2 waveforms"),
        (torch.tensor([[0.5, -3.0]] * 9), "probabilities", "did you mean output='logits'"),
        (torch.tensor([[0.3, 0.7]] * 9), "logits", "did you mean output='probabilities'"),
        (torch.ones(9, 2, dtype=torch.int64), "logits", "gives int64, expected floats"),
        (("a", "tuple"), "logits", "returns tuple, expected a tensor"),
    ],
)
def test_what_a_module_gives_is_checked(found: Any, output: Any, message: str) -> None:
    with pytest.raises(AwbError) as caught:
        awb.torch_model(_Fixed(found), output=output, **CNN)
    assert message in str(caught.value)


def test_what_comes_later_is_checked_too() -> None:
    module = _Fixed(torch.zeros(9, 2))
    model = awb.torch_model(module, output="logits", **CNN)
    module.found = torch.full((9, 2), torch.nan)
    with pytest.raises(PluginError, match="gives NaN"):
        model.scores(NOISE)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"output": "softmax"}, "unknown output 'softmax'. Did you mean softmax-logits"),
        ({"output": "softmax-logits", "classes": ["One"]}, "a softmax over one class"),
        ({"classes": []}, "classes must be a list of names"),
        ({"classes": "Loud"}, "classes must be a list of names"),
        ({"classes": ["A", "A"]}, "the class 'A' is named twice"),
        ({"sample_rate_hz": 16}, "did you give it in kHz"),
        ({"sample_rate_hz": 16000.5}, "whole number of Hz"),
        ({"name": "My Net"}, "kebab-case"),
        ({"channel": True}, "it takes (batch, samples): type channel=False"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"batch_size": 1.5}, "batch_size must be at least 1, a whole number: 1.5"),
        ({"batch_size": None}, "batch_size must be at least 1, a whole number: None"),
        ({"front_end": FrameEnergy(), "back_end": SmallCnn()}, "give either a module"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        awb.torch_model(Whole(), **{**CNN, **settings})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("halves", "message"),
    [
        ({}, "give either a module, or front_end= and back_end="),
        ({"front_end": FrameEnergy()}, "give either a module"),
        ({"front_end": nn.Identity(), "back_end": nn.AdaptiveAvgPool1d(2)}, "expected features of"),
        ({"front_end": FrameEnergy(), "back_end": SmallCnn(), "last_convolution": "conv9"},
         "Its convolutions: conv1, conv2"),
    ],
)  # fmt: skip
def test_wrong_halves_are_refused(halves: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        awb.torch_model(**{"output": "logits", **halves}, **CNN)


def test_weights_on_two_devices_are_refused() -> None:
    module = Whole()
    module.far = nn.Parameter(torch.zeros(1, device="meta"))
    with pytest.raises(ParameterError, match="its weights are on cpu and meta"):
        awb.torch_model(module, **CNN)


def test_weights_that_are_not_loaded_are_refused() -> None:
    with pytest.raises(ParameterError, match="has no weights yet"):
        awb.torch_model(SmallCnn().to("meta"), **CNN)


def test_a_function_is_no_module_and_an_object_no_model() -> None:
    with pytest.raises(ParameterError, match=r"awb\.callable_model"):
        awb.torch_model(loudness, **CNN)  # type: ignore[arg-type]
    with pytest.raises(PluginError, match=r"awb\.torch_model, awb\.transformers_model"):
        awb.run(models=[Whole()])  # type: ignore[list-item]


def test_the_version_follows_weights() -> None:
    one, other = Whole(), Whole()
    assert awb.torch_model(one, **CNN).version() == awb.torch_model(other, **CNN).version()
    with torch.no_grad():
        other.back.dense.bias += 1
    assert awb.torch_model(one, **CNN).version() != awb.torch_model(other, **CNN).version()


def _run(data: str, out: Path, **settings: Any) -> Any:
    return awb.run(
        datasets=data, metrics="roc-auc", explainers="naive,random", samples=50, out=out,
        cache="off", **settings,
    )  # fmt: skip


def test_all_kinds_run_together_and_in_workers(data: str, tmp_path: Path) -> None:
    offset = 0.0

    def loudness(waveforms: Any) -> Any:  # workers cannot import this file
        level = np.sqrt(np.square(waveforms.reshape(len(waveforms), -1, 1600)).mean(axis=2))
        loud = 1 / (1 + np.exp(2 - 20 * level.max(axis=1)))
        return np.stack([loud, 1 - loud], axis=1)

    @awb.model("decorated", sample_rate_hz=RATE_HZ, classes=CLASSES, citation="me")
    def decorated(waveforms: Any) -> Any:
        """Loud or quiet."""
        return loudness(waveforms) + offset

    class Loudness(nn.Module):
        def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
            frames = waveforms[:, : waveforms.shape[1] // 1600 * 1600].unflatten(1, (-1, 1600))
            loud = 20 * frames.square().mean(dim=2).sqrt().amax(dim=1) - 2
            return torch.stack([loud, -loud], dim=1)

    @awb.model("built")
    def built() -> Any:
        return awb.torch_model(Loudness(), sample_rate_hz=RATE_HZ, classes=CLASSES)

    models = [
        "loudness",
        awb.callable_model(loudness, RATE_HZ, CLASSES, name="called"),
        awb.torch_model(Loudness(), sample_rate_hz=RATE_HZ, classes=CLASSES, name="torch-one"),
        decorated,
        built,
    ]
    found = _run(data, tmp_path / "run", models=models, jobs=2)
    assert not found.failed
    labels = [shown.board.model for shown in found.boards]
    assert labels == ["loudness", "called", "torch-one", "decorated", "built"]
    values = [shown.frame().set_index("explainer")["roc-auc_mean"]["naive"] for shown in found]
    np.testing.assert_allclose(values, values[0])
    assert discovery.load().get("model", "decorated").spec.summary == "Loud or quiet."


def test_a_file_is_explained_with_a_given_model(tmp_path: Path) -> None:
    path = tmp_path / "bang.wav"
    small_data.write_clip(path, [1.1])
    model = awb.callable_model(loudness, RATE_HZ, CLASSES, name="mine")
    found = awb.explain(path, model=model, samples=60, explainers="naive")
    assert (found.model, found.target) == ("mine", "Loud")
    placed = awb.torch_model(Whole(), **CNN)  # it tells its device, which the run must then know
    explained = awb.explain(path, model=placed, target="Quiet", samples=60, explainers="naive")
    assert (explained.target, explained.failed) == ("Quiet", False)


def test_two_models_of_one_name_are_refused_and_the_same_twice_is_one() -> None:
    one, other = awb.torch_model(Whole(), **CNN), awb.torch_model(Whole(), **CNN)
    with pytest.raises(ParameterError, match="two models are called whole"):
        model_names([one, other])
    assert model_names([one, one]) == ["whole"]
    assert model_names(one) == ["whole"]
    assert model_names("yamnet,ast:labels=auto") == ["yamnet", "ast:labels=auto"]
    taken = awb.callable_model(loudness, RATE_HZ, CLASSES, name="soundscape-cnn")
    with pytest.raises(PluginError, match="already taken by audio-where-benchmark"):
        model_names(taken)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda waveforms: loudness(waveforms)[:, :1], "1 classes, and 2 were named"),
        (lambda waveforms: 9 * loudness(waveforms), "cannot tell what its output means"),
        (lambda waveforms: loudness(waveforms) > 0.5, "gives bool, expected floats"),
        (lambda waveforms: [["a", "b"]] * 2, "expected floats"),
    ],
)
def test_what_a_function_gives_is_checked(function: Any, message: str) -> None:
    with pytest.raises(AwbError, match=message):
        awb.callable_model(function, RATE_HZ, CLASSES, name="mine")


def test_a_function_may_change_what_it_is_given_and_return_tensors() -> None:
    def changes(waveforms: Any) -> Any:
        waveforms *= 2
        return torch.from_numpy(loudness(waveforms)).requires_grad_()

    model = awb.callable_model(changes, RATE_HZ, CLASSES)
    given = np.full((1, RATE_HZ), 0.1, dtype=np.float32)
    given.flags.writeable = False
    assert model.scores(given).shape == (1, 2)
    assert given[0, 0] == np.float32(0.1)


def test_decorated_functions_must_fit_their_form() -> None:
    with pytest.raises(ParameterError, match="needs sample_rate_hz= and classes="):
        awb.model("mine", classes=CLASSES)
    with pytest.raises(PluginError, match="must take one argument"):
        awb.model("mine", sample_rate_hz=RATE_HZ, classes=CLASSES)(lambda: None)
    with pytest.raises(PluginError, match="must take none and return a model"):
        awb.model("mine")(loudness)


FILE = """
import numpy as np
import awb

@awb.model("from-file", sample_rate_hz=16_000, classes=["Loud", "Quiet"], citation="a file")
def loud(waveforms):
    "Loudness."
    level = np.sqrt(np.square(waveforms).mean(axis=1))
    return np.stack([np.clip(4 * level, 0, 1), 1 - np.clip(4 * level, 0, 1)], axis=1)
"""


def test_a_plugin_file_holds_models(data: str, tmp_path: Path) -> None:
    path = tmp_path / "my_model.py"
    path.write_text(FILE, encoding="utf-8")
    found = _run(data, tmp_path / "run", plugin=path, models="from-file", min_score=-20)
    assert not found.failed
    assert found.boards[0].board.model == "from-file"
    resolved = resolve(discovery.load(), "model", "from-file")
    assert resolved.origin.distribution == "my_model.py"
    again = pickle.loads(pickle.dumps(resolved))  # noqa: S301
    assert again.build().classes == ("Loud", "Quiet")
    assert not [one for one in check(resolved, slow=False) if one.failed]


def test_given_models_keep_the_rules() -> None:
    model = awb.torch_model(front_end=FrameEnergy(), back_end=SmallCnn(), name="given", **CNN)
    model_names(model)
    verdicts = check(resolve(discovery.load(), "model", "given"), slow=False)
    assert [one.rule for one in verdicts if one.failed] == ["metadata"]
