"""Names and titles of boards: short, unique, safe, and independent of each other."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb.errors import ParameterError
from awb.leaderboard.publishing.titles import board_title, dataset_title, model_title
from awb.leaderboard.submissions.credits import credits_of
from awb.leaderboard.submissions.files import Reader, find
from awb.leaderboard.submissions.names import brief, file_names, own_part
from awb.leaderboard.submissions.schema import Plugin
from awb.plugins.discovery import load
from awb.specs import Spec

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("soundscapes", "soundscapes"),
        ("folder:real-sounds", "folder-real-sounds"),
        ("folder:/home/me/My Barks/audio/", "folder-My-Barks"),
        ("folder:C:\\data\\barks", "folder-barks"),
        ("yamnet:path=yamnet.tflite", "yamnet"),
        ("kws:free-spoken-digit-dataset/recordings", "kws-free-spoken-digit-dataset"),
        ("emodb:mix=true,seed=0.5", "emodb-mix-true-seed-0.5"),
        ("transformers:MIT/ast-finetuned", "transformers-ast-finetuned"),
        ("folder:audio", "folder"),
        ("soundscapes:clips=80", "soundscapes"),
        ("soundscapes:clips=80,seed=7", "soundscapes-seed-7"),
        ("../..", "unnamed"),
        ("\u00e9", "unnamed"),
    ],
)
def test_a_name_is_short_and_readable(label: str, name: str) -> None:
    assert brief(label) == name


LABELS = st.one_of(st.text(max_size=80), st.sampled_from(["a:x/b", "a:y/b", "A:y/b", "a-b", "a/b"]))


@given(st.lists(st.tuples(LABELS, LABELS), unique=True, max_size=6))
def test_names_are_unique_and_safe(keys: list[tuple[str, str]]) -> None:
    names = file_names(keys)
    assert set(names) == set(keys)
    assert len({name.lower() for name in names.values()}) == len(keys)
    for name in names.values():
        assert re.fullmatch(r"[A-Za-z0-9@+][A-Za-z0-9.@+-]*", name)
        assert len(name) < 2 * 98 + 70
    assert names == file_names(keys[::-1])


def test_only_equal_names_get_a_hash() -> None:
    first, second, other = ("folder:a/x", "m"), ("folder:b/x", "m"), ("drums", "m")
    names = file_names([first, second, other])
    assert names[other] == "drums--m"
    assert names[first] != names[second]
    assert file_names([first])[first] == "folder-x--m"
    thief = ("folder:x", names[first].partition("--")[2])
    assert len(set(file_names([first, second, thief]).values())) == 3


def _plugin(label: str, distribution: str = "audio-where-benchmark") -> Plugin:
    return Plugin(
        label=label, name=label.partition(":")[0], parameters={}, distribution=distribution,
        version="1",
    )  # fmt: skip


def test_titles_are_those_of_installed_plugins() -> None:
    registry = load()
    assert model_title(_plugin("yamnet:path=x/yamnet.tflite"), registry) == "YAMNet"
    assert model_title(_plugin("yamnet", "somebody-elses"), registry) == "yamnet"
    assert model_title(_plugin("sklearn:models/my-forest.skops"), registry) == (
        "my forest (scikit-learn)"
    )
    assert dataset_title(_plugin("folder:/x/real-sounds"), registry) == "real sounds (folder)"
    assert dataset_title(_plugin("not-installed"), registry) == "not-installed"
    record: Any = SimpleNamespace(model=_plugin("yamnet"), dataset=_plugin("drums"), kind="hits")
    assert board_title(record, registry) == "YAMNet on drums"
    record.kind = "false-alarms"
    assert board_title(record, registry) == "YAMNet on drums: false alarms"
    assert own_part("drums") == ""


def test_a_title_is_one_line() -> None:
    with pytest.raises(ParameterError, match="the title must be one line"):
        Spec(name="a", summary="A.", citation="-", title="two\nlines")


def test_the_common_origin_of_submissions_is_written_once() -> None:
    folder = next((ROOT / "leaderboards" / "submissions").glob("soundscapes-*"))
    group = [Reader().read(path) for path in sorted(find([folder]))[:3]]
    text = credits_of(folder.name, group)
    assert text.count("The awb authors") == 1
    assert text.count("3 submissions by") == 1
    for one in group:
        assert f"[{one.record.name}](submissions/{folder.name}/{one.record.name}.json)" in text
    other = group[0].record.model_copy(
        update={"credit": group[0].record.credit.model_copy(update={"author": "", "note": "*b*"})}
    )
    mixed: Any = [SimpleNamespace(record=other), *group[1:]]
    lines = [line for line in credits_of(folder.name, mixed).splitlines() if line.startswith("- ")]
    assert [line.split(",")[0] for line in lines] == [
        "- 2 submissions by The awb authors", "- One submission without an author",
    ]  # fmt: skip
    assert "\\*b\\*." in lines[1]
