"""The operations that a network runs on a waveform of one length, recorded as a graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.utils._python_dispatch import TorchDispatchMode

Network = Callable[[Tensor], Tensor]

MOST_OPERATIONS = 1000
"""Recording takes milliseconds an operation, and a recurrent layer may run thousands."""


class UnsuitableError(Exception):
    """Why a network is not scored by moments."""


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts operations, and gives up early."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.n_operations = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        self.n_operations += 1
        if self.n_operations > MOST_OPERATIONS:
            raise UnsuitableError(f"it runs more than {MOST_OPERATIONS:,} operations")
        return func(*args, **(kwargs or {}))


def recorded(network: Network, waveforms: Tensor) -> fx.GraphModule:
    """Record a network as a graph of ATen operations for inputs of one shape.

    What the network does to its own intermediate values in place is rewritten; sizes are constants.

    Parameters
    ----------
    network : callable
        Waveforms to scores.
    waveforms : torch.Tensor, shape=(batch, samples)
        What to record it with.

    Returns
    -------
    torch.fx.GraphModule
        The same function of waveforms of this shape; weights are shared with the network.

    Raises
    ------
    UnsuitableError
        If it cannot be recorded: it decides by the values, leaves torch, or draws at random.
    """
    from torch.func import functionalize
    from torch.fx.experimental.proxy_tensor import make_fx

    try:
        with _Counter():
            network(waveforms.clone())
        graph = make_fx(functionalize(lambda given: network(given), remove="mutations"))(waveforms)
    except UnsuitableError:
        raise
    except Exception as error:  # the plugin boundary: a network may raise anything
        reason = " ".join(str(error).split())[:120]
        raise UnsuitableError(f"its operations cannot be recorded ({reason})") from error
    for node in graph.graph.nodes:
        tags = getattr(node.target, "tags", ())
        if torch.Tag.nondeterministic_seeded in tags:
            raise UnsuitableError(f"it draws at random ({name_of(node)})")
    _refuse_hidden_writes(graph)
    return graph


def _refuse_hidden_writes(graph: fx.GraphModule) -> None:
    """Refuse a value that is used under another name after it was written into."""
    place = {node: number for number, node in enumerate(graph.graph.nodes)}
    for node in place:
        if _effect(node) != "writes":
            continue
        source = node.args[0]
        while isinstance(source, fx.Node) and _effect(source) == "shows":
            source = source.args[0]
        left = [source]
        while left:
            one = left.pop()
            later = [user for user in one.users if user is not node]
            if any(place[user] > place[node] for user in later):
                raise UnsuitableError(f"it writes in place ({name_of(node)})")
            left += [user for user in later if _effect(user) in ("shows", "writes")]


def _effect(node: fx.Node) -> str:
    """Say whether an operation writes into its first argument, or shows it in another way."""
    schema = getattr(node.target, "_schema", None)
    if schema is None:
        return ""
    if schema.is_mutable:
        return "writes"
    return "shows" if any(one.alias_info is not None for one in schema.returns) else ""


def same_operations(one: fx.GraphModule, other: fx.GraphModule) -> bool:
    """Say whether two graphs run the same operations in the same order."""
    pairs = [
        [(node.op, str(node.target)) for node in each.graph.nodes if node.op != "get_attr"]
        for each in (one, other)
    ]
    return pairs[0] == pairs[1]


def name_of(node: fx.Node) -> str:
    """Name the operation of a node."""
    return str(node.target).removeprefix("aten.").partition(".")[0]


def ancestors(node: fx.Node) -> set[fx.Node]:
    """List a node and all nodes that it depends on."""
    found, left = set(), [node]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left.extend(one.all_input_nodes)
    return found


def output_of(graph: fx.GraphModule) -> fx.Node:
    """Return the node whose value a graph returns."""
    [output] = [node for node in graph.graph.nodes if node.op == "output"]
    [found] = output.args
    if not isinstance(found, fx.Node):
        raise UnsuitableError("it returns no single tensor")
    return found


def part(whole: fx.GraphModule, given: fx.Node, wanted: fx.Node) -> nn.Module:
    """Cut out what computes one node's value from another's.

    Parameters
    ----------
    whole : torch.fx.GraphModule
        The graph.
    given, wanted : torch.fx.Node
        Two of its nodes; every way from the input to `wanted` goes through `given`.

    Returns
    -------
    torch.nn.Module
        A function of the value of `given`.
    """
    needed = ancestors(wanted)
    graph, copies = fx.Graph(), {}
    copies[given] = graph.placeholder("given")
    order = list(whole.graph.nodes)
    for node in order:
        inputs_known = all(one in copies for one in node.all_input_nodes)
        if node in needed and node not in copies and node.op != "placeholder" and inputs_known:
            copies[node] = graph.node_copy(node, copies.__getitem__)
    graph.output(copies[wanted])
    graph.eliminate_dead_code()
    return fx.GraphModule(whole, graph)
