"""Recipes: what a model says about its own training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from awb.errors import ParameterError, did_you_mean

if TYPE_CHECKING:
    import torch

Task = Literal["multi-class", "multi-label"]
"""Whether a clip has exactly one class, or any number of them."""

SPEED, NOISE, GAIN, SPEC_AUGMENT = "speed", "noise", "gain", "spec-augment"
AUGMENTATIONS = (SPEED, NOISE, GAIN, SPEC_AUGMENT)


@dataclass(frozen=True, slots=True)
class Network:
    """An untrained network in two parts.

    Attributes
    ----------
    front_end : torch.nn.Module
        Waveforms ``(batch, samples)`` to features ``(batch, frames, bins)``; it has nothing to
        learn.
    back_end : torch.nn.Module
        Features to log-odds ``(batch, classes)``: logits for a multi-label task, and
        ``z_c - logsumexp(z_others)`` for a multi-class one.
    """

    front_end: torch.nn.Module
    back_end: torch.nn.Module


def _as_it_is(back_end: torch.nn.Module) -> torch.nn.Module:
    return back_end


def _no_calibration(network: Network, features: torch.Tensor) -> None:
    """Leave a network that normalizes nothing as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that `awb train` must know of a model.

    Attributes
    ----------
    task : str
        ``multi-class`` or ``multi-label``.
    sample_rate_hz : int
        Rate of the waveforms, in Hz.
    make : callable
        ``make(n_classes)``: a new `Network` with random weights from torch's current generator.
    finish : callable
        ``finish(back_end)``: the module whose weights are saved, for instance with its
        normalizations folded. It must compute the same function.
    calibrate : callable
        ``calibrate(network, features)``: set fixed shifts and scales from features of the first
        training clips, ``shape=(clips, frames, bins)``.
    classes : tuple of str or None
        Classes in the order of the scores; None for those of the dataset.
    duration_s : float or None
        Clips are cut or filled with silence to this many seconds; None for the longest clip's.
    augment : tuple of str
        What is done to training clips, of `AUGMENTATIONS`, unless the user says otherwise.
    epochs, batch, patience : int
        Most epochs, clips a step, and epochs without an improvement after which training stops.
    learning_rate, weight_decay : float
        Highest learning rate of the one-cycle schedule, and AdamW's decay.

    Raises
    ------
    ParameterError
        If a number is not positive or an augmentation is unknown.
    """

    task: Task
    sample_rate_hz: int
    make: Callable[[int], Network]
    finish: Callable[[torch.nn.Module], torch.nn.Module] = _as_it_is
    calibrate: Callable[[Network, torch.Tensor], None] = _no_calibration
    classes: tuple[str, ...] | None = None
    duration_s: float | None = None
    augment: tuple[str, ...] = (NOISE, GAIN)
    epochs: int = 20
    batch: int = 32
    patience: int = 6
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2

    def __post_init__(self) -> None:
        """Validate what is a number or a name."""
        for name in ("sample_rate_hz", "epochs", "batch", "patience", "learning_rate"):
            if getattr(self, name) <= 0:
                raise ParameterError(f"{name} must be positive: {getattr(self, name)}")
        check_augmentations(self.augment)


def check_augmentations(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names of augmentations if all are known.

    Parameters
    ----------
    names : tuple of str
        What was asked for.

    Returns
    -------
    tuple of str
        The same.

    Raises
    ------
    ParameterError
        If one is unknown.

    Examples
    --------
    >>> check_augmentations(("speed", "noise"))
    ('speed', 'noise')
    """
    for name in names:
        if name not in AUGMENTATIONS:
            hint = did_you_mean(name, AUGMENTATIONS)
            raise ParameterError(f"unknown augmentation {name!r}.{hint}")
    return names
