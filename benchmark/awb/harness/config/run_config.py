"""The configuration of a run: everything that its results depend on, and where it computes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from awb import designs
from awb.audio.cuts import ONSETS, SUFFIX, check_cut
from awb.data.instance_kinds import InstanceKind
from awb.errors import ParameterError, UnknownNameError, did_you_mean
from awb.harness.config.option import Option
from awb.perturbation import Design
from awb.plugins.references import parse_list, parse_reference


def _names(given: Any) -> Any:
    """Parse comma-separated names; a list is returned unchanged."""
    if isinstance(given, str):
        return [str(reference) for reference in parse_list(given)]
    return list(given) if isinstance(given, tuple) else given


def _numbers(given: Any) -> Any:
    """Parse comma-separated numbers; a list becomes a tuple."""
    if isinstance(given, str):
        given = [int(part) if part.strip().isdecimal() else part for part in given.split(",")]
    return tuple(given) if isinstance(given, list) else given


Names = Annotated[list[str], BeforeValidator(_names), Field(min_length=1)]
"""References, as a list or a comma-separated string."""

FIXED = "fixed"
"""Segments of one length."""

TIERS = "words", "phones"
"""Tiers of TextGrids that lie beside the clips of a folder, as a way of cutting."""

SHORTEST_S, LONGEST_S = 0.001, 3600.0
"""Range of the length of a segment: from a period of the highest voice to more than a clip."""

Count = Annotated[int, Field(ge=1, le=1_000_000)]

_PER_CLIP, _LEAST_LOOKED = 20, 100
"""Clips that are looked at for one with an instance, and for a few, before a run gives up."""

_LOOKED_AT = f"{_PER_CLIP} for each of --clips, at least {_LEAST_LOOKED}; else all"


class RunConfig(BaseModel):
    """The settings of ``awb run`` that results depend on.

    Each setting is declared once, as a field: command-line options, arguments of `awb.run`, keys of
    a TOML file and docs/configuration.md are generated from it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    datasets: Annotated[
        Names,
        Option(takes="A,B", completes="dataset", single="NAME[:PATH|:KEY=VALUE,...]"),
    ] = Field(default=["soundscapes"], description="Datasets, with settings as folder:PATH.")
    models: Annotated[
        Names | None,
        Option(
            takes="A,B",
            unset="each dataset's own, else soundscape-cnn",
            completes="model",
            single="NAME[:KEY=VALUE,...]",
        ),
    ] = Field(
        default=None,
        description="Models to explain, on every dataset.",
        examples=[["soundscape-cnn"]],
    )
    explainers: Annotated[
        Names, Option(takes="all|A,B,...", completes="explainer", also=("all",))
    ] = Field(default=["all"], description='Explainers; "all" means every one that is installed.')
    baselines: Annotated[bool, Option()] = Field(
        default=True,
        description="Add the baselines (oracle and four nulls) to every board.",
    )
    metrics: Annotated[Names, Option(takes="all|A,B,...", completes="metric", also=("all",))] = (
        Field(
            default=["all"],
            description='Metrics; boards are ranked by the first. "all" means every one that is'
            " installed.",
        )
    )
    masker: Annotated[str, Option(takes="NAME", completes="masker")] = Field(
        default="zeros", description="What replaces the audio of dropped segments."
    )
    scoring_masker: Annotated[
        str | None, Option(takes="NAME", unset="the same as masker", completes="masker")
    ] = Field(
        default=None,
        description="What replaces dropped audio for fidelity metrics.",
        examples=["noise"],
    )
    design: Annotated[str, Option(takes="NAME")] = Field(
        default="pooled",
        description="Which drop masks: pooled, or single:fraction=0.3,run_length=3.",
    )
    samples: Annotated[Count, Option(takes="N")] = Field(
        default=1000, description="Drop masks per instance."
    )
    budgets: Annotated[
        Annotated[tuple[Count, ...], BeforeValidator(_numbers), Field(min_length=1)] | None,
        Option(takes="N,N,..."),
    ] = Field(
        default=None,
        description="One board per number of model calls, instead of samples.",
        examples=[[100, 300, 1000]],
    )
    clips: Annotated[Annotated[int, Field(ge=1)] | None, Option(takes="N", unset="all")] = Field(
        default=None,
        description="Use the first N clips of each dataset that have an instance to explain.",
        examples=[2],
    )
    among_first: Annotated[
        Annotated[int, Field(ge=1)] | None,
        Option(takes="N", unset=_LOOKED_AT),
    ] = Field(
        default=None,
        description="Look for instances in the first N clips of each dataset only.",
        examples=[100],
    )
    seed: Annotated[int, Option(takes="N")] = Field(
        default=0, ge=0, lt=2**63, description="Seed of every random draw."
    )
    segment_s: Annotated[float, Option(takes="S")] = Field(
        default=0.1, ge=SHORTEST_S, le=LONGEST_S, description="Length of a segment in seconds."
    )
    segment_hop_s: Annotated[float, Option(takes="S")] = Field(
        default=0.1,
        ge=SHORTEST_S,
        le=LONGEST_S,
        description="Seconds from one segment to the next.",
    )
    segments: Annotated[
        str,
        Option(takes="fixed|onsets|words|phones|FILE|FOLDER", also=(FIXED, ONSETS, *TIERS)),
    ] = Field(
        default=FIXED,
        min_length=1,
        description="What explainers drop as one: segments of one length, or whole segments"
        " that follow the sound: from onset to onset, words or phones of TextGrids beside the clips"
        " of a folder, or by a table of edges or another folder of TextGrids.",
    )
    segments_tier: Annotated[str, Option(takes="NAME")] = Field(
        default="words", min_length=1, description="Tier of the TextGrids: words, phones."
    )
    instances: Annotated[
        InstanceKind,
        Option(takes="hits|false-alarms|misses", also=("hits", "false-alarms", "misses")),
    ] = Field(
        default="hits",
        description="What to explain: labelled targets that the model hears; classes that it hears"
        " and nobody labelled; or labelled targets that it misses.",
    )
    max_event_fraction: Annotated[float, Option(takes="F")] = Field(
        default=0.2,
        gt=0,
        le=1,
        description="Leave out targets whose events fill a larger part of the clip.",
    )
    min_score: Annotated[float | None, Option(takes="LOGODDS", unset="the model's threshold")] = (
        Field(
            default=None,
            description="Leave out clips that the model scores lower (log-odds).",
            examples=[0.0],
        )
    )
    robustness: Annotated[Annotated[int, Field(ge=0)] | Literal["all"], Option(takes="N|all")] = (
        Field(
            default=0,
            description='Explain N instances, or "all", again with other seeds, clips and models;'
            " fewer than 5 clips say nothing.",
        )
    )
    robustness_samples: Annotated[
        Annotated[int, Field(ge=1, le=1_000_000)] | None, Option(takes="N")
    ] = Field(
        default=300,
        description="Drop masks per explanation that robustness compares, if samples are more.",
    )
    device: Annotated[
        Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")] | None,
        Option(takes="auto|cpu|cuda|mps", unset="the model's own"),
    ] = Field(
        default=None,
        description="Device of models that can choose one: auto, cpu, cuda or mps.",
        examples=["cpu"],
    )
    precision: Annotated[
        Literal["float32", "bfloat16", "float16"] | None,
        Option(takes="float32|bfloat16|float16", unset="float32"),
    ] = Field(
        default=None,
        description="Mixed precision of models that can: float32, bfloat16 or float16.",
        examples=["float32"],
    )

    def samples_again(self, samples: int | None = None) -> int:
        """Return the number of drop masks of the explanations that robustness compares."""
        own = self.samples if samples is None else samples
        return own if self.robustness_samples is None else min(own, self.robustness_samples)


