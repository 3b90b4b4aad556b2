"""Runs in this process, with fake plugins: failures, reports, order, resume."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from awb.errors import (
    AudioError,
    AwbError,
    ParameterError,
    PluginError,
    RunError,
    UnknownNameError,
)
from awb.harness import run as runner
from awb.harness.config.machine import machine
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import make_config
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.board import Board
from awb.leaderboard.boards.construction import boards
from awb.leaderboard.formats.text import to_plain
from awb.plugins.discovery import Registered, Registry, load
from awb.protocols import PatchModel
from awb.specs import DatasetSpec, ExplainerSpec, ModelSpec, Origin
from awb.types import Clip, Event
from fakes import RATE_HZ, WeightedEnergy, unit_clip

N_SEGMENTS = 20


class FakeDataset:
    """Four clips whose target lies in segments 3 and 4; another one cannot be read."""

    bad: tuple[str, ...] = ("clip-2",)

    def clip_ids(self) -> Sequence[str]:
        return [f"clip-{index}" for index in range(5)]

    def load(self, clip_id: str) -> Clip:
        if clip_id in self.bad:
            raise AudioError(f"{clip_id}.wav: truncated")
        clip = unit_clip(N_SEGMENTS, seed=int(clip_id[-1]), clip_id=clip_id)
        return Clip(clip_id, clip.waveform, RATE_HZ, (Event(0.3, 0.5, "Target"),))


def _weights() -> np.ndarray:
    weights = np.zeros(N_SEGMENTS)
    weights[3:5] = [8.0, 6.0]
    return weights


def _raises(perturber: Any, instance: Any, rng: Any) -> Any:
    raise ValueError("I am\nbroken")


def _nan(perturber: Any, instance: Any, rng: Any) -> Any:
    return np.full(perturber.n_segments, np.nan)


def _short(perturber: Any, instance: Any, rng: Any) -> Any:
    return np.zeros(perturber.n_segments - 1)


def _text(perturber: Any, instance: Any, rng: Any) -> Any:
    return ["a"] * perturber.n_segments


def _writes(perturber: Any, instance: Any, rng: Any) -> Any:
    instance.clip.waveform[:] = 0
    return np.zeros(perturber.n_segments)


def _peeks(perturber: Any, instance: Any, rng: Any) -> Any:
    assert len(instance.clip.events) == len(instance.intervals_s) == 0
    return np.arange(perturber.n_segments)


def _no_factory(parameters: Any) -> Any:
    raise ImportError("no module named cuda_magic")


BROKEN: dict[str, Callable[..., Any]] = {
    "raises": _raises,
    "nan": _nan,
    "short": _short,
    "text": _text,
    "writes": _writes,
}


def _spec(name: str, function: Any, **settings: Any) -> ExplainerSpec:
    return ExplainerSpec(
        name=name,
        summary="Fake.",
        citation="none",
        cost="none",
        factory=lambda _: function,
        **settings,
    )


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The installed plugins and some fakes."""
    specs: list[tuple[str, Any]] = [
        (
            "dataset",
            DatasetSpec(name="fake", summary="F.", citation="-", factory=lambda _: FakeDataset()),
        ),
        (
            "model",
            ModelSpec(
                name="planted",
                summary="F.",
                citation="-",
                factory=lambda _: WeightedEnergy(_weights(), -0.5),
            ),
        ),
        *(("explainer", _spec(name, function)) for name, function in BROKEN.items()),
        ("explainer", _spec("peeks", _peeks)),
        ("explainer", _spec("needy", _peeks, needs=(PatchModel,))),
        (
            "explainer",
            ExplainerSpec(
                name="no-factory", summary="F.", citation="-", cost="-", factory=_no_factory
            ),
        ),
    ]
    installed = [entry for entry in load() if entry.kind in {"metric", "masker", "explainer"}]
    ours = [Registered(kind, spec, Origin("fakes")) for kind, spec in specs]  # type: ignore[arg-type]
    found = Registry([*installed, *ours])
    monkeypatch.setattr(runner, "load", lambda: found)
    return found


def _run(out: Path, **settings: Any) -> RunFolder:
    config = make_config(datasets=["fake"], models=["planted"], **{"samples": 60, **settings})
    return runner.run(config, out, Resources(jobs=1))


def _board(folder: RunFolder, registry: Registry) -> Board:
    [board] = boards(folder, registry)
    return board


