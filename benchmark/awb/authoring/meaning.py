"""What a classifier's numbers mean: as it is said, as its last operation shows, or not at all.

Nothing is guessed silently. What contradicts the last operation is refused; where neither the
operation nor the numbers tell, the user must say; and where a documented default is taken, the
board says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from awb.authoring.outputs import CLOSE, Output, rows_sum_to_one
from awb.errors import ParameterError
from awb.protocols import ScoreArray

Kind = Literal["logits", "log-odds", "probabilities", "log-probabilities"]

CHOICES = (
    "output='logits' (as before a sigmoid), 'softmax-logits' (as before a softmax),"
    " 'probabilities' or 'log-probabilities'"
)


@dataclass(frozen=True, slots=True)
class Last:
    """The last operation of a network that says something about its numbers.

    Attributes
    ----------
    kind : str or None
        ``log-odds`` where it is certain that they go into a sigmoid, ``logits`` where they may go
        into a softmax as well; None where the operation does not tell.
    operation : str
        What to call it; empty where nothing is known.
    exclusive : bool
        Whether all numbers of one softmax are there, or their logarithms.
    of_probabilities : bool
        Whether a linear operation was given probabilities: weights that sum to 1 leave them such.
    """

    kind: Kind | None = None
    operation: str = ""
    exclusive: bool = False
    of_probabilities: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a classifier's numbers are taken for, and what a reader of its board must know of it."""

    output: Output
    note: str = ""


def meaning_of(
    given: Output | None, last: Last, probe: ScoreArray, name: str, default: Output
) -> Meaning:
    """Settle what a classifier's numbers mean.

    Parameters
    ----------
    given : str or None
        What they are said to be.
    last : Last
        What the last operation shows.
    probe : np.ndarray, shape=(batch, classes)
        What the classifier gives for noise and for silence.
    name : str
        Name of the model, for messages.
    default : str
        What is documented for those that say nothing: ``logits`` or ``probabilities``.

    Returns
    -------
    Meaning
        The kind, and a note where it is the default.

    Raises
    ------
    ParameterError
        If what is said cannot be, or nothing is said and it cannot be found.
    """
    if given is None:
        output, note = _found(last, probe, name, default)
    else:
        _refuse_contradiction(given, last, probe, name)
        output, note = given, ""
    if output == "log-probabilities" and last.exclusive and _are_of_one_softmax(probe):
        output = "softmax-logits"  # the same log-odds, and exact where p is nearly 1
    return Meaning(output, note)


def _are_of_one_softmax(logs: ScoreArray) -> bool:
    return logs.shape[1] > 1 and rows_sum_to_one(np.exp(logs))


def _found(last: Last, probe: ScoreArray, name: str, default: Output) -> tuple[Output, str]:
    """Find the kind from the last operation, else from the numbers themselves."""
    inside = bool(probe.min() >= -CLOSE and probe.max() <= 1 + CLOSE)
    if last.kind == "log-odds":
        return "logits", ""
    if last.kind in ("probabilities", "log-probabilities"):
        return last.kind, ""
    single = probe.shape[1] == 1  # a single number may be 1 by chance
    if rows_sum_to_one(probe) and not (single and last.kind == "logits"):
        return "probabilities", ""
    if last.of_probabilities and inside:
        raise ParameterError(_unknown(last, probe, name))
    if last.kind is None and probe.max() <= 0 and rows_sum_to_one(np.exp(probe)):
        return "log-probabilities", ""
    if last.kind == "logits" and single:
        return "logits", ""
    if default == "probabilities" and last.kind is None and inside:
        return default, _note(default, "they lie in [0, 1]", "output='probabilities' confirms it")
    if default == "logits" and (last.kind == "logits" or (probe.max() > 0 and not inside)):
        why = f"it ends in {last.operation}" if last.operation else "they lie outside of [0, 1]"
        return default, _note(
            "logits of classes that may sound together (a sigmoid)",
            why,
            "for one class at a time type output='softmax-logits'; output='logits' confirms it",
        )
    raise ParameterError(_unknown(last, probe, name))


def _unknown(last: Last, probe: ScoreArray, name: str) -> str:
    """Say what is known, and what to type."""
    what = f"{last.operation} of probabilities" if last.of_probabilities else last.operation
    ends = f"it ends in {what}, and " if what else ""
    return (
        f"model {name}: awb cannot tell what its output means ({ends}a second of noise and one of"
        f" silence give {probe.min():.3g} to {probe.max():.3g}); type {CHOICES}"
    )


def _note(taken: str, why: str, advice: str) -> str:
    return f"The model's numbers were taken for {taken}, as {why} and nothing was said: {advice}"


def _refuse_contradiction(given: Output, last: Last, probe: ScoreArray, name: str) -> None:
    """Refuse what the last operation or the numbers rule out."""
    right: Output | None = None
    if last.kind == "probabilities" and given != "probabilities":
        right = "probabilities"
    elif last.kind == "log-probabilities" and given in ("logits", "probabilities"):
        right = "log-probabilities"
    elif last.kind == "log-odds" and given == "softmax-logits":
        right = "logits"
    if right is not None:
        raise ParameterError(
            f"model {name}: it ends in {last.operation}, so its output cannot be {given}; did you"
            f" mean output='{right}'?"
        )
    if given in ("logits", "softmax-logits") and rows_sum_to_one(probe):
        raise ParameterError(
            f"model {name}: its {given} lie in [0, 1] and sum to 1; did you mean"
            " output='probabilities'?"
        )
