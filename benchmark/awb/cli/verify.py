"""``awb verify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from awb.leaderboard.verification.checks import Verdict


@click.command("verify")
@click.argument(
    "paths", metavar="SUBMISSION...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--spot-check",
    "spots",
    type=click.IntRange(0),
    default=0,
    metavar="K",
    help="Recompute K instances of each, with the plugins and data on this machine.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Random seed for choosing the instances.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def verify_command(
    context: click.Context, paths: tuple[Path, ...], spots: int, seed: int, as_json: bool
) -> None:
    """Verify submissions, or all of them in a folder: one line each, PASS or REFUSED and why.

    Exit code 0 if all pass, 1 if any is refused, 2 if there is nothing to verify.
    """
    from awb.cli.options import EXIT_WITH_PROBLEMS
    from awb.errors import SubmissionError
    from awb.leaderboard.submissions.files import Reader, find
    from awb.leaderboard.verification.checks import verify
    from awb.leaderboard.verification.spot_check import with_spot_check
    from awb.plugins.discovery import load

    registry, reader = load(), Reader()
    found = list(find(list(paths)))
    if not found:
        raise SubmissionError(f"no submission in {', '.join(map(str, paths))}")
    verdicts = []
    for path in found:
        verdict = verify(path, registry, reader)
        if spots and verdict.passed:
            verdict = with_spot_check(verdict, registry, spots, seed=seed)
        verdicts.append(verdict)
        if not as_json:
            click.echo(_line(verdict))
    if as_json:
        click.echo(json.dumps([_plain(verdict) for verdict in verdicts], indent=1))
    refused = sum(not verdict.passed for verdict in verdicts)
    click.echo(f"{len(verdicts) - refused} passed, {refused} refused", err=True)
    if refused:
        context.exit(EXIT_WITH_PROBLEMS)


def _line(verdict: Verdict) -> str:
    from awb.leaderboard.verification.checks import readable

    where = readable(str(verdict.path))
    if verdict.checked is None or verdict.submitted is None:
        return f"REFUSED {where}: {verdict.reason}"
    checked, record = verdict.checked, verdict.submitted.record
    done = sum(row.status == "ok" for row in record.instances)
    parts = [
        f"{done} of {len(record.instances)} instances",
        f"{len(checked.recomputed)} metrics recomputed",
        f"{len(checked.bounded)} not recomputed (they need the model)",
    ]
    if checked.unknown:
        parts.append(f"not installed: {readable(', '.join(checked.unknown))}")
    if verdict.spots:
        plural = "" if verdict.spots == 1 else "s"
        parts.append(f"{verdict.spots} instance{plural} recomputed")
    return f"PASS {where}: {', '.join(parts)}"


def _plain(verdict: Verdict) -> dict[str, Any]:
    checked = verdict.checked
    return {
        "path": str(verdict.path),
        "passed": verdict.passed,
        "reason": verdict.reason,
        "recomputed": list(checked.recomputed) if checked else [],
        "not_recomputed": list(checked.bounded) if checked else [],
        "not_installed": list(checked.unknown) if checked else [],
        "spot_checked": verdict.spots,
    }
