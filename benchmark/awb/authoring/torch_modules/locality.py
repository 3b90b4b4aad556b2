"""Where does a network stop judging moments? The last place before it looks at the whole clip.

References
----------
Lengauer, T., & Tarjan, R. E. (1979). A fast algorithm for finding dominators in a flowgraph. ACM
TOPLAS 1(1). https://doi.org/10.1145/357062.357071 (In topological order, the dominators of the last
node are those that no edge passes by.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, fx

from awb.authoring.torch_modules.graphs import UnsuitableError, ancestors, name_of, output_of
from awb.authoring.torch_modules.spans import SpanInterpreter
from awb.intervals import IntArray

MOST_LEFT = 1 / 3
"""Part of the work that may follow the moments, since it is done for every mask."""

MOST_VALUES = 2**17
"""Values of a clip's moments, which are kept in up to 512 states: a quarter of a gigabyte."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A tensor inside a network that all of its scores are computed from, moment by moment.

    Attributes
    ----------
    place : int
        Its node in the graph, counted from the input.
    axis : int
        Its axis of moments; the first axis is the batch.
    first : np.ndarray, shape=(moments,)
        First sample that each moment hears.
    n_samples : int
        Most samples that one hears.
    """

    place: int
    axis: int
    first: IntArray
    n_samples: int


def find_cut(graph: fx.GraphModule, waveforms: Tensor, longest: int) -> Cut:
    """Find the last place where every value hears only a short stretch of the waveform.

    Parameters
    ----------
    graph : torch.fx.GraphModule
        The network, recorded for `waveforms`.
    waveforms : torch.Tensor, shape=(batch, samples)
        Any, two rows or more to see whether rows depend on each other.
    longest : int
        Samples that a moment may hear.

    Returns
    -------
    Cut
        Where to cut it.

    Raises
    ------
    UnsuitableError
        If there is no such place, or most of the network lies behind it.
    """
    spans = SpanInterpreter(graph)
    spans.run(waveforms)
    order = [node for node in graph.graph.nodes if spans.halves.get(node) is not None]
    wanted = ancestors(output_of(graph))
    order = [node for node in order if node in wanted]
    all_through = _bottlenecks(order)
    total, left = sum(spans.costs[node] for node in order), 0.0
    too_costly = False
    for node in reversed(order):
        cut = _cut_at(node, spans, waveforms, longest) if node in all_through else None
        if cut is not None:
            if left > MOST_LEFT * total:
                too_costly = True
                break
            return Cut(list(graph.graph.nodes).index(node), *cut)
        left += spans.costs[node]
    if too_costly:
        raise UnsuitableError(
            f"{left / total:.0%} of its work comes after its last layer that hears short stretches"
        )
    raise UnsuitableError(_reason(order, spans, waveforms, longest))


def _bottlenecks(order: list[fx.Node]) -> set[fx.Node]:
    """List the nodes that every way from the input to the last node goes through."""
    place = {node: number for number, node in enumerate(order)}
    found, farthest = set(), 0
    for number, node in enumerate(order):
        if farthest <= number:
            found.add(node)
        farthest = max([farthest, *(place[user] for user in node.users if user in place)])
    return found


def _cut_at(
    node: fx.Node, spans: SpanInterpreter, waveforms: Tensor, longest: int
) -> tuple[int, IntArray, int] | None:
    """Return axis, first samples and length of a node's moments, if they are short and few."""
    shape = spans.shapes.get(node, ())
    rows, size = waveforms.shape
    if len(shape) < 2 or shape[0] != rows or math.prod(shape[1:]) > MOST_VALUES:
        return None
    first, last = _ends(spans, node)
    offsets = torch.arange(rows, dtype=torch.float64).reshape(-1, *[1] * (len(shape) - 1)) * size
    heard = first.isfinite()
    if ((first < offsets) | (last >= offsets + size))[heard].any():
        return None  # a row of the batch hears another one
    return min(
        (
            found
            for axis in range(1, len(shape))
            if shape[axis] > 1 and (found := _moments(axis, first[0], last[0], longest))
        ),
        key=lambda found: found[2],
        default=None,
    )


def _ends(spans: SpanInterpreter, node: fx.Node) -> tuple[Tensor, Tensor]:
    halves = spans.halves[node]
    if halves is None:
        raise UnsuitableError("its scores do not depend on the waveform")
    return halves[0], -halves[1]


def _moments(
    axis: int, first: Tensor, last: Tensor, longest: int
) -> tuple[int, IntArray, int] | None:
    """Return what the moments along an axis hear, if it is short."""
    others = [other for other in range(first.ndim) if other != axis - 1]
    starts = first.amin(others) if others else first
    stops = last.amax(others) if others else last
    heard = starts.isfinite()
    if not heard.any():
        return None
    length = int((stops - starts)[heard].max()) + 1
    if length > longest:
        return None
    begins = torch.where(heard, starts, torch.zeros_like(starts))
    return axis, np.asarray(begins.numpy(), dtype=np.int64), length


def _reason(order: list[fx.Node], spans: SpanInterpreter, waveforms: Tensor, longest: int) -> str:
    """Name the first operation whose values hear too much."""
    rows, size = waveforms.shape
    for node in order:
        if node not in spans.shapes:
            continue
        first, last = _ends(spans, node)
        heard = first.isfinite()
        length = float((last - first)[heard].max()) + 1 if heard.any() else 0
        if length > size:
            return f"rows of a batch depend on each other ({name_of(node)})"
        if length > longest:
            much = "the whole clip" if length == size else f"{int(length):,} samples"
            return f"its {name_of(node)} hears {much}, before anything short can be cut out"
    return f"no single layer has all of its scores behind it ({rows} waveforms of {size:,} samples)"
