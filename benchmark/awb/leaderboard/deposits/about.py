"""What a catalogue asks of a deposit: title, authors, date, version, licence and keywords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from awb.leaderboard.submissions.files import Submitted

TITLE = "Audio Where Benchmark: leaderboards"
KEYWORDS = (
    "audio", "explainability", "interpretability", "attribution", "benchmark", "leaderboard",
)  # fmt: skip
STUDY = "https://arxiv.org/abs/2506.04391"
_NOBODY = "unknown"


@dataclass(frozen=True, slots=True)
class About:
    """The facts of a deposit, which follow from its submissions."""

    authors: tuple[str, ...]  # as they are credited, the one with the most submissions first
    date: str  # on which the newest was computed, as 2026-11-28; empty if none says so
    version: str  # of awb, which computed the newest
    license_id: str
    description: str

    @classmethod
    def of(cls, submitted: Sequence[Submitted], license_id: str) -> About:
        """Collect the facts of submissions."""
        records = [one.record for one in submitted]
        counts: dict[str, int] = {}
        for record in records:
            name = record.credit.author or _NOBODY
            counts[name] = counts.get(name, 0) + 1
        newest = max(records, key=lambda record: record.environment.created)
        boards = {(record.dataset.label, record.model.label, record.kind) for record in records}
        explainers = {record.explainer.label for record in records}
        return cls(
            tuple(sorted(counts, key=lambda name: (-counts[name], name))),
            newest.environment.created[:10],
            newest.environment.awb,
            license_id,
            f"Scores of {len(explainers)} explainers of audio classifiers on {len(boards)} boards,"
            f" in {len(records)} submissions: every score of every instance, and the relevance"
            " that it was computed from.",
        )


def license_url(license_id: str) -> str:
    """Return the page of a licence in the SPDX list.

    Examples
    --------
    >>> license_url("apache-2.0")
    'https://spdx.org/licenses/Apache-2.0.html'
    """
    return f"https://spdx.org/licenses/{spdx(license_id)}.html"


def spdx(license_id: str) -> str:
    """Write a licence identifier as the SPDX list does, which catalogues ask for.

    Examples
    --------
    >>> spdx("apache-2.0"), spdx("cc-by-4.0"), spdx("mit")
    ('Apache-2.0', 'CC-BY-4.0', 'MIT')
    """
    known = {"apache-2.0": "Apache-2.0"}
    return known.get(license_id, license_id.upper())
