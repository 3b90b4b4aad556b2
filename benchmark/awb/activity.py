"""Which plugin is running, reported to a supervising process.

A plugin that hangs or kills its process can only be named by the supervisor, from the last state
that the process reported. A plugin's clock is paused while the model scores masked clips for it:
a slow model is not the fault of the explainer that happens to call it first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from awb.errors import AwbError, PluginError


@dataclass(frozen=True, slots=True)
class PluginCall:
    """A plugin that is running."""

    kind: str  # explainer, again (an explainer that a metric runs again), metric, masker, ...
    label: str = ""  # empty for the model
    of: str = ""  # for a metric: the explainer whose explanation it scores; empty for any


class WorkerDiedError(AwbError):
    """A task whose worker process died or was stopped."""

    def __init__(self, reason: str, call: PluginCall | None = None) -> None:
        super().__init__(reason)
        self.call = call


MODEL = PluginCall("model")


@dataclass(frozen=True, slots=True)
class At:
    """What a process is doing."""

    call: PluginCall | None = None  # the running plugin; None for the harness itself
    used_s: float = 0.0  # the plugin's own time up to `since_s`
    since_s: float = 0.0  # start of the current step (in the model: batch), by `time.monotonic`
    in_model: bool = False  # the plugin is waiting for the model

    def exceeds(self, limit_s: float, now_s: float) -> PluginCall | None:
        """Return the plugin that exceeds a time limit, which for the model is per batch."""
        running_s = now_s - self.since_s
        if self.in_model:
            return MODEL if running_s > limit_s else None
        return self.call if self.used_s + running_s > limit_s else None


_now = At()
_tell: Callable[[At], None] | None = None


def tell(listener: Callable[[At], None] | None) -> None:
    """Report every change of state to a listener from now on; None to stop reporting."""
    global _tell
    _tell = listener
    _say(At())


def present() -> PluginCall | None:
    """Return the plugin that is running in this process."""
    return _now.call


def _say(at: At) -> None:
    global _now
    _now = at
    if _tell is not None:
        _tell(at)


def _paused() -> At:
    """Return the current state with the plugin's own time added up."""
    now_s = time.monotonic()
    own_s = 0.0 if _now.in_model else now_s - _now.since_s
    return replace(_now, used_s=_now.used_s + own_s, since_s=now_s)


@contextmanager
def at_work(call: PluginCall) -> Iterator[None]:
    """Report that a plugin is running, with its own clock, until the context exits.

    After `KeyboardInterrupt` and the like the plugin stays reported, so that it can be named.
    """
    outer = _paused()
    _say(At(call, 0.0, time.monotonic()))
    try:
        yield
    except SystemExit as error:
        _say(replace(outer, since_s=time.monotonic()))
        raise PluginError(f"it called sys.exit({error.code!r})") from error
    except Exception:
        _say(replace(outer, since_s=time.monotonic()))
        raise
    _say(replace(outer, since_s=time.monotonic()))


@contextmanager
def model_at_work() -> Iterator[None]:
    """Report that the running plugin is waiting for the model."""
    outer = _paused()
    _say(replace(outer, in_model=True))
    try:
        yield
    finally:
        _say(replace(outer, since_s=time.monotonic()))


def beat() -> None:
    """Report that the model has finished a batch."""
    if _now.in_model:
        _say(replace(_now, since_s=time.monotonic()))
