"""Train the embedded model: ``python -m awb_plugins.models.soundscape_cnn.train``.

The model is shown which classes occur in a clip, and never when.

References
----------
Smith, L. N., & Topin, N. (2019). Super-convergence: Very fast training of neural networks using
large learning rates. https://doi.org/10.1117/12.2520589
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
import torch
from torch import nn

from awb.intervals import FloatArray
from awb.plugins import discovery
from awb.types import AudioArray
from awb_plugins.models.log_mel_front_end import FrontEnd
from awb_plugins.models.soundscape_cnn import augment
from awb_plugins.models.soundscape_cnn.data import LabelledClips, render
from awb_plugins.models.soundscape_cnn.network import BackEnd
from awb_plugins.models.soundscape_cnn.weights import EMBEDDED
from awb_plugins.training.weights import write_weights

_BATCH = 32
_LEARNING_RATE = 3e-3
_WEIGHT_DECAY = 1e-2
_STATISTICS_CLIPS = 512

log = logging.getLogger("awb.train")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a training run depends on.

    Attributes
    ----------
    epochs : int
        Times that every clip is seen.
    seed : int
        Seed of the weights, the order and the augmentation.
    augmented : bool
        Whether clips are mixed and parts of them dropped.
    """

    epochs: int
    seed: int
    augmented: bool = True


def load_split(split: str, clips: int, folder: Path, workers: int) -> LabelledClips:
    """Render one split of the embedded dataset, which is found through its plugin."""
    spec: Any = discovery.load().get("dataset", "soundscapes").spec
    dataset = spec.factory(spec.parameters(split=split, clips=clips))
    return render(dataset, folder / f"{split}.npy", workers=workers)


def predict(front_end: FrontEnd, back_end: BackEnd, clips: LabelledClips) -> AudioArray:
    """Score clips in evaluation mode: log-odds of ``shape=(clips, classes)``."""
    back_end.eval()
    with torch.inference_mode():
        batches = [
            back_end(front_end(torch.from_numpy(clips.waveforms(slice(start, start + _BATCH)))))
            for start in range(0, len(clips.samples), _BATCH)
        ]
    return torch.cat(batches).numpy()


def average_precisions(labels: AudioArray, scores: AudioArray) -> FloatArray:
    """Return the average precision of every class, ``shape=(classes,)``, in [0, 1]."""
    from sklearn.metrics import average_precision_score

    return np.array(average_precision_score(labels, scores, average=None))


def normalize(front_end: FrontEnd, back_end: BackEnd, clips: LabelledClips) -> None:
    """Set the back end's fixed shift and scale from the first training clips."""
    with torch.no_grad():
        features = front_end(torch.from_numpy(clips.waveforms(slice(_STATISTICS_CLIPS))))
        back_end.bin_mean.copy_(features.mean(dim=(0, 1)))
        back_end.bin_scale.copy_(1 / features.std(dim=(0, 1)))


def fit(
    clips: LabelledClips,
    labels: AudioArray,
    validation: LabelledClips,
    truth: AudioArray,
    settings: Settings,
) -> BackEnd:
    """Train a back end."""
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    front_end, back_end = FrontEnd(), BackEnd(labels.shape[1], batch_norm=True)
    normalize(front_end, back_end, clips)
    steps = len(labels) // _BATCH
    optimizer = torch.optim.AdamW(back_end.parameters(), weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, _LEARNING_RATE, total_steps=settings.epochs * steps, pct_start=0.15
    )
    loss_of = nn.BCEWithLogitsLoss()
    for epoch in range(settings.epochs):
        back_end.train()
        total = 0.0
        for rows in rng.permutation(len(labels))[: steps * _BATCH].reshape(steps, _BATCH):
            waveforms, targets = clips.waveforms(rows), labels[rows]
            if settings.augmented:
                waveforms, targets = augment.mix(waveforms, targets, rng)
                augment.drop_segments(waveforms, rng)
            with torch.no_grad():
                features = front_end(torch.from_numpy(waveforms))
                if settings.augmented:
                    augment.drop_bands(features, rng)
            loss = loss_of(back_end(features), torch.from_numpy(targets))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        precision = average_precisions(truth, predict(front_end, back_end, validation)).mean()
        log.info("epoch %d: loss %.4f, validation mAP %.4f", epoch + 1, total / steps, precision)
    return back_end


def report(names: list[str], truth: AudioArray, scores: AudioArray) -> None:
    """Log the average precision of every class, and how many labels reach log-odds 0."""
    precisions = average_precisions(truth, scores)
    for number, name in enumerate(names):
        found = scores[truth[:, number] > 0, number] >= 0
        false = scores[truth[:, number] < 1, number] >= 0
        log.info(
            "| %s | %.3f | %.3f | %.4f |", name, precisions[number], found.mean(), false.mean()
        )
    log.info(
        "| all | %.3f | %.3f | %.4f |",
        precisions.mean(),
        (scores[truth > 0] >= 0).mean(),
        (scores[truth < 1] >= 0).mean(),
    )


@click.command()
@click.option("--clips", default=5000, show_default=True, help="Training scenes.")
@click.option("--epochs", default=14, show_default=True, help="Times that every scene is seen.")
@click.option("--seed", default=0, show_default=True, help="Seed of the training.")
@click.option("--threads", default=2, show_default=True, help="Threads and rendering processes.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=EMBEDDED,
    help="Weights file; by default the embedded one is replaced.",
)
@click.option(
    "--random-labels",
    is_flag=True,
    help="Deal the training labels out at random and learn them by heart, without augmentation.",
)
def main(
    clips: int, epochs: int, seed: int, threads: int, output: Path, random_labels: bool
) -> None:
    """Train soundscape-cnn on clip-level labels, and report on 1,000 test scenes."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(threads)
    with TemporaryDirectory() as folder:
        scenes = load_split("train", clips, Path(folder), threads)
        validation = load_split("validation", 500, Path(folder), threads)
        test = load_split("test", 1000, Path(folder), threads)
        classes = scenes.classes()
        log.info("%d training scenes of %d classes", len(scenes.samples), len(classes))
        labels = scenes.labels(classes)
        if random_labels:
            labels = np.random.default_rng(seed).permutation(labels)
        settings = Settings(epochs, seed, augmented=not random_labels)
        truth = validation.labels(classes)
        back_end = fit(scenes, labels, validation, truth, settings).eval().folded()
        learned = average_precisions(labels, predict(FrontEnd(), back_end, scenes)).mean()
        log.info("mAP on the training labels %.4f", learned)
        write_weights(output, back_end, classes, {"scenes": clips, "random_labels": random_labels})
        report(
            [name for name, _ in classes], test.labels(classes), predict(FrontEnd(), back_end, test)
        )


if __name__ == "__main__":
    main()
