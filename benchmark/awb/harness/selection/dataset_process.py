"""Read datasets in a separate process, which can be killed if a dataset hangs or crashes.

All datasets of a command share that process. It loads no model, so it restarts within a second. It
is separate from the workers, which may be on other machines and must not wait for files.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from awb.activity import PluginCall, WorkerDiedError, at_work
from awb.data.skipped import Skipped
from awb.errors import DataError, PluginError, described
from awb.harness.config.limits import Limits
from awb.harness.unit.record import MAX_FAILURES
from awb.harness.unit.warm_plugins import build, warm
from awb.harness.workers.executor import Executor, InProcess
from awb.harness.workers.processes import Processes
from awb.harness.workers.single_task import as_awb_error
from awb.plugins.resolve import Resolved
from awb.protocols import Dataset
from awb.specs import DatasetSpec
from awb.types import Clip

NOT_TRIED = f"not tried any more: the dataset was stopped on {MAX_FAILURES} clips"


@dataclass(frozen=True, slots=True)
class Source:
    """A resolved dataset and its instance."""

    resolved: Resolved[DatasetSpec]
    dataset: Dataset

    def load(self, clip_id: str) -> Clip:
        """Load a clip through the plugin boundary."""
        name = f"dataset {self.resolved.label}, clip {clip_id}"
        try:
            clip = self.dataset.load(clip_id)
        except DataError:
            raise
        except WorkerDiedError as error:
            raise DataError(f"{name}: {error}") from error
        except Exception as error:
            raise DataError(f"{name}: {described(error)}") from error
        if not isinstance(clip, Clip):
            raise DataError(f"{name}: load returned {type(clip).__name__}, expected awb.types.Clip")
        return clip


class Reader(AbstractContextManager["Reader"]):
    """Opens datasets, and ends the process that reads them."""

    def __init__(self, limits: Limits | None = None, *, isolate: bool = True) -> None:
        self._workers = Processes(1, limits) if isolate else None

    @classmethod
    def beside(cls, executor: Executor, limits: Limits | None = None) -> Reader:
        """Create a reader that is isolated if the workers are."""
        return cls(limits, isolate=not isinstance(executor, InProcess))

    def open(self, resolved: Resolved[DatasetSpec]) -> Source:
        """Open a dataset."""
        if self._workers is None:
            return Source(resolved, build(resolved))
        distant = _Distant(resolved, self._workers)
        distant.build()
        return Source(resolved, distant)

    def __exit__(self, *_: object) -> None:
        """End the process."""
        if self._workers is not None:
            self._workers.close()


@dataclass(frozen=True, slots=True)
class _Question:
    """A method of a dataset and its arguments; without a method, only building is tested."""

    resolved: Resolved[DatasetSpec]
    method: str = ""
    arguments: tuple[str, ...] = ()


def _answer(question: _Question) -> Any:
    """Call a method of a dataset in the separate process; None if there is no such method."""
    with at_work(PluginCall("dataset", question.resolved.label)):
        dataset = warm(question.resolved)
        method = getattr(dataset, question.method, None) if question.method else None
        found = method(*question.arguments) if callable(method) else None
        return list(found) if question.method in _LISTS and found is not None else found


_LISTS = ("clip_ids", "excluded", "relatives")
"""Methods that may return any iterable."""


@dataclass(slots=True)
class _Distant:
    """A dataset in another process.

    A clip on which it was stopped is not tried again. After `MAX_FAILURES` of these no new clip is
    tried, but clips that were read before are, so that the outcome depends only on the clip order.
    """

    resolved: Resolved[DatasetSpec]
    workers: Processes
    stopped: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def build(self) -> None:
        """Build it, so that errors of the whole dataset show early."""
        self._ask(_Question(self.resolved), "it was made")

    def clip_ids(self) -> Sequence[str]:
        """List the ids of all clips."""
        found = self._ask(_Question(self.resolved, "clip_ids"), "it listed its clips")
        if found is None:
            raise PluginError(f"dataset {self.resolved.label} must have clip_ids and load")
        return tuple(found)

    def excluded(self) -> Sequence[Skipped]:
        """List what the dataset itself leaves out, if it reports that."""
        question = _Question(self.resolved, "excluded")
        return tuple(self._ask(question, "it listed what it leaves out") or ())

    def fingerprint(self) -> str:
        """Return its own hash of its tables and files; empty if it has none."""
        return str(self._ask(_Question(self.resolved, "fingerprint"), "it hashed its files") or "")

    def relatives(self, label: str) -> Sequence[str]:
        """List the classes above and below a label in its ontology; none if it has no ontology."""
        question = _Question(self.resolved, "relatives", (label,))
        return tuple(self._ask(question, f"it listed relatives of {label}") or ())

    def load(self, clip_id: str) -> Clip:
        """Read one clip; raises what the dataset raises, or a `WorkerDiedError`."""
        if clip_id in self.stopped:
            raise WorkerDiedError(self.stopped[clip_id])
        if len(self.stopped) >= MAX_FAILURES and clip_id not in self.known:
            raise WorkerDiedError(NOT_TRIED)
        question = _Question(self.resolved, "load", (clip_id,))
        [(_, answer)] = self.workers.map(_answer, [question])
        if isinstance(answer, WorkerDiedError):
            self.stopped[clip_id] = str(answer)
        else:
            self.known.add(clip_id)
        if isinstance(answer, Exception):
            raise answer
        clip: Clip = answer
        return clip

    def _ask(self, question: _Question, doing: str) -> Any:
        """Call a method that concerns the whole dataset."""

        name = f"dataset {self.resolved.label}"
        [(_, answer)] = self.workers.map(_answer, [question])
        if isinstance(answer, WorkerDiedError):
            raise PluginError(f"{name}: {answer}, while {doing}") from answer
        if isinstance(answer, Exception):
            raise as_awb_error(answer, name)
        return answer
