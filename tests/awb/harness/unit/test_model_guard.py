"""A plugin that changes the model loses its own row; the others see the original model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from awb.activity import PluginCall
from awb.api.running import run
from awb.authoring.functions import explainer
from awb.harness.unit.model_guard import ModelGuard
from awb.protocols import DifferentiableModel
from fakes import WeightedEnergy
from fakes_torch import SmallCnn, TorchModel

ME = PluginCall("explainer", "me")


pytestmark = pytest.mark.usefixtures("added")


def _zero(model: Any) -> None:
    with torch.no_grad():
        for weights in model.back_end.parameters():
            weights.zero_()


def _zero_behind_autograd(model: Any) -> None:
    model.back_end.conv1.weight.detach().numpy()[:] = 0


def _replace(model: Any) -> None:
    model.back_end.conv2.weight = torch.nn.Parameter(torch.ones_like(model.back_end.conv2.weight))


def _train(model: Any) -> None:
    model.back_end.train()


def _hook(model: Any) -> None:
    model.back_end.dense.register_forward_hook(lambda module, given, made: made + 1.0)


SPOILERS: dict[str, tuple[Callable[[Any], None], str]] = {
    "zeroes": (_zero, "weights"),
    "zeroes-behind-autograd": (_zero_behind_autograd, "weights"),
    "replaces": (_replace, "weights"),
    "trains": (_train, "modes of training"),
    "hooks": (_hook, "hooks"),
}


@pytest.mark.parametrize("name", SPOILERS)
def test_the_model_is_put_back_and_the_plugin_named(name: str) -> None:
    spoil, what = SPOILERS[name]
    model = TorchModel(SmallCnn(), "conv2")
    waveforms = np.random.default_rng(0).standard_normal((2, 400)).astype(np.float32)
    before, guard = model.scores(waveforms), ModelGuard(model)
    with guard.watch(ME):
        spoil(model)
    assert guard.corrupters == [(ME, f"it left the model with other {what}")]
    assert np.array_equal(model.scores(waveforms), before)
    assert not model.back_end.training
    with guard.watch(ME):
        model.scores(waveforms)
    assert len(guard.corrupters) == 1


def test_the_model_is_put_back_after_an_exception_too() -> None:
    model = TorchModel(SmallCnn(), "conv2")
    guard = ModelGuard(model)

    def fail() -> None:
        with guard.watch(ME):
            _zero(model)
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fail()
    assert guard.corrupters
    assert model.back_end.dense.weight.abs().sum() > 0


def test_hooks_of_the_models_own_library_stay() -> None:
    """As transformers sets them when attention is first asked for."""
    model = TorchModel(SmallCnn(), "conv2")
    guard = ModelGuard(model)
    with guard.watch(ME):
        model.back_end.dense.register_forward_hook(nn.Identity().forward)
    assert guard.corrupters == []
    assert len(model.back_end.dense._forward_hooks) == 1


def test_a_model_without_modules_needs_no_guard() -> None:
    guard = ModelGuard(WeightedEnergy(np.ones(5)))
    with guard.watch(ME):
        pass
    assert guard.corrupters == []


def _made_by(name: str) -> Callable[..., Any]:
    """Make an explainer that changes the model before it requests scores, which others share."""

    def explain(perturber: Any, instance: Any, rng: Any) -> Any:
        model = perturber.model_as(DifferentiableModel)
        (_zero if name == "zeroes" else _train)(model)
        pool = perturber.pool()
        return -np.corrcoef(pool.drop_masks.T, pool.scores)[-1, :-1]

    return explain


def test_the_rest_of_the_board_is_that_of_a_run_without_them(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "models": "soundscape-cnn", "clips": 2, "samples": 30, "robustness": 1, "cache": "off",
        "metrics": ["roc-auc", "deletion-area", "seed-stability"],
    }  # fmt: skip
    honest = ["random-forest", "saliency", "linear-regression"]
    for name in ("zeroes", "trains"):
        explainer(name, citation="a test", cost="the shared design")(_made_by(name))
    clean = run(explainers=honest, out=tmp_path / "clean", **settings).scores()
    both = run(explainers=["zeroes", "trains", *honest], out=tmp_path / "both", **settings).scores()
    of_the_bad = both[both.explainer.isin(["zeroes", "trains"])]
    assert len(of_the_bad) >= 2 * 3
    assert of_the_bad.value.isna().all()
    assert of_the_bad.reason.str.contains("it left the model with other").all()
    others = both[~both.explainer.isin(["zeroes", "trains"])].reset_index(drop=True)
    assert others.equals(clean.reset_index(drop=True))
