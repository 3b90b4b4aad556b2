"""Where a network attends: the weights of its self-attention among the operations of one run.

What is looked for is a softmax over rows whose result, moved about at most, is multiplied with
other activations, and which has as many rows as columns: a row for each token that attends, a
column for each that is attended to. So it does not matter who wrote the attention.
"""

from __future__ import annotations

from torch import Tensor

from awb.errors import NotApplicableError
from awb_plugins.explainers.graph.operators import REARRANGING, names
from awb_plugins.explainers.graph.tape import Operation, Tape, Value

_SOFTMAX = names("_softmax _safe_softmax")
_PRODUCTS = names("bmm matmul mm")


def attention_weights(tape: Tape) -> list[int]:
    """List the weights of self-attention.

    Parameters
    ----------
    tape : Tape
        Run on one clip.

    Returns
    -------
    list of int
        Their numbers on the tape, first layer first; each ``(..., tokens, tokens)``.

    Raises
    ------
    NotApplicableError
        If there are none, or not all are of the same tokens.
    """
    readers = tape.readers()
    found = [
        operation.outputs[0]
        for operation in tape.operations
        if operation.name in _SOFTMAX
        and _is_square(operation, tape.values[operation.outputs[0]])
        and _weighs(operation.outputs[0], readers)
    ]
    if not found:
        raise NotApplicableError("the network has no self-attention")
    sizes = {tape.values[number].shape[-1] for number in found}
    if len(sizes) > 1:
        raise NotApplicableError(
            f"its layers attend to {' and '.join(map(str, sorted(sizes)))} tokens: no rule leads"
            " from one to the other"
        )
    return found


def first_of_frames(tape: Tape, n_tokens: int, n_frames: int) -> int | None:
    """Say which token is the first frame, where each frame is a token and others were put beside.

    Parameters
    ----------
    tape : Tape
        Run on one clip.
    n_tokens, n_frames : int
        How many there are.

    Returns
    -------
    int or None
        0 where there are no others; None where that is not how the tokens came about.
    """
    if n_tokens == n_frames:
        return 0
    for operation in tape.operations:
        if operation.name != "cat":
            continue
        parts, *axis = operation.arguments
        sizes = [_tensor(part, tape).shape[axis[0] if axis else 0] for part in parts]
        frames = [place for place, part in enumerate(parts) if isinstance(part, Value)]
        if sum(sizes) == n_tokens and len(frames) == 1 and sizes[frames[0]] == n_frames:
            return int(sum(sizes[: frames[0]]))
    return None


def _tensor(part: Value | Tensor, tape: Tape) -> Tensor:
    return tape.values[part.index] if isinstance(part, Value) else part


def heads_of(weights: Tensor) -> Tensor:
    """Lay weights of attention out as ``(heads, tokens, tokens)``."""
    return weights.reshape(-1, *weights.shape[-2:])


def _is_square(operation: Operation, weights: Tensor) -> bool:
    rows = operation.arguments[1] in (-1, weights.ndim - 1)
    return rows and weights.ndim >= 2 and weights.shape[-1] == weights.shape[-2] > 1


def _weighs(number: int, readers: dict[int, list[Operation]]) -> bool:
    """Say whether a tensor is multiplied with other activations, as matrices."""
    for operation in readers.get(number, []):
        if operation.name in _PRODUCTS and len({*operation.inputs}) > 1:
            return True
        if operation.name in REARRANGING and _weighs(operation.outputs[0], readers):
            return True
    return False
