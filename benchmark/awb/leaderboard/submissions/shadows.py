"""Shadows of submissions: the same explainer on clips that did not exist when it was submitted.

A shadow is made by whoever verifies, never by the author, so it is not part of the submission: it
is ``shadow/<sha256 of the submission>.json`` beside the folder of submissions.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from awb.leaderboard.submissions.schema import (
    MAX_INSTANCES,
    MAX_METRICS,
    Column,
    Count,
    Label,
    Sha256,
    Status,
    Strict,
    Text,
)
from awb.leaderboard.submissions.sealed_files import SealedFile, read_beside, write_beside

SHADOWS = "shadow"
"""Folder of the shadows, beside that of the submissions."""


class ShadowRow(Strict):
    """One new instance, and what came of it."""

    clip_id: Text
    target: Text
    status: Status


class Shadow(SealedFile):
    """The scores of a submitted explainer on new clips."""

    dataset: Label  # as it is typed to render the same clips
    clips: Count
    manifest_sha256: Sha256  # of the selection from the new clips
    instances: Annotated[list[ShadowRow], Field(max_length=MAX_INSTANCES)]
    scores: Annotated[dict[Text, Column], Field(max_length=MAX_METRICS)]

    @model_validator(mode="after")
    def _columns_fit(self) -> Shadow:
        ends = {len(column) for column in self.scores.values()} - {len(self.instances)}
        if ends:
            raise ValueError(f"it has columns of {ends.pop()}, not {len(self.instances)} values")
        return self


def write_shadow(shadow: Shadow, submission: Path) -> Path:
    """Write a shadow beside the folder that a submission is in."""
    return write_beside(shadow, SHADOWS, submission)


def read_shadows(
    leaderboards: Path, submissions: Collection[str]
) -> tuple[dict[str, Shadow], list[str]]:
    """Read the shadows of these submissions by hash, and list those that are ignored and why."""
    return read_beside(leaderboards / SHADOWS, submissions, Shadow, "repeat awb verify --shadow")
