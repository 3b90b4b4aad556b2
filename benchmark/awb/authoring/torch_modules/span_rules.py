"""What each operation does to spans: the smallest number of all that a result depends on.

Only what is listed here is followed; a result of any other operation depends on everything that it
is given. See `awb.authoring.torch_modules.spans` for what the numbers are.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx
from torch.nn import functional

from awb.authoring.torch_modules.graphs import name_of

_SAME = frozenset(
    ("clone", "alias", "detach", "_to_copy", "contiguous", "lift_fresh", "lift_fresh_copy",
     "conj", "_conj", "_conj_physical", "resolve_conj", "resolve_neg", "real", "dropout")
)  # fmt: skip
_RESHAPED = frozenset(("view", "_unsafe_view", "reshape", "_reshape_alias", "flatten", "unflatten"))
_MOVED = frozenset(
    ("permute", "transpose", "transpose_", "t", "t_", "squeeze", "squeeze_", "unsqueeze",
     "unsqueeze_", "expand", "slice", "select", "unfold", "cat", "stack", "flip", "roll", "repeat",
     "index", "index_select", "split", "split_with_sizes", "unsafe_split", "chunk", "unbind",
     "unsafe_chunk", "narrow", "reflection_pad1d", "reflection_pad2d", "replication_pad1d",
     "replication_pad2d", "slice_scatter", "select_scatter", "movedim", "swapaxes")
)  # fmt: skip
_REDUCED = frozenset(
    ("sum", "mean", "amax", "amin", "max", "min", "logsumexp", "std", "var", "std_mean",
     "var_mean", "prod", "any", "all", "linalg_vector_norm", "norm", "argmax", "argmin", "median")
)  # fmt: skip
_ALONG = frozenset(("softmax", "_softmax", "log_softmax", "_log_softmax", "cumsum", "cumprod"))
_POINTWISE = frozenset(
    ("hardswish", "hardswish_", "_prelu_kernel", "complex", "polar", "rsub", "special_i0", "copy",
     "copy_", "log_sigmoid_forward")
)  # fmt: skip
_PRODUCTS = frozenset(("mm", "bmm", "addmm", "baddbmm", "mv", "addmv"))
_POOLED = frozenset(
    ("max_pool2d_with_indices", "max_pool3d_with_indices", "max_pool1d_with_indices", "max_pool1d",
     "max_pool2d", "avg_pool1d", "avg_pool2d", "avg_pool3d")
)  # fmt: skip
CONSTANT = frozenset(
    ("zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full",
     "new_empty", "new_empty_strided")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """An operation on one half: spans stand where values that depend on the waveform stood."""

    function: Any
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    values: tuple[Any, ...]  # the arguments as they were
    found: Any

    def argument(self, name: str, default: Any = None) -> Any:
        """Return an argument by its name in the operation's schema."""
        for place, one in enumerate(self.function._schema.arguments):
            if one.name == name:
                given = self.args[place] if place < len(self.args) else one.default_value
                return self.kwargs.get(name, given)
        return default


def mapped(part: Any, function: Callable[[Tensor], Any]) -> Any:
    """Replace the tensors in nested lists, tuples and dicts."""
    if isinstance(part, Tensor):
        return function(part)
    if isinstance(part, list | tuple):
        return type(part)([mapped(one, function) for one in part])
    if isinstance(part, dict):
        return {key: mapped(one, function) for key, one in part.items()}
    return part


def followed(step: Step) -> Any:
    """Find one half of the spans of an operation's results."""
    rule = _rule(step)
    try:
        found = rule(step)
    except (RuntimeError, TypeError, IndexError, ValueError):  # whatever it is, it may hear all
        found = _everything(step)
    expected = step.found if isinstance(step.found, list | tuple) else [step.found]
    several = found if isinstance(found, list | tuple) else [found]
    for half, value in zip(several, expected, strict=True):
        if isinstance(value, Tensor) and half.shape != value.shape:
            return _everything(step)
    return found


def _rule(step: Step) -> Callable[[Step], Any]:
    name = step.name.removesuffix("_copy")
    if name in _SAME:
        return lambda step: step.args[0]
    if name in _RESHAPED:
        return lambda step: step.args[0].reshape(step.found.shape)
    if name in _MOVED:
        return lambda step: step.function(*mapped(step.args, Tensor.detach), **step.kwargs)
    if name in _REDUCED:
        return _reduced
    if name in _ALONG:
        return _along
    if name in _PRODUCTS:
        return _product
    if name in _POOLED:
        return _pooled
    special = _SPECIAL.get(name)
    if special is not None:
        return special
    if torch.Tag.pointwise in step.function.tags or name in _POINTWISE:
        return _pointwise
    if step.function._schema.is_mutable and step.name.endswith("_"):
        twin = getattr(torch.ops.aten, step.name[:-1], None)
        overload = getattr(twin, step.function._overloadname, None)
        if overload is not None and torch.Tag.pointwise in overload.tags:
            return _pointwise
    return _everything


