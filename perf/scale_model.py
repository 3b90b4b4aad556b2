"""Compute the cost of a large evaluation: the numbers of docs/scale.md, measured or assumed.

    python perf/scale_model.py [--clips 16996] [--gpus 1,64]

Measured: how many distinct masked clips 20 explainers and all metrics request, awb's own time for
them, and AST's time per clip (at its published size, with random weights) on one core of this
machine. Assumed: how fast a GPU runs the same operations. Nothing is fitted.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings

import numpy as np
from subjects import FreeModel, make_instance, make_perturber

from awb.plugins.discovery import load
from awb.randomness import RandomKey
from awb.scoring import Scoring
from awb.specs import MetricSpec

EXPLAINERS = (
    "random-forest", "linear-regression", "ridge", "lasso", "lime", "rise", "correlation",
    "run-correlation", "kernel-shap", "shapley-sampling", "banzhaf", "adaptive", "greedy", "naive",
    "multiscale-occlusion", "keep-window", "random-forest-paper", "linear-regression-paper",
    "kernel-shap-paper", "energy",
)  # fmt: skip
LAYERS, WIDTH, TOKENS = 12, 768, 1214
GPU_PEAK, EFFICIENCY = 312e12, 0.4
"""A100, bfloat16 without sparsity (NVIDIA's data sheet), and the assumed part of it."""


def clip_operations() -> float:
    """Count the floating-point operations of one clip in AST's transformer."""
    dense = 12 * TOKENS * WIDTH**2  # query, key, value, output; two layers of four times the width
    attention = 2 * TOKENS**2 * WIDTH
    return 2.0 * LAYERS * (dense + attention)


def masks_and_overhead() -> tuple[int, int, float]:
    """Run the explainers and metrics on one instance of a free model.

    Returns
    -------
    asked, distinct : int
        Masked clips that the explainers requested, and distinct ones computed for them and the
        metrics.
    seconds : float
        Total processor time, with a free model.
    """
    instance = make_instance()
    perturber = make_perturber(FreeModel(527), instance=instance)
    metrics = [
        entry.spec.factory(entry.spec.parameters())
        for entry in load()
        if isinstance(entry.spec, MetricSpec)
    ]
    explainers = {}
    for name in EXPLAINERS:
        spec = load().get("explainer", name).spec
        explainers[name] = spec.factory(spec.parameters())
    asked = 0
    started = time.process_time()
    for name, explainer in explainers.items():
        view, door = perturber.view(), perturber.view()
        found = explainer(view, instance, RandomKey((0,)).generator(name))
        relevance = np.asarray(getattr(found, "relevance", found))
        grid = perturber.segments.to_grid(relevance)
        scoring = Scoring(grid, instance.intervals_s, door, RandomKey((0, name)))
        for metric in metrics:
            metric(scoring)
        asked += view.cost.calls
    known = len(perturber._shared.known.scores)
    return asked, known, time.process_time() - started


def seconds_a_clip(n_clips: int = 2) -> float:
    """Time AST of the published size, with random weights, in one thread of this machine."""
    import torch
    from transformers import ASTConfig, ASTForAudioClassification

    torch.set_num_threads(1)
    network = ASTForAudioClassification(ASTConfig(num_labels=527)).eval()
    features = torch.zeros(n_clips, 1024, 128)
    with torch.inference_mode():
        network(features[:1])
        started = time.process_time()
        network(features)
    return (time.process_time() - started) / n_clips


def report(n_clips: int, gpus: list[int]) -> str:
    """Write the numbers as lines of markdown."""
    asked, distinct, overhead = masks_and_overhead()
    on_a_core = seconds_a_clip()
    operations = clip_operations()
    rate = GPU_PEAK * EFFICIENCY / operations
    own = f"{len(EXPLAINERS)} explainers and all metrics: {overhead:.1f} s of one core"
    speed = f"{operations / on_a_core / 1e9:.0f} GFLOP/s"
    assumed = f"{EFFICIENCY:.0%} of {GPU_PEAK / 1e12:.0f} TFLOP/s"
    lines = [
        f"- masked clips that the explainers request per instance: {asked:,}",
        f"- distinct ones including those of metrics, which are computed: {distinct:,}",
        f"- awb's own work per instance, {own}",
        f"- operations per clip in AST: {operations / 1e9:.0f} GFLOP",
        f"- time per clip on one core of this machine: {on_a_core:.2f} s ({speed})",
        f"- time per clip on a GPU (assumed): {1e3 / rate:.1f} ms ({rate:.0f} per s, {assumed})",
        "",
        "| | model | awb | together |",
        "| --- | ---: | ---: | ---: |",
    ]
    for what, masks, added in (
        (f"{len(EXPLAINERS)} explainers and all metrics", distinct, overhead),
        ("the shared design alone, 3,000 masks", 3000, 0.2),
    ):
        for count in gpus:
            model = n_clips * masks / rate / count / 3600
            mine = n_clips * added / count / 3600
            lines.append(
                f"| {what}, {count} GPU{'s' * (count > 1)} | {model:,.1f} h | {mine:,.1f} h |"
                f" {model + mine:,.1f} h |"
            )
    core_years = n_clips * distinct * on_a_core / 3600 / 24 / 365
    lines.append(f"\nOn one core of this machine the first would take {core_years:,.0f} years.")
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--clips", type=int, default=16_996)
    parser.add_argument("--gpus", default="1,64")
    given = parser.parse_args()
    warnings.simplefilter("ignore", UserWarning)
    gpus = [int(count) for count in given.gpus.split(",")]
    sys.stdout.write(f"{report(given.clips, gpus)}\n")


if __name__ == "__main__":
    main()
