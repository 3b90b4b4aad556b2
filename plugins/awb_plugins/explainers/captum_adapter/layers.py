"""captum's methods of layers, where a CAM looks or at a layer that is named.

Methods with rules for modules (DeepLIFT, LRP, guided backprop) follow operations here, as awb's own
do: captum's would not see what functions compute.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from awb.errors import NotApplicableError
from awb_plugins.explainers.captum_adapter.checks import LRP_EPSILON
from awb_plugins.explainers.captum_adapter.reading import Method
from awb_plugins.explainers.spectrogram.activation_maps import grad_cam, stretch
from awb_plugins.explainers.spectrogram.hearing import Heard, MapExplainer

if TYPE_CHECKING:
    import torch

    from awb_plugins.explainers.spectrogram.cutting import Cut

_SUMMING = ("LayerDeepLift", "LayerDeepLiftShap", "LayerLRP")


class Inside(Protocol):
    """What methods of layers share with those of features."""

    def arguments(self, heard: Heard, rng: np.random.Generator) -> dict[str, Any]:
        """Fill in what was not typed."""
        ...

    def in_parts(self, made: Any, heard: Heard, asked: dict[str, Any]) -> Any:
        """Ask captum for attribution."""
        ...


@contextmanager
def _handing_on_copies(layer: Any) -> Iterator[None]:
    """Hand on copies of what a layer gives, behind captum's hooks: the rest may write into them."""

    def copied(module: Any, inputs: Any, output: Any) -> Any:
        return (output[0] * 1.0, *output[1:]) if isinstance(output, tuple) else output * 1.0

    last = layer.register_forward_hook(copied)
    first = layer.register_forward_pre_hook(
        lambda module, inputs: module._forward_hooks.move_to_end(last.id)
    )
    try:
        yield
    finally:
        first.remove()
        last.remove()


class OnLayer(MapExplainer):
    """A method on the maps of a network.

    Parameters
    ----------
    method : Method
        The method.
    inside : Inside
        Fills in what was not typed, and asks captum.
    """

    def __init__(self, method: Method, inside: Inside) -> None:
        from awb_plugins.explainers.graph import backprop, deeplift, laws, lrp, tape

        super().__init__(method.own)
        self._method, self._inside = method, inside
        self._backprop, self._deeplift, self._laws = backprop, deeplift, laws
        self._lrp, self._tape = lrp, tape

    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features; see `MapExplainer.attribute`."""
        name, parts = self._method.name, heard.cut(self._method.own.layer)
        if name == "GuidedGradCam":
            return self._guided_grad_cam(heard, parts)
        if name == "LayerGradCam":
            relu = self._method.asking.get("relu_attributions", False)
            return stretch(grad_cam(heard, parts, relu=relu), heard.features)[:, 0]
        if name in _SUMMING and not self._method.own.layer and hasattr(heard.model, "token_maps"):
            raise NotApplicableError(
                "part of what it shares out would go to tokens that stand for no audio;"
                " type captum:" + name.removeprefix("Layer")
            )
        if name in ("LayerDeepLift", "LayerDeepLiftShap"):
            found = self._differences(heard, parts, rng)
        elif name == "LayerLRP":
            shares = self._lrp.propagate(
                self._tape.record(parts.head, parts.body(heard.features).detach()),
                heard.target,
                "epsilon",
                LRP_EPSILON,
            )
            heard.notes.append(shares.note("maps"))
            found = shares.relevance
        else:
            found = self._by_captum(heard, parts, rng)
        maps = parts.lay_out(found.detach()).sum(dim=1, keepdim=True)
        return stretch(maps, heard.features)[:, 0]

    def _by_captum(self, heard: Heard, parts: Cut, rng: np.random.Generator) -> torch.Tensor:
        """Ask captum."""
        method, asked = self._method, self._inside.arguments(heard, rng)
        network, layer = parts.network, parts.body
        if method.own.layer:
            network = heard.model.back_end
            layer = network.get_submodule(method.own.layer)
        groups = self._moments(heard, parts) if method.takes("layer_mask") else None
        if groups is not None:
            asked["layer_mask"] = groups
        made = method.kind(network, layer, **method.making)
        with ExitStack() as stack:
            if method.own.layer:
                stack.enter_context(_handing_on_copies(layer))
            found: torch.Tensor = self._inside.in_parts(made, heard, asked)
        if groups is None:
            return found
        # a group's relevance was given to each of its points
        shared: torch.Tensor = found / self.torch.bincount(groups.flatten())[groups]
        return shared

    def _moments(self, heard: Heard, parts: Cut) -> torch.Tensor:
        """Number the moments of the maps: channels and bins of one are masked together."""
        maps = parts.body(heard.features)
        places = self.torch.arange(maps.numel(), device=maps.device).reshape(maps.shape)
        moments = parts.lay_out(places)
        groups = self.torch.full((maps.numel(),), moments.shape[2], device=maps.device)
        for moment in range(moments.shape[2]):
            groups[moments[:, :, moment].flatten()] = moment
        found: torch.Tensor = groups.reshape(maps.shape)
        return found

    def _differences(self, heard: Heard, parts: Cut, rng: np.random.Generator) -> torch.Tensor:
        """Hand differences from the baselines back to the maps, operation by operation."""
        nothing = self._inside.arguments(heard, rng)["baselines"]
        times = self._method.making.get("multiply_by_inputs", True)
        maps = parts.body(heard.features).detach()
        clip = self._tape.record(parts.head, maps)
        found, total = self.torch.zeros_like(maps), 0.0
        for one in nothing:
            other = parts.body(one[None]).detach()
            shares = self._deeplift.multipliers(
                clip, self._tape.record(parts.head, other), heard.target
            )
            total += float((shares * (maps - other)).sum()) / len(nothing)
            found = found + (shares * (maps - other) if times else shares) / len(nothing)
        rise = heard.rise_over(nothing)
        heard.notes.append(
            self._laws.check_sum(self._method.name, total, rise, float(found.abs().sum()))
        )
        result: torch.Tensor = found
        return result

    def _guided_grad_cam(self, heard: Heard, parts: Cut) -> torch.Tensor:
        """Multiply what guided backprop finds by the rectified CAM, stretched as captum does."""
        heat = grad_cam(heard, parts, relu=True)
        grid = heat if heat.ndim == 4 else heat[..., None]
        mode = self._method.asking.get("interpolate_mode", "nearest")
        wide = self.torch.nn.functional.interpolate(grid, heard.features.shape[1:], mode=mode)
        guided = self._backprop.gradient(heard.tape(), heard.target, "guided")
        found: torch.Tensor = guided * wide[:, 0]
        return found
