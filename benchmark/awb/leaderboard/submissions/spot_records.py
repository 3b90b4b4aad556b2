"""Records of spot checks that submissions passed: who computed which instances again, and when.

A record is ``verified/<sha256 of the submission>.json`` beside the folder of submissions. What is
claimed and what is verified is shown by these records alone.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from pydantic import Field

from awb.leaderboard.submissions.schema import MAX_INSTANCES, Strict, Text
from awb.leaderboard.submissions.sealed_files import SealedFile, read_beside, write_beside

VERIFIED = "verified"
"""Folder of the records, beside that of the submissions."""


class Spot(Strict):
    """An instance that was computed again."""

    clip_id: Text
    target: Text


class SpotRecord(SealedFile):
    """A spot check that a submission passed."""

    instances: Annotated[list[Spot], Field(min_length=1, max_length=MAX_INSTANCES)]
    exact: bool  # whether every number had to be equal: same machine, same versions

    @property
    def date(self) -> str:
        """The day of the check, as in ``2026-11-28``."""
        return self.environment.created[:10]


def write_spots(record: SpotRecord, submission: Path) -> Path:
    """Write a record beside the folder that a submission is in."""
    return write_beside(record, VERIFIED, submission)


def read_spots(
    leaderboards: Path, submissions: Collection[str]
) -> tuple[dict[str, SpotRecord], list[str]]:
    """Read the records of these submissions by hash, and list those that are ignored and why."""
    repeat = "repeat awb verify --spot-check"
    return read_beside(leaderboards / VERIFIED, submissions, SpotRecord, repeat)
