"""A spot check computes the explainers of others without labels, so a cheat is found out."""

from __future__ import annotations

from pathlib import Path

import pytest

import cheating_plugins as cheating
import small_data
from awb.plugins.session import add_file
from submissions import awb


@pytest.mark.slow  # two workers start, each with the model
def test_relevance_that_took_labels_is_not_that_of_a_spot_check(tmp_path: Path) -> None:
    add_file(Path(cheating.__file__))
    data = tmp_path / "bursts"
    onset_s = cheating.onset_s(0)
    small_data.write_clip(data / "audio" / "clip-0.wav", [onset_s])
    (data / "events.tsv").write_text(
        "filename\tonset\toffset\tevent_label\n"
        f"clip-0.wav\t{onset_s:.4f}\t{onset_s + cheating.LENGTH_S:.4f}\tLoud\n"
    )
    done = awb(
        "run", "--dataset", f"folder:{data}", "--model", "loudness", "--samples", "20",
        "--explainers", "cheat,fitted", "--no-baselines", "--metrics", "roc-auc,deletion-area",
        "--jobs", "1", "--no-isolate", "--out", tmp_path / "run",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    boards = tmp_path / "boards"
    assert awb("publish", tmp_path / "run", "--into", boards, "--author", "A").exit_code == 0
    result = awb("verify", boards, "--spot-check", "1")
    assert result.exit_code == 1, result.output
    refused, passed = sorted(result.stdout.splitlines(), key=lambda line: "PASS" in line)
    assert "cheat.json" in refused
    assert "the relevance differs by 1" in refused
    assert "fitted.json" in passed
