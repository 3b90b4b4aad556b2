"""The doctor: every built-in metric passes its self-test, and broken ones do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from awb.cli import main
from awb.doctor.installation import Finding, examine
from awb.doctor.metrics import self_test
from awb.metrics import ALL_FACTS
from awb.plugins.discovery import Registry, load
from awb.scoring import Scoring
from awb.specs import MetricSpec
from awb.variations import AnotherSeed

SPECS = [entry.spec for entry in load() if isinstance(entry.spec, MetricSpec)]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_metric_passes_its_self_test(spec: MetricSpec) -> None:
    assert self_test(spec) == ""


def _broken(name: str, function: object) -> MetricSpec:
    return MetricSpec(name=name, summary="s", citation="c", facts=ALL_FACTS[name],
                      factory=lambda _: function)  # fmt: skip


def _upside_down(scoring: Scoring) -> float:
    inside = scoring.relevance[scoring.labels == 1].mean()
    return float(0.5 - 0.5 * np.sign(inside - scoring.relevance[scoring.labels == 0].mean()))


@pytest.mark.parametrize(
    ("name", "function", "message"),
    [
        ("roc-auc", _upside_down, "the oracle scores 0.000"),
        ("roc-auc", lambda s: 7.0, "outside its range"),
        ("roc-auc", lambda s: 1.0, "a constant scores"),
        ("sparseness", lambda s: 0.5, "one peak scores"),
        ("iou-mean", lambda s: float(s.relevance.mean()), "mirrored"),
        ("seed-stability", lambda s: -s.relevance @ s.varied(AnotherSeed()), "reshuffled"),
        ("model-randomization", lambda s: -s.relevance @ s.varied(AnotherSeed()), "reshuffled"),
    ],
)
def test_broken_metrics_are_found(name: str, function: object, message: str) -> None:
    assert message in self_test(_broken(name, function))


def test_the_command_reports_that_nothing_is_wrong() -> None:
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0, result.output
    assert f"{len(SPECS)} of {len(SPECS)} pass" in result.stdout
    assert "WRONG" not in result.stdout


def _cache_line(monkeypatch: pytest.MonkeyPatch, folder: str, size: str = "2GB") -> Finding:
    monkeypatch.setenv("AWB_CACHE", folder)
    monkeypatch.setenv("AWB_CACHE_SIZE", size)
    [found] = [one for one in examine(Registry((), ())) if one.subject == "cache"]
    return found


def test_the_cache_is_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert _cache_line(monkeypatch, "off") == Finding("cache", True, "off (AWB_CACHE)")
    text = _cache_line(monkeypatch, str(tmp_path / "kept")).text
    assert text.endswith("kept: 0.0 of 2000 MB")
    assert "set AWB_CACHE_SIZE" in _cache_line(monkeypatch, str(tmp_path / "kept"), "900TB").text
    wrong = _cache_line(monkeypatch, str(tmp_path / "kept"), "much")
    assert not wrong.ok
    assert "'much' is not a size" in wrong.text
    (tmp_path / "file").touch()
    wrong = _cache_line(monkeypatch, str(tmp_path / "file" / "kept"))
    assert not wrong.ok
    assert "Set AWB_CACHE to another folder" in wrong.text