def test_failures_do_not_affect_other_rows(tmp_path: Path, registry: Registry) -> None:
    names = ["random-forest", "oracle", "constant", "peeks", *BROKEN, "needy", "no-factory"]
    board = _board(_run(tmp_path / "run", explainers=names), registry)
    rows = {row.explainer: row for row in board.rows}
    assert rows["oracle"].cells[0].mean == 1.0
    assert rows["constant"].cells[0].mean == 0.5
    assert rows["random-forest"].rank == 1
    assert rows["random-forest"].cells[0].mean > 0.9
    for name in [*BROKEN, "needy", "no-factory"]:
        assert rows[name].rank is None
        assert rows[name].coverage == 0.0
        assert np.isnan(rows[name].cells[0].mean)
    text = "\n".join(board.problems)
    for expected in [
        "raises failed: ValueError: I am broken (4 instances)",
        "nan failed: relevance has 20 NaN or infinite of 20 values",
        "short failed: relevance has 19 values for 20 segments",
        "text failed: relevance is not an array of numbers",
        "writes failed: ValueError: assignment destination is read-only",
        "no-factory failed: no-factory (fakes) could not be built: ImportError: no module named",
        "audio unreadable: clip-2.wav: truncated",
    ]:
        assert expected in text, expected
    assert "not applicable, as the model does not implement PatchModel: needy" in board.notes
    assert board.failed
    assert (board.n_instances, board.skipped) == (4, {"audio unreadable": 1})


def test_not_applicable_is_not_a_failure(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeDataset, "bad", ())
    board = _board(_run(tmp_path / "run", explainers=["needy", "oracle"]), registry)
    assert not board.problems
    assert not board.failed
    assert any(note.startswith("not applicable, as ") for note in board.notes)


def test_results_do_not_depend_on_which_other_explainers_ran(
    tmp_path: Path, registry: Registry
) -> None:
    def values(folder: RunFolder) -> dict[Any, float]:
        return {
            (row.clip_id, row.metric): row.value
            for row in folder.store().scores()
            if row.explainer == "random-forest"
        }

    alone = _run(tmp_path / "alone", explainers=["random-forest"])
    among = _run(tmp_path / "among", explainers=["naive", "kernel-shap", "random", "random-forest"])
    assert values(alone) == values(among)


def test_the_same_seed_gives_the_same_board_and_another_seed_another(
    tmp_path: Path, registry: Registry
) -> None:
    def board(name: str, seed: int) -> Board:
        return _board(_run(tmp_path / name, explainers=["random", "naive"], seed=seed), registry)

    assert board("a", 1) == board("b", 1)
    assert board("a2", 1).rows != board("c", 2).rows


def test_clips_limits_the_clips(tmp_path: Path, registry: Registry) -> None:
    folder = _run(tmp_path / "run", explainers=["oracle"], clips=2)
    assert {row.clip_id for row in folder.store().scores()} == {"clip-0", "clip-1"}


def test_overlapping_segments_are_scored_on_the_grid(tmp_path: Path, registry: Registry) -> None:
    folder = _run(
        tmp_path / "run",
        explainers=["naive", "linear-regression", "oracle"],
        segment_s=0.5,
        segment_hop_s=0.1,
    )
    found = folder.store().relevance("clip-0", "Target", "linear-regression")
    assert found is not None
    assert found.size == N_SEGMENTS
    rows = {row.explainer: row for row in _board(folder, registry).rows}
    assert rows["linear-regression"].cells[0].mean > 0.9


def test_resume_leaves_a_finished_run_unchanged(tmp_path: Path, registry: Registry) -> None:
    folder = _run(tmp_path / "run", explainers=["naive"])
    before = _board(folder, registry)
    assert _board(runner.resume(folder.path, Resources(jobs=1)), registry) == before


