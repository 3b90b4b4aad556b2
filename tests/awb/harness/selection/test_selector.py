"""The selection over a whole dataset: what is kept, what is left out, why, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from awb.activity import WorkerDiedError
from awb.data.skipped import BAD_AUDIO, LOW_SCORE, MODEL_FAILED, NO_EVENTS, TOO_SHORT
from awb.errors import AudioError, AwbError, PluginError
from awb.harness.config.run_config import make_config
from awb.harness.selection.dataset_process import Source
from awb.harness.selection.manifest import Manifest
from awb.harness.selection.selector import select
from awb.harness.unit.record import MAX_FAILURES
from awb.harness.unit.warm_plugins import ModelFacts
from awb.harness.workers.single_task import run_one
from awb.plugins.resolve import Resolved
from awb.specs import DatasetSpec, ModelSpec, Origin, Parameters
from awb.types import Clip, Event

RATE_HZ = 1000
FACTS = ModelFacts(RATE_HZ, ("Dog", "Owl"), (), "weights")
Answer = Sequence[float] | Exception


def _refuse(_: Any) -> Any:
    raise AssertionError("neither the model nor the dataset is built here")


def _clip(name: str, *events: Event, seconds: float = 2.0, labels: tuple[str, ...] = ()) -> Clip:
    waveform = np.full(round(seconds * RATE_HZ), 0.1, np.float32)
    return Clip(name, waveform, RATE_HZ, events, labels)


class _Given:
    """A dataset of the given clips, or errors instead of clips."""

    def __init__(self, *given: Clip | tuple[str, Exception]) -> None:
        self._given = {one.id if isinstance(one, Clip) else one[0]: one for one in given}

    def clip_ids(self) -> list[str]:
        return list(self._given)

    def load(self, clip_id: str) -> Clip:
        found = self._given[clip_id]
        if isinstance(found, Clip):
            return found
        raise found[1]


class _Answers:
    """An executor that returns given scores, the last clip first."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers

    def map(
        self, function: Callable[[Any], Any], tasks: Iterable[Any]
    ) -> Iterator[tuple[Any, Any]]:
        for task in reversed(list(tasks)):
            answer = self.answers.get(task.id, [1.0, 1.0])
            yield task, answer if isinstance(answer, Exception) else np.array(answer, np.float32)


def _selected(
    dataset: _Given,
    answers: dict[str, Answer] | None = None,
    *,
    shortest_s: float | None = None,
    threshold: float = 0.0,
    **config: Any,
) -> tuple[Manifest, list[tuple[str, int, int]]]:
    source = DatasetSpec(name="given", summary="Given.", citation="-", factory=_refuse)
    spec = ModelSpec(
        name="told",
        summary="Told.",
        citation="-",
        factory=_refuse,
        minimum_duration_s=None if shortest_s is None else lambda _: shortest_s,
    )
    origin, seen = Origin("fakes"), []
    manifest = select(
        Source(Resolved("dataset", "given", source, Parameters(), origin), dataset),
        Resolved("model", "told", spec, Parameters(), origin),
        replace(FACTS, decision_threshold=threshold),
        make_config(datasets=["given"], models=["told"], **config),
        _Answers(answers or {}),  # type: ignore[arg-type]
        lambda phase, done, total: seen.append((phase, done, total)),
    )
    return manifest, seen


def _left_out(manifest: Manifest) -> list[tuple[str, str, str]]:
    return [(one.clip_id, one.target, one.reason) for one in manifest.skipped]


BARK = Event(0.5, 0.7, "Dog")
HOOT = Event(1.0, 1.2, "Owl")


def test_every_clip_is_kept_or_left_out_for_its_own_reason_in_the_order_of_the_dataset() -> None:
    dataset = _Given(
        _clip("both", BARK, HOOT),
        ("cut", AudioError("cut.wav is truncated")),
        _clip("short", BARK, seconds=0.9),
        _clip("quiet"),
        ("odd", ZeroDivisionError("oh")),
        _clip("crash", BARK),
        _clip("low", BARK),
    )
    answers: dict[str, Answer] = {"low": [-0.5, 9.0], "crash": ValueError("no such layer")}
    manifest, seen = _selected(dataset, answers, shortest_s=1.0)
    assert [(one.clip_id, one.target, one.class_index) for one in manifest.kept] == [
        ("both", "Dog", 0), ("both", "Owl", 1)]  # fmt: skip
    assert _left_out(manifest) == [
        ("cut", "", BAD_AUDIO),
        ("short", "", TOO_SHORT),
        ("quiet", "", NO_EVENTS),
        ("odd", "", BAD_AUDIO),
        ("crash", "", MODEL_FAILED),
        ("low", "Dog", LOW_SCORE),
    ]
    details = {one.clip_id: one.detail for one in manifest.skipped}
    assert details["short"] == "0.900 s, the model needs 1 s"
    assert details["odd"] == "dataset given, clip odd: ZeroDivisionError: oh"
    assert details["crash"] == "model told on clip crash: ValueError: no such layer"
    assert seen == [("Selecting from given for told", done, 7) for done in range(4, 8)]


