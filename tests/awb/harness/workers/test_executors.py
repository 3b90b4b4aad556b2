"""Executors: tasks that finish, fail, or kill their workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import tasks
from awb.activity import PluginCall, WorkerDiedError
from awb.errors import MissingExtraError, ParameterError, RunError
from awb.harness.config.limits import make_limits
from awb.harness.config.machine import machine
from awb.harness.workers import cluster
from awb.harness.workers.executor import Apart, Executor, InProcess
from awb.harness.workers.pool import open_executor
from awb.harness.workers.processes import Processes

NUMBERS = [1, 2, -3, 4, 5, 6, 7, 8]


@pytest.fixture(scope="module", params=["processes", "dask"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """An executor of each kind with two workers, shared by all tests."""
    scheduler = "local:2" if request.param == "dask" else None
    with open_executor(2, scheduler) as opened:
        yield opened


def test_every_task_comes_back_once_and_failures_are_results(executor: Executor) -> None:
    found = list(executor.map(tasks.work, NUMBERS))
    assert sorted(task for task, _ in found) == sorted(NUMBERS)
    for task, result in found:
        if task < 0:
            assert isinstance(result, ValueError)
        else:
            assert str(result).startswith(f"{task} by ")


def test_workers_say_where_they_are(executor: Executor) -> None:
    assert all(found == machine() for found in executor.machines())
    assert len(executor.machines()) == (2 if isinstance(executor, cluster.Cluster) else 0)


def test_one_and_many_workers_agree(executor: Executor) -> None:
    def plain(results: Iterator[tuple[int, object]]) -> dict[int, str]:
        return {task: str(result).split(" by ")[0] for task, result in results}

    assert plain(executor.map(tasks.work, NUMBERS)) == plain(InProcess().map(tasks.work, NUMBERS))


@pytest.mark.parametrize("crash", ["exit", "segfault"])
def test_a_crash_affects_only_its_own_task(executor: Executor, crash: str) -> None:
    mixed = [1, crash, 2, 3, 4, 5]
    found = dict(executor.map(tasks.work, mixed))
    error = found.pop(crash)
    assert isinstance(error, WorkerDiedError)
    assert {"exit": "exit code 3", "segfault": "signal SIGSEGV"}[crash] in str(error)
    assert sorted(found) == [1, 2, 3, 4, 5]
    assert not any(isinstance(result, Exception) for result in found.values())


def test_a_task_whose_worker_is_killed_once_is_retried(executor: Executor, tmp_path: Path) -> None:
    marker = tmp_path / "killed"
    assert list(executor.map(tasks.crash_once, [marker])) == [(marker, "finished")]
    assert marker.exists()


def test_halves_of_a_task_run_in_processes_that_only_see_their_own(executor: Executor) -> None:
    apart = Apart(tasks.work, tasks.beyond, tasks.both, tasks.with_the_first)
    found = dict(executor.map(tasks.work, [1, 2, 3, -200], apart=apart))
    assert isinstance(found.pop(-200), ValueError), "of the first half"
    workers: list[set[str]] = [set(), set()]
    for task, result in found.items():
        halves = str(result).split(", ")
        for number, half, own in zip((task + 100, task), halves, workers, strict=True):
            assert half.startswith(f"{number} by ")
            own.add(half.split()[-1])
    assert not workers[0] & workers[1]


def test_a_crash_of_a_second_half_affects_only_its_own_task(executor: Executor) -> None:
    apart = Apart(tasks.work, tasks.beyond, tasks.both, tasks.with_the_first)
    found = dict(executor.map(tasks.work, [1, 2, 3, 4], apart=apart))
    error = found.pop(4)
    assert isinstance(error, WorkerDiedError)
    assert "SIGSEGV" in str(error)
    assert sorted(found) == [1, 2, 3]
    assert all(isinstance(result, str) for result in found.values())


def test_tasks_are_drawn_as_they_are_needed(executor: Executor) -> None:
    drawn = 0

    def source() -> Iterator[int]:
        nonlocal drawn
        for number in range(100):
            drawn += 1
            yield number

    results = executor.map(tasks.work, source())
    next(results)
    assert drawn < 10, "memory must not grow with the number of tasks"
    assert len(list(results)) == 99


class _Lost:
    """A future whose worker died after it had finished and before its result was fetched."""

    def __init__(self, key: str) -> None:
        self.key, self.status = key, "lost"

    def exception(self) -> None:
        return None

    def result(self) -> str:
        return f"result of {self.key}"


class _Scheduler:
    """A Dask client with two workers, and its `as_completed`, which reports each future twice."""

    loop = None

    def __init__(self) -> None:
        self.made = 0
        self.queue: list[_Lost] = []
        self.seen: list[_Lost] = []

    def nthreads(self) -> dict[str, int]:
        return {"one": 1, "two": 1}

    def submit(self, *_: object, **__: object) -> _Lost:
        self.made += 1
        return _Lost(str(self.made))

    def add(self, future: _Lost) -> None:
        self.queue.append(future)

    def __next__(self) -> _Lost:
        future = self.queue.pop(0)
        if future in self.seen:
            future.status = "finished"
        self.seen.append(future)
        return future


def test_a_result_that_is_lost_with_its_worker_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scheduler = _Scheduler()
    monkeypatch.setattr("distributed.as_completed", lambda loop: scheduler)
    found = list(cluster.Cluster(scheduler, make_limits()).map(tasks.work, [1, 2, 3]))
    assert [task for task, _ in found] == [1, 2, 3]
    assert [result for _, result in found] == [f"result of {key}" for key in "123"]


class _Adding(Iterator[int]):
    """Numbers, with more added after the last one."""

    def __init__(self) -> None:
        self.numbers = [1]

    def __next__(self) -> int:
        if not self.numbers:
            raise StopIteration
        return self.numbers.pop()


def test_tasks_may_be_added_when_the_last_one_is_done(executor: Executor) -> None:
    source, found = _Adding(), []
    for number, _ in executor.map(tasks.work, source):
        found.append(number)
        if number < 4:
            source.numbers.append(number + 1)
    assert found == [1, 2, 3, 4]


def test_tasks_are_revised_before_they_are_sent() -> None:
    seen: list[int] = []
    with Processes(1) as workers:
        for number, _ in workers.map(tasks.work, [1, 2, 3, 4], lambda one: one - 10 * len(seen)):
            seen.append(number)
    assert seen == [1, -8, -17, -26], "one was drawn ahead, and still changed"


def test_what_cannot_be_pickled_fails_alone() -> None:
    with Processes(1) as workers:
        found = dict(
            workers.map(tasks.raise_it, ["cannot be unpacked", "interrupt", "unpicklable"])
        )
        assert "OddError: (1, 2)" in str(found["cannot be unpacked"])
        assert "it raised KeyboardInterrupt" in str(found["interrupt"])
        assert "its result cannot be pickled" in str(found["unpicklable"])
        assert isinstance(found["interrupt"], WorkerDiedError)
        [(_, error)] = workers.map(lambda one: one, [1])
        assert "cannot be pickled for a worker process" in str(error)


def test_bars_of_libraries_leave_no_semaphore_behind() -> None:
    with Processes(1) as workers:
        assert [found for _, found in workers.map(tasks.lock_of_bars, [1])] == ["RLock"]


def test_limits_stop_a_task_and_name_the_plugin() -> None:
    with Processes(1, make_limits(1, "off")) as workers:
        found = dict(workers.map(tasks.hang_as, [("explainer", "slow"), ("explainer", "")]))
    error = found["explainer", "slow"]
    assert isinstance(error, WorkerDiedError)
    assert str(error) == "ran longer than 1 s (--time-limit)"
    assert error.call == PluginCall("explainer", "slow")
    assert found["explainer", ""] == "finished"


def test_a_running_dask_scheduler_is_used() -> None:
    from distributed import LocalCluster

    with (
        LocalCluster(
            1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0"
        ) as started,
        open_executor(7, started.scheduler_address) as connected,
    ):
        assert len(list(connected.map(tasks.work, NUMBERS))) == len(NUMBERS)


@pytest.mark.parametrize("text", ["local", "local:", "local:0", "local:two"])
def test_a_misspelled_scheduler_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="local:N"):
        open_executor(2, text)


def test_a_scheduler_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_SECONDS_TO_CONNECT", 0.2)
    with (
        pytest.raises(RunError, match="no Dask scheduler answers"),
        open_executor(2, "tcp://127.0.0.1:1"),
    ):
        pass
    with (
        pytest.raises(RunError, match=r"scheduler file missing\.json does not exist"),
        open_executor(2, "missing.json"),
    ):
        pass


def test_without_dask_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"\[cluster\]"):
        open_executor(2, "local:2")
