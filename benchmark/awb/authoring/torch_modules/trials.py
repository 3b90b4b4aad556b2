"""Trying a stranger's network: what would it rather be given, and has it gradients?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

_SECONDS = (0.5, 2.0, 3.0, 4.0, 5.0, 10.0)

_LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "(batch, samples)": lambda waveforms: waveforms,
    "(batch, 1, samples)": lambda waveforms: waveforms[:, None],
    "(batch, samples, 1)": lambda waveforms: waveforms[:, :, None],
    "(batch, 1, 1, samples)": lambda waveforms: waveforms[:, None, None],
    "(samples,)": lambda waveforms: waveforms[0],
}


def has_gradients(back_end: nn.Module, features: Tensor) -> bool:
    """Say whether gradients of the scores reach the features.

    Parameters
    ----------
    back_end : torch.nn.Module
        Features to scores.
    features : torch.Tensor, shape=(batch, frames, bins)
        What it is tried with.

    Returns
    -------
    bool
        False where it computes without autograd, as quantized layers do.
    """
    with torch.enable_grad():
        given = features.detach().clone().requires_grad_()
        try:
            scores = back_end(given * 1.0)  # so that an in-place layer may change it
            if not scores.requires_grad:
                return False
            [gradient] = torch.autograd.grad(scores.sum(), [given], allow_unused=True)
        except RuntimeError:  # whatever it is, the explainers say it on each instance
            return True
    return gradient is not None


def misfit(module: nn.Module, waveforms: Tensor, sample_rate_hz: int, *, channel: bool) -> str:
    """Find out what a network takes that fails on what it is given.

    Parameters
    ----------
    module : torch.nn.Module
        The network.
    waveforms : torch.Tensor, shape=(batch, samples)
        Where it computes.
    sample_rate_hz : int
        Their rate.
    channel : bool
        Whether it was given a channel axis.

    Returns
    -------
    str
        What to type.
    """
    given = "(batch, 1, samples)" if channel else "(batch, samples)"
    for layout, arrange in _LAYOUTS.items():
        if layout != given and _takes(module, arrange(waveforms)):
            if layout == "(batch, samples)":
                return f"it takes {layout}: type channel=False"
            if layout == "(batch, 1, samples)":
                return f"it takes {layout}: type channel=True"
            return f"it takes {layout}: wrap it in a module that makes that of {given}"
    n_samples = waveforms.shape[1]
    for seconds in _SECONDS:
        wanted = round(seconds * sample_rate_hz)
        longer = waveforms.repeat(1, -(-wanted // n_samples))[:, :wanted]
        if _takes(module, longer[:, None] if channel else longer):
            return (
                f"it takes {seconds:g} s: type awb.windowed_model(..., window_s={seconds:g}) for a"
                " network of windows of one length"
            )
    other = "False" if channel else "True"
    return f"it was given {given} in float32; does it want channel={other}?"


def _takes(module: nn.Module, waveforms: Tensor) -> bool:
    try:
        found: Any = module(waveforms)
    except Exception:  # noqa: BLE001 - the plugin boundary: another failure is an answer, too
        return False
    return not isinstance(found, Tensor) or (
        found.ndim > 1 and bool(torch.is_floating_point(found))
    )
