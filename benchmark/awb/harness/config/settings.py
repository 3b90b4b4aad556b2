"""All settings of ``awb run``: its options, the arguments of `awb.run`, and the keys of a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from awb.errors import ParameterError
from awb.harness.config.durations import read_duration
from awb.harness.config.limits import DEFAULT_TIME_S, make_limits
from awb.harness.config.option import Option
from awb.harness.config.run_config import RunConfig, make_config, validated

SWEEP = "sweep"
INSTEAD = {"samples": "budgets", "budgets": "samples"}
"""Settings of which only one can be given."""


def _text(given: Any) -> Any:
    return str(given) if isinstance(given, Path) else given


def _time_limit(given: float | str) -> float | str:
    make_limits(given)
    return given


def _memory_limit(given: float | str) -> float | str:
    make_limits(memory=given)
    return given


def _duration(given: str) -> str:
    read_duration(given)
    return given


def _texts(given: Any) -> Any:
    several = [given] if isinstance(given, str | Path) else given
    return [_text(one) for one in several] if isinstance(several, list | tuple) else several


PathText = Annotated[str, BeforeValidator(_text)]


class RunSettings(RunConfig):
    """A configuration, and where and how to compute it, which does not affect results.

    `shadow` does, but only through `datasets`: their seeds are drawn before anything is computed.
    """

    within: Annotated[
        Annotated[str, AfterValidator(_duration)] | None, Option(takes="DURATION")
    ] = Field(
        default=None,
        description="Time to keep, as in 90s, 10m or 2h: clips, samples and robustness that are not"
        " given are chosen for it.",
        examples=["10m"],
    )
    shadow: Annotated[bool, Option()] = Field(
        default=False,
        description="Draw new clips of generated datasets; their names show the random seed.",
        examples=[True],
    )
    jobs: Annotated[
        Annotated[int, Field(ge=1)] | None,
        Option(takes="N", unset="one per processor (from Python: 1)"),
    ] = Field(default=None, description="Worker processes.", examples=[1])
    time_limit_s: Annotated[
        Annotated[float | str, AfterValidator(_time_limit)] | None,
        Option(takes="SECONDS|off", unset=f"{DEFAULT_TIME_S:g}"),
    ] = Field(
        default=None,
        description='Stop an explainer or metric that takes longer per instance; or "off".',
        examples=[600.0],
    )
    memory_limit: Annotated[
        Annotated[float | str, AfterValidator(_memory_limit)] | None,
        Option(takes="SIZE|off", unset="80 % of the machine"),
    ] = Field(
        default=None,
        description='Stop a plugin whose worker needs more memory, as in 8GB; or "off".',
        examples=["8GB"],
    )
    isolate: Annotated[bool | None, Option(unset="yes (from Python: no)")] = Field(
        default=None,
        description="Compute in a process that can be stopped, even with only one job.",
        examples=[True],
    )
    scheduler: Annotated[str | None, Option(takes="ADDRESS|local:N")] = Field(
        default=None,
        description="Compute on a Dask cluster, or start one of N workers here (extra: cluster).",
        examples=["local:2"],
    )
    cache: Annotated[
        PathText | None,
        Option(takes="DIR|off", unset="the user's cache folder", environment="AWB_CACHE"),
    ] = Field(
        default=None,
        description='Folder of cached scores that runs share, or "off".',
        examples=["off"],
    )
    scores: Annotated[PathText | None, Option(takes="FILE", path="file")] = Field(
        default=None,
        description="Scores of whole clips, from awb data scores.",
        examples=["scores.sqlite"],
    )
    out: Annotated[
        PathText | None,
        Option(takes="DIR", unset="runs/<date>-<time>, or runs/<name of the file>", path="folder"),
    ] = Field(default=None, description="Run folder.", examples=["runs/mine"])
    plugin: Annotated[list[str], BeforeValidator(_texts), Option(takes="FILE.py", path="file")] = (
        Field(
            default=[],
            description="Python files with plugins that are not installed.",
            examples=[["my.py"]],
        )
    )

    def given(self) -> dict[str, Any]:
        """Return the settings that were given, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    def config(self, **changed: Any) -> RunConfig:
        """Return the part that results depend on."""
        kept = {name: one for name, one in self.given().items() if name in RunConfig.model_fields}
        for name in changed:
            kept.pop(INSTEAD.get(name, ""), None)
        return make_config(**{**kept, **changed})


@dataclass(frozen=True, slots=True)
class Settled:
    """The settings of a file combined with those of the command line."""

    settings: RunSettings  # without those that vary in the sweep
    sweep: dict[str, list[Any]] = field(default_factory=dict)  # values of each varying setting
    source: Path | None = None  # the file
    overridden: tuple[str, ...] = ()  # phrases about options that replace a value of the file


def settle(
    typed: Mapping[str, Any],
    *,
    settings: Mapping[str, Any] | None = None,
    sweep: Mapping[str, list[Any]] | None = None,
    source: Path | None = None,
) -> Settled:
    """Override the settings of a file with those given on the command line."""
    given = {name: value for name, value in typed.items() if value is not None and value != ()}
    given = _from_environment() | given
    base, axes = dict(settings or {}), dict(sweep or {})
    overridden = []
    checked = validated(RunSettings, given).given()
    if "plugin" in checked:
        checked["plugin"] = list(dict.fromkeys([*base.pop("plugin", []), *checked["plugin"]]))
    for name, value in checked.items():
        other, text = INSTEAD.get(name, ""), f"{name} = {option_text(value)}"
        if name in axes:
            overridden.append(f"{text} instead of a sweep over {len(axes[name])} values")
        elif name in base and base[name] != value:
            overridden.append(f"{text} instead of {option_text(base[name])}")
        elif other in base or other in axes:
            overridden.append(f"{text} instead of {other}")
        for taken in (name, other):
            base.pop(taken, None)
            axes.pop(taken, None)
    both = validated(RunSettings, {**base, **checked})
    if not axes:
        both.config()
    return Settled(both, axes, source, tuple(sorted(overridden)))


def _from_environment() -> dict[str, str]:
    """Return the settings that environment variables give, for commands and functions alike."""
    variables = {name: option_of(name).environment for name in RunSettings.model_fields}
    return {name: os.environ[one] for name, one in variables.items() if os.environ.get(one)}


def option_text(value: Any) -> str:
    """Format a value as it would be typed after its option.

    Examples
    --------
    >>> option_text(["naive", "random-forest"]), option_text(0.5)
    ('naive,random-forest', '0.5')
    """
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def check_sweepable(name: str) -> None:
    """Raise if a setting cannot vary in a sweep, because results do not depend on it."""
    if name == "within":
        raise ParameterError(f"{name} cannot vary in [{SWEEP}]: it is the time of one run")
    if name == "shadow":
        raise ParameterError(f"{name} cannot vary in [{SWEEP}]: all runs have the same clips")
    if name in RunSettings.model_fields and name not in RunConfig.model_fields:
        raise ParameterError(f"{name} cannot vary in [{SWEEP}]: results do not depend on it")


def option_of(name: str) -> Option:
    """Return the command-line side of a setting."""
    found = (one for one in RunSettings.model_fields[name].metadata if isinstance(one, Option))
    return next(found)


def default_text(name: str) -> str:
    """Describe the default of a setting; empty if it has none."""

    default = RunSettings.model_fields[name].get_default()
    if isinstance(default, bool):
        return "yes" if default else "no"
    return option_of(name).unset or ("" if default is None else option_text(default))
