"""Time awb against captum and shap with the same number of evaluations of a free model.

Each side explains one clip of 100 segments from the same number of masked clips. The model takes no
time on either side, so that everything else is timed: drawing, rendering, batching, solving. Captum
gets the segments as a feature mask and 16 perturbed clips per call, awb's own batch size; shap gets
a function that renders a whole batch of coalitions at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from subjects import SAMPLES, FreeModel, Ratio, make_instance, make_perturber, side_by_side

from awb.plugins.discovery import load
from awb.types import AudioArray

_BATCH = 16


def _awb(name: str, **settings: Any) -> Any:
    spec = load().get("explainer", name).spec
    explainer = spec.factory(spec.parameters(**settings))

    def explain() -> None:
        instance = make_instance()
        perturber = make_perturber(FreeModel(), instance=instance)
        explainer(perturber, instance, np.random.default_rng(0))

    return explain


def _torch_model() -> tuple[Any, Any, Any]:
    """Return a free forward function, the clip and its feature mask, as tensors."""
    import torch

    torch.set_num_threads(1)
    weights = torch.from_numpy(FreeModel()._weights[:, 0].copy())
    waveform = torch.from_numpy(make_instance().clip.waveform.copy())[None]
    segments = torch.arange(100).repeat_interleave(1600)[None]
    return (lambda waveforms: waveforms[:, 800::1600] @ weights), waveform, segments


def _captum(method: str) -> Any:
    """Return a function that explains the clip with captum."""
    from captum.attr import FeatureAblation, KernelShap, Lime

    forward, waveform, segments = _torch_model()
    kinds = {"FeatureAblation": FeatureAblation, "KernelShap": KernelShap, "Lime": Lime}
    explainer = kinds[method](forward)
    settings: dict[str, Any] = {"feature_mask": segments, "perturbations_per_eval": _BATCH}
    if method != "FeatureAblation":
        settings["n_samples"] = SAMPLES
    return lambda: explainer.attribute(waveform, **settings)


def _shap() -> Any:
    """Return a function that explains the clip with shap."""
    import shap

    waveform = make_instance().clip.waveform
    model = FreeModel()

    def predict(coalitions: AudioArray) -> Any:
        found = np.empty(len(coalitions))
        for start in range(0, len(coalitions), _BATCH):
            keep = np.repeat(coalitions[start : start + _BATCH], 1600, axis=1)
            found[start : start + _BATCH] = model.scores(keep.astype(np.float32) * waveform)[:, 0]
        return found

    def explain() -> None:
        explainer = shap.KernelExplainer(predict, np.zeros((1, 100)))
        explainer.shap_values(np.ones((1, 100)), nsamples=SAMPLES, l1_reg=False, silent=True)

    return explain


_WINDOW_S = 0.1
CASES: dict[str, tuple[Any, Any, str]] = {
    "captum FeatureAblation, 101 evaluations": (
        lambda: _awb("naive", window_s=_WINDOW_S, hop_s=_WINDOW_S),
        lambda: _captum("FeatureAblation"),
        "",
    ),
    "captum KernelShap, 3,000 evaluations": (
        lambda: _awb("kernel-shap"),
        lambda: _captum("KernelShap"),
        "at least 10",
    ),
    "captum Lime, 3,000 evaluations": (
        lambda: _awb("lime"),
        lambda: _captum("Lime"),
        "at least 10",
    ),
    "shap KernelExplainer, 3,000 evaluations": (lambda: _awb("kernel-shap"), _shap, ""),
}


def against(case: str, *, rounds: int = 3) -> Ratio:
    """Time one case; raises `ImportError` if shap is needed and not installed."""
    ours, theirs, expected = CASES[case]
    times = side_by_side(ours(), theirs(), rounds=rounds)
    return Ratio(case, *times, expected, note="overhead with a free model")
