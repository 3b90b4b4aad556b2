"""The conformance kit for pytest: one test per rule.

For example:

    @pytest.mark.parametrize("rule", rules("explainer"))
    def test_it_conforms(rule):
        conforms("explainer", "my-method", rule)
"""

from __future__ import annotations

from awb.conformance.rules import apply, check, find_rule, rules_of
from awb.plugins.discovery import Kind, load
from awb.plugins.resolve import resolve

__all__ = ["conforms", "rules"]


def rules(kind: Kind, *, slow: bool = True) -> list[str]:
    """List the names of the rules for one kind of plugin.

    Parameters
    ----------
    kind : str
        model, explainer, dataset, metric, masker or extractor.
    slow : bool
        Whether to include the rule that starts a process.

    Returns
    -------
    list of str
        In the order in which ``awb check`` tries them.
    """
    return [rule.name for rule in rules_of(kind, slow=slow)]


def conforms(kind: Kind, name: str, rule: str | None = None) -> None:
    """Assert that a plugin follows a rule, or all of them; rules that cannot be tried pass.

    Parameters
    ----------
    kind : str
        model, explainer, dataset, metric, masker or extractor.
    name : str
        Its name, with settings as on the command line.
    rule : str, optional
        One of `rules`; None for all.

    Raises
    ------
    AssertionError
        If a rule is broken; the message says what was found and what to do.
    AwbError
        If there is no such plugin or rule.
    """
    resolved = resolve(load(), kind, name)
    found = check(resolved) if rule is None else [apply(find_rule(kind, rule), resolved)]
    broken = [f"{one.rule}: {one.text} {one.advice}" for one in found if one.failed]
    if broken:
        raise AssertionError(f"{kind} {name} breaks " + "; ".join(broken))
