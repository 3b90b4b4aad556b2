"""Time preparing a table as large as AudioSet's evaluation set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from awb.harness.selection.preparation import families
from awb.plugins.discovery import load
from awb_datasets.audioset.ontology import read_names
from awb_datasets.audioset.parameters import AudioSetParameters
from awb_datasets.audioset.prepare import prepare

from .strong_labels import generate

DATA = Path(os.environ.get("AWB_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.mark.parametrize("policy", ["positive", "father", "closure"])
def test_prepare(benchmark: Any, policy: str, tmp_path: Path) -> None:
    folder = DATA / "audioset"
    if not folder.is_dir():
        pytest.skip(f"needs real data: {folder} is absent (set AWB_TEST_DATA)")
    names = folder / "mid_to_display_name.tsv"
    labels = generate(tmp_path / "labels.tsv", list(read_names(names)))
    given = AudioSetParameters.model_validate(
        {"labels": labels, "ontology": folder / "ontology.json", "names": names, "policy": policy}
    )
    found = families(load(), [], dataset="audioset", scores=None, min_score=None)
    benchmark.pedantic(prepare, (given, found, 0.2), rounds=1)
