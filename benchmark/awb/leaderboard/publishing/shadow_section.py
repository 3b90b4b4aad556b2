"""The shadows of a board's submissions: what was claimed, and what came out on new clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from awb.leaderboard.boards.board import Cell
from awb.leaderboard.formats.escaping import markdown
from awb.leaderboard.formats.text import cell_text, counted
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.shadows import Shadow
from awb.leaderboard.verification.shadow_comparison import (
    BETTER,
    COMPATIBLE,
    UNKNOWN,
    ComparedMetric,
    Comparison,
    compare,
)
from awb.plugins.discovery import Registry
from awb.statistics import Interval

SHADOW_TITLE = "On clips that did not exist when it was submitted"
SHADOW_READING = (
    "Computed by the person who is named, not by the author of the submission, on clips from a seed"
    " that was drawn for it. Means with 95 % intervals over clips. A claim counts as better if at"
    " most 2.5 % of the ways to divide all these clips into two such groups give it so much"
    " advantage (permutation test): of honest claims, at most one in forty."
)
SHADOW_HEADER = (
    "explainer",
    "metric",
    "claimed",
    "on new clips",
    "outcome",
    "other metrics",
    "computed",
)


@dataclass(frozen=True, slots=True)
class ShadowLine:
    """One submission beside its shadow, as texts in the order of `SHADOW_HEADER`."""

    cells: tuple[str, ...]
    repeat: str  # the end of the command that renders the same clips


def shadow_lines(
    group: Sequence[Submitted], shadows: Mapping[str, Shadow], registry: Registry
) -> list[ShadowLine]:
    """Describe the shadows of a board's submissions, if there are any."""
    found = []
    for one in sorted(group, key=lambda each: each.record.name):
        shadow = shadows.get(one.record.sha256)
        if shadow is not None:
            comparison = compare(one.record, shadow, registry)
            repeat = f"--shadow {shadow.clips} --shadow-seed {shadow.seed}"
            found.append(ShadowLine(_cells(one.record.name, comparison), repeat))
    return found


def _cells(name: str, comparison: Comparison) -> tuple[str, ...]:
    shadow = comparison.shadow
    clips = counted(shadow.clips, "clip")
    computed = (
        f"{shadow.environment.created[:10]} by {shadow.verifier}, {clips}, seed {shadow.seed}"
    )
    if not comparison.metrics:
        return (name, "–", "–", "–", UNKNOWN, "", computed)
    first, *others = comparison.metrics
    outcome = first.outcome if first.outcome == BETTER else comparison.exposed or first.outcome
    return (name, *metric_cells(first)[:3], outcome, _others(others), computed)


def _others(metrics: Sequence[ComparedMetric]) -> str:
    """Summarize the metrics that do not rank, and name those that are not compatible."""
    named: dict[str, list[str]] = {}
    for one in metrics:
        named.setdefault(one.outcome, []).append(one.facts.name)
    parts = [
        f"{len(names)} {outcome}"
        if outcome in (COMPATIBLE, UNKNOWN)
        else f"{outcome}: {', '.join(names)}"
        for outcome, names in named.items()
    ]
    return "; ".join(parts)


def metric_cells(metric: ComparedMetric) -> tuple[str, str, str, str]:
    """Write a metric, what is claimed, the value on new clips, and whether they are compatible."""
    name = f"{metric.facts.name} {metric.facts.arrow}"
    return name, interval_text(metric.claimed), interval_text(metric.shadow), metric.outcome


def interval_text(interval: Interval) -> str:
    """Write a mean with its interval, as in a board."""
    return cell_text(Cell(interval.mean, interval.low, interval.high, 1))


def shadow_section(lines: Sequence[ShadowLine]) -> str:
    """Write the section of a Markdown page; empty without shadows."""
    from tabulate import tabulate

    if not lines:
        return ""
    rows = [
        [markdown(cell) if at not in (2, 3) else cell for at, cell in enumerate(line.cells)]
        for line in lines
    ]
    table = tabulate(rows, SHADOW_HEADER, tablefmt="github", disable_numparse=True)
    repeat = f"To repeat the first: `awb verify SUBMISSION {lines[0].repeat}`"
    return f"### {SHADOW_TITLE}\n\n{table}\n\n{SHADOW_READING} {repeat}.\n\n"
