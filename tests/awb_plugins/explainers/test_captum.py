"""``captum:CLASS``: the same as awb's own methods and as captum, and clear where it cannot be."""

from __future__ import annotations

import pickle
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from captum import attr

from awb.conformance.rules import check
from awb.errors import AwbError, NotApplicableError, ParameterError
from awb.plugins.discovery import load
from awb.plugins.references import parse_list
from awb.plugins.resolve import resolve
from awb.specs import ExplainerSpec
from awb_plugins.explainers import segmentwise, spectrogram
from awb_plugins.explainers.captum_adapter import SPEC
from awb_plugins.explainers.captum_adapter.facts import reason_against
from awb_plugins.explainers.captum_adapter.reading import attribution_classes, read_method
from fakes import WeightedEnergy, unit_clip
from fakes_torch import SmallCnn, TorchModel
from networks_torch import PannsLike, SameFunction, seeded
from spectrograms import features_of, look, map_of, varied_clip

CLIP = varied_clip(6)
OWN = {spec.name: spec for spec in [*segmentwise.SPECS, *spectrogram.SPECS]}


@pytest.fixture
def model() -> TorchModel:
    return TorchModel(SmallCnn(), "conv2")


def captum_map(model: Any, method: str) -> Any:
    return map_of(SPEC, model, CLIP, method=method)


@pytest.mark.parametrize(
    ("method", "own", "settings"),
    [
        ("Saliency", "saliency", {}),
        ("InputXGradient", "input-x-gradient", {}),
        ("GuidedBackprop", "guided-backprop", {}),
        ("IntegratedGradients:n_steps=256", "integrated-gradients", {"steps": 256}),
        ("IntegratedGradients:n_steps=9,baselines=mean", "integrated-gradients",
         {"steps": 9, "baseline": "mean"}),
        ("DeepLift", "deeplift", {}),
        ("DeepLiftShap", "deep-shap", {}),
        ("LayerGradCam", "grad-cam", {}),
        ("LayerGradCam:relu_attributions=true", "grad-cam", {"relu": True}),
        ("Occlusion:on=features", "occlusion-tf", {}),
        ("LRP", "lrp-epsilon", {"epsilon": 1e-9}),
    ],
)  # fmt: skip
def test_maps_are_those_of_the_built_in_explainers(
    model: TorchModel, method: str, own: str, settings: dict[str, Any]
) -> None:
    expected = map_of(OWN[own], model, CLIP, **settings)
    assert np.abs(expected).max() > 1e-6
    np.testing.assert_allclose(captum_map(model, method), expected, atol=1e-7)


def _given(model: TorchModel) -> tuple[torch.Tensor, torch.Tensor]:
    features = features_of(model, CLIP)
    return features, model.front_end(torch.zeros(1, CLIP.waveform.size))


def test_maps_are_those_of_captum(model: TorchModel) -> None:
    features, silence = _given(model)
    asked = {"n_steps": 256, "method": "riemann_left", "target": 0}
    found = attr.IntegratedGradients(model.back_end, multiply_by_inputs=False).attribute(
        features, silence, **asked
    )
    method = "IntegratedGradients:n_steps=256,method=riemann_left,multiply_by_inputs=false"
    np.testing.assert_allclose(captum_map(model, method), found[0].detach().numpy(), atol=1e-7)


def _multipliers(model: TorchModel, baselines: str) -> np.ndarray:
    method = f"DeepLift:multiply_by_inputs=false,baselines={baselines}"
    return np.asarray(captum_map(model, method))


@pytest.mark.filterwarnings("ignore")
def test_multipliers_of_deeplift_are_those_of_captum(model: TorchModel) -> None:
    features, silence = _given(model)
    expected = attr.DeepLift(model.back_end, multiply_by_inputs=False).attribute(
        features.clone(), silence, target=0
    )
    found = _multipliers(model, "dropped")
    np.testing.assert_allclose(found, expected[0].detach().numpy(), atol=1e-7)
    change = (features - silence)[0].numpy()
    np.testing.assert_allclose(found * change, captum_map(model, "DeepLift"), atol=1e-6)


def test_multipliers_of_deeplift_shap_are_means_over_baselines(model: TorchModel) -> None:
    found = captum_map(model, "DeepLiftShap:multiply_by_inputs=false,baselines=mean")
    np.testing.assert_allclose(found, _multipliers(model, "mean"), atol=1e-6)


