"""How a setting is written on the command line, beside its description, default and range."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """The command-line side of one field of `awb.harness.config.settings.RunSettings`.

    Attributes
    ----------
    takes : str
        What stands behind the option in help texts, such as ``N``.
    unit : str
        Unit of a number.
    unset : str
        What holds where the setting is left out and the field's default does not say it.
    completes : str
        Kind of plugin whose names the shell completes.
    also : tuple of str
        Further words that the shell completes.
    single : str
        What the repeatable option for one value takes, such as ``--dataset``; empty for none.
    path : str
        ``file`` or ``folder`` where the value is a path.
    environment : str
        Environment variable that gives a value where the option is not typed.
    """

    takes: str = ""
    unit: str = ""
    unset: str = ""
    completes: str = ""
    also: tuple[str, ...] = ()
    single: str = ""
    path: str = ""
    environment: str = ""