Made = TypeVar("Made", bound=BaseModel)


def validated(
    kind: type[Made], given: Mapping[str, Any], *, also: Iterable[str] = (), strict: bool = False
) -> Made:
    """Validate settings, with error messages for users."""
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
            raise ParameterError("give --samples or --budgets: samples are the largest budget")
        budgets = tuple(sorted(set(config.budgets)))
        config = config.model_copy(update={"budgets": budgets, "samples": budgets[-1]})
    if config.clips is not None and config.among_first is None:
        looked_at = max(_PER_CLIP * config.clips, _LEAST_LOOKED)
        config = config.model_copy(update={"among_first": looked_at})
    make_design(config.design, config.samples)
    return config if config.segments == FIXED else _following(config)


def recorded_config(plain: Mapping[str, Any]) -> RunConfig:
    """Read a configuration that a run wrote, with settings as they were meant in its version.

    Before `among_first` was a setting, `clips` were the first ones, with an instance or not.
    """
    given = {"robustness_samples": None, **plain}
    if "among_first" not in given:
        given |= {"among_first": given.get("clips"), "clips": None}
    return RunConfig.model_validate(given)


def _following(config: RunConfig) -> RunConfig:
    """Check settings of segments that follow the sound, and make their path absolute."""
    if config.segments in TIERS and not Path(config.segments).exists():
        asked = config.segments_tier if "segments_tier" in config.model_fields_set else ""
        if asked not in ("", config.segments):
            raise ParameterError(
                f"segments={config.segments} reads the tier of that name: leave out"
                f" --segments-tier {asked}"
            )
        beside = {"segments": _text_grids(config), "segments_tier": config.segments}
        config = config.model_copy(update=beside)
    try:
        check_cut(config.segments, one_of=(FIXED, ONSETS))
    except ParameterError as error:
        hint = did_you_mean(config.segments, [FIXED, ONSETS, *TIERS])
        raise ParameterError(f"segments: {error}.{hint}") from error
    if config.segment_s != config.segment_hop_s:
        raise ParameterError(
            f"segments={config.segments} are made of cells that do not overlap; give the same"
            f" --segment and --segment-hop (got {config.segment_s:g} and"
            f" {config.segment_hop_s:g} s)"
        )
    if config.robustness:
        raise ParameterError(
            f"robustness moves the clip, and edges would not move with it: leave out --robustness"
            f" or --segments {config.segments}"
        )
    if config.segments == ONSETS:
        return config
    path = str(Path(config.segments).expanduser().resolve())
    return config.model_copy(update={"segments": path})


def _text_grids(config: RunConfig) -> str:
    """Find the TextGrids that lie beside the clips of the only dataset, a folder."""
    references = [parse_reference(one) for one in config.datasets]
    paths = [one.path or dict(one.settings).get("path", "") for one in references]
    folder = paths[0] if [one.name for one in references] == ["folder"] else ""
    if not folder or not any(Path(folder).expanduser().rglob(f"*{SUFFIX}")):
        raise ParameterError(
            f"segments={config.segments} are read from a CLIP{SUFFIX} beside every clip of one"
            f" --dataset folder:DIR, and there is none for {', '.join(config.datasets)}; if they"
            f" are elsewhere, type --segments FOLDER --segments-tier {config.segments}"
        )
    return folder


_SETTINGS: dict[str, dict[str, type]] = {
    "pooled": {},
    "single": {"fraction": float, "run_length": int},
}


def make_design(text: str, samples: int) -> Design:
    """Parse the reference of a design."""
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
            raise ParameterError(
                f"design {reference.name}: {key}={value!r} is not a number"
            ) from None
    draw = designs.pooled if reference.name == "pooled" else partial(designs.single, **settings)
    design = Design(samples, draw)
    design.draw(10, 1, np.random.default_rng(0))
    return design
