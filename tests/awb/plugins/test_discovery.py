"""Discovery: valid plugins, rejected ones, and reports about broken ones."""

from __future__ import annotations

import types
from importlib.metadata import entry_points
from typing import Any

import pytest

from awb.errors import MissingExtraError, ParameterError, UnknownNameError
from awb.hookspecs import hookimpl
from awb.plugins import discovery
from awb.specs import ExplainerSpec


class FakePoint:
    """An entry point of an imaginary distribution."""

    def __init__(self, name: str, module: Any, distribution: str = "stranger") -> None:
        self.name, self.value, self._module = name, f"{name}_module", module
        self.dist = types.SimpleNamespace(name=distribution, version="9.9")

    def load(self) -> Any:
        if isinstance(self._module, Exception):
            raise self._module
        return self._module


def _explainer(name: str = "mine", **settings: Any) -> ExplainerSpec:
    return ExplainerSpec(
        name=name, summary="One.", citation="me", cost="none", factory=lambda _: None, **settings
    )


def _module(hook: str = "awb_explainers", specs: Any = None) -> types.ModuleType:
    module = types.ModuleType("stranger_module")
    returned = [_explainer()] if specs is None else specs

    def function() -> Any:
        return returned

    function.__name__ = hook
    setattr(module, hook, hookimpl(function))
    return module


def _discover(*points: FakePoint) -> discovery.Registry:
    return discovery.discover(points)  # type: ignore[arg-type]


def test_the_installed_plugin_package_is_found_through_its_entry_point() -> None:
    registry = discovery.load()
    entry = registry.get("explainer", "earliest")
    assert entry.origin.distribution == "awb-test-plugin"
    assert entry.origin.version == "1.2.3"
    assert registry.get("model", "loudness").origin.entry_point == "test-plugin"
    assert not registry.broken


def test_awbs_own_plugins_use_the_same_entry_points() -> None:
    ours = [
        point
        for point in entry_points(group="awb")
        if point.dist is not None and point.dist.name == discovery.DISTRIBUTION
    ]
    registry = discovery.discover(ours)
    for kind in discovery.KINDS:
        assert registry.names(kind), kind


def test_a_broken_plugin_is_named_and_the_rest_works() -> None:
    registry = _discover(
        FakePoint("bad", ImportError("no module named nonsense"), "broken-one"),
        FakePoint("good", _module()),
    )
    assert registry.names("explainer") == ["mine"]
    [broken] = registry.broken
    assert broken.origin.distribution == "broken-one"
    assert "nonsense" in broken.reason
    with pytest.raises(UnknownNameError, match="broken-one is broken"):
        registry.get("model", "whatever")


def test_a_misspelled_hook_is_refused_with_a_suggestion() -> None:
    [broken] = _discover(FakePoint("bad", _module("awb_explainer"))).broken
    assert "awb_explainers" in broken.reason


def test_a_name_that_is_taken_is_refused_and_awb_comes_first() -> None:
    registry = _discover(
        FakePoint("other", _module(), "a-stranger"),
        FakePoint("ours", _module(), discovery.DISTRIBUTION),
    )
    assert registry.get("explainer", "mine").origin.distribution == discovery.DISTRIBUTION
    [broken] = registry.broken
    assert broken.origin.distribution == "a-stranger"
    assert "already taken by audio-where-benchmark" in broken.reason


def test_two_specs_of_one_name_in_one_plugin_are_refused() -> None:
    registry = _discover(FakePoint("bad", _module(specs=[_explainer(), _explainer()])))
    assert registry.names("explainer") == []
    assert len(registry.broken) == 1


def test_a_hook_that_returns_something_else_is_refused() -> None:
    [broken] = _discover(FakePoint("bad", _module(specs=["mine"]))).broken
    assert "expected ExplainerSpec" in broken.reason


def test_unknown_names_get_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean random-forest"):
        discovery.load().get("explainer", "randomforest")


def test_a_missing_library_is_reported_with_the_command_that_installs_it() -> None:
    spec = _explainer(requires=("no_such_module",), extra="shiny")
    registry = _discover(FakePoint("good", _module(specs=[spec])))
    entry = registry.get("explainer", "mine")
    assert discovery.missing_modules(spec) == ["no_such_module"]
    with pytest.raises(MissingExtraError, match=r'pip install "stranger\[shiny\]"'):
        discovery.check_available(entry)


@pytest.mark.parametrize("name", ["Upper", "under_score", "", "-dash", "two  words"])
def test_names_are_kebab_case(name: str) -> None:
    with pytest.raises(ParameterError, match="kebab-case"):
        _explainer(name)


def test_every_entry_point_of_the_group_is_an_entry_point() -> None:
    # Not by type: a back-port of importlib.metadata, once imported, brings a type of its own.
    for point in entry_points(group="awb"):
        assert (point.group, point.module) == ("awb", point.value)
        assert point.dist is not None
