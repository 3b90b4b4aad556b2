"""Executors: they run tasks, yield results as they finish, and keep few tasks pending."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
Between = TypeVar("Between")

ATTEMPTS = 3
"""Number of attempts of a task whose worker is killed by a signal from outside."""


def unchanged(task: Task) -> Task:
    """Return a task unchanged."""
    return task


@dataclass(frozen=True, slots=True)
class Apart(Generic[Task, Between, Result]):
    """A function in two halves, which are run in processes that never see each other's tasks."""

    first: Callable[[Any], Between]
    first_task: Callable[[Task], Any]
    second: Callable[[Any], Result]
    second_task: Callable[[Task, Between], Any]


class Executor(Protocol):
    """Runs a function over tasks, each in a warm worker."""

    def map(
        self,
        function: Callable[[Task], Result],
        tasks: Iterable[Task],
        revise: Callable[[Task], Task] = unchanged,
        apart: Apart[Task, Any, Result] | None = None,
    ) -> Iterator[tuple[Task, Result | Exception]]:
        """Yield (task, result or exception) as they finish, in any order.

        Where there are processes, `apart` is run instead of the function, if it is given.

        Tasks may be added while others are running, and `revise` may change a queued task just
        before it runs. A task whose worker is killed from outside is retried; one that kills its
        worker or exceeds a limit comes back with a `WorkerDiedError`.

        """
        ...

    def machines(self) -> list[dict[str, Any]]:
        """Describe the other machines that run tasks now, as `awb.harness.config.machine` does."""
        ...


class InProcess:
    """Run tasks one after another in this process."""

    def map(
        self,
        function: Callable[[Task], Result],
        tasks: Iterable[Task],
        revise: Callable[[Task], Task] = unchanged,  # noqa: ARG002 - nothing is drawn ahead
        apart: Apart[Task, Any, Result] | None = None,  # noqa: ARG002 - there is one process
    ) -> Iterator[tuple[Task, Result | Exception]]:
        """Yield (task, result or exception) in order."""
        for task in tasks:
            try:
                yield task, function(task)
            except Exception as error:  # noqa: BLE001 - the plugin boundary: the caller reports it
                yield task, error

    def machines(self) -> list[dict[str, Any]]:
        """Return none."""
        return []
