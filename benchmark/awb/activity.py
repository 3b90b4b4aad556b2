"""Who is at work: told to whoever watches this process from outside.

A plugin that hangs or takes its process down can only be named by somebody else, who looks at what
the process said last. The clock of a plugin stands still while the model scores masked clips for
it: that a model is slow is no fault of the explainer that happened to ask first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from awb.errors import AwbError, PluginError


@dataclass(frozen=True, slots=True)
class PluginCall:
    """A plugin at work.

    Attributes
    ----------
    kind : str
        ``explainer``, ``again`` (an explainer that metrics ask once more), ``metric``, ``masker``,
        ``dataset`` or ``model``.
    label : str
        Its label; empty for the model.
    of : str
        For a metric: the explainer whose explanation it scores; empty for any.
    """

    kind: str
    label: str = ""
    of: str = ""


class WorkerDiedError(AwbError):
    """A task whose worker process died, or was stopped."""

    def __init__(self, reason: str, call: PluginCall | None = None) -> None:
        super().__init__(reason)
        self.call = call


MODEL = PluginCall("model")


@dataclass(frozen=True, slots=True)
class At:
    """What a process is at.

    Attributes
    ----------
    call : PluginCall or None
        The plugin at work; None for the harness itself.
    used_s : float
        Its own time until `since_s`, in seconds.
    since_s : float
        When what runs now began, on the clock of `time.monotonic`.
    in_model : bool
        Whether it waits for the model; `since_s` is then when the present batch began.
    """

    call: PluginCall | None = None
    used_s: float = 0.0
    since_s: float = 0.0
    in_model: bool = False

    def exceeds(self, limit_s: float, now_s: float) -> PluginCall | None:
        """Name whoever has worked for longer than a limit; of the model, each batch counts."""
        running_s = now_s - self.since_s
        if self.in_model:
            return MODEL if running_s > limit_s else None
        return self.call if self.used_s + running_s > limit_s else None


_now = At()
_tell: Callable[[At], None] | None = None


def tell(listener: Callable[[At], None] | None) -> None:
    """Tell a listener, from now on, whenever somebody else is at work; None for nobody."""
    global _tell
    _tell = listener
    _say(At())


def present() -> PluginCall | None:
    """Return the plugin that is at work in this process."""
    return _now.call


def _say(at: At) -> None:
    global _now
    _now = at
    if _tell is not None:
        _tell(at)


def _paused() -> At:
    """Return the present state with its own time added up."""
    now_s = time.monotonic()
    own_s = 0.0 if _now.in_model else now_s - _now.since_s
    return replace(_now, used_s=_now.used_s + own_s, since_s=now_s)


@contextmanager
def at_work(call: PluginCall) -> Iterator[None]:
    """Say that a plugin works, with a clock of its own, until the context is left.

    What no plugin should raise (`KeyboardInterrupt` and the like) leaves the name standing, for
    whoever reports it.
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
    """Say that whoever is at work waits for the model."""
    outer = _paused()
    _say(replace(outer, in_model=True))
    try:
        yield
    finally:
        _say(replace(outer, since_s=time.monotonic()))


def beat() -> None:
    """Say that the model has finished a batch."""
    if _now.in_model:
        _say(replace(_now, since_s=time.monotonic()))
