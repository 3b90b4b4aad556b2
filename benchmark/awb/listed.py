"""Modules that list plugins when they are called: ``awb.metrics()`` and ``awb.maskers()``.

Both names are those of modules of functions, which stay what they are.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class Listed(ModuleType):
    """A module of functions that lists the installed plugins of its kind when it is called."""

    def __call__(self) -> Any:
        """List them, as `awb.api.plugins` does."""
        return getattr(import_module("awb.api.plugins"), self.__name__.rpartition(".")[2])()


def can_be_called(module: str) -> None:
    """Let a module list plugins."""
    sys.modules[module].__class__ = Listed
