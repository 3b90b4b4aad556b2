"""What a stranger's classifier gives, checked and turned into log-odds."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError, PluginError, did_you_mean, one_line
from awb.protocols import ScoreArray

Output = Literal["logits", "softmax-logits", "probabilities", "log-probabilities"]
"""``logits``: log-odds of classes that do not exclude each other, as before a sigmoid;
``softmax-logits``: of classes that do, as before a softmax; ``probabilities``: in [0, 1];
``log-probabilities``: their natural logarithms."""

SURE = 1e-7
"""Probabilities are kept this far from 0 and 1: log-odds of at most 16.1 either way."""

CLOSE = 1e-4
"""How far sums and bounds of probabilities may be off."""


def check_output(output: str | None, n_classes: int) -> None:
    """Refuse a kind of output that does not exist, or cannot be; None where it is to be found."""
    if output is None:
        return
    if output not in get_args(Output):
        raise ParameterError(f"unknown output {output!r}.{did_you_mean(output, get_args(Output))}")
    if output == "softmax-logits" and n_classes < 2:
        raise ParameterError(
            "a softmax over one class is always certain; type output='logits' for a sigmoid"
        )


def as_array(found: Any, name: str) -> npt.NDArray[Any]:
    """Return what a model gives as an array; tensors of torch keep their type, but half ones."""
    if hasattr(found, "detach"):
        found = found.detach().cpu()
        found = (found.float() if found.is_floating_point() else found).numpy()
    try:
        return np.asarray(found)
    except (TypeError, ValueError) as error:  # rows of different lengths, a tensor on a device
        reason = one_line(error)
        raise PluginError(f"model {name} gives no array of numbers: {reason}") from error


def checked_output(
    found: Any, shape: tuple[int, int], output: Output | None, name: str
) -> ScoreArray:
    """Demand numbers of the right shape that can be what they are said to be."""
    array = as_array(found, name)
    if array.dtype.kind != "f":
        kind = output or "logits or probabilities"
        raise PluginError(f"model {name} gives {array.dtype}, expected floats: its {kind}")
    if array.shape != shape:
        raise PluginError(_wrong_shape(array.shape, shape, name))
    bad = int(np.isnan(array).any(axis=1).sum())
    if bad:
        raise PluginError(
            f"model {name} gives NaN for {bad} of {shape[0]} waveforms; is there a logarithm of 0,"
            " as of silence? Add a small number before it"
        )
    low, high = float(array.min()), float(array.max())
    if output == "probabilities" and (low < -CLOSE or high > 1 + CLOSE):
        raise PluginError(
            f"model {name} gives values from {low:.3g} to {high:.3g}, which are not probabilities;"
            " did you mean output='logits' or output='softmax-logits'?"
        )
    if output == "log-probabilities" and high > CLOSE:
        raise PluginError(
            f"model {name} gives values up to {high:.3g}, which are not log-probabilities;"
            " did you mean output='logits' or output='softmax-logits'?"
        )
    return array.astype(np.float32)


def _wrong_shape(given: tuple[int, ...], wanted: tuple[int, int], name: str) -> str:
    text = f"model {name} gives shape {given} for {wanted[0]} waveforms, expected {wanted}"
    if len(given) == 2 and given[0] == wanted[0]:
        return f"{text}: it has {given[1]} classes, and {wanted[1]} were named"
    if given == wanted[:1] and wanted[1] == 1:
        return f"{text}: a column for its only class"
    if given == wanted[1:]:
        return f"{text}: a row per waveform"
    return text


def rows_sum_to_one(probabilities: npt.NDArray[np.floating[Any]]) -> bool:
    """Say whether all are in [0, 1] and each row sums to 1, as after a softmax."""
    inside = probabilities.min() >= -CLOSE and probabilities.max() <= 1 + CLOSE
    return bool(inside and np.allclose(probabilities.sum(axis=1), 1.0, atol=CLOSE))


def to_log_odds(values: npt.NDArray[np.floating[Any]], output: Output) -> ScoreArray:
    """Turn what a classifier gives into log-odds.

    Examples
    --------
    >>> to_log_odds(np.array([[0.5, 0.0]]), "probabilities").round(1).tolist()
    [[0.0, -16.100000381469727]]
    >>> to_log_odds(np.array([[1.0, 3.0]]), "softmax-logits").tolist()
    [[-2.0, 2.0]]
    >>> to_log_odds(np.log([[0.5, 0.75]]), "log-probabilities").round(2).tolist()
    [[0.0, 1.100000023841858]]
    """
    if output == "logits":
        return values.astype(np.float32)
    given = values.astype(np.float64)
    if output == "probabilities":
        kept = np.clip(given, SURE, 1.0 - SURE)
        found = np.log(kept) - np.log1p(-kept)
    elif output == "log-probabilities":
        kept = np.minimum(given, np.log1p(-SURE))
        found = kept - np.log(-np.expm1(kept))
    else:
        found = _against_the_others(given)
    scores: ScoreArray = found.astype(np.float32)
    return scores


def _against_the_others(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Compute ``z_c - logsumexp(z_others)`` of all classes, without a table of pairs.

    The others' sum is what all sum to less the class itself; only the largest logit may lose
    everything in that difference, so its others are summed for themselves.
    """
    rows, largest = np.arange(len(logits)), logits.argmax(axis=1)
    rest = logits.copy()
    rest[rows, largest] = -np.inf
    beside = np.logaddexp.reduce(rest, axis=1)
    best = logits[rows, largest]
    everything = np.logaddexp(best, beside)[:, np.newaxis]
    share = np.minimum(np.exp(logits - everything), 0.5)  # all but the largest have at most a half
    found: npt.NDArray[np.float64] = logits - everything - np.log1p(-share)
    found[rows, largest] = best - beside
    return found


def to_target_log_odds(
    values: npt.NDArray[np.floating[Any]], class_index: int, output: Output
) -> ScoreArray:
    """Turn what a classifier gives into the log-odds of one class.

    Parameters
    ----------
    values : np.ndarray, shape=(batch, classes)
        Checked output.
    class_index : int
        Column of the class.
    output : str
        What it is.

    Returns
    -------
    np.ndarray, shape=(batch,), dtype=float32
        That column of `to_log_odds`.

    Examples
    --------
    >>> to_target_log_odds(np.array([[1.0, 3.0]]), 0, "softmax-logits").tolist()
    [-2.0]
    """
    if output != "softmax-logits":
        return to_log_odds(values[:, class_index : class_index + 1], output)[:, 0]
    given = values.astype(np.float64)
    others = np.logaddexp.reduce(np.delete(given, class_index, axis=1), axis=1)
    found: ScoreArray = (given[:, class_index] - others).astype(np.float32)
    return found