@pytest.mark.parametrize("method", ["DeepLift", "DeepLiftShap"])
def test_multipliers_that_do_not_sum_to_the_rise_are_refused(method: str) -> None:
    functional = TorchModel(seeded(lambda: SameFunction("functional")), "conv2")
    refused = []
    for settings in ("", ":multiply_by_inputs=false"):
        with pytest.raises(NotApplicableError, match="not to the score's rise") as caught:
            captum_map(functional, method + settings)
        refused.append(str(caught.value))
    assert refused[0] == refused[1]


def test_layers_are_summed_over_channels_and_stretched(model: TorchModel) -> None:
    features, silence = _given(model)
    back_end: Any = model.back_end
    layer = attr.LayerConductance(back_end, back_end.conv1)
    found = layer.attribute(features, silence, target=0, n_steps=20).sum(dim=1)
    np.testing.assert_allclose(  # conv1 is as large as the features: nothing to stretch
        captum_map(model, "LayerConductance:n_steps=20,layer=conv1"),
        found[0].detach().numpy(),
        atol=1e-6,
    )


def test_guided_grad_cam_is_that_of_captum_on_an_image(model: TorchModel) -> None:
    class Image(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.back_end = model.back_end

        def forward(self, image: torch.Tensor) -> Any:
            return self.back_end(image[:, 0])

    image = Image()
    method = attr.GuidedGradCam(image, image.back_end.relu2)
    found = method.attribute(features_of(model, CLIP)[:, None], target=0)
    expected = found[0, 0].detach().numpy()
    np.testing.assert_allclose(captum_map(model, "GuidedGradCam"), expected, atol=1e-8)


@pytest.mark.parametrize("method", ["FeatureAblation", "ShapleyValues"])
def test_cells_of_the_features_share_what_their_cell_is_worth(
    model: TorchModel, method: str
) -> None:
    """The sum of the map is that of captum's answer for each cell."""
    features, silence = _given(model)
    cells = torch.arange(3).repeat_interleave(10)[None, :, None].expand(1, 30, 4).contiguous()
    plain = getattr(attr, method)(model.back_end)
    found = plain.attribute(features, silence, target=0, feature_mask=cells)
    per_cell = [float(found[cells == cell][0].detach()) for cell in range(3)]
    ours = captum_map(model, f"{method}:on=features,cell_s=0.2,bands=1")
    np.testing.assert_allclose(ours.reshape(3, -1).sum(axis=1), per_cell, atol=1e-6)


@pytest.mark.parametrize(
    "method",
    ["FeatureAblation", "Occlusion", "ShapleyValueSampling", "ShapleyValues", "KernelShap"],
)
def test_masks_find_the_weights_of_any_additive_model(method: str) -> None:
    weights = np.array([4.0, -2.0, 0.0, 1.0, 8.0])
    found, view = look(SPEC, WeightedEnergy(weights), unit_clip(5), method=method)
    np.testing.assert_allclose(found.relevance, weights * 0.25, atol=1e-5)
    assert found.time_frequency is None
    assert view.cost.forwards <= 2**5 < view.cost.calls or method in (
        "FeatureAblation",
        "Occlusion",
    )


def test_lime_gives_coefficients_that_follow_the_weights() -> None:
    weights = np.array([40.0, -20.0, 0.0, 10.0, 80.0])
    found, view = look(SPEC, WeightedEnergy(weights), unit_clip(5), method="Lime:n_samples=200")
    assert np.argsort(found.relevance).tolist() == np.argsort(weights).tolist()
    assert view.cost.calls == 200


@pytest.mark.parametrize("window", [1, 3])
def test_occlusion_of_segments_is_naive(window: int) -> None:
    model, clip = WeightedEnergy(np.array([4.0, -2.0, 0.0, 1.0, 8.0, 2.0])), unit_clip(6)
    method = f"Occlusion:sliding_window_shapes={window}"
    found = look(SPEC, model, clip, method=method)[0].relevance
    naive = look(OWN["naive"], model, clip, window_s=window / 10, hop_s=0.1)[0].relevance
    inner = slice(window - 1, 6 - window + 1)  # naive's windows hang over the ends
    np.testing.assert_allclose(found[inner], naive[inner], atol=1e-6)


def test_the_budget_is_kept_unless_a_number_is_typed() -> None:
    model, clip = WeightedEnergy(np.arange(5.0)), unit_clip(5)
    for method, calls in (
        ("KernelShap", 500),
        ("KernelShap:n_samples=50", 50),
        ("ShapleyValueSampling", 1 + 500 // 5 * 5),
    ):
        view = look(SPEC, model, clip, method=method)[1]
        assert view.cost.calls == pytest.approx(calls, abs=5)
        assert view.heeds_budget == ("n_samples" not in method)


def test_shapley_values_of_a_long_clip_are_not_tried() -> None:
    with pytest.raises(NotApplicableError, match="captum:ShapleyValueSampling"):
        look(SPEC, WeightedEnergy(np.arange(9.0)), unit_clip(9), method="ShapleyValues")
    with pytest.raises(NotApplicableError, match="all orders of 8 cells"):
        look(
            SPEC,
            TorchModel(SmallCnn(), "conv2"),
            varied_clip(8),
            method="ShapleyValues:on=features,cell_s=0.4",
        )


def test_every_class_of_captum_works_or_says_why_not(model: TorchModel) -> None:
    """On a model with gradients all work that can be typed; elsewhere, those that mask."""
    plain = WeightedEnergy(np.arange(5.0))
    worked, masking = set(), set()
    for name in attribution_classes():
        if reason_against(name, attribution_classes()[name]):
            with pytest.raises(ParameterError, match="cannot be used here: it"):
                read_method(name)
            continue
        found, view = look(SPEC, model, varied_clip(5), method=name)
        assert np.ptp(found.relevance) > 0 or name == "Lime"
        assert view.cost.calls > 0
        worked.add(name)
        if read_method(name).space == "segments":
            look(SPEC, plain, unit_clip(5), method=name)
            masking.add(name)
        else:
            with pytest.raises(NotApplicableError, match="does not implement DifferentiableModel"):
                look(SPEC, plain, unit_clip(5), method=name)
    assert {"Saliency", "LRP", "LayerLRP", "GuidedGradCam", "InternalInfluence"} <= worked - masking
    assert {"Lime", "KernelShap", "Occlusion"} <= masking


def test_networks_are_left_as_they_were(model: TorchModel) -> None:
    before = pickle.dumps(model.back_end.state_dict())
    for method in ("LRP", "DeepLift", "GuidedGradCam", "LayerConductance", "Deconvolution"):
        captum_map(model, method)
    assert pickle.dumps(model.back_end.state_dict()) == before
    assert not any(one._forward_hooks or one._backward_hooks for one in model.back_end.modules())
    assert not any(hasattr(one, "rule") for one in model.back_end.modules())


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("Oclusion", "no attribution class 'Oclusion'. Did you mean Occlusion"),
        ("Attribution", "no attribution class 'Attribution'"),
        ("NoiseTunnel", "awb's smoothgrad"),
        ("NeuronGradient", "a neuron inside of the network"),
        ("LayerFeaturePermutation", "among the clips of a batch"),
        ("Saliency:abs=maybe", "abs must be true or false, got 'maybe'"),
        ("Saliency:absolut=true", "no setting 'absolut'. Did you mean abs"),
        ("Saliency:layer=conv1", "no setting 'layer'"),
        ("Saliency:inputs=3", "no setting 'inputs'"),
        ("IntegratedGradients:n_steps=2.5", "n_steps must be a whole number, got '2.5'"),
        ("IntegratedGradients:baselines=none", "baselines: Input should be 'dropped'"),
        ("IntegratedGradients:16", "takes settings as captum:IntegratedGradients:key=value"),
        ("Occlusion:sliding_window_shapes=ax3", "must be like 5 or 5x3"),
        ("KernelShap:bands=3", "no setting 'bands'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(method: str, message: str) -> None:
    with pytest.raises(AwbError, match="captum") as caught:
        resolve(load(), "explainer", f"captum:{method}")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("LayerGradCam:layer=conv3", "no layer 'conv3'. Did you mean conv"),
        ("LayerConductance:layer=dense", "expected maps of shape"),
        ("Occlusion:on=features,sliding_window_shapes=5", "must be two numbers"),
        ("Occlusion:sliding_window_shapes=5x2", "must be one number"),
        ("IntegratedGradients:baselines=quiet", "compares with one clip"),
    ],
)
def test_what_the_model_shows_to_be_wrong_is_explained(
    model: TorchModel, method: str, message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        look(SPEC, model, CLIP, method=method)


def test_references_are_typed_listed_labelled_and_sent_to_workers() -> None:
    text = "captum:IntegratedGradients:n_steps=16,sign=absolute,captum:Occlusion,naive"
    assert [str(one) for one in parse_list(text)] == [
        "captum:IntegratedGradients:n_steps=16,sign=absolute", "captum:Occlusion", "naive",
    ]  # fmt: skip
    resolved = resolve(load(), "explainer", "captum:IntegratedGradients:n_steps=16")
    assert resolved.label == "captum:IntegratedGradients:n_steps=16"
    assert pickle.loads(pickle.dumps(resolved)) == resolved  # noqa: S301


def test_own_settings_smooth_and_drop_the_sign(model: TorchModel) -> None:
    signed = look(SPEC, model, CLIP, method="InputXGradient")[0].relevance
    absolute = look(SPEC, model, CLIP, method="InputXGradient:sign=absolute")[0].relevance
    summed = look(SPEC, model, CLIP, method="InputXGradient:aggregation=abs-sum")[0].relevance
    np.testing.assert_allclose(absolute, np.abs(signed))
    assert (signed < 0).any()
    assert (summed >= absolute - 1e-9).all()


@pytest.mark.parametrize(
    "method", ["IntegratedGradients", "GradientShap", "KernelShap", "Occlusion"]
)
def test_they_keep_the_rules_for_explainers(method: str) -> None:
    assert isinstance(SPEC, ExplainerSpec)
    verdicts = check(resolve(load(), "explainer", f"captum:{method}"), slow=False)
    assert {one.status for one in verdicts} == {"ok"}, verdicts


def test_gradient_shap_is_that_of_the_built_in_explainer_in_the_long_run(
    model: TorchModel,
) -> None:
    found = captum_map(model, "GradientShap:n_samples=1000")
    expected = map_of(OWN["gradient-shap"], model, CLIP, samples=1000)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.99
    assert found.sum() == pytest.approx(expected.sum(), rel=0.2)


@pytest.mark.parametrize(
    ("spec", "settings"),
    [
        (SPEC, {"method": "GradientShap:n_samples=50"}),
        (SPEC, {"method": "LayerGradientShap:n_samples=50"}),
        (OWN["gradient-shap"], {"samples": 50}),
    ],
)
def test_gradient_shap_never_holds_all_samples_at_once(
    model: TorchModel, spec: ExplainerSpec, settings: dict[str, Any]
) -> None:
    sizes: list[int] = []
    model.back_end.register_forward_hook(lambda _, given, __: sizes.append(len(given[0])))
    look(spec, model, CLIP, **settings)
    assert max(sizes) <= 8


_OF_MODULES = ["DeepLift", "DeepLiftShap", "GuidedBackprop", "Deconvolution"]
_BEHIND_A_LAYER = ["GuidedGradCam", "LayerDeepLift", "LayerLRP"]
"""What follows the operations behind the layer, whoever computes them."""


@pytest.mark.parametrize("spelling", ["functional", "fresh"])
@pytest.mark.parametrize("method", _BEHIND_A_LAYER)
def test_methods_of_layers_are_the_same_on_functions(method: str, spelling: str) -> None:
    functional, modules = (
        captum_map(TorchModel(seeded(partial(SameFunction, kind)), "conv2"), method)
        for kind in (spelling, "each")
    )
    size = np.abs(modules).max()
    assert size > 0
    np.testing.assert_allclose(functional, modules, atol=1e-5 * size)


@pytest.mark.parametrize("spelling", ["functional", "fresh"])
@pytest.mark.parametrize("method", _OF_MODULES)
def test_rules_of_modules_refuse_functions(method: str, spelling: str) -> None:
    functional = TorchModel(seeded(lambda: SameFunction(spelling)), "conv2")
    with pytest.raises(NotApplicableError, match=r"type (deeplift|deep-shap|guided-backprop)"):
        captum_map(functional, method)


def test_deeplift_refuses_a_module_with_two_uses() -> None:
    shared = TorchModel(seeded(lambda: SameFunction("shared")), "conv2")
    with pytest.raises(NotApplicableError, match="'a' runs 3 times"):
        captum_map(shared, "DeepLift")


@pytest.mark.parametrize("method", [*_OF_MODULES, "GuidedGradCam", "LRP"])
@pytest.mark.parametrize("spelling", ["each", "inplace"])
def test_rules_of_modules_are_the_same_on_modules(method: str, spelling: str) -> None:
    network = TorchModel(seeded(lambda: SameFunction(spelling)), "conv2")
    assert np.abs(captum_map(network, method)).max() > 0


def test_lrp_of_modules_refuses_pooling_by_functions() -> None:
    with pytest.raises(NotApplicableError, match="type lrp-epsilon"):
        captum_map(TorchModel(seeded(PannsLike), "conv"), "LRP")


def test_a_layer_that_runs_twice_is_refused() -> None:
    shared = TorchModel(seeded(lambda: SameFunction("shared")), "conv2")
    with pytest.raises(NotApplicableError, match="layer a is used 3 times"):
        captum_map(shared, "LayerGradCam:layer=a")
