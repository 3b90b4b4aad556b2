"""``awb.explainers()`` and its like agree with ``awb plugins``."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import awb
import awb.metrics
from awb.builtins.metrics import METRICS
from browser import awb as command

LISTS = {"explainer": "explainers", "metric": "metrics", "model": "models", "dataset": "datasets",
         "masker": "maskers"}  # fmt: skip


@pytest.mark.parametrize("kind", LISTS)
def test_lists_agree_with_the_command(kind: str) -> None:
    listed = getattr(awb, LISTS[kind])()
    assert isinstance(listed, pd.DataFrame)
    told = json.loads(command("plugins", kind, "--json").stdout)["plugins"]
    assert list(listed.index) == [one["name"] for one in told]
    for one in told:
        row = listed.loc[one["name"]]
        for name in ("summary", "citation", "parameters", "available", "distribution", "version"):
            assert row[name] == one[name], (one["name"], name)


def test_facts_are_those_of_the_specs() -> None:
    listed = awb.metrics()  # type: ignore[operator]
    for spec in METRICS:
        row = listed.loc[spec.name]
        assert (row["higher_is_better"], row["lowest"], row["ranks"]) == (
            spec.facts.higher_is_better, spec.facts.lowest, spec.facts.ranks,
        )  # fmt: skip
    explainers = awb.explainers()
    assert explainers.loc["oracle", "sees_labels"]
    assert set(explainers.query("baseline").index) >= {"oracle", "random", "constant", "energy"}


def test_the_modules_of_the_same_names_stay_modules() -> None:
    from awb.maskers import zeros
    from awb.metrics import roc_auc

    assert awb.metrics.roc_auc is roc_auc
    assert awb.maskers.zeros is zeros
