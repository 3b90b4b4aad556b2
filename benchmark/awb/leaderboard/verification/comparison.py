"""Compare an instance that was computed again with what a submission states.

On the machine that computed the submission every digit counts. Elsewhere, small differences pass,
and larger ones that another processor may cause are concluded from by nobody: UNCHECKED.
"""

from __future__ import annotations

import numpy as np

from awb.errors import SubmissionError
from awb.harness.unit.record import ExplainerResult, Unit, at_budget
from awb.intervals import FloatArray
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.schema import Submission
from awb.leaderboard.verification.checks import UncheckedError
from awb.leaderboard.verification.reach import Reach
from awb.leaderboard.verification.tolerance import same

ELSEWHERE = 0.02
"""The tolerance on other platforms: for scores, times their size if that is above 1; for relevance,
as a fraction of its largest value."""

AMPLIFIED = 0.25
"""Up to this difference on another platform nothing is concluded: searches, forests and orders of
nearly equal values amplify the last digits, in which processors differ."""


def compare(
    submitted: Submitted, place: int, unit: Unit, found: ExplainerResult, tolerance: float
) -> None:
    """Compare status, calls, relevance and every score; the tolerance is 0 on the same machine."""
    record = submitted.record
    row = record.instances[place]
    where = f"{row.clip_id} ({row.target})"
    more = abs(found.cost.calls - row.calls) - tolerance * row.calls
    if found.status != row.status or more > 0:
        raise SubmissionError(
            f"{where}: {found.status} after {found.cost.calls} calls, not {row.status} after"
            f" {row.calls}. {found.reason}"
        )
    published = submitted.relevance[place]
    if published is None or found.relevance is None:
        return
    difference = _difference(published, found.relevance, record.relevance.dtype)
    if difference > tolerance:
        told = f"{where}: the relevance differs by {difference:.2g} of its largest value"
        raise _differing(record, told, difference, tolerance)
    claims = {label: record.scores[label][place] for label in found.scores}
    wrong = [
        label
        for label, (value, _) in found.scores.items()
        if not same(claims[label], value, tolerance)
    ]
    if wrong and tolerance:
        reach = Reach(
            unit, published, found.relevance, difference=difference, samples=_samples(record)
        )
        wrong = [one for one in wrong if not reach.contains(one, claims[one], tolerance)]
    if wrong:
        offs = [_off(claims[one], found.scores[one][0]) for one in wrong]
        off = max(offs)
        label = next(one for one, far in zip(wrong, offs, strict=True) if far >= off * (1 - 1e-9))
        value = found.scores[label][0]
        told = f"{where}: {label} is {value:.6g} here, not {claims[label]} as claimed"
        raise _differing(record, told, off, tolerance)


def _off(claim: float | None, value: float) -> float:
    """Return how far a claim is off, as `same` measures it; infinite if only one is undefined."""
    if claim is None or np.isnan(value):
        return float("inf")
    return abs(claim - value) / max(1.0, abs(value))


def _differing(record: Submission, told: str, off: float, tolerance: float) -> SubmissionError:
    """Make the error of a difference beyond the tolerance; elsewhere, a small one shows nothing."""
    if not tolerance or off > AMPLIFIED:
        return SubmissionError(told)
    there = record.environment
    return UncheckedError(
        f"{told}. It was computed on"
        f" {there.hardware.get('processor', 'another processor')}"
        f" ({there.platform}), and some explainers amplify the last digits, in which processors"
        " differ. Repeat the spot check on such a machine"
    )


def _samples(record: Submission) -> int | None:
    """Return the masks that the explainer of a row may use; None without budgets."""
    budgets = sorted(record.settings.budgets or ())
    own = [one for one in budgets if record.name == at_budget(record.explainer.label, one)]
    return own[0] if own else budgets[-1] if budgets else None


def _difference(published: FloatArray, found: FloatArray, dtype: str) -> float:
    """Return the largest difference, as a fraction of the largest relevance."""
    if published.size != found.size:
        return float("inf")
    rounded = found.astype(dtype).astype(np.float64)
    largest = max(float(np.abs(rounded).max()), float(np.abs(published).max()))
    return 0.0 if largest == 0 else float(np.abs(rounded - published).max()) / largest
