"""What ``awb data`` does: prepare a dataset, score all its clips, write it in another layout."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from awb.errors import AwbError, DataError, ParameterError
from awb.harness.classes import ClassIndex
from awb.harness.executors import open_executor
from awb.harness.preparation import Family, Preparation
from awb.harness.resolve import Resolved, resolve
from awb.harness.scores import ScoreStore, StoredModel, score_clips
from awb.harness.selecting import Progress, Source, as_awb_error, run_one
from awb.harness.selection import prepare as to_rate
from awb.harness.worker import ModelFacts, build, model_facts
from awb.plugins import Registry, load
from awb.specs import DatasetSpec, ModelSpec
from awb.types import Clip


@dataclass(frozen=True, slots=True)
class _Classes:
    classes: Sequence[str]
    mids: Sequence[str]


def families(
    registry: Registry,
    models: Sequence[str],
    *,
    dataset: str,
    scores: ScoreStore | None,
    min_score: float | None,
) -> list[Family]:
    """Find the classes of some models, and their scores where a store has them.

    Parameters
    ----------
    registry : Registry
        What is installed.
    models : sequence of str
        References as typed; none for every model whose classes are known without its weights.
    dataset : str
        Name of the dataset.
    scores : ScoreStore or None
        Where scores are looked up.
    min_score : float or None
        Lowest allowed log-odds; None for each model's own threshold.

    Returns
    -------
    list of Family
        One a model. A named model whose classes nobody knows is loaded.

    Raises
    ------
    AwbError
        If a model is unknown, cannot be loaded, or has no scores in the store.
    """
    resolved = [resolve(registry, "model", text) for text in models] or _with_class_lists(registry)
    found = []
    for model in resolved:
        stored = None if scores is None else _stored(scores, model.label)
        listed = _Classes(stored.classes, stored.mids) if stored else _class_list(model)
        found.append(
            Family(
                re.sub(r"[^\w.+@-]+", "-", model.label),
                ClassIndex(listed if listed is not None else model_facts(model)),
                _threshold(model) if min_score is None else min_score,
                scores.clips(stored.key, dataset) if scores is not None and stored else None,
            )
        )
    return found


def _class_list(model: Resolved) -> _Classes | None:
    spec = model.spec
    known = (
        spec.class_list(model.parameters)
        if isinstance(spec, ModelSpec) and spec.class_list
        else None
    )
    return None if known is None else _Classes(*known)


def _threshold(model: Resolved) -> float:
    return model.spec.decision_threshold if isinstance(model.spec, ModelSpec) else 0.0


def _with_class_lists(registry: Registry) -> list[Resolved]:
    """Take every model, installed extras or not, whose classes are AudioSet's and known."""
    entries = [
        entry
        for entry in registry
        if isinstance(entry.spec, ModelSpec) and entry.spec.class_list is not None
    ]
    if not entries:
        raise ParameterError("no model tells its classes without its weights; name one: --model")
    return [
        Resolved("model", entry.spec.name, entry.spec, entry.spec.parameters(), entry.origin)
        for entry in entries
    ]


def _stored(scores: ScoreStore, label: str) -> StoredModel:
    found = [model for model in scores.models() if model.label == label]
    if len(found) == 1:
        return found[0]
    if not found:
        labels = ", ".join(sorted({model.label for model in scores.models()})) or "nothing"
        raise DataError(f"{scores.path} has no scores of {label}; it has scores of: {labels}")
    raise DataError(
        f"{scores.path} has scores of {len(found)} versions of {label}; score into a new file:"
        " awb data scores ... --out FILE"
    )


def prepare_dataset(
    dataset: Resolved, given: Sequence[Family], max_event_fraction: float
) -> Preparation:
    """Prepare a dataset for some families of models.

    Parameters
    ----------
    dataset : Resolved
        The dataset with its settings.
    given : sequence of Family
        See `families`.
    max_event_fraction : float
        Longest allowed union of events, as a part of the clip, in (0, 1].

    Returns
    -------
    Preparation
        Its tables.

    Raises
    ------
    ParameterError
        If the dataset needs no preparation, or the fraction is out of range.
    DataError
        If its files cannot be used.
    """
    spec = dataset.spec
    if not isinstance(spec, DatasetSpec) or spec.prepare is None:
        raise ParameterError(
            f"dataset {spec.name} needs no preparation. Type: awb run --dataset {dataset.label}"
        )
    if not 0 < max_event_fraction <= 1:
        raise ParameterError(f"max-event-fraction must be in (0, 1], got {max_event_fraction:g}")
    return spec.prepare(dataset.parameters, given, max_event_fraction)


