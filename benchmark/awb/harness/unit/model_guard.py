"""Restoring a torch model after every plugin that has access to it.

Gradient explainers work on the model itself. If one changed weights or modes or left a hook behind,
it and all later explainers would be scored on a model that is not the board's.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from awb.activity import PluginCall

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_TENSORS = ("_parameters", "_buffers")


class ModelGuard:
    """Saves the state of a model's torch modules, and restores it after a plugin.

    A model without such modules needs no guard: plugins see only its scores. If `corrupters` is not
    empty, everything computed since is invalid: scores may be those of the changed model.
    """

    def __init__(self, model: object) -> None:
        # Plugins that changed the model, and what they changed.
        self.corrupters: list[tuple[PluginCall, str]] = []
        self._modules = [part for whole in _modules(model) for part in whole.modules()]
        self._own = {_home(type(module)) for module in self._modules}
        self._modes = [module.training for module in self._modules]
        self._hooks = [[dict(getattr(module, name)) for name in _HOOKS] for module in self._modules]
        self._tensors = [
            (module, kind, name, tensor, tensor.detach().clone())
            for module in self._modules
            for kind in _TENSORS
            for name, tensor in getattr(module, kind).items()
            if tensor is not None
        ]

    @contextmanager
    def watch(self, call: PluginCall) -> Iterator[None]:
        """Restore the model on exit, and record the plugin if it changed the model."""
        try:
            yield
        finally:
            changed = self._put_back()
            if changed:
                self.corrupters.append((call, f"it left the model with other {changed}"))

    def _put_back(self) -> str:
        """Undo changes, and describe them."""
        found = {
            "weights": self._put_tensors_back(),
            "hooks": self._put_hooks_back(),
            "modes of training": self._put_modes_back(),
        }
        return " and ".join(name for name, changed in found.items() if changed)

    def _put_tensors_back(self) -> bool:
        if not self._tensors:
            return False  # torch, which takes seconds to import, may not even be loaded
        import torch

        changed = False
        for module, kind, name, tensor, values in self._tensors:
            home = getattr(module, kind)
            if dict(home.items()).get(name) is not tensor:
                changed = True
                if isinstance(home, dict):
                    home[name] = tensor
                else:  # of a scripted module
                    setattr(module, name, tensor)
            if not _same(tensor, values):
                changed = True
                with torch.no_grad():
                    tensor.copy_(values)
        return changed

    def _put_hooks_back(self) -> bool:
        changed = False
        for module, before in zip(self._modules, self._hooks, strict=True):
            for name, kept in zip(_HOOKS, before, strict=True):
                hooks = getattr(module, name)
                # A model's own library may add hooks on the first call (transformers does).
                own = {key: hook for key, hook in hooks.items() if _home(hook) in self._own}
                if hooks != {**kept, **own}:
                    hooks.clear()
                    hooks.update({**kept, **own})
                    changed = True
        return changed

    def _put_modes_back(self) -> bool:
        changed = False
        for module, mode in zip(self._modules, self._modes, strict=True):
            changed |= module.training != mode
            module.training = mode
        return changed


def _same(one: Any, other: Any) -> bool:
    """Compare two tensors of one shape and type; NaN equals NaN."""
    if one.shape != other.shape:
        return False
    return bool(((one == other) | (one.isnan() & other.isnan())).all())


def _modules(model: object) -> list[Any]:
    """List the torch modules of a model; none if torch is not loaded."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return []
    held = [*getattr(model, "__dict__", {}).values()]
    held += [getattr(model, name, None) for name in ("front_end", "back_end")]
    found = [one for one in held if isinstance(one, torch.nn.Module)]
    return list({id(one): one for one in found}.values())


def _home(thing: Any) -> str:
    """Name the package that defines a class or a hook."""

    made = getattr(thing, "func", thing)
    return str(getattr(made, "__module__", type(made).__module__)).partition(".")[0]
