"""What of an entry is verified, and what only its author claims.

Localization and complexity are computed from the published relevance wherever a page is written.
Fidelity, robustness and model calls take the model: they are verified where somebody computed
drawn instances again and recorded it, and claimed where nobody did.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from awb.leaderboard.formats.text import counted
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.schema import Submission
from awb.leaderboard.submissions.spot_records import SpotRecord

Spots = Mapping[str, SpotRecord]
"""Records of spot checks by the hash of the submission."""

CLAIMED = "claimed"
_WHAT = "fidelity, robustness and model calls"
_MOST_NAMED = 6


def status_text(record: Submission, spots: Spots) -> str:
    """Write what is known of an entry: "claimed", or who computed how much again, and when."""
    spot = spots.get(record.sha256)
    if spot is None:
        return CLAIMED
    of = f"{len(spot.instances)} of {counted(len(record.instances), 'instance')}"
    return f"verified {spot.date} by {spot.verifier or 'unknown'} on {of} (seed {spot.seed})"


def row_notes(group: Sequence[Submitted], spots: Spots) -> list[str]:
    """Say which rows of a board are verified, by whom and when, and which are claimed."""
    groups: dict[str, list[str]] = {}
    for one in sorted(group, key=lambda each: each.record.name):
        groups.setdefault(status_text(one.record, spots), []).append(one.record.name)
    claimed = groups.pop(CLAIMED, [])
    lines = [
        f"{_WHAT} {status}: {_named(names, len(group))}"
        for status, names in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    if claimed:
        told = "claimed by the author, computed again by nobody"
        lines.append(f"{_WHAT} {told}: {_named(claimed, len(group))}")
    return lines


def _named(names: Sequence[str], n_rows: int) -> str:
    if len(names) == n_rows:
        return "every row" if n_rows > 1 else names[0]
    shown = ", ".join(names[:_MOST_NAMED])
    rest = len(names) - _MOST_NAMED
    return f"{shown} and {counted(rest, 'other row')}" if rest > 0 else shown


def count_text(submitted: Collection[Submitted], spots: Spots) -> str:
    """Write how many of some entries are verified, and since when, for a cell of a table."""
    found = [spots[one.record.sha256] for one in submitted if one.record.sha256 in spots]
    if not found:
        return CLAIMED
    return f"verified {max(one.date for one in found)}: {len(found)} of {len(submitted)}"


def overall_text(submitted: Collection[Submitted], spots: Spots) -> str:
    """Say for a page over many entries what its numbers rest on."""
    n_verified = sum(one.record.sha256 in spots for one in submitted)
    dates = sorted(
        {spots[one.record.sha256].date for one in submitted if one.record.sha256 in spots}
    )
    when = f" ({' to '.join(dict.fromkeys((dates[0], dates[-1])))})" if dates else ""
    entries = counted(len(submitted), "entry").replace("entrys", "entries")
    return (
        "Localization and complexity are computed from the published relevance. Fidelity,"
        " robustness and model calls are verified, computed again for drawn instances, for"
        f" {n_verified} of {entries}{when}; of the others they are claimed."
    )


def claimed_rows(group: Sequence[Submitted], spots: Spots) -> frozenset[str]:
    """List the rows that nobody has computed again, also by the names on boards of budgets."""
    records = [one.record for one in group if one.record.sha256 not in spots]
    return frozenset(name for one in records for name in (one.name, one.explainer.label))
