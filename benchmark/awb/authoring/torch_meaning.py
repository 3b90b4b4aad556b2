"""The last operation of a torch module, from the operations that run.

Each tensor that comes out of an operation is marked with what its numbers are. What a softmax gives
are probabilities; a view or a mean over frames leaves them probabilities; what a linear layer makes
of them are logits. Marks follow the operations that really run, so it does not matter whether
a network is written in modules or in functions, traced or scripted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from awb.authoring.meaning import Last

_MARK = "_awb_last"

_ENDS: dict[str, Last] = {
    **dict.fromkeys(
        ("softmax", "_softmax"), Last("probabilities", "a softmax", exclusive=True)
    ),
    **dict.fromkeys(("sigmoid", "sigmoid_", "hardsigmoid"), Last("probabilities", "a sigmoid")),
    **dict.fromkeys(
        ("log_softmax", "_log_softmax"),
        Last("log-probabilities", "a log-softmax", exclusive=True),
    ),
    **dict.fromkeys(
        ("log_sigmoid", "log_sigmoid_forward"), Last("log-probabilities", "a log-sigmoid")
    ),
    **dict.fromkeys(("logit", "special_logit"), Last("log-odds", "a logit")),
    **dict.fromkeys(
        ("linear", "addmm", "mm", "bmm", "baddbmm", "matmul", "mv", "addmv", "linear_dynamic",
         "linear_dynamic_fp16", "linear_relu_dynamic", "quantized_linear_dynamic"),
        Last("logits", "a linear layer"),
    ),
    **dict.fromkeys(
        ("convolution", "_convolution", "conv1d", "conv2d", "mkldnn_convolution",
         "convolution_overrideable"),
        Last("logits", "a convolution"),
    ),
    **dict.fromkeys(
        ("native_batch_norm", "batch_norm", "_native_batch_norm_legit_no_training",
         "cudnn_batch_norm", "_batch_norm_no_update"),
        Last("logits", "a batch norm"),
    ),
}  # fmt: skip
_ENDS["linear_relu_dynamic"] = Last(None, "relu")

_KEEPS_ALL = frozenset(
    (
    "view", "_unsafe_view", "reshape", "_reshape_alias", "flatten", "unflatten", "squeeze",
    "squeeze_", "unsqueeze", "unsqueeze_", "t", "t_", "transpose", "transpose_", "permute",
    "clone", "_to_copy", "detach", "detach_", "alias", "contiguous", "lift_fresh", "dropout",
    "native_dropout",
    )
)  # fmt: skip
_KEEPS = _KEEPS_ALL | frozenset(
    (
    "select", "slice", "narrow", "expand", "index_select", "index", "gather", "cat", "stack",
    "mean", "max", "amax", "median", "clamp", "clamp_", "clamp_min", "clamp_max",
    "avg_pool1d", "avg_pool2d", "max_pool1d", "adaptive_avg_pool1d", "adaptive_avg_pool2d",
    "_adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d", "max_pool2d_with_indices",
    "split", "split_with_sizes", "chunk", "unbind", "topk", "sort",
    )
)  # fmt: skip
_SCALES = frozenset(("add", "add_", "sub", "sub_", "rsub", "mul", "mul_", "div", "div_", "neg"))


class LastOperations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Marks tensors with what their numbers are, while a network runs."""

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run an operation and mark what comes out."""
        found = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        last = _mark_of(name, _marks(args))
        for one in found if isinstance(found, tuple | list) else (found,):
            if isinstance(one, Tensor):
                setattr(one, _MARK, last)
        return found


def _marks(args: Sequence[Any]) -> list[Last]:
    """List the marks of the tensors that an operation is given; none for weights and inputs."""
    flat = [one for arg in args for one in (arg if isinstance(arg, tuple | list) else (arg,))]
    return [
        mark
        for mark in (getattr(one, _MARK, None) for one in flat if isinstance(one, Tensor))
        if mark is not None
    ]


def _mark_of(name: str, marks: list[Last]) -> Last:
    """Say what comes out of an operation."""
    last = _ENDS.get(name)
    if last is None:
        return _passed_on(name, marks)
    if last.kind == "logits" and any(mark.kind == "probabilities" for mark in marks):
        return replace(last, of_probabilities=True)
    return last


def _passed_on(name: str, marks: list[Last]) -> Last:
    """Say what an operation makes of marked tensors."""
    kinds = {mark.kind for mark in marks}
    if len(kinds) == 1 and marks[0].kind is not None:
        mark = replace(
            marks[0],
            exclusive=name in _KEEPS_ALL and marks[0].exclusive,
            of_probabilities=any(one.of_probabilities for one in marks),
        )
        averages = name in ("mean", "avg_pool1d", "avg_pool2d")
        if name in _KEEPS and not (averages and mark.kind == "log-probabilities"):
            return mark
        if name in _SCALES and mark.kind == "logits":
            return mark
        if name == "exp" and mark.kind == "log-probabilities":
            return Last("probabilities", f"the exponential of {mark.operation}")
        if name == "log" and mark.kind == "probabilities":
            logarithm = f"the logarithm of {mark.operation}"
            return Last("log-probabilities", logarithm, exclusive=marks[0].exclusive)
    return Last(None, name.strip("_"))


def last_operation(run: Callable[[], Any]) -> Last:
    """Find the last operation behind a tensor.

    Parameters
    ----------
    run : callable
        Computes the tensor; it is run once.

    Returns
    -------
    Last
        What its numbers are; nothing known where no operation of torch made them.
    """
    try:
        with torch.no_grad(), LastOperations():  # type: ignore[no-untyped-call]
            found = run()
    except Exception:  # noqa: BLE001 - the plugin boundary: not all libraries like to be watched
        return Last()
    mark = getattr(found, _MARK, None)
    return mark if isinstance(mark, Last) else Last()
