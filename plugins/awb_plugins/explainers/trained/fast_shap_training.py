"""Training of ``fast-shap``: values that explain the scores of coalitions of windows.

The loss of a clip and a class is the mean of ``(v(S) - v(nothing) - sum of the values in S)**2``
over coalitions S from the Shapley kernel, with the values put right first so that they sum to
``v(all) - v(nothing)``. For a network that can give any values, Shapley values are its minimum.

References
----------
Jethani, N., Sudarshan, M., Covert, I., Lee, S.-I., & Ranganath, R. (2022). FastSHAP: Real-time
Shapley value estimation. ICLR. arXiv:2107.07436
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from awb.errors import NotApplicableError
from awb.intervals import IntArray
from awb.protocols import AudioModel
from awb.types import AudioArray, BoolArray
from awb_plugins.explainers.segmentwise.coalitions import shapley_coalitions
from awb_plugins.explainers.trained.window_network import WindowNetwork, efficient
from awb_plugins.explainers.trained.windows import window_edges
from awb_plugins.training.explainers import Fitted, Lesson, OnPass

EPOCHS = 40
BATCH = 16
COALITIONS = 32
LEARNING_RATE = 3e-3


@dataclass(frozen=True, slots=True, eq=False)
class Coalitions:
    """Scores of coalitions of windows, for every pair of a clip and a class.

    Attributes
    ----------
    kept : torch.Tensor, shape=(pairs, coalitions, windows)
        1 where a window is audible.
    worth : torch.Tensor, shape=(pairs, coalitions)
        Score of the coalition, less that of silence.
    rise : torch.Tensor, shape=(pairs,)
        Score of the clip, less that of silence.
    """

    kept: Tensor
    worth: Tensor
    rise: Tensor


def loss_of(values: Tensor, kept: Tensor, worth: Tensor, rise: Tensor) -> Tensor:
    """Return the mean squared error of values ``(pairs, windows)`` that are put right first."""
    exact = efficient(values, rise)
    return (worth - (kept @ exact[..., None])[..., 0]).square().mean()


def fit(
    model: AudioModel, lesson: Lesson, *, epochs: int | None, seed: int, on_pass: OnPass
) -> Fitted:
    """Score coalitions of every clip once, and train a network on them."""
    total = epochs or EPOCHS
    rng = np.random.default_rng(seed)
    edges = window_edges(lesson.waveforms.shape[1], model.sample_rate_hz)
    if edges.size < 3:
        raise NotApplicableError("fast-shap needs clips of two windows of a second at least")
    known, calls = scored(model, lesson, edges, rng)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        network = WindowNetwork(model.sample_rate_hz, len(lesson.classes))
        _calibrate(network, lesson.waveforms, known)
        steps = total * -(-len(lesson.rows) // BATCH)
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
        for number in range(1, total + 1):
            losses = []
            order = rng.permutation(len(lesson.rows))
            for start in range(0, order.size, BATCH):
                chosen = order[start : start + BATCH]
                loss = _loss(network, lesson, known, edges, chosen)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(network.parameters(), 5.0)
                optimizer.step()
                schedule.step()
                losses.append(float(loss.item()))
            on_pass(number, total, float(np.mean(losses)))
    return Fitted(network.eval().state_dict(), calls, total, float(np.mean(losses)))


def _loss(
    network: WindowNetwork,
    lesson: Lesson,
    known: Coalitions,
    edges: IntArray,
    chosen: IntArray,
) -> Tensor:
    waveforms = torch.tensor(lesson.waveforms[lesson.rows[chosen]])
    columns = torch.tensor(lesson.columns[chosen])
    every = network(waveforms, edges)
    values = every[torch.arange(len(chosen)), :, columns]
    rows = torch.tensor(chosen)
    return loss_of(values, known.kept[rows], known.worth[rows], known.rise[rows])


def _calibrate(network: WindowNetwork, waveforms: AudioArray, known: Coalitions) -> None:
    """Set the shift and scale of the features, and the unit of the values."""
    with torch.no_grad():
        features = network.front_end(torch.tensor(waveforms[:BATCH]))
    network.bin_mean.copy_(features.mean(dim=(0, 1)))
    network.bin_scale.copy_(1 / features.std(dim=(0, 1)).clamp(min=1e-3))
    network.unit.copy_(known.worth.std().clamp(min=1e-3))


def scored(
    model: AudioModel,
    lesson: Lesson,
    edges: IntArray,
    rng: np.random.Generator,
    coalitions: int = COALITIONS,
) -> tuple[Coalitions, int]:
    """Score coalitions of each clip once, for all of its classes."""
    kept, worth, rise, calls = [], [], [], 0
    n_windows = edges.size - 1
    few = len(shapley_coalitions(n_windows, coalitions, np.random.default_rng(0)))
    for row, waveform in enumerate(lesson.waveforms):
        dropped = shapley_coalitions(n_windows, few, rng)
        ends = np.array([[False] * n_windows, [True] * n_windows])
        scores = _scores(model, waveform, edges, np.concatenate([ends, dropped]))
        calls += len(scores)
        for target in lesson.targets[lesson.rows == row]:
            clip, silence, *others = scores[:, target].tolist()
            kept.append(~dropped)
            worth.append(np.array(others) - silence)
            rise.append(clip - silence)
    return (
        Coalitions(
            torch.tensor(np.stack(kept), dtype=torch.float32),
            torch.tensor(np.stack(worth), dtype=torch.float32),
            torch.tensor(rise, dtype=torch.float32),
        ),
        calls,
    )


def _scores(
    model: AudioModel, waveform: AudioArray, edges: IntArray, dropped: BoolArray
) -> AudioArray:
    """Score masked clips, all classes at once."""
    kept = np.repeat(~dropped, np.diff(edges), axis=1)
    parts = np.array_split(kept, -(-len(kept) // BATCH))
    found = [np.asarray(model.scores((waveform * part).astype(np.float32))) for part in parts]
    return np.clip(np.concatenate(found), -100.0, 100.0)
