"""Rules, and the verdict on a plugin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from awb.errors import (
    AwbError,
    MissingExtraError,
    NotApplicableError,
    UnknownNameError,
    did_you_mean,
)
from awb.harness.resolve import Resolved
from awb.plugins import Kind

Status = Literal["ok", "failed", "not applicable"]


class ConformanceError(AwbError):
    """A rule that a plugin does not keep: what was found."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes
    ----------
    name : str
        Kebab-case.
    advice : str
        What to do where it is not kept.
    check : callable
        ``check(resolved)`` returns, or raises what is wrong.
    slow : bool
        Whether it starts a process.
    """

    name: str
    advice: str
    check: Callable[[Resolved], None]
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one rule.

    Attributes
    ----------
    rule : str
        Its name.
    status : str
        ``ok``, ``failed`` or ``not applicable``.
    text : str
        What was found; empty if all is well.
    advice : str
        What to do about it; empty if all is well.
    """

    rule: str
    status: Status
    text: str = ""
    advice: str = ""

    @property
    def failed(self) -> bool:
        """Whether the rule is broken."""
        return self.status == "failed"


def rules_of(kind: Kind, *, slow: bool = True) -> list[Rule]:
    """List the rules for one kind of plugin.

    Parameters
    ----------
    kind : str
        model, explainer, dataset, metric or masker.
    slow : bool
        Whether to list those that start a process.

    Returns
    -------
    list of Rule
        In the order in which they are tried.
    """
    module = import_module(f"awb.conformance.{kind}s")
    every: Sequence[Rule] = module.RULES
    return [rule for rule in every if slow or not rule.slow]


def find_rule(kind: Kind, name: str) -> Rule:
    """Look a rule up by its name.

    Raises
    ------
    UnknownNameError
        If there is none for this kind.
    """
    found = {rule.name: rule for rule in rules_of(kind)}
    if name not in found:
        raise UnknownNameError(f"no rule {name!r} for a {kind}.{did_you_mean(name, found)}")
    return found[name]


def apply(rule: Rule, resolved: Resolved) -> Verdict:
    """Try one rule.

    Parameters
    ----------
    rule : Rule
        The rule.
    resolved : Resolved
        The plugin with its settings.

    Returns
    -------
    Verdict
        What was found.
    """
    try:
        rule.check(resolved)
    except (NotApplicableError, MissingExtraError) as error:
        return Verdict(rule.name, "not applicable", _one_line(str(error)))
    except AwbError as error:
        return Verdict(rule.name, "failed", _one_line(str(error)), rule.advice)
    except Exception as error:  # noqa: BLE001 - the plugin boundary: it may raise anything
        text = f"it raised {type(error).__name__}: {error}"
        return Verdict(rule.name, "failed", _one_line(text), rule.advice)
    return Verdict(rule.name, "ok")


def check(resolved: Resolved, *, slow: bool = True) -> list[Verdict]:
    """Try every rule on a plugin.

    Parameters
    ----------
    resolved : Resolved
        The plugin with its settings.
    slow : bool
        Whether to try those that start a process.

    Returns
    -------
    list of Verdict
        One a rule.
    """
    return [apply(rule, resolved) for rule in rules_of(resolved.kind, slow=slow)]


def _one_line(text: str) -> str:
    return " ".join(text.split())
