"""Hashes of a network's code and weights, whatever types and layouts the weights have."""

from __future__ import annotations

import hashlib
from typing import Any

import torch
from torch import Tensor, nn

from awb.authoring.functions import source_sha256


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


def module_sha256(module: nn.Module, *facts: object) -> str:
    """Hash a network's code and weights, and what else its scores depend on.

    Parameters
    ----------
    module : torch.nn.Module
        The network.
    *facts : object
        Settings.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256(f"{module!r} {facts!r}".encode())
    for kind in sorted({type(one) for one in module.modules()}, key=repr):
        digest.update(source_sha256(kind).encode())
    for part in module.modules():
        if isinstance(part, torch.jit.ScriptModule) and hasattr(part, "code_with_constants"):
            code, constants = part.code_with_constants
            digest.update(code.encode())
            _update(digest, "constants", dict(constants.const_mapping))
    _update_all(digest, module)
    return digest.hexdigest()


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