def test_resume_refuses_other_plugins(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _run(tmp_path / "run", explainers=["naive"])
    newer = [
        Registered(entry.kind, entry.spec, Origin(entry.origin.distribution, "99"))
        for entry in registry
    ]
    monkeypatch.setattr(runner, "load", lambda: Registry(newer))
    with pytest.raises(RunError, match="other plugins or versions"):
        runner.resume(folder.path, Resources(jobs=1))


def test_resume_refuses_changed_audio(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(done: int) -> Callable[[str, int, int], None]:
        def progress(phase: str, now: int, total: int) -> None:
            if phase.startswith("Explaining") and now == done:
                raise KeyboardInterrupt

        return progress

    config = make_config(datasets=["fake"], models=["planted"], samples=9, explainers=["naive"])
    with pytest.raises(KeyboardInterrupt):
        runner.run(config, tmp_path / "run", Resources(jobs=1), progress=dies(2))
    monkeypatch.setattr(
        FakeDataset,
        "load",
        lambda self, clip_id: Clip(clip_id, np.zeros(2000, np.float32), RATE_HZ),
    )
    with pytest.raises(RunError, match=r"audio of clip .* has changed"):
        runner.resume(tmp_path / "run", Resources(jobs=1))


def test_interrupted_runs_resume_to_the_same_board(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = _board(_run(tmp_path / "whole", explainers=["naive", "random-forest"]), registry)
    config = make_config(
        datasets=["fake"], models=["planted"], samples=60, explainers=["naive", "random-forest"]
    )
    calls = 0

    def interrupt(phase: str, done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if calls % 7 == 0:
            raise KeyboardInterrupt

    path = tmp_path / "cut"
    with pytest.raises(KeyboardInterrupt):
        runner.run(config, path, Resources(jobs=1), progress=interrupt)
    here, elsewhere = machine(), {**machine(), "platform": "Plan 9"}
    monkeypatch.setattr(runner, "machine", lambda: elsewhere)
    for _ in range(10):
        try:
            runner.resume(path, Resources(jobs=1), progress=interrupt)
            break
        except KeyboardInterrupt:
            continue
    assert _board(RunFolder.open(path), registry) == undisturbed
    record = RunFolder.open(path).record()
    assert record["platform"] == here["platform"]
    assert record["other_machines"] == [elsewhere]


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"explainers": ["naiv"]}, "Did you mean naive"),
        ({"models": ["plantd"]}, "planted"),
        ({"datasets": ["fak"]}, "fake"),
        ({"metrics": ["rocauc"]}, "roc-auc"),
        ({"masker": "zero"}, "zeros"),
    ],
)
def test_unknown_names_stop_before_anything_is_written(
    tmp_path: Path, registry: Registry, settings: dict[str, Any], match: str
) -> None:
    config = make_config(**{"datasets": ["fake"], "models": ["planted"], **settings})
    with pytest.raises(UnknownNameError, match=match):
        runner.run(config, tmp_path / "run", Resources(jobs=1))
    assert not (tmp_path / "run").exists()


def test_an_existing_run_is_not_overwritten(tmp_path: Path, registry: Registry) -> None:
    _run(tmp_path / "run", explainers=["constant"])
    with pytest.raises(RunError, match="awb resume"):
        _run(tmp_path / "run", explainers=["constant"])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "precious.txt").write_text("mine")
    with pytest.raises(RunError, match="not an empty folder"):
        _run(tmp_path / "other", explainers=["constant"])


def test_run_json_says_what_made_the_results(tmp_path: Path, registry: Registry) -> None:
    folder = _run(tmp_path / "run", explainers=["naive"], seed=7)
    record = json.loads((folder.path / "run.json").read_text())
    assert record["seed"] == 7
    assert record["config"]["explainers"] == ["naive"]
    assert {"python", "numpy", "torch"} <= set(record["versions"])
    assert {one["kind"] for one in record["plugins"]} == {
        "dataset",
        "model",
        "explainer",
        "metric",
        "masker",
    }
    [manifest] = folder.manifests()
    assert record["manifests"][0]["sha256"] == manifest.sha256


def test_a_model_that_breaks_its_contract_is_named(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WeightedEnergy, "scores", _raises)
    with pytest.raises(PluginError, match=r"planted.*TypeError|planted.*ValueError"):
        _run(tmp_path / "run", explainers=["naive"])


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": 99}', "not json"])
def test_damaged_run_folders_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(AwbError):
        RunFolder.open(tmp_path)
    with pytest.raises(RunError, match="is not a run folder"):
        RunFolder.open(tmp_path / "nowhere")


def test_boards_at_budgets_are_those_of_runs_with_as_many_samples(
    tmp_path: Path, registry: Registry
) -> None:
    names = ["ridge", "kernel-shap", "naive", "greedy", "random", "needy"]
    metrics = ["roc-auc", "deletion-area"]
    config = make_config(
        datasets=["fake"], models=["planted"], explainers=names, metrics=metrics, budgets="20,40,20"
    )
    assert (config.budgets, config.samples) == ((20, 40), 40)
    small, large = boards(runner.run(config, tmp_path / "both", Resources(jobs=1)), registry)
    assert (small.budget, large.budget) == (20, 40)
    for board in (small, large):
        plain = make_config(
            datasets=["fake"], models=["planted"], explainers=names, metrics=metrics,
            samples=board.budget,
        )  # fmt: skip
        alone = _board(runner.run(plain, tmp_path / str(board.budget), Resources(jobs=1)), registry)
        rows = {row.explainer: row for row in alone.rows}
        for row in board.rows:
            assert [cell.mean for cell in row.cells] == pytest.approx(
                [cell.mean for cell in rows[row.explainer].cells], nan_ok=True
            )
    assert "greedy" not in {row.explainer for row in small.rows}
    assert any("more than 20 model calls are needed by greedy" in note for note in small.notes)
    assert {row.explainer for row in small.rows} >= {"ridge", "kernel-shap", "naive", "needy"}
    assert to_plain(small).startswith("planted on fake: 4 instances from 4 clips, at most 20 model")


