"""What all explainers of a spectrogram share: features in, a map and its segments out.

They see the model as a `awb.protocols.DifferentiableModel`: the front end turns the clip into
features ``(frames, bins)``, and relevance is found for every point of those. A subclass says how;
this module prepares the features, counts the calls of the back end, keeps torch's global state as
it was, and sums the map over frequency and into segments.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from awb.alignment import Aggregation, map_to_segments
from awb.errors import NotApplicableError
from awb.perturbation import Perturber
from awb.protocols import DifferentiableModel
from awb.types import AudioArray, Explanation, Instance
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters

if TYPE_CHECKING:
    import torch

    from awb_plugins.explainers.graph.tape import Tape
    from awb_plugins.explainers.spectrogram.cutting import Cut

_NO_GRADIENT = {
    "modified by an inplace operation": "it writes in place what its gradient needs",
    "in-place operation": "it writes in place what its gradient needs",
    "modified inplace": "it writes in place what its gradient needs",
    "don't support automatic differentiation": "it writes into out=",
    "derivative for": "one of its operators has no derivative",
}
"""What torch says where there is no gradient, and what that means."""


class MapParameters(SegmentParameters):
    """Settings of every explainer of a spectrogram.

    ``aggregation`` is how the map becomes segments: ``sum``, ``positive-sum`` (what speaks for the
    target), ``max`` (the strongest point) or ``abs-sum`` (what matters either way).
    """

    aggregation: Aggregation = "sum"


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A clip as the back end of a model gets it.

    Attributes
    ----------
    model : DifferentiableModel
        The model.
    features : torch.Tensor, shape=(1, frames, bins)
        Features of the clip, detached.
    target : int
        Column of the score that is explained.
    fill : np.ndarray, shape=(samples,)
        What the masker puts in the place of dropped audio.
    charge : callable
        Told how many clips go through the back end where its own calls do not tell.
    notes : list of str
        What the explainer found and wants to say, one sentence each; it adds to them.
    """

    model: DifferentiableModel
    features: torch.Tensor
    target: int
    fill: AudioArray
    charge: Callable[[int], None] = lambda count: None
    notes: list[str] = field(default_factory=list)

    def features_of(self, waveforms: AudioArray) -> torch.Tensor:
        """Compute features of other audio, ``(n, samples)`` to ``(n, frames, bins)``."""
        return features_of(self.model, waveforms)

    def score(self, features: torch.Tensor) -> torch.Tensor:
        """Return the target's score, ``(n, frames, bins)`` to ``(n,)``."""
        scores: torch.Tensor = self.model.back_end(features)[:, self.target]
        return scores

    def rise_over(self, nothing: torch.Tensor) -> float:
        """Return the clip's score minus the mean score of baselines ``(n, frames, bins)``."""
        import torch

        with torch.no_grad():
            here = self.score(self.features).double().mean()
            there = torch.cat([self.score(one[None]) for one in nothing]).double().mean()
        return float(here - there)

    def tape(self, features: torch.Tensor | None = None) -> Tape:
        """Record what the back end computes, from the clip's features unless told otherwise."""
        from awb_plugins.explainers.graph.tape import record

        self.charge(1)
        return record(self.model.back_end, self.features if features is None else features)

    def cut(self, layer: str = "") -> Cut:
        """Cut the back end in two where a CAM looks, or at a module of it."""
        from awb_plugins.explainers.spectrogram import cutting

        layer = layer or getattr(self.model, "target_layer", "")
        tokens = getattr(self.model, "token_maps", None)
        if layer or tokens is None:
            return cutting.cut(self.model.back_end, self.features, layer)
        parts = cutting.cut(self.model.back_end, self.features, tokens.layer)
        return replace(parts, lay_out=partial(tokens.lay_out, n_frames=self.features.shape[1]))


def features_of(model: DifferentiableModel, waveforms: AudioArray) -> torch.Tensor:
    """Run a model's front end.

    Parameters
    ----------
    model : DifferentiableModel
        The model.
    waveforms : np.ndarray, shape=(n, samples), dtype=float32
        Audio; it is copied.

    Returns
    -------
    torch.Tensor, shape=(n, frames, bins)
        Features, detached, on the back end's device.
    """
    import torch

    def device_of(module: torch.nn.Module) -> torch.device:
        held = next(chain(module.parameters(), module.buffers()), None)
        return torch.device("cpu") if held is None else held.device

    with torch.no_grad():
        given = torch.tensor(waveforms, device=device_of(model.front_end))
        features: torch.Tensor = model.front_end(given).to(device_of(model.back_end))
    return features.detach()


