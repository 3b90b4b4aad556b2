"""The configuration of a run: everything that its results depend on, and where it computes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from awb import designs
from awb.errors import ParameterError, UnknownNameError, did_you_mean
from awb.perturbation import Design
from awb.plugins.references import parse_list, parse_reference


def _names(given: Any) -> Any:
    """Read names that are separated by commas; a list is taken as it is."""
    if isinstance(given, str):
        return [str(reference) for reference in parse_list(given)]
    return list(given) if isinstance(given, tuple) else given


def _numbers(given: Any) -> Any:
    """Read numbers that are separated by commas; a list becomes a tuple."""
    if isinstance(given, str):
        given = [int(part) if part.strip().isdecimal() else part for part in given.split(",")]
    return tuple(given) if isinstance(given, list) else given


Names = Annotated[list[str], BeforeValidator(_names), Field(min_length=1)]
"""References, as a list or separated by commas."""

Count = Annotated[int, Field(ge=1, le=1_000_000)]


class RunConfig(BaseModel):
    """What `awb run` was asked to do: everything that its results depend on.

    The descriptions of the fields are what ``awb config show`` and docs/configuration.md say.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    datasets: Names = Field(
        default=["soundscapes"], description="Datasets, with their settings: folder:PATH."
    )
    models: Names | None = Field(
        default=None,
        description="Models for every dataset; left out: each dataset's own, else soundscape-cnn.",
        examples=[["soundscape-cnn"]],
    )
    explainers: Names = Field(
        default=["all"], description='Explainers; "all" stands for every one that is installed.'
    )
    baselines: bool = Field(
        default=True,
        description="Whether every board carries random, constant, energy and oracle.",
    )
    metrics: Names = Field(
        default=["all"],
        description='Metrics, the first one ranks; "all" stands for every one that is installed.',
    )
    masker: str = Field(default="zeros", description="What explainers replace dropped audio by.")
    scoring_masker: str | None = Field(
        default=None,
        description="What fidelity metrics replace it by; left out: the same.",
        examples=["noise"],
    )
    design: str = Field(
        default="pooled",
        description="Drop masks: pooled, or single:fraction=0.3,run_length=3.",
    )
    samples: Count = Field(default=3000, description="Drop masks an instance, of the design.")
    budgets: Annotated[tuple[Count, ...], BeforeValidator(_numbers), Field(min_length=1)] | None = (
        Field(
            default=None,
            description="A board for each of these numbers of model calls, instead of samples.",
            examples=[[100, 300, 1000]],
        )
    )
    clips: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Use the first so many clips of each dataset; left out: all.",
        examples=[2],
    )
    seed: int = Field(default=0, ge=0, description="Seed of every draw.")
    segment_s: float = Field(default=0.1, gt=0, description="Length of a segment in seconds.")
    segment_hop_s: float = Field(
        default=0.1, gt=0, description="From one segment to the next, in seconds."
    )
    max_event_fraction: float = Field(
        default=0.2, gt=0, le=1, description="Leave out targets that sound for more of the clip."
    )
    min_score: float | None = Field(
        default=None,
        description="Leave out clips whose log-odds are lower; left out: the model's threshold.",
        examples=[0.0],
    )
    robustness: Annotated[int, Field(ge=0)] | Literal["all"] = Field(
        default=2,
        description='Explain so many instances, or "all", again: other seeds, clips, models.',
    )
    device: Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")] | None = Field(
        default=None,
        description="Where models compute that can choose: auto, cpu, cuda or mps.",
        examples=["cpu"],
    )
    precision: Literal["float32", "bfloat16", "float16"] | None = Field(
        default=None,
        description="Mixed precision, for models that can: float32, bfloat16 or float16.",
        examples=["float32"],
    )


Made = TypeVar("Made", bound=BaseModel)


def validated(
    kind: type[Made], given: Mapping[str, Any], *, also: Iterable[str] = (), strict: bool = False
) -> Made:
    """Validate settings, with errors that a person can act on."""
    try:
        return kind.model_validate(dict(given), strict=strict)
    except ValidationError as error:
        errors = error.errors()
    name = str(errors[0]["loc"][0])
    if errors[0]["type"] == "extra_forbidden":
        hint = did_you_mean(name, [*kind.model_fields, *also])
        raise ParameterError(f"unknown setting {name!r}.{hint}")
    same = [one["msg"] for one in errors if one["loc"][0] == name]
    reason = " or ".join([same[0], *(text.removeprefix("Input should be ") for text in same[1:])])
    raise ParameterError(f"{name}: {reason} (got {errors[0]['input']!r})")


def make_config(**settings: Any) -> RunConfig:
    """Validate settings."""
    given = {key: value for key, value in settings.items() if value is not None}
    config = validated(RunConfig, given)
    if config.budgets is not None:
        if "samples" in given:
            raise ParameterError("give --samples or --budgets: the largest budget is the samples")
        budgets = tuple(sorted(set(config.budgets)))
        config = config.model_copy(update={"budgets": budgets, "samples": budgets[-1]})
    make_design(config.design, config.samples)
    return config


_SETTINGS: dict[str, dict[str, type]] = {
    "pooled": {},
    "single": {"fraction": float, "run_length": int},
}


def make_design(text: str, samples: int) -> Design:
    """Read the reference of a design."""
    reference = parse_reference(text)
    if reference.name not in _SETTINGS:
        hint = did_you_mean(reference.name, _SETTINGS)
        raise UnknownNameError(f"unknown design {reference.name!r}.{hint}")
    types = _SETTINGS[reference.name]
    settings: dict[str, Any] = {}
    for key, value in reference.settings:
        if key not in types:
            raise UnknownNameError(
                f"design {reference.name}: unknown setting {key!r}.{did_you_mean(key, types)}"
            )
        try:
            settings[key] = types[key](value)
        except ValueError:
            raise ParameterError(f"design {reference.name}: {key}={value!r} is no number") from None
    draw = designs.pooled if reference.name == "pooled" else partial(designs.single, **settings)
    design = Design(samples, draw)
    design.draw(10, 1, np.random.default_rng(0))
    return design


def default_jobs() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
