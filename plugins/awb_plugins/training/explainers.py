"""Training of explainers: clips, the classes that a model finds in them, and a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from awb.audio import resample
from awb.errors import DataError, ParameterError
from awb.harness.unit.process_state import one_thread
from awb.harness.unit.warm_plugins import build, decision_threshold, warm_model
from awb.intervals import IntArray
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.protocols import AudioModel, Dataset
from awb.training import ExplainerJob, Progress, TrainingReport
from awb.types import AudioArray
from awb_plugins.training.explainer_files import Facts, file_of, probe, save, weights_of
from awb_plugins.training.parts import sources
from awb_plugins.training.splits import TRAIN

LONGEST_S = 10.0
"""Longer clips are cut to this."""

OnPass = Callable[[int, int, float], None]
"""``on_pass(number, total, loss)``, called after every pass over the clips."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Clips, and the classes that a model finds in them.

    Attributes
    ----------
    waveforms : np.ndarray, shape=(clips, samples), dtype=float32
        All of one length.
    rows, targets, columns : np.ndarray, shape=(pairs,), dtype=int64
        Pairs of a clip and a class that the model finds in it: the clip's row, the class's column
        in the model's scores, and in what is trained.
    classes : tuple of str
        The classes that occur, in the order of `columns`.
    """

    waveforms: AudioArray
    rows: IntArray
    targets: IntArray
    columns: IntArray
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What a training came to.

    Attributes
    ----------
    state : mapping of str to torch.Tensor
        The weights.
    calls, epochs : int
        Model calls, and passes over the clips.
    loss : float
        Of the last pass.
    """

    state: Mapping[str, Any]
    calls: int
    epochs: int
    loss: float


class Fit(Protocol):
    """Trains an explainer for a model."""

    def __call__(
        self, model: AudioModel, lesson: Lesson, *, epochs: int | None, seed: int, on_pass: OnPass
    ) -> Fitted:
        """Train, reporting every pass."""
        ...


def lesson_of(model: AudioModel, waveforms: AudioArray, threshold: float = 0.0) -> Lesson:
    """Pair every clip with the classes that the model finds in it; the best one if it finds none.

    Parameters
    ----------
    model : AudioModel
        The model.
    waveforms : np.ndarray, shape=(clips, samples), dtype=float32
        The clips.
    threshold : float
        Log-odds from which a class counts as found.

    Returns
    -------
    Lesson
        At least one pair a clip.
    """
    scores = np.concatenate([np.asarray(model.scores(one[np.newaxis])) for one in waveforms])
    found = scores >= threshold
    found[np.arange(len(scores)), scores.argmax(axis=1)] = True
    rows, targets = np.nonzero(found)
    present = np.unique(targets)
    return Lesson(
        waveforms,
        rows,
        targets,
        np.searchsorted(present, targets),
        tuple(model.classes[one] for one in present),
    )


@dataclass(frozen=True, slots=True)
class FittingTrainer:
    """The `awb.training.ExplainerTrainer` of an explainer that is fitted to a `Lesson`."""

    name: str
    given: Path | None
    fit: Fit

    def train(
        self, job: ExplainerJob, *, progress: Progress, tell: Callable[[str], None]
    ) -> TrainingReport:
        """Train for a model, and write weights and card; see `awb.training.ExplainerTrainer`."""
        out = job.out or self.given
        if out is not None and out.suffix != ".safetensors":
            raise ParameterError(f"--out {out}: the name of a weights file ends in .safetensors")
        registry = load()
        resolved = resolve(registry, "model", job.model)
        source = sources(registry, job.dataset, None, None)[TRAIN]
        model = warm_model(resolved)
        weights_sha256 = weights_of(model, self.name)
        path = file_of(self.name, weights_sha256, out)
        started = time.perf_counter()

        def on_pass(number: int, total: int, loss: float) -> None:
            tell(f"pass {number} of {total}: loss {loss:.4f}")
            progress("Training", number, total)

        with one_thread():
            waveforms = _waveforms(build(source), model.sample_rate_hz, job.clips, progress)
            lesson = lesson_of(model, waveforms, decision_threshold(resolved.spec, model))
            done = self.fit(model, lesson, epochs=job.epochs, seed=job.seed, on_pass=on_pass)
        facts = Facts(
            explainer=self.name,
            model=resolved.label,
            weights_sha256=weights_sha256,
            probe=probe(model),
            classes=list(lesson.classes),
            dataset=source.label,
            clips=len(waveforms),
            calls=done.calls + len(waveforms),
            epochs=done.epochs,
            seed=job.seed,
            seconds=round(time.perf_counter() - started, 1),
            loss=round(done.loss, 6),
        )
        save(path, done.state, facts)
        card = path.with_suffix(".md")
        card.write_text(_card(facts, job.command), encoding="utf-8")
        line = f"loss {done.loss:.4f} after {facts.seconds:.0f} s and {facts.calls:,} model calls"
        return TrainingReport((line,), (path, card))


def _waveforms(dataset: Dataset, sample_rate_hz: int, clips: int, progress: Progress) -> AudioArray:
    """Load the first clips at the model's rate, cut or filled with silence to one length."""
    found = []
    chosen = list(dataset.clip_ids())[:clips]
    if not chosen:
        raise DataError("the dataset has no clip to train on")
    for number, clip_id in enumerate(chosen, start=1):
        clip = dataset.load(clip_id)
        heard = resample(clip.waveform, clip.sample_rate_hz, sample_rate_hz)
        found.append(heard[: round(LONGEST_S * sample_rate_hz)])
        progress("Loading", number, len(chosen))
    longest = max(one.size for one in found)
    waveforms = np.zeros((len(found), longest), dtype=np.float32)
    for row, one in enumerate(found):
        waveforms[row, : one.size] = one
    return waveforms


def _card(facts: Facts, command: str) -> str:
    """Write what a reader must know of a trained explainer, in Markdown."""
    training = (
        f"{facts.epochs} passes, seed {facts.seed}; {facts.seconds:g} s and {facts.calls:,} model"
        f" calls; loss {facts.loss:g} in the last pass"
    )
    lines = [
        f"# {facts.explainer} for {facts.model}",
        "",
        "Trained with",
        "",
        f"    {command}",
        "",
        f"- **Data**: {facts.clips} clips of `{facts.dataset}`, without labels.",
        f"- **Model**: `{facts.model}`, weights {facts.weights_sha256}.",
        f"- **Training**: {training}.",
        f"- **Classes** found in them, which alone are explained: {', '.join(facts.classes)}.",
    ]
    return "\n".join(lines) + "\n"