@contextmanager
def seeded(rng: np.random.Generator) -> Iterator[None]:
    """Seed torch's and numpy's global streams, which captum draws from, and restore them after.

    Parameters
    ----------
    rng : np.random.Generator
        Source of the seed.
    """
    import torch

    seed = int(rng.integers(2**31))
    state = np.random.get_state()  # noqa: NPY002 - captum draws from the global stream
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002


@contextmanager
def counted(back_end: Any, perturber: Perturber) -> Iterator[None]:
    """Charge every clip that goes through the back end, and give it a copy of the features.

    A network may write into what it is given (``x -= mean``), and the same features are asked of
    it again and again. The copy is no leaf, so that gradients go through it.

    Parameters
    ----------
    back_end : torch.nn.Module
        The back end.
    perturber : Perturber
        Who keeps the account.
    """
    import torch

    def copied(module: Any, inputs: Any) -> Any:
        if not isinstance(inputs[0], torch.Tensor):  # captum's DeepLIFT copies by itself
            return None
        return (inputs[0] * 1.0, *inputs[1:])

    handles = [
        back_end.register_forward_pre_hook(copied),
        back_end.register_forward_hook(
            lambda module, inputs, outputs: perturber.charge(calls=len(inputs[0]))
        ),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def hearing(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> Iterator[Heard]:
    """Show an instance as the back end gets it, with calls counted and gradients on.

    Parameters
    ----------
    perturber : Perturber
        Access to the model.
    instance : Instance
        Clip and target.
    rng : np.random.Generator
        Source of the seed of torch's and numpy's global streams.

    Yields
    ------
    Heard
        Clip and model.

    Raises
    ------
    NotApplicableError
        If the model is not differentiable, or torch finds no gradient of its network.
    """
    import torch

    model = perturber.model_as(DifferentiableModel)
    heard = Heard(
        model,
        features_of(model, instance.clip.waveform[np.newaxis]),
        instance.class_index,
        perturber.fill,
        charge=lambda count: perturber.charge(calls=count),
    )
    with (
        seeded(rng),
        counted(model.back_end, perturber),
        torch.enable_grad(),
        warnings.catch_warnings(),
    ):
        # captum warns that it sets hooks, and that it makes inputs require gradients
        warnings.simplefilter("ignore", UserWarning)
        try:
            yield heard
        except RuntimeError as error:
            why = [reason for words, reason in _NO_GRADIENT.items() if words in str(error)]
            if not why:
                raise
            raise NotApplicableError(f"the network has no gradient: {why[0]}") from error


class MapExplainer(ABC):
    """An explainer that finds the relevance of every point of the features.

    Parameters
    ----------
    parameters : MapParameters
        Settings, those of the subclass among them.
    """

    def __init__(self, parameters: MapParameters) -> None:
        import captum.attr
        import torch

        self.captum: Any = captum.attr
        self.torch: Any = torch
        self.parameters: Any = parameters

    @abstractmethod
    def attribute(self, heard: Heard, rng: np.random.Generator) -> torch.Tensor:
        """Find the relevance of the features.

        Parameters
        ----------
        heard : Heard
            The clip's features and the model.
        rng : np.random.Generator
            Source of randomness; torch's and numpy's global streams are seeded from it too.

        Returns
        -------
        torch.Tensor, shape=(1, frames, bins)
            Signed relevance.
        """

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        with hearing(perturber, instance, rng) as heard:
            found = self.attribute(heard, rng)
        relevance_map = found[0].detach().cpu().numpy().astype(np.float64)
        centers_s = heard.model.frame_centers_s(len(relevance_map))
        relevance = map_to_segments(
            relevance_map, centers_s, perturber.segments, aggregation=self.parameters.aggregation
        )
        return Explanation(relevance, relevance_map, notes=tuple(heard.notes))
