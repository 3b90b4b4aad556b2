"""Commands whose options are settings of a run, made from the one declaration of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import click

from awb.cli.completing import names_of
from awb.cli.waiting import show

if TYPE_CHECKING:
    from awb.plugins.discovery import Kind


LIMITS = ("time_limit_s", "memory_limit")
"""What a plugin may take, for every command that runs some."""


class SettingsCommand(click.Command):
    """A command with an option per setting, made when it is needed: pydantic takes a moment.

    Parameters
    ----------
    *arguments, **keywords
        As for `click.Command`.
    settings : sequence of str
        Names of settings; those of ``awb run`` where it is empty.
    """

    def __init__(self, *arguments: Any, settings: Sequence[str] = (), **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._settings = tuple(settings)
        self._made = False

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Parse what was typed, and say so on a terminal until the command itself takes over."""
        if not (extra.get("resilient_parsing") or {"-h", "--help"} & set(args)):
            show("Loading settings and plugins")
        return super().make_context(info_name, args, parent, **extra)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own parameters, and behind its arguments those of its settings."""
        if not self._made:
            from awb.harness.config.settings import RunSettings

            names = self._settings or [one for one in RunSettings.model_fields if one != "plugin"]
            made = [option for name in names for option in options_of(name)]
            place = sum(isinstance(one, click.Argument) for one in self.params)
            self.params[place:place] = made
            self._made = True
        return super().get_params(ctx)


def options_of(name: str) -> list[click.Option]:
    """Make the options of a setting: one, or two where single values may be repeated."""
    from awb.harness.config.settings import RunSettings, default_text, option_of

    field, option = RunSettings.model_fields[name], option_of(name)
    default = default_text(name)
    help_text = field.description or ""
    for label, fact in (("env var", option.environment), ("default", default)):
        help_text += f"  [{label}: {fact}]" if fact else ""
    common: dict[str, Any] = {"default": None, "help": help_text}
    if option.completes:
        kind = cast("Kind", option.completes)
        several = name.endswith("s")
        common["shell_complete"] = names_of(kind, several=several, also=option.also)
    if field.annotation is bool or bool in get_args(field.annotation):
        flag = name.replace("_", "-")
        return [click.Option([f"--{flag}/--no-{flag}"], **common)]
    made = click.Option([*_spellings(name), name], metavar=option.takes, type=_type(name), **common)
    if not option.single:
        return [made]
    one = name.removesuffix("s")
    single = click.Option(
        [f"--{one}", one],
        multiple=True,
        metavar=option.single,
        help=f"One of --{name}; may be repeated.",
        shell_complete=names_of(cast("Kind", option.completes)),
    )
    return [made, single]


def _spellings(name: str) -> list[str]:
    """Return ``--segment-s`` and, since the unit may be left out, ``--segment``."""
    long = f"--{name.replace('_', '-')}"
    return [long.removesuffix("-s"), long] if name.endswith("_s") else [long]


def _type(name: str) -> click.ParamType[Any] | None:
    """Return click's type of a number or a path; everything else is a text that pydantic reads."""
    from awb.harness.config.settings import RunSettings, option_of

    path = option_of(name).path
    if path:
        is_file = path == "file"
        return click.Path(path_type=Path, exists=is_file, dir_okay=not is_file)
    kinds = RunSettings.model_fields[name].annotation
    plain = {kinds} if not get_args(kinds) else {_bare(one) for one in get_args(kinds)}
    plain.discard(type(None))
    if plain == {int}:
        return click.INT
    return click.FLOAT if plain == {float} else None


def _bare(kind: Any) -> Any:
    """Return a type without what `Annotated` says about it."""
    return get_args(kind)[0] if hasattr(kind, "__metadata__") else kind


def typed_settings(context: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """Turn options into settings by name, None for "not given"; plugin files are loaded already."""
    from awb.cli.plugin_files import typed_files
    from awb.harness.config.settings import RunSettings, option_of
    from awb.plugins.references import parse_list

    settings = dict(options)
    for several in options:
        if several in RunSettings.model_fields and option_of(several).single:
            listed = parse_list(settings[several]) if settings[several] is not None else []
            one = settings.pop(several.removesuffix("s")) or ()
            settings[several] = [*one, *(str(reference) for reference in listed)] or None
    return {**settings, "plugin": typed_files(context)}
