"""Write docs/model-calls.md: quality of explanations against model calls, on real sounds.

    python perf/model_calls.py FOLDER --yamnet FILE [--clips N] [--rows FILE] [--output FILE]

FOLDER is a dataset made by `python tests/real_sounds.py FOLDER --clips 60 --seed 1`. The shared
design of 3,000 masks is scored once per instance, and its prefixes serve the smaller budgets; patch
scores are cached per instance. It takes an hour or more on one core; rows are appended to a CSV as
they are computed, and instances that are already in it are skipped.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from awb.audio import resample
from awb.builtins import awb_metrics
from awb.intervals import union
from awb.maskers import zeros
from awb.perturbation import Design, Perturber
from awb.protocols import ScoreArray
from awb.randomness import RandomKey
from awb.scoring import Scoring
from awb.segments import Segments
from awb.types import AudioArray, BoolArray, Clip, Explanation, Instance
from awb_plugins.explainers import awb_explainers
from awb_plugins.explainers.segmentwise.smoothing import smooth

ROOT = Path(__file__).resolve().parents[1]
MOST = 3000
BUDGETS = (10, 30, 100, 300, 1000, MOST)
POOLED = ("random-forest", "linear-regression", "ridge", "lasso", "lime", "rise", "correlation")
PAPER = ("random-forest-paper", "linear-regression-paper", "kernel-shap-paper")
REFERENCE = ("random-forest", MOST)
COLUMNS = ("instance", "explainer", "budget", "calls", "roc-auc", "smoothed", "ff@10")
SMOOTHING_SEGMENTS = 5.0

SPECS = {spec.name: spec for spec in awb_explainers()}
METRICS = {spec.name: spec for spec in awb_metrics()}
FIXED: list[tuple[str, dict[str, Any]]] = [
    ("naive", {}),
    ("multiscale-occlusion", {}),
    ("greedy", {}),
    ("adaptive", {}),
    ("keep-window", {}),
    ("keep-window", {"window_s": 1.0, "hop_s": 0.2}),
    ("keep-window", {"window_s": 0.1, "hop_s": 0.1}),
    *((name, {}) for name in ("random", "constant", "energy")),
]


class Remembering:
    """A patch model that caches the scores of patches."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.sample_rate_hz, self.classes = model.sample_rate_hz, model.classes
        self.patch_samples = model.patch_samples
        self.known: dict[bytes, ScoreArray] = {}

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        starts = self.patch_starts(waveforms.shape[1])
        rows = [np.stack([wave[s : s + self.patch_samples] for s in starts]) for wave in waveforms]
        return np.stack([self.pool(self.patch_scores(patches)) for patches in rows])

    def patch_starts(self, n_samples: int) -> Any:
        return self._model.patch_starts(n_samples)

    def patch_scores(self, patches: AudioArray) -> ScoreArray:
        keys = [patch.tobytes() for patch in patches]
        new = [row for row, key in enumerate(keys) if key not in self.known]
        if new:
            for row, scores in zip(new, self._model.patch_scores(patches[new]), strict=True):
                self.known[keys[row]] = scores
        return np.stack([self.known[key] for key in keys])

    def pool(self, patch_scores: ScoreArray) -> ScoreArray:
        pooled: ScoreArray = self._model.pool(patch_scores)
        return pooled


def settings_of_budgets() -> Iterator[tuple[str, int, dict[str, Any]]]:
    """List the explainers with a variable budget: name, budget, settings."""
    for budget in BUDGETS:
        for name in POOLED:
            yield name, budget, {}
        if budget in (100, 300):
            yield "kernel-shap", budget, {}
            yield "banzhaf", budget, {"samples": budget}
        if budget <= 1000:
            yield "run-correlation", budget, {"samples": budget}
        if 30 <= budget <= 300:
            yield "adaptive", budget, {"budget": budget, "sureness": 0.999}
    for name in PAPER:
        yield name, MOST, {}
    yield "adaptive", 60, {"budget": 60, "sureness": 0.999}
    yield "random-forest", MOST, {"attribution": "shap"}


