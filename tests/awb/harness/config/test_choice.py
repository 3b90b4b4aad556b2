"""Which plugins a configuration names."""

from __future__ import annotations

import pytest

from awb.harness.config.choice import choose
from awb.harness.config.run_config import make_config
from awb.plugins.discovery import load

BASELINES = {"random", "constant", "energy", "keep-nearly-all", "oracle"}


def _labels(**settings: object) -> list[str]:
    return [one.label for one in choose(make_config(**settings), load()).explainers]


def test_every_board_carries_the_baselines() -> None:
    labels = _labels(explainers=["naive"])
    assert labels[0] == "naive"
    assert set(labels[1:]) == BASELINES


def test_a_named_baseline_is_added_only_once() -> None:
    assert sorted(_labels(explainers=["oracle", "naive"])) == sorted({"naive", *BASELINES})


def test_baselines_can_be_left_out() -> None:
    assert _labels(explainers=["naive", "random"], baselines=False) == ["naive", "random"]


@pytest.mark.parametrize("baselines", [True, False])
def test_all_has_them_either_way(baselines: bool) -> None:
    labels = _labels(baselines=baselines)
    assert set(labels) > BASELINES
    assert len(labels) == len(set(labels))
