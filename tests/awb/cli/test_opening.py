"""Opening a page: in the browser, or a line where there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from awb.cli.opening import open_page

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")
NONE = "No browser was found here; open the page where there is one.\n"


@pytest.fixture
def opener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An xdg-open that notes what it is asked for, and complains as the real one does."""
    script = tmp_path / "bin" / "xdg-open"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/asked\necho complaint >&2\nexit $CODE\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")
    monkeypatch.setenv("DISPLAY", ":0")
    return tmp_path / "asked"


@pytest.mark.parametrize(("code", "said"), [("0", ""), ("3", NONE)])
def test_complaints_of_the_opener_are_not_shown(
    opener: Path, code: str, said: str, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("CODE", code)
    open_page(Path("page.html"))
    assert capfd.readouterr().err == said
    assert opener.read_text().strip() == str(Path("page.html").resolve())


def test_without_a_display_nothing_is_started(
    opener: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    open_page(Path("page.html"))
    assert capfd.readouterr().err == NONE
    assert not opener.exists()