def _leaves(part: Any) -> list[Tensor]:
    """List the spans among arguments; indices are whole numbers and no spans."""
    if isinstance(part, Tensor):
        return [part] if part.dtype == torch.float64 else []
    if isinstance(part, dict):
        part = part.values()
    return [one for inner in part for one in _leaves(inner)] if _is_several(part) else []


def _is_several(part: Any) -> bool:
    return not isinstance(part, str) and hasattr(part, "__iter__")


def _smallest(step: Step) -> Tensor:
    spans = _leaves((step.args, step.kwargs))
    return torch.stack([one.min() for one in spans if one.numel()]).min()


def _everything(step: Step) -> Any:
    """Every result depends on everything that is given."""
    least = _smallest(step)

    def filled(value: Any) -> Any:
        return least.expand(value.shape) if isinstance(value, Tensor) else value

    if isinstance(step.found, list | tuple):
        return [filled(one) for one in step.found]
    return filled(step.found)


def _pointwise(step: Step) -> Any:
    first = step.found[0] if isinstance(step.found, list | tuple) else step.found
    shape = first.shape
    spans = [one.expand(shape) for one in _leaves((step.args, step.kwargs))]
    return _to_each(step, torch.stack(spans).amin(0) if len(spans) > 1 else spans[0].clone())


def _gated(step: Step) -> Any:
    return torch.stack(step.args[0].chunk(2, step.argument("dim", -1))).amin(0)


def _to_each(step: Step, half: Tensor) -> Any:
    """Give all results of an operation the same span."""
    several = isinstance(step.found, list | tuple)
    return [half for _ in step.found] if several else half


def _reduced(step: Step) -> Any:
    dims, keep = step.argument("dim"), bool(step.argument("keepdim", False))
    span = step.args[0]
    if dims is None or dims == []:
        dims = list(range(span.ndim))
    return _to_each(step, span.amin(dims, keepdim=keep))


def _along(step: Step) -> Any:
    return step.args[0].amin(step.argument("dim"), keepdim=True).expand(step.args[0].shape)


def _product(step: Step) -> Any:
    *added, one, other = [span for span in step.args if isinstance(span, Tensor)]
    if other.ndim == 1:
        found = torch.minimum(one.amin(-1), other.min())
    else:
        rows, columns = one.amin(-1, keepdim=True), other.amin(-2, keepdim=True)
        found = torch.minimum(rows, columns)
    for span in added:
        found = torch.minimum(found, span.expand(found.shape))
    return found


def _several(given: Any, n: int, default: int) -> list[int]:
    if given is None or given == []:
        return [default] * n
    if isinstance(given, int):
        return [given] * n
    return [*given] * n if len(given) == 1 else [*given]


