"""awb, the Audio Where Benchmark: does an explanation of an audio classifier point at the sound?

`run`, `resume`, `explain`, `load_run` and `load_sweep` do what the commands do; `explainer` makes
an explainer of a function. They are imported when they are first asked for, so that ``import awb``
is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awb.api.explaining import explain
    from awb.api.results import load_run
    from awb.api.running import resume, run
    from awb.api.sweeps import load_sweep
    from awb.authoring.functions import explainer

__all__ = ["explain", "explainer", "load_run", "load_sweep", "resume", "run"]

_HOMES = {
    "explain": "awb.api.explaining",
    "explainer": "awb.authoring.functions",
    "load_run": "awb.api.results",
    "load_sweep": "awb.api.sweeps",
    "resume": "awb.api.running",
    "run": "awb.api.running",
}


def __getattr__(name: str) -> object:
    """Import a function of the Python interface."""
    if name not in _HOMES:
        raise AttributeError(f"module 'awb' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the Python interface."""
    return sorted([*globals(), *__all__])
