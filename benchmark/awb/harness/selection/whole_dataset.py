"""``awb data scores`` and ``export``: process all clips of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from awb.activity import WorkerDiedError
from awb.errors import AwbError, DataError, ParameterError, described
from awb.harness.config.limits import Limits
from awb.harness.selection.clip_scores import ScoreStore, score_clips
from awb.harness.selection.dataset_process import Reader, Source
from awb.harness.selection.manifest import prepare as to_rate
from awb.harness.selection.selector import Progress
from awb.harness.unit.record import MAX_FAILURES
from awb.harness.unit.warm_plugins import ModelFacts, model_facts
from awb.harness.workers.pool import open_executor
from awb.harness.workers.single_task import as_awb_error, run_one
from awb.plugins.discovery import load
from awb.plugins.resolve import Resolved
from awb.specs import DatasetSpec, ModelSpec
from awb.types import Clip


@dataclass(frozen=True, slots=True)
class Scored:
    """The outcome of scoring a dataset."""

    clips: int  # that have scores
    problems: tuple[str, ...]  # one sentence per clip without scores


def score_dataset(
    dataset: Resolved[DatasetSpec],
    model: Resolved[ModelSpec],
    store: ScoreStore,
    *,
    clips: int | None,
    jobs: int,
    progress: Progress,
    limits: Limits | None = None,
) -> Scored:
    """Store the scores of every clip that has none yet."""
    problems: list[str] = []
    done = deaths = 0
    with (
        open_executor(jobs, limits=limits, isolate=True) as executor,
        Reader(limits) as reader,
    ):
        source = reader.open(dataset)
        clip_ids = list(source.dataset.clip_ids())[:clips]
        facts: ModelFacts = run_one(executor, model_facts, model)
        ready = readable(source, clip_ids, facts.sample_rate_hz, problems.append)
        for clip, result in score_clips(
            executor, model, facts, ready, dataset=dataset.spec.name, store=store
        ):
            if isinstance(result, WorkerDiedError):
                problems.append(f"model {model.label} on clip {clip.id}: {result}")
                deaths += 1
                if deaths == MAX_FAILURES:
                    problems.append(
                        f"the rest was not tried: the model was stopped on {MAX_FAILURES} clips"
                    )
                    break
            elif isinstance(result, Exception):
                name = f"model {model.label} on clip {clip.id}"
                problems.append(str(as_awb_error(result, name)))
            else:
                done += 1
            progress(f"Scoring {dataset.label} with {model.label}", done, len(clip_ids))
    return Scored(done, tuple(problems))


def readable(
    source: Source, clip_ids: Sequence[str], rate_hz: int | None, report: Callable[[str], None]
) -> Iterator[Clip]:
    """Load clips one by one, and report those that cannot be read."""

    for clip_id in clip_ids:
        try:
            clip = source.load(clip_id)
            yield clip if rate_hz is None else to_rate(clip, rate_hz)
        except DataError as error:
            report(described(error))


def export_dataset(
    dataset: Resolved[DatasetSpec],
    layout: Resolved[DatasetSpec],
    folder: Path,
    *,
    clips: int | None,
    limits: Limits | None = None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write a dataset's clips in the layout of another dataset."""
    spec = layout.spec
    if spec.write is None:
        able = [one.name for one in load().specs(DatasetSpec) if one.write]
        raise ParameterError(f"clips cannot be written as {spec.name}; known: {', '.join(able)}")
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise ParameterError(f"{folder} is not an empty folder; choose another one")
    problems: list[str] = []
    try:
        with Reader(limits) as reader:
            source = reader.open(dataset)
            found = readable(source, list(source.dataset.clip_ids())[:clips], None, problems.append)
            notes = spec.write(layout.parameters, found, folder)
    except OSError as error:
        raise AwbError(f"cannot write to {folder}: {error.strerror or error}") from error
    return tuple(notes), tuple(problems)
