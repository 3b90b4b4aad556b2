"""A function is enough: ``@awb.explainer("my-method")``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from awb.authoring.fingerprints import fingerprint
from awb.authoring.scaffold import check_name
from awb.errors import PluginError
from awb.plugins.discovery import ADDED
from awb.plugins.session import add_spec
from awb.specs import Explainer, ExplainerSpec, Parameters

Function = TypeVar("Function", bound=Callable[..., Any])

_MARK = "awb_spec"


def explainer(
    name: str,
    *,
    summary: str = "",
    citation: str = "",
    cost: str = "",
    needs: tuple[type, ...] = (),
    baseline: bool = False,
) -> Callable[[Function], Function]:
    """Make an explainer of a function, known at once in this notebook or script.

    Parameters
    ----------
    name : str
        Kebab-case name, for ``awb.run(explainers=...)``.
    summary : str
        One line; the first line of the function's docstring if left out.
    citation : str
        Where the method comes from.
    cost : str
        What it asks of the model, in words.
    needs : tuple of type
        Capability protocols that the model must satisfy, see `awb.protocols`.
    baseline : bool
        Whether boards show it for comparison only.

    Returns
    -------
    callable
        A decorator of functions ``(perturber, instance, rng) -> relevance``, which it returns as
        they are.

    Raises
    ------
    ParameterError
        If the name is not kebab-case.
    PluginError
        If an installed explainer has the name, or the function cannot be called like that.

    Notes
    -----
    For example:

        @awb.explainer("louder-is-better", citation="nobody")
        def louder(perturber, instance, rng):
            edges = perturber.segments.edges_samples[:-1]
            return np.add.reduceat(np.square(instance.clip.waveform), edges)
    """
    check_name(name)

    def decorate(function: Function) -> Function:
        _check_signature(function)
        first = (inspect.getdoc(function) or "").partition("\n")[0].strip()
        spec = ExplainerSpec(
            name=name,
            summary=summary or first or f"The function {_called(function)}.",
            citation=citation,
            cost=cost,
            needs=needs,
            baseline=baseline,
            factory=partial(_give, function),
        )
        add_spec("explainer", spec, fingerprint(function))
        setattr(function, _MARK, spec)
        return function

    return decorate


def name_of(function: Callable[..., Any]) -> str:
    """Return the name that a function is registered under; a plain one is registered first.

    Parameters
    ----------
    function : callable
        ``(perturber, instance, rng) -> relevance``, decorated or not.

    Returns
    -------
    str
        Its name: that of the decorator, or the function's own in kebab-case.

    Raises
    ------
    PluginError
        If it cannot be called like that, or has no name that would do.
    """
    given = getattr(function, _MARK, None)
    if isinstance(given, ExplainerSpec):
        if ("explainer", given.name) not in ADDED:
            add_spec("explainer", given, fingerprint(function))
        return given.name
    name = re.sub(r"[^a-z0-9]+", "-", _called(function).lower()).strip("-")
    if not re.match("[a-z]", name):
        raise PluginError("a function without a name needs @awb.explainer('my-method')")
    explainer(name)(function)
    return name


def _give(function: Explainer, parameters: Parameters) -> Explainer:  # noqa: ARG001
    """Be the factory of a function."""
    return function


def _called(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _check_signature(function: Callable[..., Any]) -> None:
    """Refuse what cannot take a perturber, an instance and a generator."""
    try:
        inspect.signature(function).bind(None, None, None)
    except TypeError:
        raise PluginError(
            f"{_called(function)}{inspect.signature(function)} must take three arguments:"
            " (perturber, instance, rng)"
        ) from None
