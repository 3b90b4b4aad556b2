"""``extremal-mask``: masks of given areas that keep the score, or remove it, found by gradient.

A mask says of every segment how much of it is there: 1 is the clip, 0 what the masker puts in its
place, and between the two lie the features between theirs. For every area a mask is learned that
maximizes the score of what it shows less that of the rest (or one of the two), while the sorted
mask is drawn ever more strongly to ones in the area and zeros elsewhere, and neighbours are kept
alike. All masks are learned at once, from a half everywhere; nothing is drawn by chance.

In the end the masks are heard, whole segments of audio replaced. A network that normalizes what it
hears over time may take a hundredth of a sound for all of it: what half a mask promises, a mask
does not keep. Where less than half is kept, or no more than an empty mask gains, this is not
applicable.

References
----------
Fong, R., Patrick, M., & Vedaldi, A. (2019). Understanding deep networks via extremal perturbations
and smooth masks. ICCV. arXiv:1910.08485 (areas by the sorted mask)
Crabbé, J., & van der Schaar, M. (2021). Explaining time series predictions with dynamic masks.
ICML. arXiv:2106.05303 (masks over time, several areas at once, a penalty on jumps)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from awb.alignment import cells_to_segments
from awb.errors import NotApplicableError
from awb.intervals import FloatArray, IntArray
from awb.perturbation import Perturber
from awb.protocols import DifferentiableModel
from awb.segments import Segments
from awb.specs import ExplainerSpec
from awb.types import BoolArray, Explanation, Instance
from awb_plugins.explainers.learned_masks.areas import AreaParameters, wanted_cells
from awb_plugins.explainers.segmentwise.postprocessing import finished
from awb_plugins.explainers.spectrogram.background import one_background
from awb_plugins.explainers.spectrogram.hearing import Heard, hearing

if TYPE_CHECKING:
    import torch

_AREA_WEIGHTS = (0.3, 30.0)
"""How strongly the area is asked for in the first and in the last step; in between it grows."""

_RATE = 0.1
_TIE = 1e-3  # cells that differ by less are equal
_MISSED, _SLACK = 0.5, 1e-5
"""By what part of its promise, and by how much in log-odds, a mask may miss it when it is heard."""

_LEAST_GAIN = 0.1  # of the score's rise: what a mask must gain over an empty one

_LEAST_RISE = 1e-4  # log-odds; less is rounding


class ExtremalMaskParameters(AreaParameters):
    """Settings of `extremal-mask`.

    Attributes
    ----------
    steps : int
        Steps of the optimization.
    smoothness : float
        How much a jump from one segment to the next costs, in parts of the score's rise: a mask
        with one stretch has two jumps.
    """

    steps: int = Field(default=40, ge=1)
    smoothness: float = Field(default=0.2, ge=0)


def frames_to_cells(heard: Heard, segments: Segments) -> IntArray:
    """Say in which cell the middle of each frame lies.

    Parameters
    ----------
    heard : Heard
        Clip and model.
    segments : Segments
        Segments that define the cells.

    Returns
    -------
    np.ndarray, shape=(frames,)
        Numbers of cells; frames of padding belong to the first or the last.
    """
    centers_s = heard.model.frame_centers_s(heard.features.shape[1])
    edges_s = segments.edges_samples / segments.sample_rate_hz
    found: IntArray = np.clip(
        np.searchsorted(edges_s, centers_s, side="right") - 1, 0, segments.n_cells - 1
    )
    return found


class ExtremalMask:
    """The mean of the masks over the areas."""

    def __init__(self, parameters: ExtremalMaskParameters) -> None:
        import torch  # now, so that limits on threads find it

        self._torch = torch
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        settings, grid = self._parameters, perturber.view(segments=perturber.segments.grid)
        with hearing(perturber, instance, rng) as heard:
            masks, promised = self._learned(heard, perturber.segments)
        shown = _by_area(masks, settings.areas)
        none = np.zeros_like(shown[:1])
        alone = grid.scores(~np.concatenate([shown, none]))
        rest = grid.scores(np.concatenate([shown, none]))
        if settings.direction == "both":
            heard_gains = alone - rest
        else:
            heard_gains = alone if settings.direction == "keep" else -rest
        kept, empty = heard_gains[:-1], float(heard_gains[-1])
        perturber.charge(calls=grid.cost.calls, forwards=grid.cost.forwards)
        told = ", ".join(
            f"{gain:.3g} with {area:.0%}" for gain, area in zip(kept, settings.areas, strict=True)
        )
        missed = promised.mean() - kept.mean()
        if not missed <= _MISSED * abs(promised.mean()) + _SLACK:
            raise NotApplicableError(
                f"its masks promise {promised.mean():.3g} on average, and heard they gain"
                f" {kept.mean():.3g}: what lies between the clip and nothing misleads"
            )
        rise = float(rest[-1] - alone[-1])
        if rise > 0 and not kept.mean() >= empty + _LEAST_GAIN * rise:
            raise NotApplicableError(
                f"heard, its masks gain {kept.mean():.3g} on average, and an empty one {empty:.3g}:"
                " the gradient led nowhere"
            )
        relevance = cells_to_segments(masks.mean(axis=0), perturber.segments)
        return Explanation(relevance, notes=(f"heard, the masks gain {told}",))

    def _learned(self, heard: Heard, segments: Segments) -> tuple[FloatArray, FloatArray]:
        """Learn the masks, ``(areas, cells)``; return with them what each gains."""
        torch, settings = self._torch, self._parameters
        nothing = one_background(heard, "dropped")
        change, device = heard.features - nothing, heard.features.device
        place = torch.from_numpy(frames_to_cells(heard, segments)).to(device)
        scale = max(abs(heard.rise_over(nothing)), _LEAST_RISE)
        goals = torch.zeros((len(settings.areas), segments.n_cells), device=device)
        for goal, area in zip(goals, settings.areas, strict=True):
            goal[-wanted_cells(area, segments.n_cells) :] = 1.0

        def score(shown: Any) -> Any:
            return heard.score(nothing + shown[:, place, None] * change)

        masks = torch.full_like(goals, 0.5, requires_grad=True)
        optimizer = torch.optim.Adam([masks], lr=_RATE)
        for weight in np.geomspace(*_AREA_WEIGHTS, settings.steps).tolist():
            gains = self._gained(score, masks) / scale
            (slopes,) = torch.autograd.grad(gains.sum(), masks)
            off = (masks - self._nearest(masks.detach(), slopes, goals)).square().mean(dim=1)
            jumps = masks.diff(dim=1).abs().sum(dim=1)
            (pull,) = torch.autograd.grad((weight * off + settings.smoothness * jumps).sum(), masks)
            masks.grad = pull - slopes
            optimizer.step()
            with torch.no_grad():
                masks.clamp_(0.0, 1.0)
        with torch.no_grad():
            gained = self._gained(score, masks)
        learned = masks.detach().cpu().numpy().astype(np.float64)
        return learned, gained.cpu().numpy().astype(np.float64)

    def _gained(
        self, score: Callable[[torch.Tensor], torch.Tensor], masks: torch.Tensor
    ) -> torch.Tensor:
        """Return what is maximized, ``(areas,)``, in log-odds."""
        direction = self._parameters.direction
        gains: torch.Tensor = masks.sum(dim=1) * 0.0
        if direction in ("keep", "both"):
            gains = gains + score(masks)
        if direction in ("remove", "both"):
            gains = gains - score(1.0 - masks)
        return gains

    def _nearest(
        self, masks: torch.Tensor, slopes: torch.Tensor, goals: torch.Tensor
    ) -> torch.Tensor:
        """Give the ones of a goal to the largest cells; of equal cells to those that gain most."""
        most = slopes.abs().amax(dim=1, keepdim=True).clamp(min=1e-12)
        order = (masks + _TIE * slopes / most).argsort(dim=1, stable=True)
        return self._torch.zeros_like(goals).scatter_(1, order, goals)


def _by_area(masks: FloatArray, areas: tuple[float, ...]) -> BoolArray:
    """Take as many cells of each mask as its area asks for, those with the largest values."""
    shown = np.zeros(masks.shape, dtype=bool)
    for row, area in enumerate(areas):
        count = wanted_cells(area, masks.shape[1])
        shown[row, np.argsort(-masks[row], kind="stable")[:count]] = True
    return shown


SPEC = ExplainerSpec(
    name="extremal-mask",
    summary="The smallest smooth masks that keep the score, or remove it, learned by gradient.",
    citation=(
        "Fong et al. (2019), arXiv:1910.08485; Crabbé & van der Schaar (2021), arXiv:2106.05303"
    ),
    cost="340 calls and 320 backward passes: two for each of four masks and 40 steps",
    needs=(DifferentiableModel,),
    parameters=ExtremalMaskParameters,
    factory=finished(ExtremalMask),
)