def instances(folder: Path, model: Any) -> Iterator[Instance]:
    """Select instances as the protocol does."""
    from awb_datasets.folder import SPEC, FolderParameters

    dataset = SPEC.factory(FolderParameters(path=folder))
    rate_hz = model.sample_rate_hz
    for clip_id in dataset.clip_ids():
        raw = dataset.load(clip_id)
        waveform = resample(raw.waveform, raw.sample_rate_hz, rate_hz)
        clip = Clip(raw.id, waveform, rate_hz, raw.events)
        for target in sorted({event.label for event in raw.events}):
            spans = union([(e.onset_s, e.offset_s) for e in raw.events if e.label == target])
            index = list(model.classes).index(target)
            found = Instance("real", clip, target, index, spans)
            scores = model.scores(waveform[np.newaxis])
            if found.event_fraction <= 0.2 and scores[0, index] >= 0:
                yield found


def rows_of(instance: Instance, model: Remembering) -> Iterator[tuple[Any, ...]]:
    """Explain one instance in every way and score the explanations."""
    clip = instance.clip
    segments = Segments(clip.waveform.size, clip.sample_rate_hz)
    key = RandomKey((0, "real", clip.id, instance.target))
    full = Perturber(model, instance, segments, zeros, key, design=Design(MOST))  # type: ignore[arg-type]
    masks = full.pool().drop_masks
    metrics = {
        name: METRICS[name].factory(METRICS[name].parameters()) for name in ("roc-auc", "ff@10")
    }

    def prefix(_segments: int, samples: int, _rng: np.random.Generator) -> BoolArray:
        return np.array(masks[:samples])

    def score(name: str, budget: int, settings: dict[str, Any]) -> tuple[Any, ...]:
        design = Design(budget or MOST, prefix)
        perturber = Perturber(model, instance, segments, zeros, key, design=design)  # type: ignore[arg-type]
        label = ":".join([name, *(f"{k}={v}" for k, v in settings.items() if name not in BUDGETED)])
        explainer = SPECS[name].factory(SPECS[name].parameters(**settings))
        rng = key.generator("explainer", name, budget)
        found = explainer(perturber, instance.blind(), rng)
        relevance = found.relevance if isinstance(found, Explanation) else np.asarray(found)
        values = []
        for version in (relevance, smooth(relevance, "moving-average", SMOOTHING_SEGMENTS)):
            scoring = Scoring(version, instance.intervals_s, full.view(), key.child("metric"))
            values.append(metrics["roc-auc"](scoring))
        drop = metrics["ff@10"](
            Scoring(relevance, instance.intervals_s, full.view(), key.child("metric"))
        )
        return instance.name, label, budget, perturber.cost.calls, *values, drop

    for name, settings in FIXED:
        yield score(name, 0, settings)
    for name, budget, settings in settings_of_budgets():
        yield score(name, budget, settings)


BUDGETED = ("banzhaf", "run-correlation", "adaptive")


def main() -> None:
    """Collect rows and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--yamnet", type=Path, required=True)
    parser.add_argument("--rows", type=Path, default=ROOT / "docs" / "model-calls.csv")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "model-calls.md")
    parser.add_argument("--instances", type=int, default=36)
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT / "perf"))
    from model_calls_figure import draw
    from model_calls_page import page, read

    from awb_plugins.models.yamnet import SPEC, YamnetParameters

    model = Remembering(SPEC.factory(YamnetParameters(path=given.yamnet)))
    done: dict[str, int] = defaultdict(int)
    if given.rows.exists():
        with given.rows.open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                done[row["instance"]] += 1
    else:
        given.rows.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    found = list(instances(given.folder, model))
    spread = np.linspace(0, len(found) - 1, min(given.instances, len(found))).astype(int)
    # The order is spread out, too, so that an interrupted collection is still balanced.
    for count, place in enumerate(np.random.default_rng(0).permutation(spread)):
        instance = found[place]
        model.known.clear()
        if done[instance.name]:
            continue
        rows = list(rows_of(instance, model))
        with given.rows.open("a", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(rows)
        sys.stderr.write(f"{count + 1}: {instance.name}\n")
    given.output.write_text(page(given.rows), encoding="utf-8")
    draw(read(given.rows), given.output.with_suffix(".svg"))


if __name__ == "__main__":
    main()
