"""Forecasts of runs, as lines of text."""

from __future__ import annotations

from collections.abc import Sequence

from awb.harness.config.durations import about
from awb.harness.planning.forecast import Forecast
from awb.leaderboard.formats.text import counted

_DAY_S = 86_400


def forecast_lines(forecasts: Sequence[Forecast]) -> list[str]:
    """Say what each dataset and model takes, and all together."""
    lines = [line for one in forecasts for line in _lines(one)]
    if len(forecasts) > 1:
        total_s = sum(one.select_s + one.explain_s for one in forecasts)
        disk = size_text(sum(one.disk_bytes for one in forecasts))
        lines.append(f"All {len(forecasts)} together: {span_text(total_s)}, {disk}")
    return [*lines, "Nothing was kept. Without --dry-run, the same command starts the run."]


def _lines(one: Forecast) -> list[str]:
    """Describe one dataset and model."""
    looked = one.looked
    found = counted(len(looked.kept), "instance")
    whole = looked.clips == looked.most
    seen = "" if whole else f"; the first {looked.clips} have {found}"
    amount = f"{one.instances:,}" if whole else f"about {one.instances:,}"
    each = f"{one.instance_s:,.1f} s of one of {counted(one.costs.workers, 'worker')}"
    calls = f"{one.samples:,} drop masks, {one.calls:,.0f} model calls"
    select, explain = span_text(one.select_s), span_text(one.explain_s)
    again = f", {one.again} of them again" if one.again else ""
    return [
        f"{one.model} on {one.dataset}: {amount} instances{again} in {one.clips:,} clips{seen}",
        f"  selecting them: {select} ({looked.clip_s:.3f} s a clip)",
        f"  explaining them: {explain} (each {each}: {calls})",
        f"  run folder: {size_text(one.disk_bytes)}, {size_text(one.stored_bytes)} an instance",
    ]


def span_text(seconds: float) -> str:
    """Round a duration, with days where there are several.

    Examples
    --------
    >>> span_text(100), span_text(400_000)
    ('about 2 min', 'about 111 h (4.6 days)')
    """
    text = about(seconds)
    return f"{text} ({seconds / _DAY_S:.1f} days)" if seconds >= 2 * _DAY_S else text


def size_text(n_bytes: float) -> str:
    """Write a size in the unit that suits it.

    Examples
    --------
    >>> size_text(81_920), size_text(3.2e6), size_text(4.71e9)
    ('82 kB', '3.2 MB', '4.7 GB')
    """
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if n_bytes >= unit:
            return f"{n_bytes / unit:.1f} {name}"
    return f"{n_bytes / 1e3:.0f} kB"
