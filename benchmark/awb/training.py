"""The interface between ``awb train`` and a trainable model; plugins implement the training.

The ``trainable`` of an `awb.specs.ModelSpec` returns a `Trainer`. awb's own models build one from
an `awb_plugins.training.Recipe`, which any plugin may use. The ``trainable`` of an
`awb.specs.ExplainerSpec` returns an `ExplainerTrainer`, which learns from the scores of one model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from awb.errors import ParameterError

Progress = Callable[[str, int, int], None]
"""``progress(phase, done, total)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """What ``awb train`` was asked to do.

    Attributes
    ----------
    model : str
        The model as given on the command line.
    dataset : str
        Reference of the training data.
    validation, test : str or None
        References of the other parts; None for the dataset's own parts, or whole groups of it.
    seeds : tuple of int
        One training run per seed; the one that is best on validation is kept.
    epochs : int or None
        Maximal number of epochs; None for the model's own.
    augment : tuple of str or None
        Augmentations; None for the model's own.
    out : Path
        Weights file; the card and the curve get the same stem.
    command : str
        The command line, for the card.
    """

    model: str
    dataset: str
    validation: str | None = None
    test: str | None = None
    seeds: tuple[int, ...] = (0,)
    epochs: int | None = None
    augment: tuple[str, ...] | None = None
    out: Path
    command: str = ""


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """The result of training.

    Attributes
    ----------
    scores : tuple of str
        One line per part of the data that was scored.
    paths : tuple of Path
        The files that were written.
    """

    scores: tuple[str, ...]
    paths: tuple[Path, ...]


class Trainer(Protocol):
    """A model that can be trained."""

    def check(self, job: TrainingJob) -> None:
        """Refuse a job that cannot work, before any time is spent on it.

        Raises
        ------
        AwbError
            If a setting, a name or the output file is wrong.
        """
        ...

    def train(
        self, job: TrainingJob, *, progress: Progress, tell: Callable[[str], None]
    ) -> TrainingReport:
        """Train, and write the weights.

        Parameters
        ----------
        job : TrainingJob
            What to do.
        progress : callable
            See `Progress`.
        tell : callable
            Called with a sentence after every epoch.

        Returns
        -------
        TrainingReport
            Scores and files.

        Raises
        ------
        AwbError
            If the data or the settings cannot be used, or a file cannot be written.
        """
        ...


TRAINED_ON = "trained on "
"""How a note of a trained explainer begins that says on what and for how long; boards repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainerJob:
    """What ``awb train explainer:NAME`` was asked to do.

    Attributes
    ----------
    explainer, model, dataset : str
        References as given: what is trained, for which model, on which clips.
    clips : int
        Most clips that are used.
    epochs : int or None
        Passes over them; None for the explainer's own number.
    seed : int
        Seed of all draws.
    out : Path or None
        Weights file; None for the folder where the explainer looks for it.
    command : str
        The command line, for the card.
    """

    explainer: str
    model: str
    dataset: str
    clips: int = 200
    epochs: int | None = None
    seed: int = 0
    out: Path | None = None
    command: str = ""


class ExplainerTrainer(Protocol):
    """An explainer that is trained once per model."""

    def train(
        self, job: ExplainerJob, *, progress: Progress, tell: Callable[[str], None]
    ) -> TrainingReport:
        """Train for a model, and write the weights; see `Trainer.train`.

        Raises
        ------
        AwbError
            If the model or the data cannot be used, or a file cannot be written.
        """
        ...


def read_seeds(texts: Sequence[str]) -> tuple[int, ...]:
    """Read seeds, separated by commas or given one by one.

    Parameters
    ----------
    texts : sequence of str
        For example ``["0,1,2"]``.

    Returns
    -------
    tuple of int
        At least one, without duplicates.

    Raises
    ------
    ParameterError
        If one is not a non-negative integer.

    Examples
    --------
    >>> read_seeds(["0,1", "5"])
    (0, 1, 5)
    """
    parts = [part.strip() for text in texts for part in text.split(",")]
    for part in parts:
        if not part.isdecimal():
            raise ParameterError(f"a seed is a whole number from 0, got {part!r}")
    return tuple(dict.fromkeys(int(part) for part in parts)) or (0,)
