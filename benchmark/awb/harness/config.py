"""The configuration of a run: everything that its results depend on, and where it computes."""

from __future__ import annotations

import os
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from awb import designs
from awb.errors import ParameterError, UnknownNameError, did_you_mean
from awb.harness.references import parse_reference
from awb.perturbation import Design


class RunConfig(BaseModel):
    """What `awb run` was asked to do.

    Attributes
    ----------
    datasets, explainers, metrics : list of str
        References as typed; ``all`` stands for every explainer or metric that is installed.
    baselines : bool
        Run the baselines too (`awb.specs.ExplainerSpec.baseline`), named or not.
    models : list of str or None
        Models for every dataset; None for each dataset's own, see `awb.specs.DatasetSpec.models`.
    masker : str
        Reference of the masker that explainers use.
    scoring_masker : str or None
        Reference of the masker that fidelity metrics use; None for the same.
    design : str
        ``pooled``, or ``single:fraction=0.3,run_length=3``.
    samples : int
        Drop masks of the shared design.
    budgets : tuple of int or None
        Make a board for each of these numbers of model calls; explainers on the shared design, or
        with masks of their own, get as many masks. None for one board without a limit.
    clips : int or None
        Use the first so many clips of each dataset; None for all.
    seed : int
        Seed of every draw.
    segment_s, segment_hop_s : float
        Length of a segment and distance between two, in seconds.
    max_event_fraction : float
        Instances whose events cover more of the clip are left out.
    robustness : int or ``all``
        So many instances are explained again under variations; robustness and sanity metrics have
        no value on the others.
    min_score : float or None
        Instances with a lower log-odds are left out; None for the model's own threshold.
    device, precision : str or None
        Given to models that take such a setting; None for their own defaults.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    datasets: list[str] = Field(default=["soundscapes"], min_length=1)
    models: list[str] | None = Field(default=None, min_length=1)
    explainers: list[str] = Field(default=["all"], min_length=1)
    baselines: bool = True
    metrics: list[str] = Field(default=["all"], min_length=1)
    masker: str = "zeros"
    scoring_masker: str | None = None
    design: str = "pooled"
    samples: int = Field(default=3000, ge=1, le=1_000_000)
    budgets: tuple[Annotated[int, Field(ge=1, le=1_000_000)], ...] | None = Field(
        default=None, min_length=1
    )
    clips: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0)
    segment_s: float = Field(default=0.1, gt=0)
    segment_hop_s: float = Field(default=0.1, gt=0)
    max_event_fraction: float = Field(default=0.2, gt=0, le=1)
    min_score: float | None = None
    robustness: Annotated[int, Field(ge=0)] | Literal["all"] = 2
    device: str | None = Field(default=None, pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")
    precision: Literal["float32", "bfloat16", "float16"] | None = None


def make_config(**settings: Any) -> RunConfig:
    """Validate settings.

    Parameters
    ----------
    **settings
        Fields of `RunConfig`; None stands for the default.

    Returns
    -------
    RunConfig
        The configuration.

    Raises
    ------
    ParameterError
        If a setting is unknown or out of range.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    if isinstance(given.get("budgets"), str):
        given["budgets"] = given["budgets"].split(",")
    try:
        config = RunConfig(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            hint = did_you_mean(name, RunConfig.model_fields)
            raise ParameterError(f"unknown setting {name!r}.{hint}") from None
        raise ParameterError(f"{name}: {first['msg']} (got {first['input']!r})") from None
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
    """Read the reference of a design.

    Parameters
    ----------
    text : str
        ``pooled``, or ``single`` with ``fraction`` and ``run_length``.
    samples : int
        Number of drop masks.

    Returns
    -------
    Design
        Number of masks and how to draw them.

    Raises
    ------
    UnknownNameError
        If there is no such design or setting.
    ParameterError
        If a setting is out of range.
    """
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