@dataclass(frozen=True, slots=True)
class Scored:
    """What scoring a dataset came to.

    Attributes
    ----------
    clips : int
        Clips that have scores now.
    problems : tuple of str
        Why the others have none, a sentence each.
    """

    clips: int
    problems: tuple[str, ...]


def score_dataset(
    dataset: Resolved,
    model: Resolved,
    store: ScoreStore,
    *,
    clips: int | None,
    jobs: int,
    progress: Progress,
) -> Scored:
    """Store every score of every clip, leaving out what is stored.

    Parameters
    ----------
    dataset, model : Resolved
        Which.
    store : ScoreStore
        Where to.
    clips : int or None
        Only the first so many clips; None for all.
    jobs : int
        Worker processes.
    progress : callable
        ``progress(phase, done, total)``.

    Returns
    -------
    Scored
        How many clips have scores, and what went wrong with the others.

    Raises
    ------
    AwbError
        If the dataset as a whole or the model cannot be used.
    """
    source = Source(dataset, build(dataset))
    clip_ids = list(source.dataset.clip_ids())[:clips]
    problems: list[str] = []
    done = 0
    with open_executor(jobs) as executor:
        facts: ModelFacts = run_one(executor, model_facts, model)
        ready = readable(source, clip_ids, facts.sample_rate_hz, problems.append)
        for clip, result in score_clips(
            executor, model, facts, ready, dataset=dataset.spec.name, store=store
        ):
            if isinstance(result, Exception):
                name = f"model {model.label} on clip {clip.id}"
                problems.append(str(as_awb_error(result, name)))
            else:
                done += 1
            progress(f"Scoring {dataset.label} with {model.label}", done, len(clip_ids))
    return Scored(done, tuple(problems))


def readable(
    source: Source, clip_ids: Sequence[str], rate_hz: int | None, tell: Callable[[str], None]
) -> Iterator[Clip]:
    """Load clips one by one, and tell of those that cannot be read.

    Parameters
    ----------
    source : Source
        The dataset.
    clip_ids : sequence of str
        Which clips.
    rate_hz : int or None
        Sample rate wanted in Hz; None for the clips' own.
    tell : callable
        Called with a sentence for each clip that cannot be read.

    Yields
    ------
    Clip
        The others.
    """
    for clip_id in clip_ids:
        try:
            clip = source.load(clip_id)
            yield clip if rate_hz is None else to_rate(clip, rate_hz)
        except DataError as error:
            tell(str(error))


def export_dataset(
    dataset: Resolved, layout: Resolved, folder: Path, *, clips: int | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write a dataset's clips in the layout of another dataset.

    Parameters
    ----------
    dataset : Resolved
        Where the clips come from.
    layout : Resolved
        The dataset whose layout is wanted, with its settings.
    folder : Path
        Where to write; must be empty or not exist.
    clips : int or None
        Only the first so many clips; None for all.

    Returns
    -------
    notes, problems : tuple of str
        What the user should know, and which clips could not be read; a sentence each.

    Raises
    ------
    ParameterError
        If the layout cannot be written, or the folder is not empty.
    AwbError
        If the dataset as a whole cannot be used.
    """
    spec = layout.spec
    if not isinstance(spec, DatasetSpec) or spec.write is None:
        able = [entry.spec.name for entry in load() if getattr(entry.spec, "write", None)]
        raise ParameterError(f"clips cannot be written as {spec.name}; known: {', '.join(able)}")
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise ParameterError(f"{folder} is not an empty folder; choose another one")
    source = Source(dataset, build(dataset))
    clip_ids = list(source.dataset.clip_ids())[:clips]
    problems: list[str] = []
    try:
        notes = spec.write(
            layout.parameters, readable(source, clip_ids, None, problems.append), folder
        )
    except OSError as error:
        raise AwbError(f"cannot write to {folder}: {error.strerror or error}") from error
    return tuple(notes), tuple(problems)
