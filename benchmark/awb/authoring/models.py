"""Models of this session: functions under ``@awb.model``, and objects given to `awb.run`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, TypeVar

from pydantic import Field

from awb.authoring.callables import CallableModel, check_threshold, kebab
from awb.authoring.fingerprints import fingerprint
from awb.authoring.outputs import Output
from awb.authoring.scaffold import check_name
from awb.errors import ParameterError, PluginError
from awb.plugins.references import parse_list
from awb.plugins.session import add_spec
from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters

Function = TypeVar("Function", bound=Callable[..., Any])
Model = str | AudioModel | Callable[..., Any]
Models = Model | Sequence[Model]
_SPEC = "awb_model_spec"


class Computing(Parameters):
    """Settings of models that are made in this session."""

    precision: Literal["float32", "bfloat16", "float16"] | None = Field(
        None, description="What a torch module computes in; float32 if left out."
    )


def model(
    name: str,
    *,
    sample_rate_hz: int | None = None,
    classes: Sequence[str] | None = None,
    output: Output | None = None,
    summary: str = "",
    citation: str = "",
    decision_threshold: float | None = None,
) -> Callable[[Function], Function]:
    """Make a model of a function, known at once in this notebook, script or plugin file.

    Parameters
    ----------
    name : str
        Kebab-case name, for ``awb.run(models=...)``.
    sample_rate_hz, classes, output : optional
        As in `callable_model`, for a function of waveforms. Without them the function takes
        nothing and returns a model: it is called where the model is needed.
    summary, citation : str
        One line, and where the model comes from.
    decision_threshold : float, optional
        Log-odds from which it is taken to say yes; left out, what the model itself says, else 0.

    Returns
    -------
    callable
        A decorator of functions, which it returns as they are.

    Raises
    ------
    ParameterError
        If the name is not kebab-case, or only one of rate and classes is given.
    PluginError
        If an installed model has the name, or the function takes other arguments.
    """
    check_name(name)
    threshold = check_threshold(decision_threshold or 0.0)
    if (sample_rate_hz is None) != (classes is None):
        raise ParameterError(
            f"model {name}: a function of waveforms needs sample_rate_hz= and classes="
        )

    def decorate(function: Function) -> Function:
        scores = sample_rate_hz is not None
        _check_arguments(function, 1 if scores else 0)
        make: Callable[[Parameters], Any]
        if sample_rate_hz is not None and classes is not None:
            settings = {"sample_rate_hz": sample_rate_hz, "classes": tuple(classes)}
            settings |= {"output": output, "name": name, "decision_threshold": threshold}
            make = partial(_make_callable, function, settings)
        else:
            make = partial(_call, function, decision_threshold)
        first = (inspect.getdoc(function) or "").partition("\n")[0].strip()
        spec = ModelSpec(
            name=name,
            summary=summary or first or f"The function {kebab(function)}.",
            citation=citation,
            factory=make,
            parameters=Computing,
            decision_threshold=threshold,
        )
        add_spec("model", spec, fingerprint(function))
        setattr(function, _SPEC, spec)
        return function

    return decorate


def _make_callable(
    function: Callable[..., Any],
    settings: dict[str, Any],
    parameters: Parameters,  # noqa: ARG001
) -> AudioModel:
    return CallableModel(function, **settings)


def _call(function: Callable[[], Any], threshold: float | None, parameters: Computing) -> Any:
    """Call a function that makes a model, and add what was said about the model beside it."""
    made = _give(function(), parameters)
    if threshold is not None and isinstance(made, AudioModel):
        made.decision_threshold = threshold  # type: ignore[attr-defined]
    return made


def _give(given: Any, parameters: Computing) -> Any:
    """Be the factory of a model that exists already."""
    compute = getattr(given, "in_precision", None)
    return (
        given if parameters.precision is None or compute is None else compute(parameters.precision)
    )


def _check_arguments(function: Callable[..., Any], count: int) -> None:
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        wanted = (
            "take one argument, the waveforms"
            if count
            else "take none and return a model; for a function of waveforms give sample_rate_hz="
            " and classes="
        )
        raise PluginError(f"{kebab(function)}{inspect.signature(function)} must {wanted}") from None


def model_name(given: Model) -> str:
    """Return the reference of a model; one that is given as an object is registered first.

    Parameters
    ----------
    given : str, AudioModel or function under ``@awb.model``
        A reference is returned as it is.

    Returns
    -------
    str
        For a run's configuration.

    Raises
    ------
    PluginError
        If it is no model, or an installed model has its name.
    """
    if isinstance(given, str):
        return given
    reference = getattr(given, "reference", None)
    if isinstance(reference, str):
        return reference
    marked = getattr(given, _SPEC, None)
    if isinstance(marked, ModelSpec):
        add_spec("model", marked, fingerprint(given))
        return marked.name
    if not isinstance(given, AudioModel):
        raise PluginError(
            f"{kebab(given)} is no model: give a reference, a model, or what awb.torch_model,"
            " awb.transformers_model or awb.callable_model makes of it"
        )
    name = str(getattr(given, "name", "") or kebab(given))
    spec = ModelSpec(
        name=name,
        summary=f"The model {name}, given in Python.",
        citation=str(getattr(given, "citation", "")),
        factory=partial(_give, given),
        parameters=Computing,
        decision_threshold=float(getattr(given, "decision_threshold", 0.0)),
    )
    add_spec("model", spec, _version(given))
    return name


def model_names(given: Models | None) -> list[str] | None:
    """Turn the models of a run into references.

    Parameters
    ----------
    given : str, model, or a list of them, or None
        As in `awb.run`.

    Returns
    -------
    list of str or None
        References; None for None.

    Raises
    ------
    ParameterError
        If two different objects have one name.
    PluginError
        As `model_name`.
    """
    if given is None:
        return None
    if isinstance(given, str):
        return [str(reference) for reference in parse_list(given)]
    several: Sequence[Any] = given if isinstance(given, Sequence) else [given]
    names: dict[str, Any] = {}
    for one in several:
        name = model_name(one)
        if names.setdefault(name, one) is not one and not isinstance(one, str):
            raise ParameterError(f"two models are called {name}; give one another name=")
    return list(names)


def _version(given: AudioModel) -> str:
    """Hash what a given model is: its own word for it, or its class and attributes."""
    own = getattr(given, "version", None)
    if callable(own):
        return str(own())
    return fingerprint(given)
