"""awb, the Audio Where Benchmark: does an explanation of an audio classifier point at the sound?

`run`, `resume`, `recommend`, `explain`, `explain_events`, `load_run` and `load_sweep` do what the
commands do.
`explainers`, `metrics`, `models`, `datasets` and `maskers` list what is installed, as tables.
`explainer` turns a function into an explainer; `model`, `callable_model`, `windowed_model`,
`torch_model` and `transformers_model` make models. All are imported on first access, so that
``import awb`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awb import maskers, metrics
    from awb.api.checkpoints import transformers_model
    from awb.api.detections import explain_events
    from awb.api.explaining import explain
    from awb.api.plugins import datasets, explainers, models
    from awb.api.results import load_run
    from awb.api.running import recommend, run
    from awb.api.starting import resume
    from awb.api.sweeps import load_sweep
    from awb.authoring.callables import callable_model
    from awb.authoring.functions import explainer
    from awb.authoring.models import model
    from awb.authoring.torch_modules.models import torch_model
    from awb.authoring.windowed import windowed_model

__all__ = [
    "callable_model",
    "datasets",
    "explain",
    "explain_events",
    "explainer",
    "explainers",
    "load_run",
    "load_sweep",
    "maskers",
    "metrics",
    "model",
    "models",
    "recommend",
    "resume",
    "run",
    "torch_model",
    "transformers_model",
    "windowed_model",
]

_HOMES = {
    "callable_model": "awb.authoring.callables",
    "datasets": "awb.api.plugins",
    "explain": "awb.api.explaining",
    "explain_events": "awb.api.detections",
    "explainer": "awb.authoring.functions",
    "explainers": "awb.api.plugins",
    "load_run": "awb.api.results",
    "load_sweep": "awb.api.sweeps",
    "model": "awb.authoring.models",
    "models": "awb.api.plugins",
    "recommend": "awb.api.running",
    "resume": "awb.api.starting",
    "run": "awb.api.running",
    "torch_model": "awb.authoring.torch_modules.models",
    "transformers_model": "awb.api.checkpoints",
    "windowed_model": "awb.authoring.windowed",
}


def __getattr__(name: str) -> object:
    """Import a function of the Python interface."""
    if name in {"maskers", "metrics"}:  # modules, which list plugins when they are called
        return import_module(f"awb.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'awb' has no attribute {name!r}")
    from awb.api.signatures import readable

    return readable(getattr(import_module(_HOMES[name]), name))


def __dir__() -> list[str]:
    """List the Python interface."""
    return sorted([*globals(), *__all__])
