"""The relevance of the published rows: what ranks their segments is never rounding."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from awb.leaderboard.submissions.files import Reader, find
from awb.segments import tied

SUBMISSIONS = Path(__file__).resolve().parents[4] / "leaderboards" / "submissions"


def test_segments_are_tied_or_told_apart_by_more_than_rounding() -> None:
    reader, seen = Reader(), 0
    for path in find([SUBMISSIONS]):
        one = reader.read(path)
        for row, relevance in zip(one.record.instances, one.relevance, strict=True):
            if relevance is not None:
                seen += 1
                told = f"{path.parent.name}/{path.name}: {row.clip_id} ({row.target})"
                np.testing.assert_array_equal(tied(relevance), relevance, err_msg=told)
    assert seen > 10_000
