"""Something true is on the screen before anything heavy is imported, and is taken away again."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from awb.cli import waiting

_FIRST_LINE = """
import sys
from awb.cli import main, settings

def show(text):
    sys.stdout.write(text + "\\n" + " ".join(sys.modules))
    raise SystemExit
settings.show = show
main(sys.argv[1:])
"""


def test_the_first_line_waits_for_no_library() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FIRST_LINE, "run", "--explainers", "energy"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    text, _, modules = done.stdout.partition("\n")
    assert text == "Loading settings and plugins"
    assert not {"pydantic", "numpy", "scipy", "rich", "pluggy"} & set(modules.split())


def _on_a_terminal(*arguments: str) -> str:
    """Run a command whose stderr is a terminal, and return what it shows there."""
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "awb", *arguments],
        stdout=subprocess.DEVNULL, stderr=theirs, check=False, timeout=60,
    )  # fmt: skip
    os.close(theirs)
    try:
        return os.read(ours, 100_000).decode()
    except OSError:  # nothing was ever written, on Linux
        return ""
    finally:
        os.close(ours)


@pytest.mark.parametrize("option", ["--explainers=no-such", "--no-such-option"])
def test_an_error_replaces_the_line(option: str) -> None:
    line = "Loading settings and plugins"
    before, _, after = _on_a_terminal("run", option).partition(f"\r{' ' * len(line)}\r")
    assert before == line
    assert "no-such" in after
    assert "Loading" not in after.rpartition("\x1b[2K")[2]


def test_help_shows_no_such_line() -> None:
    assert "Loading" not in _on_a_terminal("run", "--help") + _on_a_terminal("--help")


def test_a_pipe_gets_no_such_line(capsys: pytest.CaptureFixture[str]) -> None:
    waiting.show("Loading")
    waiting.clear()
    assert capsys.readouterr().err == ""