def test_clips_are_drawn_until_enough_have_an_instance() -> None:
    names = "abcdefgh"
    clips = [_clip(name, *([BARK] if name in "bdfg" else [])) for name in names]
    manifest, seen = _selected(_Given(*clips), clips=3)
    assert [one.clip_id for one in manifest.kept] == ["b", "d", "f"]
    assert [one.clip_id for one in manifest.skipped] == ["a", "c", "e"], "no clip after the third"
    assert seen[-1][1:] == (6, 6)
    few, _ = _selected(_Given(*clips), clips=3, among_first=5)
    assert [one.clip_id for one in few.kept] == ["b", "d"]
    first, _ = _selected(_Given(*clips), among_first=3)
    assert [one.clip_id for one in first.kept] == ["b"]


def test_a_number_of_clips_keeps_the_first_instances_of_a_run_of_all() -> None:
    rng = np.random.default_rng(3)
    clips = [_clip(f"{at:02d}", *([BARK] if rng.random() < 0.4 else [])) for at in range(30)]
    every = [one.clip_id for one in _selected(_Given(*clips))[0].kept]
    for wanted in range(1, len(every)):
        some, _ = _selected(_Given(*clips), clips=wanted)
        assert [one.clip_id for one in some.kept] == every[:wanted]


def test_a_model_that_always_fails_is_not_tried_on_every_clip() -> None:
    clips = [_clip(name, BARK) for name in "abcdefgh"]
    answers: dict[str, Answer] = {name: ValueError("no such layer") for name in "abcdefgh"}
    with pytest.raises(AwbError, match="no such layer"):
        _selected(_Given(*clips), answers, clips=1)


def test_only_the_first_clips_are_scored() -> None:
    manifest, seen = _selected(_Given(*(_clip(name, BARK) for name in "abcd")), clips=2)
    assert [one.clip_id for one in manifest.kept] == ["a", "b"]
    assert seen[-1][1:] == (2, 2)


@pytest.mark.parametrize(
    ("min_score", "kept"), [(None, ["at", "over"]), (0.9, ["at", "over", "under"]), (2.5, ["over"])]
)
def test_the_minimum_score_is_the_models_by_default(
    min_score: float | None, kept: list[str]
) -> None:
    dataset = _Given(*(_clip(name, BARK) for name in ("at", "over", "under")))
    answers: dict[str, Answer] = {"at": [2.0, 0.0], "over": [3.0, 0.0], "under": [1.0, 9.0]}
    manifest, _ = _selected(dataset, answers, threshold=2.0, min_score=min_score)
    assert [one.clip_id for one in manifest.kept] == kept


@pytest.mark.parametrize("order", [1, -1])
def test_labels_of_clips_count_only_where_no_clip_has_times(order: int) -> None:
    labelled = [_clip("one", labels=("Dog",)), _clip("two", labels=("Owl", "Dog"))]
    manifest, _ = _selected(_Given(*labelled))
    assert [(one.clip_id, one.target, one.intervals_s) for one in manifest.kept] == [
        ("one", "Dog", ()), ("two", "Owl", ()), ("two", "Dog", ())]  # fmt: skip
    timed = _clip("timed", BARK, labels=("Dog", "Owl"))
    manifest, _ = _selected(_Given(*[*labelled, timed][::order]))
    assert [(one.clip_id, one.target) for one in manifest.kept] == [("timed", "Dog")]
    assert sorted(_left_out(manifest)) == [("one", "", NO_EVENTS), ("two", "", NO_EVENTS)]


def test_a_model_that_fails_on_every_clip_is_an_error_and_on_some_a_reason() -> None:
    dataset = _Given(_clip("a", BARK), _clip("b", BARK))
    with pytest.raises(PluginError, match="model told on clip b: ValueError: no"):
        _selected(dataset, {"a": ValueError("no"), "b": ValueError("no")})
    manifest, _ = _selected(dataset, {"a": ValueError("no")})
    assert _left_out(manifest) == [("a", "", MODEL_FAILED)]


def test_a_model_that_was_stopped_too_often_fails_on_all_clips() -> None:
    names = [f"clip-{number}" for number in range(MAX_FAILURES + 2)]
    dataset = _Given(*(_clip(name, BARK) for name in names))
    died = WorkerDiedError("its process ended: signal SIGSEGV")
    fewer, _ = _selected(dataset, dict.fromkeys(names[: MAX_FAILURES - 1], died))
    assert [one.clip_id for one in fewer.kept] == names[MAX_FAILURES - 1 :]
    given_up, _ = _selected(dataset, dict.fromkeys(names[:MAX_FAILURES], died))
    assert given_up.kept == ()
    assert _left_out(given_up) == [(name, "", MODEL_FAILED) for name in names]
    assert {one.detail for one in given_up.skipped} == {
        f"the model was stopped on {MAX_FAILURES} clips"
    }


def test_one_task_gives_its_result_or_an_error_that_names_it() -> None:
    class Once:
        def __init__(self, result: Any) -> None:
            self.result = result

        def map(self, function: Any, tasks: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
            yield tasks[0], self.result

    spec = ModelSpec(name="told", summary="Told.", citation="-", factory=_refuse)
    model = Resolved("model", "told:x=1", spec, Parameters(), Origin("fakes"))

    def asked(result: Any) -> Any:
        return run_one(Once(result), _refuse, model)  # type: ignore[arg-type]

    assert asked(7) == 7
    with pytest.raises(PluginError, match=r"^model told:x=1: it hung$"):
        asked(WorkerDiedError("it hung"))
    with pytest.raises(PluginError, match=r"^told:x=1: KeyError: 'a'$"):
        asked(KeyError("a"))
    with pytest.raises(AudioError, match=r"^a\.wav is empty$"):
        asked(AudioError("a.wav is empty"))
