"""Explainers around captum's methods: on segments through the perturber, or inside of a model."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from awb.errors import NotApplicableError, ParameterError, did_you_mean
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import Explainer
from awb.types import Instance
from awb_plugins.explainers.captum_adapter import checks
from awb_plugins.explainers.captum_adapter.reading import Method, read_method
from awb_plugins.explainers.segmentwise.postprocessing import Finished
from awb_plugins.explainers.spectrogram.activation_maps import stretch
from awb_plugins.explainers.spectrogram.against_baseline import quiet_audio
from awb_plugins.explainers.spectrogram.hearing import Heard, MapExplainer, seeded
from awb_plugins.explainers.spectrogram.masked_features import grid_cells, whole_frames

if TYPE_CHECKING:
    import torch

_AT_ONCE = 16
_STEPS_AT_ONCE = 8
_GRID_SAMPLES = 300
_MOST_ORDERS = 7  # 7! orders of 7 segments: 35,280 calls
_WINDOW_S, _BANDS = 0.5, 4
_GRADIENT_SHAP_SAMPLES = 5  # captum's own


def make(text: str) -> Explainer:
    """Make an explainer of a class of captum.

    Parameters
    ----------
    text : str
        ``CLASS`` or ``CLASS:key=value,...``.

    Returns
    -------
    Explainer
        It looks at segments of any model, or inside of a `DifferentiableModel`.

    Raises
    ------
    AwbError
        As `read_method`.
    """
    method = read_method(text)
    plain = OnSegments(method) if method.space == "segments" else InsideModel(method)
    return Finished(plain, method.own)


class OnSegments:
    """A method that masks, on vectors that say which segments are audible: any model will do.

    Parameters
    ----------
    method : Method
        A method of perturbation.
    """

    def __init__(self, method: Method) -> None:
        self._method = method

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray:
        """Explain one instance; see `awb.specs.Explainer`."""
        import torch

        method, n_segments = self._method, perturber.n_segments
        _refuse_many_orders(method, n_segments, "segments")
        if (
            method.name == "KernelShap" and n_segments == 1
        ):  # no coalition lies between all and none
            return np.array([perturber.clip_score() - perturber.dropped_score()])

        def forward(kept: torch.Tensor) -> torch.Tensor:
            return torch.from_numpy(perturber.scores(kept.detach().numpy() < 0.5))

        audible = torch.ones((1, n_segments), dtype=torch.float64)
        with seeded(rng), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            found = method.kind(forward, **method.making).attribute(
                audible, **self._arguments(perturber)
            )
        relevance: FloatArray = found[0].detach().numpy().astype(np.float64)
        return relevance

    def _arguments(self, perturber: Perturber) -> dict[str, Any]:
        """Fill in what was not typed."""
        method, n_segments = self._method, perturber.n_segments
        asked = dict(method.asking)
        if "sliding_window_shapes" in asked or method.takes("sliding_window_shapes"):
            for name in ("sliding_window_shapes", "strides"):
                sizes = _sized(method, name, asked.get(name, (1,)), 1)
                asked[name] = (min(sizes[0], n_segments),)
            asked["strides"] = (min(asked["strides"][0], asked["sliding_window_shapes"][0]),)
        if method.takes("n_samples") and "n_samples" not in asked:
            orders = method.name == "ShapleyValueSampling"
            share = n_segments if orders else 1
            asked["n_samples"] = max(1, perturber.samples // share)
        if method.takes("perturbations_per_eval"):
            asked.setdefault("perturbations_per_eval", _AT_ONCE)
        return asked


class InsideModel(MapExplainer):
    """A method on the features of a model, or on one of its layers.

    Parameters
    ----------
    method : Method
        The method.
    """

    def __init__(self, method: Method) -> None:
        super().__init__(method.own)
        self._method = method

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        method = self._method
        checks.check_modules(method, heard)
        network = self._network(heard)
        if method.name == "GuidedGradCam":
            found = self._guided_grad_cam(heard)
            self._check(heard, None, {})
            return found
        asked, given = self._arguments(heard, rng), [network]
        if method.space == "layer":
            given.append(self._layer(network, heard))
            checks.check_layer(method, heard, self._layer_name(heard))
        groups = self._groups(heard, given[-1])
        if groups is not None:
            asked["layer_mask" if method.space == "layer" else "feature_mask"] = groups
        found = self._in_parts(method.kind(*given, **method.making), heard, asked)
        if method.space == "layer":
            found = self._grid(found)
        if groups is not None:  # a group's relevance was given to each of its points
            found = found / self.torch.bincount(groups.flatten())[groups]
        found = self._over_features(found, heard) if method.space == "layer" else found
        if method.name == "LRP":
            found = self._unscaled(found, heard)
        self._check(heard, None if method.space == "layer" else found, asked)
        return found

    def _in_parts(self, made: Any, heard: Heard, asked: dict[str, Any]) -> Any:
        """Ask for attribution; in parts where captum would take all samples at once."""
        method = self._method
        if method.name not in ("GradientShap", "LayerGradientShap"):
            return made.attribute(heard.features, target=heard.target, **asked)
        samples = asked.pop("n_samples", _GRADIENT_SHAP_SAMPLES)
        found: Any = 0.0
        for start in range(0, samples, _STEPS_AT_ONCE):
            count = min(_STEPS_AT_ONCE, samples - start)
            part = made.attribute(heard.features, target=heard.target, n_samples=count, **asked)
            found = found + part.detach() * (count / samples)
        return found

    def _check(self, heard: Heard, found: Any, asked: dict[str, Any]) -> None:
        """Hold a rule of modules against the operations that ran."""
        method = self._method
        if not checks.is_checked(method):
            return
        baselines = asked.get("baselines")
        if found is None:  # of a layer: the same rule is tried on the features
            kind = getattr(self.captum, checks.features_method(method))
            comparing = {} if baselines is None else {"baselines": baselines}
            found = kind(self._network(heard)).attribute(
                heard.features.clone(), target=heard.target, **comparing
            )
            found = self._unscaled(found, heard) if method.name == "LayerLRP" else found
        checks.check_map(method, heard, found, baselines)

    def _unscaled(self, found: torch.Tensor, heard: Heard) -> torch.Tensor:
        """Take out of LRP's map what a fixed scaling before the first layer did to it."""
        from awb_plugins.explainers.spectrogram import lrp_rules

        plain = heard.model.back_end
        return lrp_rules.undo_scaling(
            found, plain, lrp_rules.first_weights(plain, heard.features), heard.features
        )

    def _network(self, heard: Heard) -> Any:
        """Return the back end; for LRP a copy, with a rule wherever captum has none."""
        if self._method.name not in ("LRP", "LayerLRP"):
            return heard.model.back_end
        from awb_plugins.explainers.spectrogram import lrp_rules

        network = copy.deepcopy(heard.model.back_end).eval()
        lrp_rules.fold_normalizations(network, heard.features)
        lrp_rules.set_rules(network, heard.features, "epsilon", checks.LRP_EPSILON)
        return network

    def _groups(self, heard: Heard, layer: Any) -> torch.Tensor | None:
        """Number what is masked together: cells of the features, or moments of a layer."""
        if self._method.takes("feature_mask"):
            return self._cells(heard)
        return self._moments(heard, layer) if self._method.takes("layer_mask") else None

    def _arguments(self, heard: Heard, rng: np.random.Generator) -> dict[str, Any]:
        """Fill in what was not typed."""
        method, asked = self._method, dict(self._method.asking)
        if method.takes("baselines"):
            asked["baselines"] = self._baselines(heard, rng)
        if method.takes("sliding_window_shapes"):
            window, strides = _patch(heard)
            asked["sliding_window_shapes"] = _sized(
                method, "sliding_window_shapes", asked.get("sliding_window_shapes", window), 2
            )
            asked["strides"] = _sized(method, "strides", asked.get("strides", strides), 2)
        if method.takes("internal_batch_size"):
            asked.setdefault("internal_batch_size", _STEPS_AT_ONCE)
        if method.name in ("Lime", "KernelShap"):
            asked.setdefault("n_samples", _GRID_SAMPLES)
        if method.takes("perturbations_per_eval"):
            asked.setdefault("perturbations_per_eval", _AT_ONCE)
        return asked

    def _baselines(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Return the features to compare with: several where the method wants a distribution."""
        own, method = self._method.own, self._method
        several = method.needs("baselines")
        typed = "baselines" in own.model_fields_set
        kind = own.baselines if typed or not several else "quiet"
        if kind == "quiet":
            if not several:
                raise ParameterError(
                    f"captum:{method.name} compares with one clip, not with several"
                )
            return heard.features_of(quiet_audio(heard.fill, own.n_baselines, rng))
        found = heard.baseline(kind)
        return found.expand(2, -1, -1) if several else found  # DeepLiftShap refuses a single one

    def _cells(self, heard: Heard) -> torch.Tensor:
        """Number the cells of the features that are masked together, ``(1, frames, bins)``."""
        own, (_, n_frames, n_bins) = self._method.own, heard.features.shape
        frames = whole_frames(own.cell_s, heard.model.frame_centers_s(n_frames))
        numbers = grid_cells(n_frames, n_bins, frames, own.bands)
        _refuse_many_orders(self._method, int(numbers.max()) + 1, "cells")
        found: torch.Tensor = self.torch.from_numpy(numbers[np.newaxis]).to(heard.features.device)
        return found

    def _layer_name(self, heard: Heard) -> str:
        return self._method.own.layer or heard.last_convolution

    def _layer(self, network: Any, heard: Heard) -> Any:
        """Look the layer up."""
        name = self._layer_name(heard)
        layers: Mapping[str, Any] = dict(network.named_modules())
        if name not in layers:
            raise ParameterError(f"the back end has no layer {name!r}.{did_you_mean(name, layers)}")
        return layers[name]

    def _moments(self, heard: Heard, layer: Any) -> torch.Tensor:
        """Number the moments of a layer: channels and bins of one are masked together."""
        shape = self._shape(heard, layer)
        numbers = self.torch.arange(shape[2], device=heard.features.device)
        column = numbers.reshape(1, 1, -1, *[1] * (len(shape) - 3))
        found: torch.Tensor = column.expand(1, *shape[1:])
        return found

    def _shape(self, heard: Heard, layer: Any) -> tuple[int, ...]:
        found = self.captum.LayerActivation(heard.model.back_end, layer).attribute(heard.features)
        return tuple(self._grid(found).shape)

    def _grid(self, found: Any) -> Any:
        """Refuse what a layer gives that has no time."""
        if not isinstance(found, self.torch.Tensor) or found.ndim not in (3, 4):
            shape = tuple(getattr(found, "shape", ()))
            raise ParameterError(
                f"layer {self._method.own.layer!r} gives {shape}, expected maps of shape"
                " (1, channels, frames, bins) or (1, channels, frames)"
            )
        return found

    def _over_features(self, found: Any, heard: Heard) -> torch.Tensor:
        """Sum a layer's relevance over its channels and stretch it over the features."""
        maps = found.detach().sum(dim=1, keepdim=True)
        stretched: torch.Tensor = stretch(maps, heard.features)[:, 0]
        return stretched

    def _guided_grad_cam(self, heard: Heard) -> torch.Tensor:
        """Show the network the features as an image, over which captum stretches the layer."""
        network = heard.model.back_end
        layer = self._layer(network, heard)
        flat = len(self._shape(heard, layer)) == 3

        def forward(_: Any, image: Any) -> Any:
            return network(image.transpose(1, 2) if flat else image[:, 0])

        module = self.torch.nn.Module
        shown = type("Image", (module,), {"forward": forward})()
        shown.network = network
        features = heard.features
        image = features.transpose(1, 2) if flat else features[:, None]
        found: torch.Tensor = self._method.kind(shown, layer, **self._method.making).attribute(
            image, target=heard.target, **self._method.asking
        )
        return found.transpose(1, 2) if flat else found[:, 0]


def _refuse_many_orders(method: Method, count: int, what: str) -> None:
    """Refuse what would never end."""
    if method.name == "ShapleyValues" and count > _MOST_ORDERS:
        raise NotApplicableError(
            f"ShapleyValues goes through all orders of {count} {what}, {_MOST_ORDERS} at most;"
            " type captum:ShapleyValueSampling"
        )


def _sized(method: Method, name: str, sizes: tuple[int, ...], dimensions: int) -> tuple[int, ...]:
    """Refuse sizes for another number of dimensions."""
    if len(sizes) != dimensions:
        wanted = "one number (segments)" if dimensions == 1 else "two numbers, as 50x16"
        raise ParameterError(f"captum:{method.name}: {name} must be {wanted}")
    return sizes


def _patch(heard: Heard) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return window and stride over the features as awb's ``occlusion-tf`` has them."""
    _, n_frames, n_bins = heard.features.shape
    centers_s = heard.model.frame_centers_s(n_frames)
    window, band = whole_frames(_WINDOW_S, centers_s), max(1, n_bins // _BANDS)
    hop = min(window, whole_frames(_WINDOW_S / 2, centers_s))
    return (window, band), (hop, max(1, band // 2))
