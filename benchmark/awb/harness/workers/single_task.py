"""Single tasks in a worker, and conversion of foreign exceptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from awb.activity import WorkerDiedError
from awb.errors import AwbError, PluginError, described
from awb.harness.workers.executor import Executor
from awb.plugins.resolve import Resolved


def run_one(executor: Executor, function: Callable[[Resolved], Any], task: Resolved) -> Any:
    """Run one task in a worker."""
    [(_, result)] = executor.map(function, [task])
    if isinstance(result, WorkerDiedError):
        raise PluginError(f"{task.kind} {task.label}: {result}")
    if isinstance(result, Exception):
        raise as_awb_error(result, task.label)
    return result


def as_awb_error(error: Exception, name: str) -> AwbError:
    """Return an error of awb; a foreign exception becomes a `PluginError` that names the plugin."""
    if isinstance(error, AwbError):
        return error
    return PluginError(f"{name}: {described(error)}")
