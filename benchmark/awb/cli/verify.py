"""``awb verify``."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from awb.leaderboard.verification.checks import Verdict
    from awb.leaderboard.verification.shadow_comparison import Comparison
    from awb.leaderboard.verification.shadow_run import ShadowPlan
    from awb.statistics import Interval


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
    metavar="N",
    help="Seed for choosing these instances, to repeat a spot check.  [default: drawn]",
)
@click.option(
    "--shadow",
    "clips",
    type=click.IntRange(2),
    metavar="N",
    help="Compute the explainer of each on N new clips, beside what is claimed.",
)
@click.option(
    "--shadow-seed",
    type=click.IntRange(0),
    metavar="N",
    help="Seed of the new clips, to repeat a shadow.  [default: drawn]",
)
@click.option(
    "--record",
    "verifier",
    metavar="NAME",
    help="Keep spot checks and shadows for the boards, as computed by NAME, from drawn seeds.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def verify_command(
    context: click.Context,
    paths: tuple[Path, ...],
    spots: int,
    seed: int | None,
    clips: int | None,
    shadow_seed: int | None,
    verifier: str | None,
    as_json: bool,
) -> None:
    """Verify submissions, or all of them in a folder, one line each.

    PASS: nothing is false. REFUSED: something is, and what. UNCHECKED: a spot check or a shadow was
    not possible here, and what is missing.

    Exit code 0 if all pass, 1 if any is refused or claims more than holds on new clips, 3 if none
    is but some are unchecked, 2 if there is nothing to verify.
    """
    from awb.cli.options import EXIT_UNCHECKED, EXIT_WITH_PROBLEMS
    from awb.cli.progress import passing_bar
    from awb.errors import SubmissionError
    from awb.harness.steps import steps
    from awb.harness.unit.score_cache import open_cache
    from awb.leaderboard.submissions.files import Reader, find
    from awb.leaderboard.verification.checks import REFUSED, UNCHECKED, verify
    from awb.leaderboard.verification.shadow_run import with_shadows
    from awb.leaderboard.verification.spot_check import draw_spot_seed, with_spot_check
    from awb.plugins.discovery import load

    _check_record(verifier, spots, seed, clips, shadow_seed)
    shadows = _shadows(clips, shadow_seed, verifier)
    drawn = draw_spot_seed() if seed is None else seed
    registry, reader = load(), Reader()
    found = list(find(list(paths)))
    if not found:
        raise SubmissionError(f"no submission in {', '.join(map(str, paths))}")
    verdicts = []
    with TemporaryDirectory() as folder, passing_bar("Verifying"):
        cache = open_cache(folder)
        for path in steps(found, "Verifying submissions"):
            verdict = verify(path, registry, reader)
            if spots and verdict.passed:
                verdict = with_spot_check(
                    verdict, registry, spots, seed=drawn, verifier=verifier, cache=cache
                )
            verdicts.append(verdict)
            if shadows is None and not as_json:
                click.echo(_line(verdict))
        if shadows is not None:
            verdicts, checked = [], verdicts
            for verdict in with_shadows(checked, registry, shadows):
                verdicts.append(verdict)
                if not as_json:
                    click.echo(_line(verdict))
    if as_json:
        click.echo(json.dumps([_plain(verdict) for verdict in verdicts], indent=1))
    click.echo(_summary(verdicts, drawn if spots else None, shadows), err=True)
    states = {verdict.state for verdict in verdicts}
    if REFUSED in states or _n_exposed(verdicts):
        context.exit(EXIT_WITH_PROBLEMS)
    if UNCHECKED in states:
        context.exit(EXIT_UNCHECKED)


def _summary(verdicts: Sequence[Verdict], seed: int | None, shadows: ShadowPlan | None) -> str:
    """Count the verdicts; the seed is that of spot checks."""
    from awb.leaderboard.verification.checks import PASS, REFUSED, UNCHECKED

    states = Counter(verdict.state for verdict in verdicts)
    text = f"{states[PASS]} passed, {states[REFUSED]} refused"
    if seed is not None or shadows is not None:
        text += f", {states[UNCHECKED]} unchecked"
    if seed is not None:
        text += f"; spot checks with --seed {seed}"
    if shadows is not None:
        without = sum(bool(verdict.no_shadow) for verdict in verdicts)
        text += f"; shadow seed {shadows.seed}: {_n_exposed(verdicts)} exposed,"
        text += f" {without} without a shadow"
    return text


def _n_exposed(verdicts: Sequence[Verdict]) -> int:
    return sum(bool(verdict.shadow and verdict.shadow.exposed) for verdict in verdicts)


def _check_record(
    verifier: str | None,
    spots: int,
    seed: int | None,
    clips: int | None,
    shadow_seed: int | None,
) -> None:
    """Check that --record has something to keep, from seeds that nobody chose."""
    from awb.errors import ParameterError

    if verifier is None:
        return
    if not spots and clips is None:
        raise ParameterError("--record requires --spot-check K or --shadow N")
    for name, given in (("--seed", seed), ("--shadow-seed", shadow_seed)):
        if given is not None:
            raise ParameterError(f"--record draws the seed itself; leave out {name}")


def _shadows(clips: int | None, seed: int | None, verifier: str | None) -> ShadowPlan | None:
    """Read the options for shadows."""
    from awb.errors import ParameterError
    from awb.harness.config.resources import Resources
    from awb.harness.config.shadows import draw_seed
    from awb.harness.unit.score_cache import chosen_cache
    from awb.leaderboard.verification.shadow_run import ShadowPlan

    if clips is not None:
        resources = Resources(cache=chosen_cache(None), isolate=True)
        return ShadowPlan(clips, draw_seed() if seed is None else seed, verifier, resources)
    if seed is not None:
        raise ParameterError("--shadow-seed requires --shadow N")
    return None


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
        plural = "" if len(verdict.spots) == 1 else "s"
        parts.append(f"{len(verdict.spots)} instance{plural} recomputed")
    text = f"{verdict.state} {where}: {', '.join(parts)}"
    if verdict.unchecked:
        text += f"\n  {verdict.unchecked}"
    if verdict.no_shadow:
        return f"{text}\n  no shadow: {verdict.no_shadow}"
    return text if verdict.shadow is None else f"{text}\n{_shadow_text(verdict.shadow)}"


def _shadow_text(comparison: Comparison) -> str:
    """Write what is claimed beside the scores on new clips."""
    from tabulate import tabulate

    from awb.leaderboard.formats.text import counted
    from awb.leaderboard.publishing.shadow_section import metric_cells
    from awb.leaderboard.verification.shadow_comparison import UNKNOWN

    shadow = comparison.shadow
    header = ["", "claimed", "on new clips", ""]
    table = tabulate(
        [metric_cells(one) for one in comparison.metrics],
        header,
        tablefmt="plain",
        disable_numparse=True,
    )
    n_clips = len({row.clip_id for row in shadow.instances})
    told = f"{counted(len(shadow.instances), 'instance')} from {counted(n_clips, 'clip')} of"
    told += f" {shadow.dataset}"
    if comparison.metrics and comparison.metrics[0].outcome == UNKNOWN:
        told += f"\nToo few clips to tell; type --shadow {2 * shadow.clips}"
    if comparison.exposed:
        told += f"\nEXPOSED: {comparison.exposed}"
    return "\n".join(f"  {line}".rstrip() for line in [*told.splitlines(), *table.splitlines()])


def _plain(verdict: Verdict) -> dict[str, Any]:
    checked = verdict.checked
    return {
        "path": str(verdict.path),
        "state": verdict.state,
        "passed": verdict.passed,
        "reason": verdict.reason,
        "recomputed": list(checked.recomputed) if checked else [],
        "not_recomputed": list(checked.bounded) if checked else [],
        "not_installed": list(checked.unknown) if checked else [],
        "spot_checked": [list(one) for one in verdict.spots],
        "seed": verdict.seed,
        **({"unchecked": verdict.unchecked} if verdict.unchecked else {}),
        **({"shadow": _plain_shadow(verdict.shadow)} if verdict.shadow else {}),
        **({"no_shadow": verdict.no_shadow} if verdict.no_shadow else {}),
    }


def _plain_shadow(comparison: Comparison) -> dict[str, Any]:
    shadow = comparison.shadow
    return {
        "dataset": shadow.dataset,
        "seed": shadow.seed,
        "instances": len(shadow.instances),
        "exposed": comparison.exposed,
        "metrics": {
            one.facts.name: {
                "claimed": _ends(one.claimed),
                "shadow": _ends(one.shadow),
                "p_better": None if math.isnan(one.p_better) else one.p_better,
                "outcome": one.outcome,
            }
            for one in comparison.metrics
        },
    }


def _ends(interval: Interval) -> list[float | None]:
    """Return mean, low and high; None where there is none."""
    ends = (interval.mean, interval.low, interval.high)
    return [None if math.isnan(end) else end for end in ends]
