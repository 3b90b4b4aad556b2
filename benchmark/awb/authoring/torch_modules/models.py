"""Any torch module is a model: `torch_model`. Split in two, it can be looked into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from awb.authoring.callables import kebab
from awb.authoring.outputs import Output
from awb.authoring.torch_modules.parts import Pooling
from awb.authoring.torch_modules.split import SplitTorchModel
from awb.authoring.torch_modules.whole import TorchModel
from awb.errors import ParameterError

_NO_GRADIENTS = (
    "The model's back end gives no gradients (is it quantized, or does it leave torch?): explainers"
    " that need them are not applicable"
)


def torch_model(
    module: nn.Module | None = None,
    *,
    sample_rate_hz: int,
    classes: Sequence[str],
    output: Output | None = None,
    front_end: nn.Module | None = None,
    back_end: nn.Module | None = None,
    last_convolution: str | None = None,
    first_frame_s: float | None = None,
    channel: bool = False,
    batch_size: int = 32,
    pick: str | int | None = None,
    pooling: Pooling | None = None,
    decision_threshold: float = 0.0,
    name: str | None = None,
) -> TorchModel:
    """Make a model of any torch module.

    Parameters
    ----------
    module : torch.nn.Module, optional
        Waveforms ``(batch, samples)`` to ``(batch, classes)``; eager, traced, scripted, compiled or
        quantized. It is put into evaluation mode, stays on its device and computes in float32.
    sample_rate_hz : int
        Rate of the waveforms that it takes.
    classes : sequence of str
        Names, in the order of the columns.
    output : str, optional
        ``logits`` (as before a sigmoid), ``softmax-logits``, ``probabilities`` or
        ``log-probabilities``. Left out, it is found from the module's last operation. A linear
        layer does not tell: it is taken for logits, and the board says so.
    front_end, back_end : torch.nn.Module, optional
        Instead of `module`: waveforms to features ``(batch, frames, bins)``, and those to
        ``(batch, classes)``. Explainers can then look inside: gradients, CAMs, LRP.
    last_convolution : str, optional
        Its name in the back end; the last one that was registered if left out.
    first_frame_s : float, optional
        Centre of the first feature frame in seconds; half a hop if left out.
    channel : bool
        Whether the module, or the front end, wants ``(batch, 1, samples)``.
    batch_size : int
        Waveforms in a batch.
    pick : str or int, optional
        Which entry of a dict, tuple or dataclass has the scores; found if only one can be.
    pooling : str, optional
        ``mean`` or ``max``, for a module that gives values of frames
        ``(batch, frames, classes)``.
    decision_threshold : float
        Log-odds from which it is taken to say yes.
    name : str, optional
        Kebab-case name for boards; that of the module's class if left out.

    Returns
    -------
    TorchModel
        For ``awb.run(models=[...])`` and ``awb.explain(file, model=...)``.

    Raises
    ------
    ParameterError
        If a setting is wrong, the module fails on a second of noise, its scores are not
        reproducible, or nothing tells what they mean.
    PluginError
        If it gives something else than it is said to.
    """
    network = back_end if module is None else module
    settings: dict[str, Any] = {
        "sample_rate_hz": sample_rate_hz,
        "classes": classes,
        "output": output,
        "channel": channel,
        "batch_size": batch_size,
        "pick": pick,
        "pooling": pooling,
        "decision_threshold": decision_threshold,
        "name": name or kebab(getattr(network, "_orig_mod", network)),
    }
    if module is not None and front_end is None and back_end is None:
        return TorchModel(module, **settings)
    if module is not None or front_end is None or back_end is None:
        raise ParameterError("give either a module, or front_end= and back_end=")
    split = SplitTorchModel(
        front_end,
        back_end,
        last_convolution=last_convolution,
        first_frame_s=first_frame_s,
        **settings,
    )
    if split.differentiable():
        return split
    whole = TorchModel(split.module, **{**settings, "channel": False})
    whole.notes = (*whole.notes, _NO_GRADIENTS)
    return whole
