"""Labels are in no process that runs explainers of others, and the numbers are the same."""

from __future__ import annotations

import pickle
import sqlite3
import struct
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cheating_plugins as cheating
import commands
import small_data
from awb.harness.config.choice import choose
from awb.harness.config.run_config import make_config
from awb.harness.storage.run_folder import RunFolder
from awb.harness.unit.blinding import blinded, blinded_plan, labelled_plan, needs_blinding
from awb.harness.unit.record import Plan, Unit
from awb.plugins.discovery import load
from awb.types import Instance

OPTIONS = ("--model=loudness", "--samples=40", "--robustness=1")
METRICS = [
    "roc-auc", "ff@annotated", "deletion-area", "event-recall@5", "local-accuracy",
    "random-logit:other=labelled", "class-contrast", "tf-mass-accuracy", *cheating.METRICS,
]  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of clips, each with an event of the target and one of another class."""
    folder = tmp_path_factory.mktemp("data") / "bursts"
    lines = ["filename\tonset\toffset\tevent_label"]
    for index in range(cheating.CLIPS):
        onset_s = cheating.onset_s(index)
        small_data.write_clip(folder / "audio" / f"clip-{index}.wav", [onset_s], seed=index)
        lines.append(f"clip-{index}.wav\t{onset_s:.4f}\t{onset_s + cheating.LENGTH_S:.4f}\tLoud")
        lines.append(f"clip-{index}.wav\t2.5\t2.9\tQuiet")
    (folder / "events.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _run(data: Path, out: Path, *options: str) -> RunFolder:
    done = commands.awb(
        "run", f"--plugin={cheating.__file__}", f"--dataset=folder:{data}", *OPTIONS,
        "--explainers=cheat,naive,fitted", f"--metrics={','.join(METRICS)}", f"--out={out}",
        *options,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return RunFolder.open(out)


@pytest.fixture(scope="module")
def apart(data: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run with worker processes, as the command line makes it."""
    return _run(data, tmp_path_factory.mktemp("runs") / "apart", "--jobs=2")


@pytest.fixture(scope="module")
def together(data: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The same run in one process."""
    return _run(data, tmp_path_factory.mktemp("runs") / "one", "--jobs=1", "--no-isolate")


def _said(folder: RunFolder) -> set[str]:
    return {row.reason for row in folder.store().explanations() if row.explainer == "cheat"}


def test_a_cheat_finds_no_annotation_in_its_process(apart: RunFolder) -> None:
    assert _said(apart) == {"found nothing"}


def test_a_cheat_finds_them_where_there_is_one_process(together: RunFolder) -> None:
    for said in _said(together):
        assert {"Event", "Instance", "ndarray"} & {
            *said.split(";")[0].removeprefix("found in ").split(", ")
        }


def _rows(folder: RunFolder, *explainers: str) -> list[tuple[object, ...]]:
    """Everything that is stored, bit for bit, but seconds."""
    path = folder.path / "results.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        found: list[tuple[object, ...]] = []
        for table in ("explanation", "score", "curve", "fact"):
            columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
            kept = ", ".join(one for one in columns if "second" not in one)
            rows = connection.execute(f"select '{table}', {kept} from {table}")
            found += [row for row in rows if table == "fact" or set(explainers) & {*row}]
    return sorted(found, key=str)


def test_every_number_is_that_of_one_process(apart: RunFolder, together: RunFolder) -> None:
    names = ["naive", "fitted", "oracle", "random", "constant", "energy", "keep-nearly-all"]
    before, after = _rows(together, *names), _rows(apart, *names)
    assert len(before) > len(names) * len(METRICS) * cheating.CLIPS
    assert before == after


def test_metrics_of_others_have_labels_model_and_explainer(apart: RunFolder) -> None:
    own = [row for row in apart.store().scores() if row.explainer == "fitted"]
    for name in cheating.METRICS:
        reasons = {row.reason for row in own if row.metric == name and row.reason}
        expected = {"not applicable: never"} if name == "unmapped" else set()
        assert {one for one in reasons if "explained again" not in one} == expected, name
    assert {row.value for row in own if row.metric == "swallowed"} == {1.0}


def _unit(data: Path, explainers: list[str]) -> Unit:
    """The first unit of a run on the folder."""
    config = make_config(
        datasets=[f"folder:{data}"], models=["loudness"], explainers=explainers, metrics=["roc-auc"]
    )
    chosen = choose(config, load())
    [dataset], [model] = chosen.datasets, chosen.models
    clip = dataset.build().load("clip-0.wav")
    plan = Plan.of(chosen, dataset, model, config, "")
    onset_s = cheating.onset_s(0)
    spans = np.array([[onset_s, onset_s + cheating.LENGTH_S]])
    instance = Instance("folder", replace(clip, group="speaker 7"), "Loud", 0, spans)
    return Unit("key", plan, instance, facts={"overlap_s": 0.0, "group": "speaker 7"})


def test_a_blinded_unit_holds_neither_labels_nor_the_way_to_them(data: Path) -> None:
    unit = _unit(data, ["earliest", "naive"])
    assert needs_blinding(unit.plan)
    seen = blinded(unit, blinded_plan(unit.plan))
    sent = pickle.dumps(seen)
    for secret in (b"speaker 7", b"Quiet", str(data).encode(), struct.pack(">d", 0.3393)):
        assert secret in pickle.dumps(unit), "else its absence shows nothing"
        assert secret not in sent
    assert seen.plan.explainers[-1].label != "oracle"
    rest = labelled_plan(unit.plan)
    assert [one.label for one in rest.explainers] == ["oracle"]


def test_only_explainers_of_others_need_two_processes(data: Path) -> None:
    for explainers, apart in (
        (["naive", "mean-rank:of=naive+lime"], False),
        (["earliest"], True),
        (["mean-rank:of=naive+earliest"], True),
    ):
        assert needs_blinding(_unit(data, explainers).plan) == apart, explainers
