"""A plugin file with an explainer that is tuned to the public clips of soundscapes."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from awb.hookspecs import hookimpl
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.specs import ExplainerSpec
from awb.types import Clip


def _sha256(clip: Clip) -> str:
    return hashlib.sha256(clip.waveform.tobytes()).hexdigest()


def _tuned(parameters: Any) -> Any:
    """Return the labels of clips that it recognizes, and random numbers for all others."""
    public = resolve(load(), "dataset", "soundscapes").build()
    known = {_sha256(clip): clip.events for clip in map(public.load, public.clip_ids())}

    def explain(perturber: Any, instance: Any, rng: np.random.Generator) -> Any:
        events = known.get(_sha256(instance.clip))
        if events is None:
            return rng.random(perturber.n_segments)
        centres_s = (np.arange(perturber.n_segments) + 0.5) * 0.1
        spans_s = [(one.onset_s, one.offset_s) for one in events if one.label == instance.target]
        return sum(((on <= centres_s) & (centres_s < off)).astype(float) for on, off in spans_s)

    return explain


@hookimpl
def awb_explainers() -> list[ExplainerSpec]:
    """Return the explainer."""
    return [
        ExplainerSpec(name="tuned", summary="Tuned.", citation="none", cost="none", factory=_tuned)
    ]
