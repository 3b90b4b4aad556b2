"""Rules, and the verdicts on a plugin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Literal

from awb.activity import PluginCall, WorkerDiedError, at_work
from awb.errors import (
    AwbError,
    MissingExtraError,
    NotApplicableError,
    UnknownNameError,
    described,
    did_you_mean,
    one_line,
)
from awb.harness.unit.record import MAX_FAILURES
from awb.harness.workers.executor import Executor, InProcess
from awb.plugins.discovery import Kind
from awb.plugins.resolve import Resolved

Status = Literal["ok", "failed", "not applicable"]

NOT_TRIED = f"not tried any more: it was stopped under {MAX_FAILURES} rules"
_WHEN_STOPPED = "A run would stop it, too. If it only needs more, raise the limit with the option."


class ConformanceError(AwbError):
    """A plugin breaks a rule; the message says how."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `check` raises if a plugin breaks it."""

    name: str  # kebab-case
    advice: str  # for a plugin that breaks it
    check: Callable[[Resolved], str | None]  # what is worth telling about one that keeps it
    slow: bool = False  # whether it starts a process


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one rule; if it is kept, `advice` is empty and `text` may say something."""

    rule: str
    status: Status
    text: str = ""
    advice: str = ""

    @property
    def failed(self) -> bool:
        """Whether the rule is broken."""
        return self.status == "failed"


def rules_of(kind: Kind, *, slow: bool = True) -> list[Rule]:
    """List the rules for one kind of plugin."""
    module = import_module(f"awb.conformance.{kind}s")
    every: Sequence[Rule] = module.RULES
    return [rule for rule in every if slow or not rule.slow]


def find_rule(kind: Kind, name: str) -> Rule:
    """Look up a rule by its name."""
    found = {rule.name: rule for rule in rules_of(kind)}
    if name not in found:
        raise UnknownNameError(f"no rule {name!r} for a {kind}.{did_you_mean(name, found)}")
    return found[name]


def apply(rule: Rule, resolved: Resolved) -> Verdict:
    """Test a plugin against one rule."""
    try:
        with at_work(PluginCall(resolved.kind, resolved.label)):
            found = rule.check(resolved)
    except (NotApplicableError, MissingExtraError) as error:
        return Verdict(rule.name, "not applicable", one_line(error))
    except AwbError as error:
        return Verdict(rule.name, "failed", one_line(error), rule.advice)
    except Exception as error:  # noqa: BLE001 - the plugin boundary: it may raise anything
        text = f"it raised {described(error)}"
        return Verdict(rule.name, "failed", one_line(text), rule.advice)
    return Verdict(rule.name, "ok", found or "")


def check(
    resolved: Resolved, *, slow: bool = True, executor: Executor | None = None
) -> list[Verdict]:
    """Test a plugin against every rule of its kind."""
    stopped = 0
    verdicts = []
    for rule in rules_of(resolved.kind, slow=slow):
        if stopped == MAX_FAILURES:
            verdicts.append(Verdict(rule.name, "failed", NOT_TRIED, "Fix those first."))
            continue
        [(_, answer)] = (executor or InProcess()).map(partial(_apply_named, resolved), [rule.name])
        if isinstance(answer, WorkerDiedError):
            stopped += 1
            answer = Verdict(rule.name, "failed", one_line(answer), _WHEN_STOPPED)
        elif isinstance(answer, Exception):  # it cannot be pickled: one of the rules reports why
            answer = apply(rule, resolved)
        verdicts.append(answer)
    return verdicts


def _apply_named(resolved: Resolved, name: str) -> Verdict:
    return apply(find_rule(resolved.kind, name), resolved)
