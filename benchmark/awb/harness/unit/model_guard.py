"""A torch model as it was, so that no plugin leaves it other than it found it.

Explainers of gradients work on the model itself. One that leaves other weights, another mode or a
hook behind would be scored on, and would pass on to the others, a model that is not the board's.
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
    """Remembers the torch modules of a model, and puts them back after a plugin.

    A model without such modules needs no guard: plugins never see more of it than its scores.

    Attributes
    ----------
    corrupters : list of (PluginCall, str)
        Plugins that left the model changed, and what they changed. What was computed since is not
        to be trusted: scores may be those of the changed model.
    """

    def __init__(self, model: object) -> None:
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
        """Put the model back when the context is left, and note who changed it."""
        try:
            yield
        finally:
            changed = self._put_back()
            if changed:
                self.corrupters.append((call, f"it left the model with other {changed}"))

    def _put_back(self) -> str:
        """Undo what was changed, and say what that was."""
        found = {
            "weights": self._put_tensors_back(),
            "hooks": self._put_hooks_back(),
            "modes of training": self._put_modes_back(),
        }
        return " and ".join(name for name, changed in found.items() if changed)

    def _put_tensors_back(self) -> bool:
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
                # A model's own library may hook into it when it is first asked (transformers does).
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
    """List the torch modules that a model holds; none where torch is not loaded."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return []
    held = [*getattr(model, "__dict__", {}).values()]
    held += [getattr(model, name, None) for name in ("front_end", "back_end")]
    found = [one for one in held if isinstance(one, torch.nn.Module)]
    return list({id(one): one for one in found}.values())


def _home(thing: Any) -> str:
    """Name the package that a class or a hook is written in."""
    made = getattr(thing, "func", thing)
    return str(getattr(made, "__module__", type(made).__module__)).partition(".")[0]
