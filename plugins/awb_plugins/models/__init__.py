"""The built-in models, each with a card."""

from __future__ import annotations

from awb.hookspecs import hookimpl
from awb.specs import ModelSpec
from awb_plugins.models import ast, yamnet


@hookimpl
def awb_models() -> list[ModelSpec]:
    """Return the built-in models."""
    return [yamnet.SPEC, ast.SPEC]
