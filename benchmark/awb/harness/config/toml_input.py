"""Reading a configuration file: TOML, with the names of the options as keys.

As on the command line, relative paths start from the folder that awb is run in, not from that of
the file: most of them are part of references such as ``folder:my/data``, which only the plugin
parses.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from awb.errors import AwbError, ParameterError, UnknownNameError
from awb.harness.config.run_config import make_config, validated
from awb.harness.config.settings import (
    INSTEAD,
    SWEEP,
    RunSettings,
    Settled,
    check_sweepable,
    settle,
)


def read_settings(path: Path | None, typed: Mapping[str, Any]) -> Settled:
    """Read a configuration file, if any, and override it with what was typed."""
    if path is None:
        return settle(typed)
    try:
        settings, sweep = _checked(_parsed(path))
    except AwbError as error:
        raise ParameterError(f"{path}: {error}") from error
    return settle(typed, settings=settings, sweep=sweep, source=path)


def _parsed(path: Path) -> dict[str, Any]:
    if path.is_dir():
        raise ParameterError(
            f"is a folder, not a file. Type: awb resume {path} to continue a run, or awb run"
            f" {path}/config.toml to repeat it"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ParameterError(
            f"cannot be read: {error.strerror}. Type: awb config example > {path}"
        ) from error
    except UnicodeDecodeError as error:
        raise ParameterError(f"is not UTF-8 text: byte {error.start}") from error
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ParameterError("is nested too deeply for a configuration") from error
    except tomllib.TOMLDecodeError as error:
        lines = text.split("\n")
        end = f"at line {len(lines)}, column {len(lines[-1]) + 1}, the end"
        reason = str(error).replace("at end of document", end)
        raise ParameterError(f"is not valid TOML: {reason}") from error


def _checked(content: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Validate a file's settings, individually and together."""
    plain = {_key(name): value for name, value in content.items()}
    if len(plain) < len(content):
        raise ParameterError("a setting is given twice, with - and with _")
    axes = plain.pop(SWEEP, {})
    settings = validated(RunSettings, plain, also=[SWEEP], strict=True)
    if not isinstance(axes, dict):
        raise ParameterError(
            f"{SWEEP} must be a table: write [{SWEEP}], and below it masker = [...]"
        )
    sweep = {_key(name): _axis(_key(name), values) for name, values in axes.items()}
    for name in sweep:
        if name in plain:
            raise ParameterError(f"{name} is set both outside and inside [{SWEEP}]; remove one")
        other = INSTEAD.get(name, "")
        if other in plain or other in sweep:
            raise ParameterError(f"{name} varies in [{SWEEP}], and {other} is set; remove one")
    if not sweep:
        settings.config()
    return settings.given(), sweep


def _key(name: str) -> str:
    return name.replace("-", "_")


def _axis(name: str, values: Any) -> list[Any]:
    """Validate the values of one setting that varies."""
    check_sweepable(name)
    if not isinstance(values, list) or not values:
        raise ParameterError(f"[{SWEEP}] {name}: expected a list of values (got {values!r})")
    found = []
    for value in values:
        try:
            checked = validated(RunSettings, {name: value}, strict=True).given()
            make_config(**checked)
        except (ParameterError, UnknownNameError) as error:
            raise ParameterError(f"[{SWEEP}] {error}") from None
        found.append(checked[name])
    doubled = [value for place, value in enumerate(found) if value in found[:place]]
    if doubled:
        raise ParameterError(f"[{SWEEP}] {name}: {doubled[0]!r} is listed twice")
    return found
