"""docs/configuration.md has every setting; configurations there and in configs/ are valid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from awb.harness.config.settings import RunSettings
from awb.harness.config.toml_input import read_settings
from awb.harness.launch import checked_variants
from pages import configuration

ROOT = Path(__file__).resolve().parents[4]
BLOCKS = [
    pytest.param(text, id=f"{page}-{number}")
    for page in ("configuration", "paper")
    for number, text in enumerate(
        re.findall(
            r"```toml[^\n]*\n(.*?)```", (ROOT / "docs" / f"{page}.md").read_text("utf-8"), re.DOTALL
        )
    )
]


def test_every_setting_is_in_the_table_once_and_explained() -> None:
    table = configuration.page()
    for name, field in RunSettings.model_fields.items():
        assert table.count(f"| `{name}` | `--") == 1
        assert field.description


@pytest.mark.parametrize("text", BLOCKS)
def test_configurations_in_the_docs_are_valid(text: str, tmp_path: Path) -> None:
    path = tmp_path / "block.toml"
    path.write_text(text, encoding="utf-8")
    assert checked_variants(read_settings(path, {}))


def test_the_sweep_of_the_reference_is_valid_and_whole() -> None:
    settled = read_settings(ROOT / "configs" / "paper.toml", {})
    found = checked_variants(settled)
    single = {
        f"single:fraction={fraction},run_length={run}"
        for fraction in (0.2, 0.3, 0.4)
        for run in (1, 3, 5)
    }
    asked = {(one.config.masker, one.config.design) for one in found}
    assert asked == {
        (masker, design) for masker in ("zeros", "noise") for design in (*single, "pooled")
    }
    assert len(found) == 20
    assert {one.config.samples for one in found} == {3000}
    assert {one.config.segment_s for one in found} == {0.1}
