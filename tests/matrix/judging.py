"""Ask every explainer about a network, and judge what it says: a cell of the matrix each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from awb.errors import AwbError, NotApplicableError
from awb.types import Explanation
from awb_plugins.explainers import (
    attention,
    components,
    ensembles,
    learned_masks,
    segmentwise,
    spectrogram,
    trained,
)
from awb_plugins.explainers import baselines as null
from matrix import baselines, cams, conservation, gradients, layers, masking, transforming
from matrix.cases import Case, WrongError, case_of, planted, varied
from matrix.written import REFUSED
from networks import SUBJECTS

Oracle = Callable[[Case, Explanation], str]

ORACLES: dict[str, Oracle] = {
    "saliency": gradients.saliency,
    "input-x-gradient": gradients.input_x_gradient,
    "smoothgrad": gradients.smoothgrad,
    "guided-backprop": gradients.guided_backprop,
    "integrated-gradients": baselines.integrated_gradients,
    "deeplift": baselines.deeplift,
    "gradient-shap": baselines.gradient_shap,
    "deep-shap": baselines.deep_shap,
    "grad-cam": cams.grad_cam,
    "grad-cam++": cams.grad_cam_plus_plus,
    "score-cam": cams.score_cam,
    "lrp-epsilon": conservation.lrp_epsilon,
    "lrp-flat": conservation.lrp_flat,
    "occlusion-tf": masking.occlusion_tf,
    "attention-rollout": transforming.attention_rollout,
    "attention-gradients": transforming.attention_gradients,
    "attn-lrp": conservation.attn_lrp,
    "listen": transforming.listen,
}
CAPTUM: dict[str, Oracle] = {
    "captum:Saliency": gradients.saliency,
    "captum:InputXGradient": gradients.input_x_gradient,
    "captum:IntegratedGradients": baselines.integrated_gradients,
    "captum:DeepLift": baselines.deeplift,
    "captum:DeepLiftShap": baselines.deep_shap,
    "captum:GradientShap": partial(baselines.gradient_shap, samples=5),
    "captum:GuidedBackprop": gradients.guided_backprop,
    "captum:Deconvolution": gradients.deconvolution,
    "captum:GuidedGradCam": cams.guided_grad_cam,
    "captum:LRP": partial(conservation.lrp_epsilon, reference="captum:LRP"),
    **layers.ORACLES,
}
ORACLES |= CAPTUM
CAPTUM_OUTSIDE = [
    f"captum:{name}"
    for name in ("FeatureAblation", "KernelShap", "Lime", "Occlusion", "ShapleyValueSampling",
                 "ShapleyValues")
]  # fmt: skip
INSIDE = [spec.name for spec in (*spectrogram.SPECS, *attention.SPECS)]
MASKS = [spec.name for spec in learned_masks.SPECS]
OUTSIDE = [spec.name for spec in (*segmentwise.SPECS, *components.SPECS)] + MASKS
TRAINED = [spec.name for spec in trained.SPECS]
ENSEMBLES = [spec.name for spec in ensembles.SPECS]
NULLS = [spec.name for spec in null.SPECS]
EVERY = [*OUTSIDE, *CAPTUM_OUTSIDE, "door", *INSIDE, *TRAINED, *CAPTUM, *ENSEMBLES, *NULLS]


@dataclass(frozen=True, order=True)
class Cell:
    """What became of an explainer on a network.

    Attributes
    ----------
    status : str
        ``value``, ``refusal``, ``wrong`` or ``error``.
    why : str
        The oracle that confirms the value, or the reason for the rest.
    """

    status: str
    why: str

    def __str__(self) -> str:
        return f"{self.status}: {self.why}"

    @property
    def sound(self) -> bool:
        """Whether it is a value that was confirmed, or a refusal with a reason."""
        return self.status == "value" or (self.status == "refusal" and bool(self.why.strip()))

    @property
    def text(self) -> str:
        """The oracle that confirmed the value, or why there is none."""
        if self.status == "value":
            return self.why
        return REFUSED + self.why if self.status == "refusal" else str(self)


def cell_of(judge: Callable[[], str]) -> Cell:
    """Make a cell of what asking and judging came to."""
    try:
        return Cell("value", judge())
    except NotApplicableError as error:
        return Cell("refusal", str(error))
    except WrongError as error:
        return Cell("wrong", str(error))
    except Exception as error:  # noqa: BLE001 - an explainer may fail in any way; it is told
        return Cell("error", f"{type(error).__name__}: {' '.join(str(error).split())[:120]}")


def row_of(name: str) -> dict[str, Cell]:
    """Judge every explainer on one network."""
    subject = SUBJECTS[name]
    torch.manual_seed(0)
    try:
        case, bursts = case_of(subject, varied), case_of(subject, planted)
    except AwbError as error:
        cell = Cell("error", f"awb does not take it: {error}")
        return dict.fromkeys(EVERY, cell)
    row = {}
    for one in [*OUTSIDE, *CAPTUM_OUTSIDE]:
        row[one] = cell_of(lambda one=one: _masked(one, case, bursts))
    row["door"] = cell_of(lambda: masking.door(case))
    for one in INSIDE:
        row[one] = cell_of(lambda one=one: looked_into(case, one))
    for one in TRAINED:
        row[one] = cell_of(lambda one=one: _untrained(one, case))
    for one in CAPTUM:
        row[one] = cell_of(lambda one=one: looked_into(case, one))
    for one in ENSEMBLES:
        row[one] = cell_of(lambda one=one: masking.ensemble(one, case, case.ask(one)))
    for one in NULLS:
        row[one] = cell_of(lambda one=one: transforming.null(one, case, case.ask(one)))
    return row


def _untrained(name: str, case: Case) -> str:
    """Ask an explainer that nobody has trained: tests of its own train it."""
    case.ask(name)
    raise WrongError("a value without a training")


def _masked(name: str, case: Case, bursts: Case) -> str:
    if name in MASKS:
        return masking.learned_mask(bursts, bursts.ask(name))
    if name == "random-forest-paper":  # it weighs masks by the energy that they take
        return masking.paper_forest(case, case.ask(name))
    return masking.planted(name, bursts, bursts.ask(name))


def looked_into(case: Case, name: str) -> str:
    """Ask an explainer that looks inside, and judge its map."""
    found, oracle = asked(case, name)
    return judged(case, found, oracle)


def asked(case: Case, name: str) -> tuple[Explanation, Oracle]:
    """Ask an explainer that looks inside, and find what judges it."""
    if name == "lime-tf":
        return _lime(case)
    return case.ask(name), ORACLES[name]


def judged(case: Case, found: Explanation, oracle: Oracle) -> str:
    """Judge an explanation: what confirms it."""
    if not np.isfinite(found.relevance).all():
        raise WrongError("its relevance is not finite")
    sums(found)
    return oracle(case, found)


def sums(found: Explanation) -> None:
    """Demand that segments sum to the map that they come from."""
    if found.time_frequency is None:
        return
    whole, parts = float(found.time_frequency.sum()), float(found.relevance.sum())
    if not np.isclose(whole, parts, rtol=1e-6, atol=1e-9):
        raise WrongError("its segments do not sum to its map")


def _lime(case: Case) -> tuple[Explanation, Oracle]:
    """Ask `lime-tf`, and keep what it asks the network."""
    seen: list[Tensor] = []
    back_end = getattr(case.model, "back_end", None)
    if back_end is None:
        case.ask("lime-tf")
        raise WrongError("a value without a back end")
    case.ask("naive")  # before the first masked clip, awb tries whether the model is steady
    handle = back_end.register_forward_pre_hook(
        lambda module, inputs: seen.append(inputs[0].detach().cpu().clone())
    )
    try:
        found = case.ask("lime-tf")
    finally:
        handle.remove()
    return found, partial(masking.lime_tf, seen=torch.cat(seen))
