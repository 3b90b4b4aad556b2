"""The command-line side of a setting."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """The command-line side of one field of `awb.harness.config.settings.RunSettings`."""

    takes: str = ""  # placeholder for the value in help texts, such as N
    unset: str = ""  # the effective default, where the field's own default does not show it
    completes: str = ""  # kind of plugin whose names the shell completes
    also: tuple[str, ...] = ()  # further words that the shell completes
    single: str = ""  # placeholder of the repeatable option for one value, such as --dataset
    path: str = ""  # "file" or "folder" if the value is a path
    environment: str = ""  # environment variable that is read if the option is not given
