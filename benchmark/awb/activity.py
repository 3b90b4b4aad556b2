"""Which plugin is running, reported to the process that supervises this one.

A plugin that hangs or crashes its process can only be identified from outside, by what the process
reported last. The clock of a plugin is paused while the model scores masked clips for it, since a
slow model is not the fault of the explainer that happens to ask first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from awb.errors import AwbError, PluginError


@dataclass(frozen=True, slots=True)
class PluginCall:
    """A plugin that is running."""

    # explainer, again (an explainer that metrics run once more), metric, masker, dataset or model
    kind: str
    label: str = ""  # empty for the model
    of: str = ""  # for a metric: the explainer whose explanation it scores; empty for any


class WorkerDiedError(AwbError):
    """A task whose worker process died, or was stopped."""

    def __init__(self, reason: str, call: PluginCall | None = None) -> None:
        super().__init__(reason)
        self.call = call


MODEL = PluginCall("model")


class At(NamedTuple):
    """What a process is doing."""

    call: PluginCall | None = None  # None for the harness itself
    used_s: float = 0.0  # the plugin's own time until `since_s`, in seconds
    since_s: float = 0.0  # when the current activity began, by `time.monotonic`
    in_model: bool = False  # waiting for the model; `since_s` is then the start of the batch

    def exceeds(self, limit_s: float, now_s: float) -> PluginCall | None:
        """Return the plugin that has run longer than a limit; for the model, each batch counts."""
        running_s = now_s - self.since_s
        if self.in_model:
            return MODEL if running_s > limit_s else None
        return self.call if self.used_s + running_s > limit_s else None


_now = At()
_tell: Callable[[At], None] | None = None


def tell(listener: Callable[[At], None] | None) -> None:
    """Call a listener from now on whenever the activity changes; None removes it."""
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
    return At(_now.call, _now.used_s + own_s, now_s, _now.in_model)


def _resume(outer: At) -> None:
    """Start the clock of what was running before."""
    _say(At(outer.call, outer.used_s, time.monotonic(), outer.in_model))


@contextmanager
def at_work(call: PluginCall) -> Iterator[None]:
    """Report that a plugin is running, with its own clock, until the context is left.

    `KeyboardInterrupt` and similar exceptions, which no plugin should raise, do not reset the
    state, so that the report of the exception can name the plugin.
    """
    outer = _paused()
    _say(At(call, 0.0, time.monotonic()))
    try:
        yield
    except SystemExit as error:
        _resume(outer)
        raise PluginError(f"it called sys.exit({error.code!r})") from error
    except Exception:
        _resume(outer)
        raise
    _resume(outer)


@contextmanager
def model_at_work() -> Iterator[None]:
    """Report that the current plugin waits for the model."""
    outer = _paused()
    _say(At(outer.call, outer.used_s, outer.since_s, in_model=True))
    try:
        yield
    finally:
        _resume(outer)


def beat() -> None:
    """Report that the model has finished a batch."""
    if _now.in_model:
        _resume(_now)
