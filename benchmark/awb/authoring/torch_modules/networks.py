"""A stranger's network, made ready: in float32, in evaluation mode, hashed and picklable.

Whatever has to change is changed in a copy. Weights in other types are converted, for a network is
computed in float32 unless ``--precision`` says otherwise; weight norms and other parametrizations
are folded into the weights that they stand for; a compiled network is the one behind it.
"""

from __future__ import annotations

import copy
import copyreg
import io
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from awb.authoring.callables import kebab
from awb.errors import ParameterError, one_line

Computes = AbstractContextManager[Any]


def prepared(module: nn.Module, name: str) -> nn.Module:
    """Return a network in float32 and evaluation mode.

    Parameters
    ----------
    module : torch.nn.Module
        The network; it is put into evaluation mode, and left as it is in everything else.
    name : str
        Name of the model, for messages.

    Returns
    -------
    torch.nn.Module
        The same network, or a copy where its weights are not float32 or are parametrized.

    Raises
    ------
    ParameterError
        If it is not a module, or has to be copied and cannot be.
    """
    network = evaluating(uncompiled(module))
    others = sorted({str(one.dtype).removeprefix("torch.") for one in _other_floats(network)})
    if not others and not any(_norms(one) for one in network.modules()):
        return network
    try:
        return _converted(network)
    except (RuntimeError, TypeError, NotImplementedError) as error:
        reason = one_line(error)
        raise ParameterError(
            f"model {name}: cannot make a float32 copy of its {', '.join(others) or 'weights'}"
            f" ({reason}); give module.float()"
        ) from error


def evaluating(network: nn.Module) -> nn.Module:
    """Put a network into evaluation mode, all but the parts whose mode is fixed.

    What torch.export made has the mode in which it was exported and refuses another; whether its
    scores are random, or depend on the batch, is tried with every network.

    Parameters
    ----------
    network : torch.nn.Module
        The network, which is changed.

    Returns
    -------
    torch.nn.Module
        The network.
    """
    try:
        return network.eval()
    except NotImplementedError:
        network.training = False
        for part in network.children():
            evaluating(part)
    return network


def uncompiled(module: object) -> nn.Module:
    """Return a module, or the one behind what torch.compile made of it.

    Raises
    ------
    ParameterError
        If it is not a module.
    """
    if not isinstance(module, nn.Module):
        raise ParameterError(
            f"{kebab(module)} is not a torch.nn.Module; for a function use awb.callable_model"
        )
    network: nn.Module = getattr(module, "_orig_mod", module)
    return network


def _converted(network: nn.Module) -> nn.Module:
    """Copy a network with float32 weights, and without parametrizations."""
    for module in network.modules():
        for hook in _norms(module):
            if isinstance(hook, WeightNorm):  # its weight is a result, which cannot be copied
                setattr(module, hook.name, hook.compute_weight(module).detach())
    with torch.no_grad():
        twin = copy.deepcopy(network)
        for module in list(twin.modules()):
            _fold(module)
        twin = twin.float()
        for module in twin.modules():
            for key, value in vars(module).items():  # a window that is not a buffer
                if isinstance(value, Tensor) and _is_other_float(value):
                    setattr(module, key, value.float())
    return evaluating(twin)


def _fold(module: nn.Module) -> None:
    """Put what a parametrization computes in its place."""
    for hook in _norms(module):
        if isinstance(hook, WeightNorm):
            nn.utils.remove_weight_norm(module, hook.name)
        elif isinstance(hook, SpectralNorm):
            nn.utils.remove_spectral_norm(module, hook.name)
    if _is_parametrized(module):
        kind = type(module)  # shared with the network that was copied, which must keep its weight
        module.__class__ = type(kind.__name__, kind.__bases__, dict(vars(kind)))
        for key in list(module.parametrizations):  # type: ignore[arg-type]
            parametrize.remove_parametrizations(module, key)
        module._load_state_dict_pre_hooks.clear()  # of weight_norm, which cannot be pickled


def _norms(module: nn.Module) -> list[Any]:
    """List what recomputes a weight each time that it is used."""
    if isinstance(module, torch.jit.ScriptModule):
        return []
    hooks = [
        hook
        for hook in module._forward_pre_hooks.values()
        if isinstance(hook, WeightNorm | SpectralNorm)
    ]
    return hooks or [True] * _is_parametrized(module)


def _is_parametrized(module: nn.Module) -> bool:
    return isinstance(getattr(module, "parametrizations", None), nn.ModuleDict)


def _is_other_float(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.dtype != torch.float32


def _other_floats(network: nn.Module) -> Iterator[Tensor]:
    held = [*network.parameters(), *network.buffers()]
    return (one for one in held if _is_other_float(one))


def device_of(network: nn.Module, name: str) -> torch.device:
    """Return the device of a network's weights.

    Parameters
    ----------
    network : torch.nn.Module
        The network.
    name : str
        Name of the model, for messages.

    Returns
    -------
    torch.device
        The CPU for a network without weights.

    Raises
    ------
    ParameterError
        If they are on several, or on none.
    """
    held = [*network.parameters(), *network.buffers()]
    devices = sorted({str(one.device) for one in held})
    if len(devices) > 1:
        raise ParameterError(
            f"model {name}: its weights are on {' and '.join(devices)}; move it with .to(device)"
        )
    if devices == ["meta"]:
        raise ParameterError(f"model {name} has no weights yet (device meta); load them first")
    return held[0].device if held else torch.device("cpu")


def is_dynamically_quantized(network: nn.Module) -> bool:
    """Say whether a network recomputes the range of its activations for each batch."""
    dynamic = "torch.ao.nn.quantized.dynamic"
    return any(type(one).__module__.startswith(dynamic) for one in network.modules())


@contextmanager
def computing(device: torch.device, precision: str) -> Iterator[None]:
    """Compute without gradients and without compiling, in a precision.

    ``torch.inference_mode`` is not used: what a network keeps for later (a window, positions)
    could not be differentiated through any more.

    Parameters
    ----------
    device : torch.device
        Where the network is.
    precision : str
        ``float32``, or ``bfloat16`` or ``float16`` for torch's autocast.
    """
    mixed: Computes = nullcontext()
    if precision != "float32":
        mixed = torch.autocast(device.type, dtype=getattr(torch, precision))
    with torch.no_grad(), torch.compiler.set_stance("force_eager"), mixed:
        yield


def _reduced(scripted: torch.jit.ScriptModule) -> tuple[Any, tuple[bytes]]:
    """Pickle scripted and traced modules, which are sent to workers with their model."""
    content = io.BytesIO()
    torch.jit.save(scripted, content)
    return _loaded, (content.getvalue(),)


def _loaded(content: bytes) -> torch.jit.ScriptModule:
    scripted: torch.jit.ScriptModule = torch.jit.load(  # type: ignore[no-untyped-call]
        io.BytesIO(content)
    )
    return scripted


for _kind in (
    torch.jit._script.RecursiveScriptModule,
    torch.jit._trace.TopLevelTracedModule,
    torch.jit._trace.TracedModule,
):
    copyreg.pickle(_kind, _reduced)
