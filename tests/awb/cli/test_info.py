"""``awb info``, ``awb plugins KIND``, and the help of all commands."""

from __future__ import annotations

import json

import pytest

from awb.cli import GROUPS, main
from browser import awb


def test_a_plugin_is_described_with_its_settings_cost_needs_and_source() -> None:
    text = awb("info", "naive").output
    for part in ("explainer naive", "cost", "every model", "source", "from", "Settings, typed as"):
        assert part in text, part
    needy = awb("info", "saliency").output
    assert "models that offer DifferentiableModel" in needy


def test_models_tell_their_classes_and_metrics_their_range() -> None:
    assert "16: Bass drum" in awb("info", "soundscape-cnn").output
    assert "0 to 1, probability; higher is better" in awb("info", "roc-auc").output


def test_a_name_of_two_kinds_is_described_twice_and_json_holds_everything() -> None:
    found = json.loads(awb("info", "energy", "--json").output)
    assert [one["kind"] for one in found] == ["explainer"]
    assert {"cost", "source", "from"} <= set(found[0]["facts"])
    wrong = awb("info", "nave")
    assert wrong.exit_code == 2
    assert "Did you mean naive" in wrong.stderr


@pytest.mark.parametrize("kind", ["explainer", "explainers"])
def test_a_kind_may_be_singular_or_plural(kind: str) -> None:
    rows = json.loads(awb("plugins", kind, "--json").output)["plugins"]
    assert {row["kind"] for row in rows} == {"explainer"}


def test_the_help_shows_every_command_in_a_group_on_one_line() -> None:
    text = awb("--help").output
    assert {one.name for group in GROUPS.values() for one in group} == set(main.commands)
    for title, group in GROUPS.items():
        assert f"{title}:" in text
        for command, told in group.items():
            [line] = [row for row in text.splitlines() if row.startswith(f"  {command.name} ")]
            assert line.endswith(told)
            assert len(line) < 80
