"""What ``awb train`` requires of a trainable model; the plugin does the training itself.

``trainable`` of an `awb.specs.ModelSpec` returns a `Trainer`. awb's own models return an
`awb_plugins.training.Recipe`, which any plugin may use.
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
    """The settings of one ``awb train`` command.

    Attributes
    ----------
    model : str
        The model as it was typed.
    dataset : str
        Reference of the training data.
    validation, test : str or None
        References of the other parts; None for the dataset's own parts, or whole groups of it.
    seeds : tuple of int
        One training per seed; the best on the validation part is kept.
    epochs : int or None
        Maximum number of epochs; None for the model's default.
    augment : tuple of str or None
        Augmentations; None for the model's defaults.
    out : Path
        Weights file; the model card and the training curve are named after it.
    command : str
        The command as it was typed, for the model card.
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
    """The result of a training.

    Attributes
    ----------
    scores : tuple of str
        One line per evaluated part of the data.
    paths : tuple of Path
        Files that were written.
    """

    scores: tuple[str, ...]
    paths: tuple[Path, ...]


class Trainer(Protocol):
    """A model that can be trained."""

    def check(self, job: TrainingJob) -> None:
        """Refuse a job that cannot succeed before any training starts.

        Raises
        ------
        AwbError
            If a setting, a name or the output file is wrong.
        """
        ...

    def train(
        self, job: TrainingJob, *, progress: Progress, tell: Callable[[str], None]
    ) -> TrainingReport:
        """Train the model and write its weights.

        Parameters
        ----------
        job : TrainingJob
            The settings.
        progress : callable
            See `Progress`.
        tell : callable
            Called with a one-sentence report after every epoch.

        Returns
        -------
        TrainingReport
            Scores and files that were written.

        Raises
        ------
        AwbError
            If the data or the settings cannot be used, or a file cannot be written.
        """
        ...


def read_seeds(texts: Sequence[str]) -> tuple[int, ...]:
    """Parse seeds that are separated by commas or given one by one.

    Parameters
    ----------
    texts : sequence of str
        For example ``["0,1,2"]``.

    Returns
    -------
    tuple of int
        Distinct seeds; (0,) if none was given.

    Raises
    ------
    ParameterError
        If a seed is not a non-negative integer.

    Examples
    --------
    >>> read_seeds(["0,1", "5"])
    (0, 1, 5)
    """
    parts = [part.strip() for text in texts for part in text.split(",")]
    for part in parts:
        if not part.isdecimal():
            raise ParameterError(f"a seed must be a non-negative integer, got {part!r}")
    return tuple(dict.fromkeys(int(part) for part in parts)) or (0,)
