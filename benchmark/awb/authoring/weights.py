"""What a network is made of, and hashes of its weights, whatever their types and layouts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import torch
import torch.fx
from torch import Tensor, nn

_EVERY_MODULE = frozenset((*vars(nn.Module()), "_compiled_call_impl"))


def weights_sha256(module: nn.Module) -> str:
    """Hash all parameters and buffers by name, so that file format and sharding do not matter.

    Parameters
    ----------
    module : torch.nn.Module
        The network.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256()
    _update_all(digest, module)
    return digest.hexdigest()


def facts_of(thing: object) -> Iterator[object] | None:
    """Return all that a thing of torch is made of; None for what is not torch's.

    Parameters
    ----------
    thing : object
        A network, a tensor, or anything else.

    Returns
    -------
    iterator of object, or None
        Bytes, and values to be hashed in their turn: types, attributes, code.
    """
    if isinstance(thing, nn.Module):
        return _module_facts(thing)
    if isinstance(thing, Tensor):
        return iter((f"tensor {thing.dtype} {tuple(thing.shape)}".encode(), tensor_bytes(thing)))
    if isinstance(thing, torch.ScriptObject):
        try:
            return iter((b"script object", thing.__getstate__()))
        except RuntimeError:  # it does not say what it holds
            return None
    if isinstance(thing, torch.dtype | torch.device | torch.Size | torch.layout):
        return iter((repr(thing).encode(),))
    return None


def _module_facts(module: nn.Module) -> Iterator[object]:
    """Yield the classes, code and attributes of a network's parts, and the weights."""
    for name, part in module.named_modules():
        yield name
        if isinstance(part, torch.jit.ScriptModule):
            yield from _scripted_facts(part)
        else:
            yield type(part)
            yield _plain_attributes(part)
        yield [
            list(vars(part)[hooks].values())
            for hooks in ("_forward_hooks", "_forward_pre_hooks")
            if vars(part).get(hooks)
        ]
    yield weights_sha256(module).encode()


def _plain_attributes(part: nn.Module) -> dict[str, object]:
    """Return what a module holds besides weights, parts, hooks and its mode."""
    if "_orig_mod" in part._modules:  # torch.compile made it
        return {}
    held: dict[str, object] = {
        key: value for key, value in vars(part).items() if key not in _EVERY_MODULE
    }
    if isinstance(part, torch.fx.GraphModule):  # its code is that of its class
        held = {key: value for key, value in held.items() if isinstance(value, Tensor)}
    fleeting = part._non_persistent_buffers_set
    return held | {key: value for key, value in part._buffers.items() if key in fleeting}


def _scripted_facts(part: torch.jit.ScriptModule) -> Iterator[object]:
    """Yield the code of a scripted or traced module, its constants and attributes."""
    yield str(getattr(part, "original_name", ""))
    if hasattr(part, "code_with_constants"):
        code, constants = part.code_with_constants
        yield code
        yield dict(constants.const_mapping)
    listed = str(part._c.dump_to_str(False, True, False)).partition("\n  methods {")[0]
    for key in re.findall(r"^    (\w+) = ", listed, re.MULTILINE):
        if key not in _EVERY_MODULE and key not in part._modules:
            yield key
            yield part._c.getattr(key)


def _update_all(digest: Any, module: nn.Module) -> None:
    for key, value in sorted(module.state_dict().items()):
        _update(digest, key, value)


def _update(digest: Any, key: str, value: Any) -> None:
    """Hash whatever a state holds: tensors, and what quantized layers pack."""
    if isinstance(value, Tensor):
        digest.update(f"{key} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(tensor_bytes(value))
    elif isinstance(value, dict):
        for inner in sorted(value):
            _update(digest, f"{key}.{inner}", value[inner])
    elif isinstance(value, tuple | list):
        for place, one in enumerate(value):
            _update(digest, f"{key}.{place}", one)
    elif isinstance(value, torch.ScriptObject):
        _update(digest, key, value.__getstate__())
    else:
        digest.update(f"{key} {value!r}".encode())


def tensor_bytes(tensor: Tensor) -> bytes:
    """Return a tensor's values row by row; quantized and sparse ones as what they stand for."""
    held = tensor.detach().cpu()
    if held.is_quantized:
        held = held.dequantize()
    if held.layout != torch.strided:
        held = held.to_dense()
    held = held.resolve_conj().resolve_neg().contiguous()
    return held.reshape(-1).view(torch.uint8).numpy().tobytes()
