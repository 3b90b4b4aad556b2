"""Find out whether the masks or their reading makes an explainer localize better.

    python perf/same_masks.py

The masks that `adaptive` chooses and those that `run-correlation` draws are scored once, and each
set is read both ways: with a Bayesian linear model (what each segment adds) and by the absolute
correlation with the score (what goes with it). The script then measures what the model uses of an
event: its edges, 0.3 s on each side, or the middle. docs/faq.md has the numbers. It takes two
minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from awb import designs
from awb.audio import resample
from awb.intervals import FloatArray, union
from awb.maskers import zeros
from awb.metrics import roc_auc
from awb.perturbation import Design, Perturber
from awb.randomness import RandomKey
from awb.segments import POSITIVE, LabelArray, Segments, labels_from_coverage
from awb.types import BoolArray, Clip, Instance
from awb_datasets.clever_hans import SPEC as CLEVER_HANS
from awb_datasets.soundscapes import SPEC as SOUNDSCAPES
from awb_plugins.explainers.segmentwise.adaptive import Adaptive, AdaptiveParameters
from awb_plugins.explainers.segmentwise.correlation import correlations
from awb_plugins.explainers.segmentwise.evidence_model import believe
from awb_plugins.models.clever_hans import BIASED
from awb_plugins.models.soundscape_cnn import SPEC as SOUNDSCAPE_CNN

EDGE = 3  # segments


class Recording:
    """A perturber that records the masks it scores and their scores."""

    def __init__(self, perturber: Perturber) -> None:
        self._perturber, self.segments = perturber, perturber.segments
        self.masks: list[BoolArray] = []
        self.answers: list[FloatArray] = []

    def scores(self, drop_masks: BoolArray) -> FloatArray:
        self.masks.append(drop_masks)
        self.answers.append(self._perturber.scores(drop_masks))
        return self.answers[-1]


def instances(dataset: Any, model: Any) -> Iterator[tuple[Perturber, LabelArray]]:
    """Select instances as the protocol does, with the labels of their segments."""
    for clip_id in dataset.clip_ids():
        raw = dataset.load(clip_id)
        waveform = resample(raw.waveform, raw.sample_rate_hz, model.sample_rate_hz)
        clip = Clip(raw.id, waveform, model.sample_rate_hz, raw.events)
        scores = model.scores(waveform[np.newaxis])[0]
        for target in sorted({event.label for event in raw.events}):
            spans = union([(e.onset_s, e.offset_s) for e in raw.events if e.label == target])
            index = list(model.classes).index(target)
            found = Instance("masks", clip, target, index, spans)
            if found.event_fraction <= 0.2 and scores[index] >= 0:
                segments = Segments(waveform.size, model.sample_rate_hz)
                key = RandomKey((0, "masks", clip.id, target))
                perturber = Perturber(model, found, segments, zeros, key, design=Design(300))
                yield perturber, labels_from_coverage(segments.coverage(spans))


def readings(perturber: Perturber, labels: LabelArray) -> list[float]:
    """Return the ROC-AUC of both readings of both sets of masks."""
    door = Recording(perturber)
    Adaptive(AdaptiveParameters())(door, None, np.random.default_rng(0))  # type: ignore[arg-type]
    chosen = np.concatenate(door.masks), np.concatenate(door.answers)
    runs = designs.runs(
        perturber.n_segments, 300, np.random.default_rng(1), dropped_run=20.0, kept_run=5.0
    )
    return [
        roc_auc(reading, labels)
        for masks, scores in (chosen, (runs, perturber.scores(runs)))
        for reading in (believe(masks, scores, 0.1).mean, np.abs(correlations(masks, scores)))
    ]


def edges(perturber: Perturber, labels: LabelArray) -> list[float] | None:
    """Return log-odds of the clip, and without the event, its edges and its middle.

    None if there are two events.
    """
    inside = np.flatnonzero(labels == POSITIVE)
    if inside.size <= 2 * EDGE + 2 or np.ptp(inside) != inside.size - 1:
        return None
    parts = [inside, np.r_[inside[:EDGE], inside[-EDGE:]], inside[EDGE:-EDGE]]
    dropped = np.stack([np.isin(np.arange(perturber.n_segments), part) for part in parts])
    return [perturber.clip_score(), *perturber.scores(dropped)]


def rounded(values: list[list[float]], digits: int) -> str:
    """Format the means of the columns."""
    return "  ".join(f"{mean:.{digits}f}" for mean in np.mean(values, axis=0))


def main() -> None:
    """Write both tables."""
    lines = ["masks of adaptive: added, correlated; masks of run-correlation: added, correlated"]
    for data, model in ((SOUNDSCAPES, SOUNDSCAPE_CNN), (CLEVER_HANS, BIASED)):
        dataset = data.factory(data.parameters())
        found = list(instances(dataset, model.factory(model.parameters())))
        asked = [row for row in (edges(*one) for one in found) if row is not None]
        lines += [
            f"{model.name}, {len(found)} instances: {rounded([readings(*o) for o in found], 2)}",
            f"  {len(asked)} events: clip, without event, edges, middle: {rounded(asked, 1)}",
        ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
