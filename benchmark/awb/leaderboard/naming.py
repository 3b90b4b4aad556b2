"""What files and folders of submissions are called; the labels in them may be anybody's."""

from __future__ import annotations

import hashlib
import re

from awb.leaderboard.canonical import canonical
from awb.leaderboard.submission import Submission

_NOT_COMPARED = {"clips", "min_score", "max_event_fraction"}  # the manifest has what came of them


def slug(label: str) -> str:
    """Turn a label into a file name; where that loses something, a hash keeps it unique.

    Examples
    --------
    >>> slug("random-forest@300"), slug("../secret")
    ('random-forest@300', 'secret-a6b09678')
    """
    plain = re.sub(r"[^A-Za-z0-9.@+=-]+", "-", label)[:80].strip("-.")
    if plain == label:
        return plain
    digest = hashlib.sha256(label.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain}-{digest}".strip("-")


def board_name(submission: Submission) -> str:
    """Name the board in the index and its file: dataset and model."""
    return f"{slug(submission.dataset.label)}--{slug(submission.model.label)}"


def folder_name(submission: Submission) -> str:
    """Name the folder of everything that may be compared with a submission."""
    settings = submission.settings.model_dump(mode="json", exclude=_NOT_COMPARED)
    plain = {"manifest": submission.manifest.sha256, "settings": settings}
    digest = hashlib.sha256(canonical(plain)).hexdigest()[:8]
    return f"{board_name(submission)}--{digest}"
