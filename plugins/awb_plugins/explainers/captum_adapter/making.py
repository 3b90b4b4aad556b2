"""Explainers around captum's methods: on segments through the perturber, or inside of a model."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from awb.errors import NotApplicableError, ParameterError
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import Explainer
from awb.types import Instance
from awb_plugins.explainers.captum_adapter import checks
from awb_plugins.explainers.captum_adapter.layers import OnLayer
from awb_plugins.explainers.captum_adapter.reading import Method, read_method
from awb_plugins.explainers.segmentwise.postprocessing import Finished
from awb_plugins.explainers.spectrogram.background import Baseline, backgrounds
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
    if method.space == "segments":
        return Finished(OnSegments(method), method.own)
    inside = InsideModel(method)
    if method.space == "layer" or method.name == "GuidedGradCam":
        return Finished(OnLayer(method, inside), method.own)
    return Finished(inside, method.own)


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
    """A method on the features of a model.

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
        asked = self.arguments(heard, rng)
        groups = self._cells(heard) if method.takes("feature_mask") else None
        if groups is not None:
            asked["feature_mask"] = groups
        network = self._network(heard)
        found: torch.Tensor = self.in_parts(method.kind(network, **method.making), heard, asked)
        if groups is not None:  # a group's relevance was given to each of its points
            found = found / self.torch.bincount(groups.flatten())[groups]
        if method.name == "LRP":
            found = self._unscaled(found, heard)
        if checks.has_sum(method):
            multiplied = found
            if not method.making.get("multiply_by_inputs", True):
                making = {**method.making, "multiply_by_inputs": True}
                multiplied = self.in_parts(method.kind(network, **making), heard, asked)
            checks.check_sum(method, heard, multiplied, asked["baselines"])
        checks.check_rule(method, heard, found)
        return found

    def in_parts(self, made: Any, heard: Heard, asked: dict[str, Any]) -> Any:
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

    def _unscaled(self, found: torch.Tensor, heard: Heard) -> torch.Tensor:
        """Take out of LRP's map what a fixed scaling before the first layer did to it."""
        from awb_plugins.explainers.spectrogram import lrp_rules

        plain = heard.model.back_end
        return lrp_rules.undo_scaling(
            found, plain, lrp_rules.first_weights(plain, heard.features), heard.features
        )

    def _network(self, heard: Heard) -> Any:
        """Return the back end; for LRP a copy, with a rule wherever captum has none."""
        if self._method.name != "LRP":
            return heard.model.back_end
        from awb_plugins.explainers.spectrogram import lrp_rules

        network = copy.deepcopy(heard.model.back_end).eval()
        lrp_rules.fold_normalizations(network, heard.features)
        lrp_rules.set_rules(network, heard.features, checks.LRP_EPSILON)
        return network

    def arguments(self, heard: Heard, rng: np.random.Generator) -> dict[str, Any]:
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
        kind: Baseline = own.baselines if typed or not several else "quiet"
        if kind in ("quiet", "scenes") and not several:
            raise ParameterError(f"captum:{method.name} compares with one clip, not with several")
        found = backgrounds(heard, kind, own.n_baselines, rng)
        if several and len(found) == 1:  # DeepLiftShap refuses a single one
            return found.expand(2, -1, -1)
        return found

    def _cells(self, heard: Heard) -> torch.Tensor:
        """Number the cells of the features that are masked together, ``(1, frames, bins)``."""
        own, (_, n_frames, n_bins) = self._method.own, heard.features.shape
        frames = whole_frames(own.cell_s, heard.model.frame_centers_s(n_frames))
        numbers = grid_cells(n_frames, n_bins, frames, own.bands)
        _refuse_many_orders(self._method, int(numbers.max()) + 1, "cells")
        found: torch.Tensor = self.torch.from_numpy(numbers[np.newaxis]).to(heard.features.device)
        return found


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
