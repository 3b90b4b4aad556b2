"""A file of model scores, for every class of every clip, so that no clip is scored twice.

The key of a score covers everything that it depends on: the model with its settings and version,
its weights, and the audio. So one file can serve many models, datasets and runs, and an outdated
score is never found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from awb.errors import RunError
from awb.harness.database import Database
from awb.harness.selection.manifest import audio_sha256
from awb.harness.unit.warm_plugins import ModelFacts, score_clip
from awb.harness.workers.executor import Executor
from awb.plugins.resolve import Resolved
from awb.protocols import ScoreArray
from awb.types import Clip

_SCHEMA = """
create table if not exists model (
    key text primary key, label text not null, weights_sha256 text not null,
    classes text not null, mids text not null
) without rowid;
create table if not exists score (
    model_key text not null references model(key), audio_sha256 text not null, scores blob not null,
    primary key (model_key, audio_sha256)
) without rowid;
create table if not exists clip (
    model_key text not null references model(key), dataset text not null, clip_id text not null,
    audio_sha256 text not null, primary key (model_key, dataset, clip_id)
) without rowid;
"""

_CLIPS_AT_ONCE = 64  # in memory, while their scores are looked up


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model whose scores are in the file."""

    key: str  # hash of the model, its settings, version and weights
    label: str
    classes: tuple[str, ...]  # in the order of the scores
    mids: tuple[str, ...]  # may be empty


def model_key(model: Resolved, weights_sha256: str) -> str:
    """Hash everything that a model's scores depend on except the audio."""
    content = json.dumps([model.identity(), weights_sha256], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


class ScoreStore(Database):
    """Scores in one SQLite file; a clip is written in one transaction."""

    holds = "a file of scores"

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror}") from error
        super().__init__(path, _SCHEMA)

    def models(self) -> list[StoredModel]:
        """List the models whose scores are in the file."""
        query = "select key, label, classes, mids from model order by label, key"
        with self.transaction() as connection:
            return [
                StoredModel(key, label, tuple(json.loads(classes)), tuple(json.loads(mids)))
                for key, label, classes, mids in connection.execute(query)
            ]

    def add_model(self, model: Resolved, facts: ModelFacts) -> str:
        """Add a model, and return its key."""
        key = model_key(model, facts.weights_sha256)
        row = (key, model.label, facts.weights_sha256, _text(facts.classes), _text(facts.mids))
        with self.transaction() as connection:
            connection.execute("insert or ignore into model values (?, ?, ?, ?, ?)", row)
        return key

    def find(self, key: str, audio: str) -> ScoreArray | None:
        """Look up the scores of some audio."""
        query = "select scores from score where model_key = ? and audio_sha256 = ?"
        with self.transaction() as connection:
            found = connection.execute(query, (key, audio)).fetchone()
        return None if found is None else _unpack(found[0])

    def add(self, key: str, dataset: str, clip_id: str, audio: str, scores: ScoreArray) -> None:
        """Add the scores of a clip."""
        packed = np.ascontiguousarray(scores, dtype="<f4").tobytes()
        with self.transaction() as connection:
            connection.execute("insert or ignore into score values (?, ?, ?)", (key, audio, packed))
            connection.execute(
                "insert or replace into clip values (?, ?, ?, ?)", (key, dataset, clip_id, audio)
            )

    def clips(self, key: str, dataset: str) -> Mapping[str, ScoreArray]:
        """Read all scores of a dataset."""
        query = """
            select clip_id, scores from clip join score using (model_key, audio_sha256)
            where model_key = ? and dataset = ? order by clip_id
        """
        with self.transaction() as connection:
            return {
                clip_id: _unpack(packed)
                for clip_id, packed in connection.execute(query, (key, dataset))
            }


def _text(names: Iterable[str]) -> str:
    return json.dumps(list(names), ensure_ascii=False)


def _unpack(packed: bytes) -> ScoreArray:
    return np.frombuffer(packed, dtype="<f4").astype(np.float32)


def score_clips(
    executor: Executor,
    model: Resolved,
    facts: ModelFacts,
    clips: Iterable[Clip],
    *,
    dataset: str,
    store: ScoreStore | None,
) -> Iterator[tuple[Clip, ScoreArray | Exception]]:
    """Score clips, using the model only for those without stored scores."""

    function = partial(score_clip, model)
    if store is None:
        yield from executor.map(function, clips)
        return
    key = store.add_model(model, facts)
    source = iter(clips)
    with store.kept_open():
        while batch := list(islice(source, _CLIPS_AT_ONCE)):
            hashes = {clip.id: audio_sha256(clip) for clip in batch}
            known = {clip.id: store.find(key, hashes[clip.id]) for clip in batch}
            for clip in batch:
                scores = known[clip.id]
                if scores is not None:
                    store.add(key, dataset, clip.id, hashes[clip.id], scores)
                    yield clip, scores
            unknown = [clip for clip in batch if known[clip.id] is None]
            for clip, result in executor.map(function, unknown):
                if not isinstance(result, Exception):
                    store.add(key, dataset, clip.id, hashes[clip.id], result)
                yield clip, result
