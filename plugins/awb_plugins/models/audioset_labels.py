"""AudioSet's 527 weak labels, as checkpoints trained on them are ordered."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib import resources


def audioset_classes() -> Mapping[str, str]:
    """Return AudioSet's 527 weak labels: machine ids by display name, in AST's order."""
    text = resources.files(__package__).joinpath("audioset_classes.csv").read_text(encoding="utf-8")
    return {row["display_name"]: row["mid"] for row in csv.DictReader(text.splitlines())}
