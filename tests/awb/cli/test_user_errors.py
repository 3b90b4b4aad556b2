"""A user's mistake, or a machine's, is one line that says what to do; never a traceback."""

from __future__ import annotations

import errno
import os
import subprocess
import wave
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import commands
from awb.cli import main
from awb.harness import launch
from awb.harness.storage.run_folder import RUN_FILE


def _type(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def _only_line(result: Result, code: int = 2) -> str:
    assert result.exit_code == code, result.output
    *before, line = result.stderr.splitlines()
    assert not [one for one in before if not one.startswith("Run folder")]
    return str(line)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--segment", "1e-9"), ("--segment", "inf"), ("--segment", "nan"), ("--segment-hop", "0"),
     ("--seed", str(2**70)), ("--seed", "-1")],
)  # fmt: skip
def test_settings_outside_their_range_are_refused_with_the_range(option: str, value: str) -> None:
    line = _only_line(_type("run", option, value))
    assert "Input should be" in line
    assert "got" in line


def test_a_configuration_that_is_nested_too_deeply(tmp_path: Path) -> None:
    path = tmp_path / "deep.toml"
    path.write_text("a = " + "[" * 5000 + "]" * 5000)
    assert "is nested too deeply for a configuration" in _only_line(_type("run", path))


@pytest.mark.parametrize("rate_hz", [1, 999, 2_000_000])
def test_a_recording_that_claims_an_absurd_rate(tmp_path: Path, rate_hz: int) -> None:
    path = tmp_path / "odd.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(b"\0\0" * 1000)
    line = _only_line(_type("explain", path, "--no-isolate"))
    assert f"claims a sample rate of {rate_hz:,} Hz" in line


def test_after_ctrl_c_the_command_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"

    def interrupted(settled: Any, resources: Any, path: Path, *_: Any) -> Any:
        path.mkdir()
        (path / RUN_FILE).touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(launch, "start", interrupted)
    line = _only_line(_type("run", "--explainers=naive", "--out", out), code=130)
    assert line == f"Stopped. Finished instances are stored. Type: awb resume {out}"


def test_an_error_of_the_system_is_told_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "results"))

    monkeypatch.setattr(launch, "start", full)
    line = _only_line(_type("run", "--explainers=naive", "--out", tmp_path / "out"))
    assert line == f"awb: {tmp_path / 'results'}: No space left on device"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_board_that_cannot_be_printed() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            commands.command("plugins"), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == "awb: No space left on device\n"