def _windows(
    span: Tensor, shape: Any, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> Any:
    """Take the smallest number in each window over the last axes."""
    n = len(kernel)
    for axis in range(-n, 0):
        size = dilation[axis] * (kernel[axis] - 1) + 1
        before = padding[axis]
        wanted = (shape[axis] - 1) * stride[axis] + size
        after = max(0, wanted - before - span.shape[axis])
        pads = [0, 0] * (-axis - 1) + [before, after]
        padded = functional.pad(span, pads, value=math.inf)
        framed = padded.unfold(axis if axis >= 0 else padded.ndim + axis, size, stride[axis])
        span = framed[..., :: dilation[axis]].amin(-1).narrow(axis, 0, shape[axis])
    return span


def _pooled(step: Step) -> Any:
    first = step.found[0] if isinstance(step.found, list | tuple) else step.found
    given = step.argument("kernel_size")
    n = 1 if step.name.endswith("1d") or "1d_" in step.name else 3 if "3d" in step.name else 2
    kernel = _several(given, n, 1)
    stride = _several(step.argument("stride"), n, 0) if step.argument("stride") else kernel
    padding = _several(step.argument("padding"), n, 0)
    dilation = _several(step.argument("dilation"), n, 1)
    return _to_each(step, _windows(step.args[0], first.shape, kernel, stride, padding, dilation))


def _convolution(step: Step) -> Any:
    span, weight = step.args[0], step.values[1]
    if step.argument("transposed") or _depends(step.args[1]):
        return _everything(step)
    n, groups = weight.ndim - 2, step.argument("groups")
    names = ("stride", "padding", "dilation")
    sizes = [_several(step.argument(name), n, 1) for name in names]
    grouped = span.reshape(span.shape[0], groups, -1, *span.shape[2:]).amin(2)
    found = _windows(grouped, step.found.shape, [*weight.shape[2:]], *sizes)
    return found.repeat_interleave(step.found.shape[1] // groups, dim=1)


def _depends(half: Any) -> bool:
    return isinstance(half, Tensor) and bool(half.isfinite().any())


def _batch_norm(step: Step) -> Any:
    if step.argument("training", False) or any(map(_depends, step.args[1:5])):
        return _everything(step)
    free = [torch.full(one.shape, math.inf, dtype=torch.float64) for one in step.found[1:]]
    return [step.args[0], *free]


def _layer_norm(step: Step) -> Any:
    n = len(step.argument("normalized_shape"))
    narrow = step.args[0].amin(list(range(-n, 0)), keepdim=True)
    return [narrow.expand(step.args[0].shape), narrow, narrow]


def _group_norm(step: Step) -> Any:
    span = step.args[0]
    least = span.flatten(1).amin(1)
    whole = least.reshape(-1, *[1] * (span.ndim - 1)).expand(span.shape)
    return [whole, *(least[:, None].expand(one.shape) for one in step.found[1:])]


def _padded(step: Step) -> Any:
    return functional.pad(step.args[0], step.args[1], value=math.inf)


def _strided(step: Step) -> Any:
    value, span = step.values[0], step.args[0]
    laid_out = torch.full((value.untyped_storage().nbytes() // value.element_size(),), math.inf)
    laid_out = laid_out.double().as_strided(value.shape, value.stride(), value.storage_offset())
    laid_out.copy_(span)
    return step.function(laid_out, *step.args[1:], **step.kwargs)


def _fourier(step: Step) -> Any:
    dims = step.argument("dim")
    return step.args[0].amin(dims, keepdim=True).expand(step.found.shape)


def _adaptive(step: Step) -> Any:
    """Pool adaptively: exact windows are not worth the trouble, so that all hear everything."""
    n = len(step.argument("output_size"))
    first = step.found[0] if isinstance(step.found, list | tuple) else step.found
    whole = step.args[0].amin(list(range(-n, 0)), keepdim=True)
    return _to_each(step, whole.expand(first.shape))


_SPECIAL: dict[str, Callable[[Step], Any]] = {
    "convolution": _convolution,
    "_convolution": _convolution,
    "native_batch_norm": _batch_norm,
    "_native_batch_norm_legit_no_training": _batch_norm,
    "native_layer_norm": _layer_norm,
    "native_group_norm": _group_norm,
    "glu": _gated,
    "constant_pad_nd": _padded,
    "as_strided": _strided,
    "_fft_r2c": _fourier,
    "_fft_c2c": _fourier,
    "_fft_c2r": _fourier,
    "view_as_real": lambda step: step.args[0].unsqueeze(-1).expand(step.found.shape),
    "view_as_complex": lambda step: step.args[0].amin(-1),
    "_adaptive_avg_pool2d": _adaptive,
    "_adaptive_avg_pool3d": _adaptive,
    "adaptive_max_pool2d": _adaptive,
}

_POINT = 20.0
"""What a value costs that is read and written once, in multiplications."""


def cost_of(node: fx.Node, args: Any, found: Any) -> float:
    """Estimate what an operation costs, in multiplications and additions."""
    if node.op != "call_function" or node.target is operator.getitem:
        return 0.0
    name = name_of(node).removesuffix("_copy")
    first = found[0] if isinstance(found, list | tuple) and found else found
    if not isinstance(first, Tensor) or name in _RESHAPED or name in _MOVED or name in _SAME:
        return 0.0
    size = float(first.numel())
    tensors = [one for one in args if isinstance(one, Tensor)]
    if name.endswith("convolution"):
        return 2.0 * size * int(args[1][0].numel())
    if name in _PRODUCTS:
        return 2.0 * size * int(tensors[-2].shape[-1])
    if _SPECIAL.get(name) is _fourier:
        return 5.0 * size * math.log2(max(2, first.shape[-1]))
    weights = sum(one.numel() for one in tensors[1:] if one.ndim == 2)  # of a recurrent layer
    return _POINT * size + 2.0 * weights * size / max(1, first.shape[-1])
