"""The training loop: one cycle, early stopping, and the checkpoint that was best on validation.

References
----------
Smith, L. N., & Topin, N. (2019). Super-convergence: Very fast training of neural networks using
large learning rates. https://doi.org/10.1117/12.2520589
Loshchilov, I., & Hutter, F. (2019). Decoupled weight decay regularization. ICLR. arXiv:1711.05101.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from awb.errors import DataError
from awb.randomness import RandomKey
from awb.types import AudioArray
from awb_plugins.training import augment
from awb_plugins.training.examples import ClassKey, Examples, targets
from awb_plugins.training.judgement import Judgement, judge
from awb_plugins.training.recipe import GAIN, SPEC_AUGMENT, Network, Recipe
from awb_plugins.training.splits import TRAIN, VALIDATION, check_split

_CALIBRATION_CLIPS = 256
_SCORED = 32


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch came to.

    Attributes
    ----------
    number : int
        From 1.
    train_loss : float
        Mean loss of its batches, with augmentation.
    validation : Judgement
        After the epoch.
    """

    number: int
    train_loss: float
    validation: Judgement


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained network.

    Attributes
    ----------
    network : Network
        With the weights of the best epoch, in evaluation mode.
    seed : int
        Seed of its weights, order and augmentation.
    history : tuple of Epoch
        All epochs that were trained.
    best : Epoch
        The one whose weights were kept: best on validation, not the last.
    """

    network: Network
    seed: int
    history: tuple[Epoch, ...]
    best: Epoch


OnEpoch = Callable[[Epoch, bool], None]
"""``on_epoch(epoch, is_best)``, called after every epoch."""


def _silent(epoch: Epoch, is_best: bool) -> None:
    """Report nothing."""


def predict(network: Network, examples: Examples) -> AudioArray:
    """Score clips in evaluation mode."""
    network.back_end.eval()
    with torch.inference_mode():
        batches = [
            network.back_end(network.front_end(torch.from_numpy(examples.waveforms(rows))))
            for start in range(0, len(examples), _SCORED)
            for rows in [slice(start, start + _SCORED)]
        ]
    return torch.cat(batches).numpy()


def loss_of(scores: Tensor, truth: Tensor, recipe: Recipe) -> Tensor:
    """Return the mean cross-entropy of log-odds; see `judgement.cross_entropy`."""
    if recipe.task == "multi-class":
        return nn.functional.softplus(-(scores * truth).sum(dim=1)).mean()
    return nn.functional.binary_cross_entropy_with_logits(scores, truth)


def fit(
    recipe: Recipe,
    train: Examples,
    validation: Examples,
    classes: Sequence[ClassKey],
    *,
    seed: int,
    on_epoch: OnEpoch = _silent,
) -> Fitted:
    """Train a new network."""
    check_split({TRAIN: train, VALIDATION: validation})
    key = RandomKey((seed, "train"))
    truth, expected = targets(train, classes, TRAIN), targets(validation, classes, VALIDATION)
    names = [name for name, _ in classes]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(key.generator("torch").integers(2**31)))
        network = recipe.make(len(classes))
        _calibrate(recipe, network, train)
        step = _Steps(recipe, network, augment.with_copies(train, recipe.augment), truth, key)
        history: list[Epoch] = []
        best: tuple[Epoch, dict[str, Tensor]] | None = None
        for number in range(1, recipe.epochs + 1):
            loss = step.epoch(number)
            judged = judge(predict(network, validation), expected, names, recipe.task)
            history.append(Epoch(number, loss, judged))
            is_best = best is None or judged.key > best[0].validation.key
            if is_best:
                best = history[-1], copy.deepcopy(network.back_end.state_dict())
            on_epoch(history[-1], is_best)
            if best is None or number - best[0].number >= recipe.patience:
                break
    if best is None:
        raise DataError("no epoch was trained")
    network.back_end.load_state_dict(best[1])
    network.back_end.eval().requires_grad_(False)
    return Fitted(network, seed, tuple(history), best[0])


def _calibrate(recipe: Recipe, network: Network, train: Examples) -> None:
    """Let the network see the features of the first training clips, before anything is learned."""
    with torch.no_grad():
        first = torch.from_numpy(train.waveforms(slice(_CALIBRATION_CLIPS)))
        recipe.calibrate(network, network.front_end(first))


class _Steps:
    """The optimizer, its schedule, and the batches of an epoch."""

    def __init__(
        self,
        recipe: Recipe,
        network: Network,
        examples: Examples,
        truth: AudioArray,
        key: RandomKey,
    ) -> None:
        self._recipe, self._network, self._examples, self._key = recipe, network, examples, key
        copies = len(examples) // len(truth)
        self._truth = torch.from_numpy(np.tile(truth, (copies, 1)))
        self._batches = max(1, len(truth) // recipe.batch)
        self._optimizer = torch.optim.AdamW(
            network.back_end.parameters(), weight_decay=recipe.weight_decay
        )
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer,
            recipe.learning_rate,
            total_steps=recipe.epochs * self._batches,
            pct_start=0.15,
        )

    def epoch(self, number: int) -> float:
        """Train on one version of every clip, and return the mean loss."""
        rng = self._key.generator("epoch", number)
        order = augment.draw_versions(self._examples, rng)
        self._network.back_end.train()
        losses = [
            self._step(batch, rng) for batch in np.array_split(order, self._batches) if batch.size
        ]
        if not np.isfinite(losses).all():
            raise DataError(
                f"the loss is not finite in epoch {number}: is the learning rate"
                f" ({self._recipe.learning_rate:g}) too high?"
            )
        return float(np.mean(losses))

    def _step(self, batch: np.ndarray, rng: np.random.Generator) -> float:
        waveforms = augment.render(self._examples, batch, rng)
        if GAIN in self._recipe.augment:
            augment.change_gain(waveforms, rng)
        with torch.no_grad():
            features = self._network.front_end(torch.from_numpy(waveforms))
            if SPEC_AUGMENT in self._recipe.augment:
                augment.spec_augment(features, rng)
        loss = loss_of(self._network.back_end(features), self._truth[batch], self._recipe)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._network.back_end.parameters(), 5.0)
        self._optimizer.step()
        self._schedule.step()
        return float(loss.item())
