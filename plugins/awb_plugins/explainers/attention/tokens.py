"""From the tokens of a transformer to the features that they stand for.

A token's relevance is spread evenly over the features that it was made from, and where tokens
overlap, as the patches of AST do, what they bring is added. So the map sums to the tokens, but for
those without audio: class tokens, and tokens of padding.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.errors import NotApplicableError, PluginError
from awb.intervals import FloatArray, IntArray
from awb.protocols import DifferentiableModel, TokenModel


def cells_of(
    model: DifferentiableModel, n_tokens: int, shape: tuple[int, int], first_frame: int | None
) -> IntArray:
    """Return the features that each token stands for.

    Parameters
    ----------
    model : DifferentiableModel
        Says it if it is an `awb.protocols.TokenModel`.
    n_tokens : int
        Tokens that attend to each other.
    shape : tuple of two int
        Frames and bins of the features.
    first_frame : int or None
        Token of the first frame, where tokens are frames and some others; None where they are not.

    Returns
    -------
    np.ndarray, shape=(tokens, 4)
        First frame, end frame, first bin, end bin.

    Raises
    ------
    NotApplicableError
        If nothing says where the tokens lie.
    PluginError
        If the model tells of another number of tokens.
    """
    n_frames, n_bins = shape
    if isinstance(model, TokenModel):
        cells = np.asarray(model.token_cells(n_frames, n_bins))
        if cells.shape != (n_tokens, 4):
            raise PluginError(
                f"token_cells gives an array of shape {cells.shape} for {n_tokens} tokens,"
                f" expected ({n_tokens}, 4)"
            )
        return cells
    if first_frame is None:
        raise NotApplicableError(
            f"nothing says where its {n_tokens} tokens lie in {n_frames} frames; a model says it"
            " by token_cells"
        )
    cells = np.zeros((n_tokens, 4), dtype=np.int64)
    frames = np.arange(n_frames)
    cells[first_frame : first_frame + n_frames, 0] = frames
    cells[first_frame : first_frame + n_frames, 1] = frames + 1
    cells[:, 3] = n_bins
    return cells


def spread(relevance: npt.ArrayLike, cells: IntArray, n_frames: int, n_bins: int) -> FloatArray:
    """Spread the relevance of tokens over the features.

    Parameters
    ----------
    relevance : array_like, shape=(tokens,)
        Relevance of each token.
    cells : np.ndarray, shape=(tokens, 4)
        As of `cells_of`; what lies beyond the features is cut off.
    n_frames, n_bins : int
        Shape of the features.

    Returns
    -------
    np.ndarray, shape=(n_frames, n_bins)
        The map. Tokens whose cell is empty are left out.

    Examples
    --------
    >>> spread([1.0, 6.0], np.array([[0, 2, 0, 1], [1, 4, 0, 1]]), 4, 1).ravel().tolist()
    [0.5, 2.5, 2.0, 2.0]
    """
    edges = np.clip(cells, 0, [n_frames, n_frames, n_bins, n_bins])
    sizes = (edges[:, 1] - edges[:, 0]) * (edges[:, 3] - edges[:, 2])
    inside = (edges[:, 1] > edges[:, 0]) & (edges[:, 3] > edges[:, 2])
    values = np.asarray(relevance, dtype=np.float64)[inside] / sizes[inside]
    steps = np.zeros((n_frames + 1, n_bins + 1))  # differences along both axes: two sums are it
    first, end, bottom, top = edges[inside].T
    corners = ((first, bottom, 1), (end, bottom, -1), (first, top, -1), (end, top, 1))
    for frames, bins, sign in corners:
        np.add.at(steps, (frames, bins), sign * values)
    found: FloatArray = steps.cumsum(axis=0).cumsum(axis=1)[:n_frames, :n_bins]
    return found
