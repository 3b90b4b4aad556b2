"""``shapiq:NAME``: any approximator of shapiq, by its own name and with its own settings.

Players are windows, as for `window-shap`. Approximators of interactions give each player its own
effect and half of each effect that it has with another; the effects of pairs are kept in the
explanation.

References
----------
Muschalik, M., et al. (2024). shapiq: Shapley interactions for machine learning. NeurIPS.
arXiv:2410.01649
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from awb.errors import NotApplicableError, ParameterError, UnknownNameError, did_you_mean
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.plugins.references import parse_reference
from awb.specs import Explainer, ExplainerSpec, Parameters
from awb.types import Explanation, Instance
from awb_plugins.explainers.segmentwise.players import PlayerParameters, players_of
from awb_plugins.explainers.segmentwise.postprocessing import Finished

_MOST_CALLS = 300
_FILLED_IN = {"self", "n", "random_state", "sampling_weights", "kwargs", "top_order"}
_WHOLE_VALUES = {"SV", "BV", "SII", "BII", "kADD-SHAP"}
"""Indices whose values of single players are not divided among single players and pairs."""


class ShapiqParameters(Parameters):
    """Settings of `shapiq`: the approximator, with settings of shapiq's and awb's after a colon."""

    method: str = Field(
        description="Approximator, such as KernelSHAP or KernelSHAPIQ:max_order=2,window_s=0.5."
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        """Look approximator and settings up in shapiq, which is imported here."""
        read_method(self.method)
        return self


class OwnSettings(PlayerParameters):
    """What awb adds: players, `least` of them in a clip, and ``samples`` model calls.

    With 0, these are the pool's, at most 300.
    """

    window_s: float = Field(default=1.0, ge=0)
    least: int = Field(default=10, ge=1)
    samples: int = Field(default=0, ge=0)


@dataclass(frozen=True, slots=True)
class Method:
    """An approximator with checked settings."""

    name: str
    kind: Any
    making: Mapping[str, Any]
    own: OwnSettings


def approximators() -> dict[str, Any]:
    """Return the approximators of shapiq, by name; shapiq is imported here."""
    from shapiq import approximator

    named = {name: getattr(approximator, name) for name in approximator.__all__}
    return {name: kind for name, kind in named.items() if inspect.isclass(kind)}


def read_method(text: str) -> Method:
    """Read an approximator of shapiq and its settings, ``NAME`` or ``NAME:key=value,...``.

    Raises
    ------
    UnknownNameError
        If shapiq has no such approximator.
    ParameterError
        If a setting is unknown or wrong.
    """
    reference, known = parse_reference(text), approximators()
    if reference.name not in known:
        hint = did_you_mean(reference.name, list(known))
        raise UnknownNameError(f"shapiq has no approximator {reference.name!r}.{hint}")
    kind, typed = known[reference.name], dict(reference.settings)
    arguments = inspect.signature(kind.__init__).parameters
    theirs = {name: one.default for name, one in arguments.items() if name not in _FILLED_IN}
    ours = {name: typed.pop(name) for name in list(typed) if name in OwnSettings.model_fields}
    for key in typed:
        if key not in theirs:
            hint = did_you_mean(key, [*theirs, *OwnSettings.model_fields])
            raise ParameterError(f"shapiq:{reference.name} has no setting {key!r}.{hint}")
    making = {key: _value(reference.name, key, value) for key, value in typed.items()}
    if "max_order" in theirs:
        making.setdefault("max_order", 2)
        if making["max_order"] not in (1, 2):
            raise ParameterError(f"shapiq:{reference.name}: max_order must be 1 or 2")
    try:
        return Method(reference.name, kind, making, OwnSettings.model_validate(ours))
    except ValidationError as error:
        first = error.errors()[0]
        raise ParameterError(
            f"shapiq:{reference.name}: {first['loc'][0]}: {first['msg']} (got {first['input']!r})"
        ) from None


def _value(name: str, key: str, text: str) -> Any:
    """Read a whole number, true or false, or a text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if key in ("index", "decoder_type"):
        return text
    try:
        return int(text)
    except ValueError:
        raise ParameterError(f"shapiq:{name}: {key} must be a whole number, got {text!r}") from None


class OnPlayers:
    """An approximator, asked about windows; its values are divided among their segments."""

    def __init__(self, method: Method) -> None:
        self._method = method

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        own, size = self._method.own, perturber.n_segments
        cuts = players_of(perturber.segments, own.window_s, own.shifts, least=own.least)
        budget = own.samples or min(_MOST_CALLS, perturber.samples)
        relevance, pairs = np.zeros(size), np.zeros((size, size))
        has_pairs = False
        for players in cuts:
            view = perturber.grouped(players)
            if view.n_segments == 1:
                values, found = np.array([view.clip_score() - view.dropped_score()]), None
            else:
                values, found = self._approximated(view, budget // len(cuts), rng)
            counts = np.bincount(players)
            relevance += (values / counts)[players] / len(cuts)
            if found is not None:
                has_pairs = True
                each = found / np.outer(counts, counts)
                pairs += each[np.ix_(players, players)] / len(cuts)
        return Explanation(relevance, interactions=pairs if has_pairs else None)

    def _approximated(
        self, view: Perturber, budget: int, rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray | None]:
        """Return the values of players, and the effects of pairs of them where there are any."""
        method, n_players = self._method, view.n_segments
        state = int(rng.integers(2**31))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = method.kind(n=n_players, random_state=state, **method.making)
                found = made.approximate(budget, lambda kept: _worth(view, kept))
        except (ValueError, ImportError, IndexError, ZeroDivisionError) as error:
            raise NotApplicableError(
                f"shapiq:{method.name} cannot use {budget} calls for {n_players} players: {error}"
            ) from error
        values = np.zeros(n_players)
        pairs = np.zeros((n_players, n_players))
        for names, place in found.interaction_lookup.items():
            effect = float(found.values[place])
            if len(names) == 1:
                values[names[0]] = effect
            elif len(names) == 2:
                pairs[names[0], names[1]] = pairs[names[1], names[0]] = effect
        if found.index not in _WHOLE_VALUES:
            values = values + pairs.sum(axis=1) / 2.0
        return values, pairs if found.max_order > 1 else None


def _worth(view: Perturber, kept: Any) -> Any:
    """Score coalitions as shapiq hands them over: several, or a single one without an axis."""
    return view.scores(~np.atleast_2d(np.asarray(kept, dtype=bool)))


def _make(parameters: ShapiqParameters) -> Explainer:
    method = read_method(parameters.method)
    return Finished(OnPlayers(method), method.own)


SPEC = ExplainerSpec(
    name="shapiq",
    summary="Any approximator of shapiq by its name, as shapiq:KernelSHAPIQ:max_order=2",
    citation="Muschalik et al. (2024), arXiv:2410.01649; of each approximator, see shapiq",
    cost="as many calls as the shared design, at most 300, its own",
    parameters=ShapiqParameters,
    factory=_make,
    requires=("shapiq",),
    extra="shapiq",
    path_parameter="method",
)
