"""Steps: loops that report themselves."""

from __future__ import annotations

from awb.harness.steps import listening, reported, steps


def test_only_the_outermost_loop_of_several_steps_is_reported() -> None:
    told: list[tuple[str, int, int]] = []

    def work(outer: int) -> None:
        for _ in steps(range(outer), "outer"):
            list(steps("abc", "inner"))
            reported("own", 1, 2)

    with listening(lambda *one: told.append(one)):
        work(2)
        assert told == [("outer", 0, 2), ("outer", 1, 2), ("outer", 2, 2)]
        told.clear()
        work(1)
    assert told == [("inner", done, 3) for done in range(4)] + [("own", 1, 2)]


def test_a_loop_that_is_left_early_reports_the_next_one() -> None:
    told: list[str] = []
    with listening(lambda phase, *_: told.append(phase)):
        for _ in steps(range(5), "first"):
            break
        list(steps(range(2), "second"))
    assert told == ["first", "second", "second", "second"]


def test_without_a_listener_things_are_just_passed_on() -> None:
    assert list(steps(iter("ab"), "letters")) == ["a", "b"]
    reported("nobody hears", 1, 2)
