"""Nothing to explain: the sentence that says why, and what to type."""

from __future__ import annotations

import pytest

from awb.data.skipped import (
    BAD_AUDIO,
    LOW_SCORE,
    NO_EVENTS,
    TOO_LONG,
    UNKNOWN_LABEL,
    Skipped,
)
from awb.harness.config.run_config import make_config, recorded_config
from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.selection.no_instances import NoInstancesError, check_some, why_none


def _manifest(*skipped: Skipped, kept: tuple[Kept, ...] = ()) -> Manifest:
    return Manifest("folder:x", "m", "", kept, skipped)


@pytest.mark.parametrize(
    ("reason", "detail", "advice"),
    [
        (TOO_LONG, "0.400 of the clip", "--max-event-fraction 0.41"),
        (TOO_LONG, "1.000 of the clip", "--max-event-fraction 1"),
        (LOW_SCORE, "log-odds -3.21", "--min-score -3.3"),
        (UNKNOWN_LABEL, "", "No class of m is called bark (its 2 classes are Dog and Cat)"),
        (NO_EVENTS, "", "awb data describe folder:x"),
        (BAD_AUDIO, "a.wav: empty", "The first: a.wav: empty"),
    ],
)
def test_the_most_frequent_reason_decides_what_to_type(
    reason: str, detail: str, advice: str
) -> None:
    manifest = _manifest(Skipped("a", "bark", reason, detail), Skipped("b", "bark", reason, detail))
    text = why_none([manifest], make_config(), {"m": ("Dog", "Cat")})
    assert f"no instance to explain in folder:x for m: {reason} (2)" in text
    assert advice in text
    assert "\n" not in text


def test_the_least_change_that_keeps_something_is_named() -> None:
    manifest = _manifest(
        Skipped("a", "x", TOO_LONG, "0.900 of the clip"),
        Skipped("b", "x", TOO_LONG, "0.300 of the clip"),
    )
    assert why_none([manifest], make_config()).endswith("--max-event-fraction 0.31")


def test_one_board_with_instances_is_enough() -> None:
    kept = Kept("a", "x", 0, ((0.0, 1.0),), 1.0, "0")
    check_some([_manifest(), _manifest(kept=(kept,))], make_config(), {})
    with pytest.raises(NoInstancesError):
        check_some([_manifest(), _manifest()], make_config(), {})


def test_a_limit_that_was_reached_is_named() -> None:
    skipped = (Skipped("a", "", "clip too short for the model"),)
    reached = why_none([_manifest(*skipped)], make_config(among_first=1))
    assert reached.endswith("--among-first 10 to look at more clips")
    assert "among" not in why_none([_manifest(*skipped)], make_config(among_first=2))


def test_how_many_clips_are_looked_at_is_part_of_the_configuration() -> None:
    assert make_config().among_first is None
    assert make_config(clips=2).among_first == 100
    assert make_config(clips=50).among_first == 1000
    assert make_config(clips=2, among_first=7).among_first == 7


def test_the_clips_of_an_older_run_are_the_first_ones() -> None:
    now = make_config(clips=3).model_dump(mode="json")
    assert recorded_config(now).clips == 3
    del now["among_first"]
    before = recorded_config(now)
    assert (before.clips, before.among_first) == (None, 3)
