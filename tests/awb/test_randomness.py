"""Random generators that are seeded by names, not by order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from awb import errors
from awb.errors import AwbError, did_you_mean
from awb.randomness import RandomKey
from golden.strategies import quick

paths = st.lists(st.one_of(st.integers(0, 9), st.text(max_size=4)), max_size=4)


@quick
@given(paths, paths)
def test_paths_give_different_streams(first: list[str | int], second: list[str | int]) -> None:
    one, other = (RandomKey(tuple(path)).generator().random(4) for path in (first, second))
    same_path = [(type(p), p) for p in first] == [(type(p), p) for p in second]
    assert np.array_equal(one, other) == same_path


@quick
@given(paths, paths)
def test_a_child_extends_the_path(parts: list[str | int], more: list[str | int]) -> None:
    key = RandomKey(tuple(parts))
    one = key.child(*more).generator("x").random()
    assert one == RandomKey((*parts, *more, "x")).generator().random()
    assert one == key.generator(*more, "x").random()


def test_names_do_not_run_together() -> None:
    streams = [RandomKey(("ab", "c")), RandomKey(("a", "bc")), RandomKey(("abc",))]
    assert len({key.generator().random() for key in streams}) == 3


def test_streams_are_the_same_on_every_machine() -> None:
    key = RandomKey((0, "soundscapes", "scene-1", "Siren"))
    assert key.generator("design").integers(2**31) == 848579140


def test_did_you_mean() -> None:
    known = ["random-forest", "naive", "kernel-shap"]
    assert did_you_mean("Random-Forest", known) == " Did you mean random-forest?"
    assert did_you_mean("zzz", known) == " Known: kernel-shap, naive, random-forest."
    assert did_you_mean("zzz", []) == " None is known."


def test_every_error_is_an_awb_error() -> None:
    children = [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and each.__module__ == errors.__name__
    ]
    assert len(children) > 10
    assert all(issubclass(each, AwbError) for each in children)
    assert all(each.__doc__ for each in children)
    assert not any(issubclass(each, (KeyError, AssertionError)) for each in children)
