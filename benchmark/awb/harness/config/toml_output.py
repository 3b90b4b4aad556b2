"""Writing configurations as TOML, with a comment on what each setting does."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import tomlkit

from awb.harness.config.choice import Chosen
from awb.harness.config.run_config import RunConfig
from awb.harness.config.settings import SWEEP, RunSettings, option_of

_WIDTH = 98

_SHOWN = """What awb run would run. Lines that start with # have no effect: they show examples."""

_EXAMPLE_HEADER = """A configuration of awb. Type: awb run FILE
Keys are the options of awb run; options on the command line override this file.
Lines that start with # have no effect: they show the default, or an example.
Relative paths start from the folder that awb is run in."""

_EXAMPLE: dict[str, Any] = {
    "datasets": ["soundscapes"],
    "explainers": ["random-forest", "run-correlation", "energy", "random", "oracle"],
    "metrics": ["roc-auc", "average-precision", "deletion-area"],
    "samples": 100,
    "clips": 2,
}

_EXAMPLE_SWEEP = """One run per combination of values, and one table of all of them:
[sweep]
masker = ["zeros", "noise"]
design = ["pooled", "single:fraction=0.3,run_length=3"]"""


def to_toml(
    values: Mapping[str, Any],
    *,
    header: str = "",
    sweep: Mapping[str, list[Any]] | None = None,
    names: Iterable[str] = RunSettings.model_fields,
) -> str:
    """Write settings as TOML, each after a comment that says what it does."""
    axes = sweep or {}
    lines = [*_comment(header), ""] if header else []
    for name in names:
        if name not in axes:
            lines += [*_setting(name, values.get(name)), ""]
    if axes:
        lines += ["# One run per combination of these values.", f"[{SWEEP}]"]
        lines += [f"{name} = {_value(name, several)}" for name, several in axes.items()]
    return "\n".join(lines).rstrip() + "\n"


def _setting(name: str, value: Any) -> Iterator[str]:
    field = RunSettings.model_fields[name]
    unset = option_of(name).unset
    yield from _comment(
        f"{field.description} Default: {unset}." if unset else f"{field.description}"
    )
    if value is None or value in ([], ()):
        shown = field.examples[0] if field.examples else field.get_default()
        yield f"# {name} = {_value(name, shown)}"
    else:
        yield f"{name} = {_value(name, value)}"


def _comment(text: str) -> list[str]:
    wrapped = [
        part for line in text.splitlines() for part in textwrap.wrap(line, _WIDTH - 2) or [""]
    ]
    return [f"# {line}".rstrip() for line in wrapped]


def _value(name: str, value: Any) -> str:
    """Write a value; a list that does not fit on one line is split into one line per value."""
    plain = list(value) if isinstance(value, tuple) else value
    text = tomlkit.item(plain).as_string()
    if isinstance(plain, list) and len(f"{name} = {text}") > _WIDTH:
        text = tomlkit.array(text).multiline(multiline=True).as_string()
    return str(text)


def settings_toml(settings: RunSettings, sweep: Mapping[str, list[Any]]) -> str:
    """Write all settings of a run, including defaults."""
    values = settings.model_dump()
    if values["budgets"] is not None or "budgets" in sweep:
        values["samples"] = None
    return to_toml(values, header=_SHOWN, sweep=sweep)


def resolved_toml(config: RunConfig, chosen: Chosen, scores: Path | None) -> str:
    """Write the resolved configuration of a run, so that ``awb run config.toml`` repeats it."""
    values = config.model_dump()
    if "all" in config.explainers:
        values["explainers"] = [one.label for one in chosen.explainers]
    if config.budgets is not None:
        values["samples"] = None
    files = {one.origin.file for one in chosen.all() if one.origin.file}
    values |= {
        "plugin": sorted(_near(Path(file)) for file in files),
        "scores": None if scores is None else str(scores),
    }
    header = (
        "The configuration of this run. To repeat it, type awb run and the name of this file in"
        f"\n{Path.cwd()}\nRelative paths start from there."
    )
    return to_toml(values, header=header, names=[*RunConfig.model_fields, "scores", "plugin"])


def _near(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def example_toml() -> str:
    """Write a configuration that runs within seconds, with all other settings commented out."""

    sweep = "\n".join(_comment(_EXAMPLE_SWEEP))
    return f"{to_toml(_EXAMPLE, header=_EXAMPLE_HEADER)}\n{sweep}\n"
