"""Fixtures for all tests."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).resolve().parents[1]
_PLUGINS = "AWB_TEST_PLUGINS"


def _install_the_plugin_package() -> None:
    """Install tests/plugin_package for this session, unless it is installed already.

    It goes to a folder of its own, which all processes of the session search for distributions, so
    that it is found through its entry point as any stranger's plugin is.
    """
    try:
        distribution("awb-test-plugin")
    except PackageNotFoundError:
        target = tempfile.mkdtemp(prefix="awb-test-plugins-")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        command += ["--no-build-isolation", "--disable-pip-version-check", "--target", target]
        subprocess.run([*command, str(_ROOT / "tests" / "plugin_package")], check=True)
        os.environ[_PLUGINS] = target
        os.environ["PYTHONPATH"] = os.pathsep.join(
            filter(None, [target, os.environ.get("PYTHONPATH")])
        )


def pytest_configure(config: pytest.Config) -> None:
    """Make the plugin package importable, once a session (xdist workers inherit it)."""
    os.environ.setdefault("AWB_CACHE", "off")  # a test must not find what another has computed
    os.environ["AWB_TRAINED"] = os.devnull  # nor what somebody has trained
    if not hasattr(config, "workerinput"):
        _install_the_plugin_package()
    target = os.environ.get(_PLUGINS)
    if target and target not in sys.path:
        sys.path.insert(0, target)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Folder of real recordings and the real YAMNet."""
    folder = Path(os.environ.get("AWB_TEST_DATA", _ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"needs real data: {folder} is absent (set AWB_TEST_DATA)")
    return folder


@pytest.fixture(scope="module", autouse=True)
def _nothing_added_remains() -> Iterator[None]:
    """Forget the plugins that a module's fixtures add: later modules run in the same process."""
    yield
    from awb.plugins import discovery

    discovery.ADDED.clear()


@pytest.fixture
def added() -> Iterator[dict[Any, Any]]:
    """Plugins that are known but not installed; those that a test adds are forgotten after it."""
    from awb.plugins import discovery

    before = dict(discovery.ADDED)
    yield discovery.ADDED
    discovery.ADDED.clear()
    discovery.ADDED.update(before)
