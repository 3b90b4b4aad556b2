"""What kind of operator an operation is, by its ATen name, and its gradient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from awb.errors import NotApplicableError
from awb_plugins.explainers.graph.tape import Operation


def names(text: str) -> frozenset[str]:
    """Return the words of a text as a set: names of operators."""
    return frozenset(text.split())


REARRANGING = names(
    "view _unsafe_view reshape transpose t permute unsqueeze squeeze expand slice select split"
    " split_with_sizes unsafe_split unsafe_chunk unbind narrow chunk cat stack clone contiguous"
    " flip roll repeat unfold constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d"
    " replication_pad1d replication_pad2d replication_pad3d index index_select gather copy"
    " as_strided diagonal _to_copy to alias detach lift_fresh masked_fill masked_select view_as"
    " movedim swapaxes expand_copy squeeze_copy select_scatter slice_scatter index_put where"
    " pixel_shuffle pixel_unshuffle channel_shuffle native_channel_shuffle tril triu"
    " view_copy _reshape_alias im2col fill zero"
)
"""Operators that hand elements on, put them elsewhere, or leave constants in their place."""

LINEAR = names(
    "convolution _convolution cudnn_convolution mkldnn_convolution conv_transpose1d addmm mm bmm"
    " mv addmv addbmm baddbmm matmul linear dot vdot einsum _trilinear"
    " mul div sum mean cumsum neg rsub sub add addcmul avg_pool1d avg_pool2d avg_pool3d"
    " adaptive_avg_pool1d _adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_avg_pool2d"
    " upsample_nearest1d upsample_nearest2d upsample_linear1d upsample_bilinear2d"
    " upsample_bicubic2d _upsample_bilinear2d_aa native_batch_norm"
    " _native_batch_norm_legit_no_training cudnn_batch_norm col2im lerp trace"
)
"""Operators that are linear in each tensor with constants for the others: sums and products."""

ELEMENTWISE = names(
    "relu relu6 hardtanh leaky_relu elu celu selu gelu silu mish sigmoid log_sigmoid_forward tanh"
    " softplus softshrink hardshrink tanhshrink hardsigmoid hardswish threshold clamp clamp_min"
    " clamp_max exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal abs square pow sin cos"
    " erf sign floor round ceil logit atan asinh _prelu_kernel prelu rrelu_with_noise sinh cosh"
    " softsign special_expit nan_to_num trunc"
)
"""Functions of one number."""

MAXIMA = names(
    "max_pool2d_with_indices max_pool3d_with_indices adaptive_max_pool2d adaptive_max_pool3d max"
    " amax min amin"
)
"""Operators each of whose outputs is one of its inputs, the largest or the smallest of some."""

NORMS = names(
    "native_layer_norm native_group_norm native_batch_norm _native_batch_norm_legit"
    " _fused_rms_norm rms_norm"
)
"""Operators that subtract means and divide by deviations."""


def gradients(
    operation: Operation,
    inputs: Mapping[int, Tensor],
    outward: Sequence[Tensor | None],
    wanted: Iterable[int] | None = None,
) -> dict[int, Tensor]:
    """Hand gradients at the outputs of an operation back to its inputs.

    Parameters
    ----------
    operation : Operation
        The operation.
    inputs : mapping of int to torch.Tensor
        Where its derivative is taken.
    outward : sequence of (torch.Tensor or None)
        Gradient at each output.
    wanted : iterable of int, or None
        Numbers of the inputs, all floating and complex ones unless told.

    Returns
    -------
    dict of int to torch.Tensor
        Gradient at each of those inputs; one that does not matter has none.

    Raises
    ------
    NotApplicableError
        If torch has no derivative for the operator.
    """
    numbers = dict.fromkeys(operation.inputs if wanted is None else wanted)
    with torch.enable_grad():
        given = {number: inputs[number].detach() for number in operation.inputs}
        held = {n: given[n].requires_grad_() for n in numbers if _has_gradient(given[n])}
        try:
            outputs = operation.call(given)
            pairs = [
                (output, gradient)
                for output, gradient in zip(outputs, outward, strict=True)
                if gradient is not None and output.requires_grad
            ]
            if not pairs or not held:
                return {}
            found = torch.autograd.grad(
                [output for output, _ in pairs],
                list(held.values()),
                [gradient for _, gradient in pairs],
                allow_unused=True,
            )
        except (RuntimeError, NotImplementedError) as error:
            raise NotApplicableError(f"{operation.name} has no derivative here") from error
    return {n: gradient for n, gradient in zip(held, found, strict=True) if gradient is not None}


def _has_gradient(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def is_complex(operation: Operation, values: Mapping[int, Tensor]) -> bool:
    """Say whether an operation takes or gives complex numbers, as spectra are.

    Parameters
    ----------
    operation : Operation
        The operation.
    values : mapping of int to torch.Tensor
        Its tensors, by number.

    Returns
    -------
    bool
        Whether one of them is complex.
    """
    return any(values[n].is_complex() for n in (*operation.inputs, *operation.outputs))


def is_training_norm(operation: Operation) -> bool:
    """Say whether a batch normalization takes its statistics from what it is given."""
    if operation.name == "native_batch_norm":
        return bool(operation.arguments[5])
    return operation.name.startswith("_native_batch_norm_legit") and "no_training" not in (
        operation.name
    )
