"""A model of AST's shape from end to end: how much of an instance's time is not the network?

    python perf/whole_clips.py [--layers 1] [--samples 64]

The network has random weights and as many layers as one says. What is not the network (features,
masks, explainers, metrics) does not depend on the layers, so it is measured with few of them and
compared with the time of all twelve. The network's time is that inside its ``forward``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from scale_model import LAYERS
from subjects import make_instance, make_perturber

from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.randomness import RandomKey
from awb.scoring import Scoring

EXPLAINERS = ("random-forest", "linear-regression", "kernel-shap", "lime", "rise")
METRICS = ("roc-auc", "ff@10")  # curves would take a hundred clips each


def model_of(layers: int, folder: Path) -> Any:
    """Save a random checkpoint of AST's shape, and load it as awb does."""
    import torch
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

    torch.manual_seed(0)
    labels = {number: f"class {number}" for number in range(527)}
    config = ASTConfig(
        num_hidden_layers=layers,
        id2label=labels,
        label2id={name: number for number, name in labels.items()},
    )
    ASTForAudioClassification(config).save_pretrained(folder)
    ASTFeatureExtractor().save_pretrained(folder)
    return resolve(load(), "model", f"transformers:{folder}").build()


@contextmanager
def network_time(taken: list[float]) -> Iterator[None]:
    """Add up the processor time inside the network."""
    from transformers import ASTForAudioClassification

    plain = ASTForAudioClassification.forward

    def timed(self: Any, *given: Any, **named: Any) -> Any:
        started = time.process_time()
        found = plain(self, *given, **named)
        taken.append(time.process_time() - started)
        return found

    ASTForAudioClassification.forward = timed
    try:
        yield
    finally:
        ASTForAudioClassification.forward = plain


def instance_time(model: Any, samples: int) -> tuple[float, float, float]:
    """Explain and score one instance; return forwards, seconds in all, and in the network."""
    instance, taken = make_instance(), list[float]()
    registry = load()
    explainers = {name: resolve(registry, "explainer", name).build() for name in EXPLAINERS}
    metrics = [resolve(registry, "metric", name).build() for name in METRICS]
    make_perturber(model, samples=1, instance=instance).clip_score()  # what is tried once
    with network_time(taken):
        started = time.process_time()
        perturber = make_perturber(model, samples=samples, instance=instance)
        for name, explainer in explainers.items():
            found = explainer(perturber.view(), instance, RandomKey((0,)).generator(name))
            relevance = np.asarray(getattr(found, "relevance", found))
            grid = perturber.segments.to_grid(relevance)
            scoring = Scoring(grid, instance.intervals_s, perturber, RandomKey((0, name)))
            for metric in metrics:
                metric(scoring)
        total = time.process_time() - started
    return perturber.cost.forwards, total, sum(taken)


def main() -> None:
    """Measure, and write two lines."""
    import torch

    torch.set_num_threads(1)
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--layers", type=int, default=1)
    options.add_argument("--samples", type=int, default=64)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = model_of(given.layers, Path(folder))
        clips, total, network = instance_time(model, given.samples)
    own, each = (total - network) / clips, network / clips
    whole = each * LAYERS / given.layers  # the patches' embedding and the head are next to nothing
    sys.stdout.write(
        f"{clips:.0f} masked clips: {1000 * own:.2f} ms a clip are not the network,"
        f" {1000 * each:.0f} ms are, with {given.layers} of {LAYERS} layers\n"
        f"with {LAYERS} layers, {own / (own + whole):.2%} of the time is not the network\n"
    )


if __name__ == "__main__":
    main()
