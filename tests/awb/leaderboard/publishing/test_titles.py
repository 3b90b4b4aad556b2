"""What boards are called, and what sets those of one page apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import submissions
from awb.leaderboard.publishing.titles import apart
from awb.leaderboard.submissions.files import Reader, Submitted


def _with(one: Submitted, **settings: Any) -> Submitted:
    changed = one.record.settings.model_copy(update=settings)
    return replace(one, record=one.record.model_copy(update={"settings": changed}))


def test_boards_of_a_page_are_told_by_the_settings_that_differ(published: Path) -> None:
    one = Reader().read(submissions.submission(published))
    noise = _with(one, masker="noise", scoring_masker="noise", robustness=5)
    assert apart({"b--1": [one], "b--2": [noise]}) == {
        "b--1": "dropped time is zeros",
        "b--2": "dropped time is noise",
    }
    fewer = _with(noise, samples=2_000)
    found = apart({"b--1": [one], "b--2": [noise], "b--3": [fewer]})
    assert found["b--3"] == "dropped time is noise, 2,000 drop masks"
    assert len(set(found.values())) == 3


def test_boards_without_such_a_setting_are_told_by_the_hash(published: Path) -> None:
    one = Reader().read(submissions.submission(published))
    again = _with(one, robustness=5)
    assert apart({"b--1": [one], "b--2": [again]}) == {"b--1": "1", "b--2": "2"}
