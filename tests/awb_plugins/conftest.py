"""Fixtures for the tests of models and explainers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import mini_audioset


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Let torch compute in one thread while a module's tests run."""
    with mini_audioset.one_thread():
        yield
