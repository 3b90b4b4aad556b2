"""Deadlines and estimates, by a clock that tests move."""

from __future__ import annotations

from awb.harness.planning.deadline import Deadline
from awb.harness.planning.estimate import Estimates


class Clock:
    """A clock."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def _clips_run(takes_s: float, planned_s: float, end_s: float) -> tuple[int, float]:
    """Run clips of two instances, one after another, until one is refused."""
    clock, clips = Clock(), 0
    deadline = Deadline(end_s, planned_s, clock)
    while deadline.admits(2, first=not clips):
        clips += 1
        for _ in range(2):
            clock.now_s += takes_s
            deadline.finished()
    return clips, clock.now_s


def test_a_deadline_is_kept_whether_the_pilot_was_right_or_not() -> None:
    for planned_s in (0.5, 1.0, 3.0):
        clips, end_s = _clips_run(1.0, planned_s, 60.0)
        assert 54 <= end_s <= 60
        assert clips == end_s / 2


def test_the_first_clip_is_run_and_finished_ones_are_never_refused() -> None:
    assert _clips_run(100.0, 100.0, 10.0)[0] == 1
    clock = Clock()
    deadline = Deadline(10.0, 1.0, clock)
    clock.now_s = 20.0
    assert deadline.admits(0)
    assert not deadline.stopped
    assert not deadline.admits(1)
    assert deadline.stopped
    assert not deadline.admits(1)


def test_an_estimate_comes_after_some_instances_and_learns() -> None:
    clock = Clock()
    estimates = Estimates(clock)
    said = []
    for done, now_s in enumerate([0, 20, 21, 31, 41, 51]):
        clock.now_s = now_s
        said.append(estimates.left("Explaining", done, 20))
    assert said == ["", "", "", "about 3 min left", "about 2 min left", "about 2 min left"]
    assert estimates.left("Explaining", 20, 20) == ""


def test_resumed_work_does_not_count_as_done_now() -> None:
    clock = Clock()
    estimates = Estimates(clock)
    estimates.left("Explaining", 90, 100)
    clock.now_s = 30.0
    assert estimates.left("Explaining", 92, 100) == ""
    assert estimates.left("Explaining", 93, 100) == "about 70 s left"
