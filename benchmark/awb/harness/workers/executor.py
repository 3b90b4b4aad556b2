"""Executors: where tasks run; results come back as they finish, few tasks are under way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

ATTEMPTS = 3
"""Workers that a task may lose to signals from outside before it is given up."""


def unchanged(task: Task) -> Task:
    """Return a task as it is."""
    return task


class Executor(Protocol):
    """Runs a function over tasks, each in a warm worker."""

    def map(
        self,
        function: Callable[[Task], Result],
        tasks: Iterable[Task],
        revise: Callable[[Task], Task] = unchanged,
    ) -> Iterator[tuple[Task, Result | Exception]]:
        """Yield (task, result or exception) as they finish, in any order.

        Tasks may be added while others are under way, and `revise` is asked for the last word on a
        task that was drawn ahead. A task whose worker is killed from outside is tried again; one
        that takes its worker down, or takes too much, comes back with a `WorkerDiedError`.
        """
        ...


class InProcess:
    """Run tasks one after another in this process."""

    def map(
        self,
        function: Callable[[Task], Result],
        tasks: Iterable[Task],
        revise: Callable[[Task], Task] = unchanged,  # noqa: ARG002 - nothing is drawn ahead
    ) -> Iterator[tuple[Task, Result | Exception]]:
        """Yield (task, result or exception) in order."""
        for task in tasks:
            try:
                yield task, function(task)
            except Exception as error:  # noqa: BLE001 - the plugin boundary: the caller reports it
                yield task, error
