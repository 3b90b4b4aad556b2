"""The synthetic run of many instances still fits the harness that it replaces a part of."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_a_few_made_up_instances_have_a_board() -> None:
    script = Path(__file__).with_name("many_instances.py")
    command = [sys.executable, script, "--one", "20", "--explainers", "2", "--classes", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["ms_each"] > 0
    assert found["board_mb"] >= found["run_mb"] > 10
