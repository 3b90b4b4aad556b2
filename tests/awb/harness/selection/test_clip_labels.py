"""Clip-level labels: targets without annotated times, from the selection to the board."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from awb.data.class_index import ClassIndex
from awb.data.skipped import LOW_SCORE, NO_EVENTS, UNKNOWN_LABEL, Skipped
from awb.errors import LabelError, UndefinedScoreError
from awb.harness import run as runner
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import make_config
from awb.harness.selection.manifest import Kept, Manifest, decide, make_instance, prepare
from awb.leaderboard.boards.board import Board
from awb.leaderboard.boards.construction import boards
from awb.leaderboard.formats.text import to_plain
from awb.plugins.discovery import Registered, Registry, load
from awb.randomness import RandomKey
from awb.scoring import NO_TIMES, Scoring
from awb.specs import DatasetSpec, MetricSpec, ModelSpec, Origin
from awb.types import Clip, Event
from fakes import RATE_HZ, WeightedEnergy, perturber_for, unit_clip

N_SEGMENTS = 12
WEIGHTS = np.array([0, 0, 0, 8, 6, 0, 0, 0, 0, 0, 0, 0.0])


class _Classes:
    classes = ("Dog", "Cat", "Vehicle horn, car horn")


def _clip(*events: Event, labels: tuple[str, ...] = ()) -> Clip:
    return Clip("a", np.full(10_000, 0.5, np.float32), RATE_HZ, events, labels, "speaker")


def _decide(clip: Clip, scores: Sequence[float] = (1.0, 1.0, 1.0)) -> list[Kept | Skipped]:
    given = np.array(scores, dtype=np.float32)
    index = ClassIndex(_Classes())
    return list(decide(clip, given, index, max_event_fraction=0.2, min_score=0.0))


def test_a_label_of_the_clip_is_a_target_without_times() -> None:
    [kept] = _decide(_clip(labels=("dog",)))
    assert isinstance(kept, Kept)
    assert (kept.target, kept.class_index, kept.intervals_s) == ("dog", 0, ())
    instance = make_instance("d", _clip(labels=("dog",)), kept, RATE_HZ)
    assert instance.intervals_s.shape == (0, 2)
    assert instance.blind().clip.labels == ()


def test_labels_are_counted_by_reason_as_events_are() -> None:
    found = _decide(_clip(labels=("Dog", "cat", "Dgo")), (0.5, -1.0, 0.0))
    reasons = {one.target: one.reason for one in found if isinstance(one, Skipped)}
    assert reasons == {"cat": LOW_SCORE, "Dgo": UNKNOWN_LABEL}
    [nothing] = _decide(_clip())
    assert isinstance(nothing, Skipped)
    assert nothing.reason == NO_EVENTS


def test_events_of_a_class_count_before_its_label() -> None:
    clip = _clip(Event(1.0, 2.0, "car horn"), labels=("Vehicle horn, car horn", "Dog"))
    found = {one.target: one for one in _decide(clip)}
    assert list(found) == ["car horn", "Dog"]
    assert found["car horn"].intervals_s == ((1.0, 2.0),)  # type: ignore[union-attr]
    assert found["Dog"].intervals_s == ()  # type: ignore[union-attr]


def test_labels_and_group_survive_resampling_and_the_manifest_survives_json() -> None:
    ready = prepare(_clip(labels=("Dog",)), 2 * RATE_HZ)
    assert (ready.labels, ready.group) == (("Dog",), "speaker")
    manifest = Manifest("d", "m", "w", tuple(_decide(_clip(labels=("Dog",)))), ())  # type: ignore[arg-type]
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_an_empty_label_is_refused() -> None:
    with pytest.raises(LabelError, match="label is empty"):
        _clip(labels=(" ",))


def test_only_localization_metrics_are_undefined_and_for_one_reason() -> None:
    clip = unit_clip(N_SEGMENTS)
    perturber = perturber_for(WeightedEnergy(WEIGHTS, -1.0), clip, samples=40)
    scoring = Scoring(
        WEIGHTS,
        np.empty((0, 2)),
        perturber,
        RandomKey((0, "metric")),
        surrogate=lambda masks: masks @ -WEIGHTS,
    )
    for entry in load():
        spec = entry.spec
        if not isinstance(spec, MetricSpec) or entry.origin.distribution == "awb-test-plugin":
            continue
        metric = spec.factory(spec.parameters())
        if spec.facts.family in ("robustness", "sanity"):
            continue  # these ask the explainer again
        if spec.name == "band-deletion-area":
            continue  # it needs a map
        if spec.facts.family == "localization" or spec.name == "ff@annotated":
            with pytest.raises(UndefinedScoreError, match=NO_TIMES):
                metric(scoring)
        else:
            assert np.isfinite(metric(scoring)), spec.name


class _Labelled:
    """Four clips of which all, or only the odd ones, have clip-level labels."""

    def __init__(self, *, mixed: bool) -> None:
        self._mixed = mixed

    def clip_ids(self) -> Sequence[str]:
        return [f"clip-{index}" for index in range(4)]

    def load(self, clip_id: str) -> Clip:
        number = int(clip_id[-1])
        audio = unit_clip(N_SEGMENTS, seed=number).waveform
        if self._mixed and number % 2 == 0:
            return Clip(clip_id, audio, RATE_HZ, (Event(0.3, 0.5, "Target"),))
        return Clip(clip_id, audio, RATE_HZ, labels=("Target",))


def _board(
    out: Path, monkeypatch: pytest.MonkeyPatch, *, mixed: bool, metrics: Sequence[str] = ("all",)
) -> Board:
    dataset = DatasetSpec(
        name="fake", summary="F.", citation="-", factory=lambda _: _Labelled(mixed=mixed)
    )
    model = ModelSpec(
        name="planted", summary="F.", citation="-", factory=lambda _: WeightedEnergy(WEIGHTS, -0.5)
    )
    installed = [entry for entry in load() if entry.kind in {"metric", "masker", "explainer"}]
    ours = [Registered("dataset", dataset, Origin("f")), Registered("model", model, Origin("f"))]
    registry = Registry([*installed, *ours])
    monkeypatch.setattr(runner, "load", lambda: registry)
    config = make_config(
        datasets=["fake"],
        models=["planted"],
        explainers=["random-forest", "constant", "oracle"],
        metrics=list(metrics),
        samples=60,
    )
    [board] = boards(runner.run(config, out, Resources(jobs=1)), registry)
    return board


def test_a_board_of_clip_level_labels_ranks_by_fidelity_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = _board(tmp_path / "run", monkeypatch, mixed=False)
    rows = {row.explainer: row for row in board.rows}
    assert [facts.name for facts in board.metrics][:2] == ["deletion-area", "ff@10"]
    assert rows["random-forest"].rank == 1
    assert rows["random-forest"].cells[0].mean < rows["constant"].cells[0].mean
    assert rows["oracle"].coverage == 0.0
    assert (board.n_instances, board.failed) == (4, False)
    text = to_plain(board)
    assert "Not applicable, as the target has no annotated times" in text
    assert "localization cannot be scored, ranks are by deletion-area" in text
    assert "roc-auc" not in text


def test_a_run_of_localization_alone_says_that_nothing_can_be_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = _board(tmp_path / "run", monkeypatch, mixed=False, metrics=["roc-auc"])
    assert [facts.name for facts in board.metrics] == ["roc-auc"]
    assert all(row.rank is None and np.isnan(row.cells[0].mean) for row in board.rows)
    text = to_plain(board)
    assert "localization cannot be scored\n" in text
    assert "No value on 4 of 4 instances: roc-auc" in text


def test_where_some_clips_have_times_these_alone_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = _board(tmp_path / "run", monkeypatch, mixed=True)
    rows = {row.explainer: row for row in board.rows}
    assert board.metrics[0].name == "roc-auc"
    assert rows["random-forest"].cells[0].n == rows["oracle"].cells[0].n == 2
    assert rows["random-forest"].rank == 1
    assert rows["oracle"].coverage == 1.0
    assert (board.n_instances, board.skipped) == (2, {NO_EVENTS: 2})
    assert "localization cannot" not in to_plain(board)