def test_samples_and_budgets_exclude_each_other() -> None:
    with pytest.raises(ParameterError, match="--samples or --budgets"):
        make_config(budgets="20", samples=20)
    with pytest.raises(ParameterError, match="budgets"):
        make_config(budgets="many")
    with pytest.raises(ParameterError, match="budgets"):
        make_config(budgets="0")


def test_robustness_is_measured_on_as_many_instances_as_the_run_says(
    tmp_path: Path, registry: Registry
) -> None:
    settings = {
        "explainers": ["ridge", "constant"],
        "metrics": ["roc-auc", "seed-stability", "gain-invariance", "model-randomization"],
    }
    folder = _run(tmp_path / "two", robustness=2, **settings)
    board = _board(folder, registry)
    cells = {row.explainer: row.cells for row in board.rows}
    assert [cell.n for cell in cells["ridge"]] == [4, 2, 2, 0]
    assert cells["ridge"][1].mean > 0.3
    reasons = [
        row.reason
        for row in folder.store().scores()
        if (row.metric, row.explainer) == ("model-randomization", "ridge")
    ]
    assert sum(one.startswith("not applicable: the model's weights") for one in reasons) == 2
    assert "an explanation is constant" in {
        row.reason for row in folder.store().scores() if row.explainer == "constant"
    }
    assert not any("metric" in problem for problem in board.problems)
    nobody = _board(_run(tmp_path / "none", robustness="0", **settings), registry)
    everybody = _board(_run(tmp_path / "all", robustness="all", **settings), registry)
    counts = [
        {row.explainer: row.cells[1].n for row in one.rows}["ridge"] for one in (nobody, everybody)
    ]
    assert counts == [0, 4]


def test_robustness_compares_explanations_of_few_masks_unless_told(
    tmp_path: Path, registry: Registry
) -> None:
    """As in a run of few masks, for what learns from them; the board's explanations stay."""
    settings = {
        "explainers": ["ridge", "naive"], "metrics": ["roc-auc", "seed-stability"],
        "baselines": False, "robustness": "all",
    }  # fmt: skip

    def values(name: str, **more: Any) -> dict[str, list[float]]:
        rows = _run(tmp_path / name, **settings, **more).store().scores()
        found: dict[str, list[float]] = {}
        for row in rows:
            found.setdefault(f"{row.explainer} {row.metric}", []).append(row.value)
        return found

    few, cheap = values("few", samples=40), values("cheap", samples=90, robustness_samples=40)
    many = values("many", samples=90, robustness_samples=90)
    assert cheap["ridge seed-stability"] == few["ridge seed-stability"]
    assert cheap["ridge roc-auc"] == many["ridge roc-auc"]
    assert cheap["ridge seed-stability"] != many["ridge seed-stability"]
    assert cheap["naive seed-stability"] == many["naive seed-stability"]


def test_the_board_says_that_robustness_has_too_few_clips(
    tmp_path: Path, registry: Registry
) -> None:
    settings = {"explainers": ["naive"], "metrics": ["roc-auc", "seed-stability"]}
    none, few = (
        _board(_run(tmp_path / str(count), robustness=count, **settings), registry)
        for count in (0, 2)
    )
    assert any("no clips were explained again" in note for note in none.notes)
    assert any(note.startswith("2 clips were explained again") for note in few.notes)
    assert all("--robustness 5" in "".join(one.notes) for one in (none, few))


def test_curves_are_kept_whole_where_a_metric_asked_for_them(
    tmp_path: Path, registry: Registry
) -> None:
    settings = {"explainers": ["oracle", "constant"], "baselines": False}
    store = _run(tmp_path / "run", metrics=["deletion-area", "ff@10"], **settings).store()
    board = store.curves("fake", "planted", "deletion").values()
    assert len(board) == 4
    for by_name in board:
        assert by_name.keys() == {"oracle", "constant"}
        curve = by_name["oracle"]
        assert curve.shape == (N_SEGMENTS + 1,)
        falls = np.diff(curve)
        assert (falls[:2] < 0).all()
        assert falls[2:] == pytest.approx(0.0, abs=1e-6)
    areas = {
        row.clip_id: row.value
        for row in store.scores()
        if (row.metric, row.explainer) == ("deletion-area", "oracle")
    }
    for (clip_id, _), by_name in store.curves("fake", "planted", "deletion").items():
        assert areas[clip_id] == pytest.approx(np.trapezoid(by_name["oracle"]) / N_SEGMENTS)
    assert store.curves("fake", "planted", "insertion") == {}
    none = _run(tmp_path / "none", metrics=["roc-auc"], **settings).store()
    assert none.curves("fake", "planted", "deletion") == {}
