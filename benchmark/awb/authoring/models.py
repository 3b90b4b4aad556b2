"""Any callable is a model: `callable_model`, ``@awb.model``, and models given to `awb.run`."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np

from awb.additions import add_spec
from awb.authoring.functions import source_sha256
from awb.authoring.outputs import (
    Output,
    check_output,
    checked_output,
    refuse_nonsense,
    to_log_odds,
)
from awb.authoring.scaffold import check_name
from awb.errors import ParameterError, PluginError
from awb.harness.references import parse_list
from awb.protocols import AudioModel, ScoreArray
from awb.specs import ModelSpec, Parameters
from awb.types import AudioArray

Function = TypeVar("Function", bound=Callable[..., Any])
Model = str | AudioModel | Callable[..., Any]
Models = Model | Sequence[Model]
_SPEC = "awb_model_spec"
_PROBE_S = 1.0


class CallableModel:
    """A model around a function of waveforms; made by `callable_model`.

    Attributes
    ----------
    name : str
        Its name on boards.
    sample_rate_hz : int
        Rate of the waveforms.
    classes : tuple of str
        Names in the order of the columns.
    """

    def __init__(
        self,
        function: Callable[[AudioArray], Any],
        *,
        sample_rate_hz: int,
        classes: Sequence[str],
        output: Output,
        name: str,
    ) -> None:
        self.sample_rate_hz = check_rate(sample_rate_hz)
        self.classes: Sequence[str] = check_classes(classes)
        check_output(output, len(self.classes))
        check_name(name)
        self.name = name
        self._function = function
        self._output: Output = output
        waveforms = probe_waveforms(self.sample_rate_hz)
        refuse_nonsense(self._raw(waveforms), output, name)

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score waveforms; see `awb.protocols.AudioModel`."""
        return to_log_odds(self._raw(waveforms), self._output)

    def version(self) -> str:
        """Return a hash of the function's source."""
        return source_sha256(self._function)

    def _raw(self, waveforms: AudioArray) -> ScoreArray:
        """Call the function with a copy, which it may change."""
        found = self._function(np.array(waveforms, dtype=np.float32))
        if hasattr(found, "detach"):  # a torch tensor
            found = found.detach().cpu().numpy()
        return checked_output(found, (len(waveforms), len(self.classes)), self._output, self.name)


def check_rate(sample_rate_hz: float) -> int:
    """Return a sample rate as a whole number, or refuse it."""
    if isinstance(sample_rate_hz, bool) or sample_rate_hz != int(sample_rate_hz):
        raise ParameterError(f"the sample rate must be a whole number of Hz: {sample_rate_hz}")
    if sample_rate_hz < 100:
        raise ParameterError(f"a sample rate of {sample_rate_hz} Hz (did you give it in kHz?)")
    return int(sample_rate_hz)


def check_classes(classes: Sequence[str]) -> tuple[str, ...]:
    """Return class names, or refuse them: some, all different, all texts."""
    names = () if isinstance(classes, str) else tuple(classes)
    if not names or not all(isinstance(one, str) and one.strip() for one in names):
        raise ParameterError("classes must be a list of names, one a column of the output")
    if len(set(names)) != len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise ParameterError(f"the class {twice!r} is named twice")
    return names


def probe_waveforms(sample_rate_hz: int) -> AudioArray:
    """Make a second of noise and one of silence, ``(2, samples)``, to try a model with."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, round(_PROBE_S * sample_rate_hz))
    return np.stack([noise, np.zeros_like(noise)]).astype(np.float32)


def callable_model(
    function: Callable[[AudioArray], Any],
    sample_rate_hz: int,
    classes: Sequence[str],
    *,
    output: Output = "probabilities",
    name: str | None = None,
) -> CallableModel:
    """Make a model of any function of waveforms.

    Parameters
    ----------
    function : callable
        ``function(waveforms) -> values``: float32 ``(batch, samples)`` in [-1, 1] to floats
        ``(batch, classes)``; any library may be behind it.
    sample_rate_hz : int
        Rate of the waveforms that it takes.
    classes : sequence of str
        Names, in the order of the columns.
    output : str
        ``probabilities``, ``logits`` (as before a sigmoid) or ``softmax-logits``.
    name : str, optional
        Kebab-case name for boards; that of the function if left out.

    Returns
    -------
    CallableModel
        For ``awb.run(models=[...])`` and ``awb.explain(file, model=...)``.

    Raises
    ------
    ParameterError
        If a setting is wrong, or the output cannot be what it is said to be.
    PluginError
        If the function gives something else than such values; it is tried here.
    """
    return CallableModel(
        function,
        sample_rate_hz=sample_rate_hz,
        classes=classes,
        output=output,
        name=name or kebab(function),
    )


def kebab(thing: Any) -> str:
    """Return a kebab-case name for a function or an object of some class."""
    called = str(getattr(thing, "__name__", type(thing).__name__))
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", called).lower()
    return re.sub(r"[^a-z0-9]+", "-", split).strip("-0123456789") or "my-model"


def model(
    name: str,
    *,
    sample_rate_hz: int | None = None,
    classes: Sequence[str] | None = None,
    output: Output = "probabilities",
    summary: str = "",
    citation: str = "",
    decision_threshold: float = 0.0,
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
    decision_threshold : float
        Log-odds from which it is taken to say yes.

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
            make = partial(_make_callable, function, {**settings, "output": output, "name": name})
        else:
            make = partial(_call, function)
        first = (inspect.getdoc(function) or "").partition("\n")[0].strip()
        spec = ModelSpec(
            name=name,
            summary=summary or first or f"The function {kebab(function)}.",
            citation=citation,
            factory=make,
            decision_threshold=decision_threshold,
        )
        add_spec("model", spec, source_sha256(function))
        setattr(function, _SPEC, spec)
        return function

    return decorate


def _make_callable(
    function: Callable[..., Any],
    settings: dict[str, Any],
    parameters: Parameters,  # noqa: ARG001
) -> AudioModel:
    return CallableModel(function, **settings)


def _call(function: Callable[[], Any], parameters: Parameters) -> Any:  # noqa: ARG001
    return function()


def _give(given: AudioModel, parameters: Parameters) -> AudioModel:  # noqa: ARG001
    """Be the factory of a model that exists already."""
    return given


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
        add_spec("model", marked, source_sha256(given))  # type: ignore[arg-type]
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
    """Hash what a given model is: its own word for it, or its code."""
    own = getattr(given, "version", None)
    if callable(own):
        return str(own())
    content = f"{source_sha256(type(given))} {getattr(given, 'weights_sha256', '')}"
    return hashlib.sha256(content.encode()).hexdigest()
