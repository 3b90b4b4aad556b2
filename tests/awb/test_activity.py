"""Which plugin is running, and whose clock runs."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from awb import activity
from awb.activity import MODEL, At, PluginCall, at_work, beat, model_at_work
from awb.errors import PluginError
from awb.harness.workers.child import Sheet

ONE, OTHER = PluginCall("explainer", "one"), PluginCall("metric", "other", "one")


class Clock:
    """A clock that the test advances."""

    now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(activity, "time", made)
    return made


@pytest.fixture
def heard(clock: Clock) -> Iterator[list[At]]:
    found: list[At] = []
    activity.tell(found.append)
    yield found
    activity.tell(None)


def test_only_a_plugins_own_time_counts_towards_its_limit(clock: Clock, heard: list[At]) -> None:
    with at_work(ONE):
        clock.now_s += 4
        assert heard[-1].exceeds(3, clock.now_s) == ONE
        assert heard[-1].exceeds(5, clock.now_s) is None
        with model_at_work():
            clock.now_s += 50
            beat()
            clock.now_s += 2
            assert heard[-1].exceeds(3, clock.now_s) is None
            clock.now_s += 2
            assert heard[-1].exceeds(3, clock.now_s) == MODEL, "a batch that never ends"
        assert heard[-1].exceeds(5, clock.now_s) is None
        with at_work(OTHER):
            clock.now_s += 6
            assert heard[-1].exceeds(5, clock.now_s) == OTHER
        clock.now_s += 1.5
        assert heard[-1].exceeds(5, clock.now_s) == ONE
        assert heard[-1].exceeds(math.inf, clock.now_s) is None
    clock.now_s += 500
    assert heard[-1].exceeds(3, clock.now_s) is None, "the harness itself has no limit"


def test_the_name_is_reset_after_an_error_but_not_after_an_interrupt(heard: list[At]) -> None:
    with pytest.raises(ValueError, match="broken"), at_work(ONE):
        raise ValueError("broken")
    assert activity.present() is None
    with pytest.raises(PluginError, match=r"it called sys.exit\(2\)"), at_work(ONE):
        raise SystemExit(2)
    assert activity.present() is None
    with pytest.raises(KeyboardInterrupt), at_work(ONE):
        raise KeyboardInterrupt
    assert activity.present() == ONE


@pytest.mark.parametrize("call", [None, ONE, OTHER, PluginCall("explainer", "größe:a=1")])
def test_what_is_written_on_the_sheet_is_read_from_it(call: PluginCall | None) -> None:
    sheet = Sheet(bytearray(Sheet.SIZE))
    assert sheet.read() == At()
    for number in range(300):
        at = At(call, 0.5, float(number), bool(number % 2))
        sheet.write(at)
        assert sheet.read() == at


def test_a_name_that_is_too_long_for_the_sheet_is_dropped() -> None:
    sheet = Sheet(bytearray(Sheet.SIZE))
    sheet.write(At(PluginCall("explainer", "x" * 9999), 0.5, 1.0))
    assert sheet.read() == At(None, 0.5, 1.0)
