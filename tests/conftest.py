"""Fixtures for all tests."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

_ROOT = Path(__file__).resolve().parents[1]
_PLUGINS = "AWB_TEST_PLUGINS"
_LONG_S = 10.0
"""What takes longer, its fixtures included, is listed at the end unless it is marked slow."""

_taken_s: Counter[str] = Counter()


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
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the workers share the cores already
    os.environ["AWB_TRAINED"] = os.devnull  # nor what somebody has trained
    if not hasattr(config, "workerinput"):
        _install_the_plugin_package()
    target = os.environ.get(_PLUGINS)
    if target and target not in sys.path:
        sys.path.insert(0, target)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the pages of the documentation, so that no worker waits for one in the end."""
    items.sort(key=lambda item: item.path.name != "test_docs.py")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what a test has taken."""
    if "slow" not in report.keywords:
        _taken_s[report.nodeid] += report.duration


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """List the tests that took long without being marked as slow; it fails nothing."""
    if hasattr(config, "workerinput"):
        return
    long = [(name, seconds) for name, seconds in _taken_s.most_common(20) if seconds > _LONG_S]
    if long:
        terminalreporter.section(f"over {_LONG_S:.0f} s, not marked slow (CONTRIBUTING.md)")
        for name, seconds in long:
            terminalreporter.write_line(f"{seconds:6.1f} s  {name}")


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], Any]], Path]:
    """Make a folder once for all workers of the session, which only read it.

    ``once(name, make)`` calls ``make(folder)`` unless another worker has, and returns the folder.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], Any]) -> Path:
        folder, finished = shared / f"once-{name}", shared / f"once-{name}.finished"
        with FileLock(shared / f"once-{name}.lock"):
            if not finished.exists():
                folder.mkdir()
                make(folder)
                finished.touch()
        return folder

    return made


@pytest.fixture(scope="session", autouse=True)
def _warm_workers() -> Iterator[None]:
    """Start the workers of runs in this process with their libraries loaded."""
    from warm_processes import warm_workers

    with warm_workers():
        yield


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
