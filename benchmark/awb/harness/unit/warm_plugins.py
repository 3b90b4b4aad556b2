"""Models and plugins that stay loaded in a worker, behind the plugin boundary."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from awb.activity import MODEL, at_work
from awb.errors import AwbError, PluginError, described
from awb.harness.unit.process_state import one_thread, untouched
from awb.plugins.resolve import Resolved
from awb.protocols import AudioModel, ScoreArray
from awb.specs import AnySpec, Parameters
from awb.types import Clip

_WARM: dict[tuple[AnySpec, Parameters], Any] = {}


def warm_model(resolved: Resolved) -> AudioModel:
    """Load a model, once per process."""
    model = warm(resolved)
    if not isinstance(model, AudioModel):
        raise PluginError(f"model {resolved.label} must have sample_rate_hz, classes and scores")
    return model


def warm(resolved: Resolved) -> Any:
    """Build a plugin, once per process; see `build`."""
    key = (resolved.spec, resolved.parameters)
    if key not in _WARM:
        with untouched():
            _WARM[key] = build(resolved)
    return _WARM[key]


def build(resolved: Resolved) -> Any:
    """Call a plugin's factory, turning foreign exceptions into errors that name the plugin."""
    try:
        return resolved.build()
    except AwbError:
        raise
    except Exception as error:
        raise PluginError(
            f"{resolved.label} ({resolved.origin.distribution}) could not be built:"
            f" {described(error)}"
        ) from error


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the main process needs to know about a model without loading it."""

    sample_rate_hz: int
    classes: tuple[str, ...]
    mids: tuple[str, ...]
    weights_sha256: str  # empty if it has no weights
    computed_on: str = ""  # device and precision, such as "cuda, bfloat16"; empty if unknown
    hears_s: float = math.inf  # length of the beginning of a clip that it processes, in seconds
    decision_threshold: float = 0.0  # log-odds from which it is taken to say yes
    notes: tuple[str, ...] = ()  # what a reader of its boards must know


def decision_threshold(spec: AnySpec, model: AudioModel) -> float:
    """Return the log-odds from which a loaded model says yes: by its own word, else by its spec."""
    own = float(getattr(model, "decision_threshold", 0.0))
    return own or float(getattr(spec, "decision_threshold", 0.0))


def computed_on(model: AudioModel) -> str:
    """Return the device and precision of a model, as far as it reports them."""
    device, precision = getattr(model, "device", None), getattr(model, "precision", None)
    kind = None if device is None else str(device).partition(":")[0]
    return ", ".join(str(one) for one in (kind, precision) if one is not None)


def model_facts(model: Resolved) -> ModelFacts:
    """Load a model in this process and describe it."""
    loaded = warm_model(model)
    return ModelFacts(
        int(loaded.sample_rate_hz),
        tuple(loaded.classes),
        tuple(getattr(loaded, "mids", ())),
        str(getattr(loaded, "weights_sha256", "")),
        computed_on(loaded),
        float(getattr(loaded, "hears_s", math.inf)),
        decision_threshold(model.spec, loaded),
        tuple(getattr(loaded, "notes", ())),
    )


def score_clip(model: Resolved, clip: Clip) -> ScoreArray:
    """Score an unmasked clip."""

    loaded = warm_model(model)
    with one_thread(), at_work(MODEL), untouched():
        batch = np.array(clip.waveform[np.newaxis], dtype=np.float32)
        scores: ScoreArray = np.asarray(loaded.scores(batch))[0]
        return scores
