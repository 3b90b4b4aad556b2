"""Specs: what a plugin says about itself before anything heavy is imported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict

from awb.errors import ParameterError
from awb.maskers import Masker
from awb.metrics.facts import MetricFacts
from awb.protocols import AudioModel, Dataset
from awb.types import Clip, Explanation, Instance

if TYPE_CHECKING:
    from awb.data.preparation import Family, Preparation
    from awb.perturbation import Perturber
    from awb.scoring import Scoring
    from awb.training import Trainer

_KEBAB = re.compile(r"[a-z][a-z0-9]*([-+@][a-z0-9+]+)*\Z")


class Parameters(BaseModel):
    """Base of every plugin's parameters: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Explainer(Protocol):
    """What an explainer's factory returns: a plain function will do."""

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation | np.ndarray[Any, Any]:
        """Explain the score of one instance.

        Parameters
        ----------
        perturber : Perturber
            The only door to the model.
        instance : Instance
            What to explain; without its labels, unless the spec says ``sees_labels``.
        rng : np.random.Generator
            The explainer's own stream, the same in every run with the same seed.

        Returns
        -------
        Explanation or np.ndarray, shape=(segments,)
            Signed relevance, higher = more evidence for the target.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What every kind of plugin says about itself.

    Attributes
    ----------
    name : str
        Kebab-case name, as typed on the command line.
    summary : str
        One line.
    citation : str
        Where the method, data or weights come from.
    title : str
        What people call it in a sentence, such as "YAMNet"; empty where that is the name.
    parameters : type of Parameters
        Validated settings; unknown keys are refused.
    requires : tuple of str
        Modules that must be importable, by import name; ``one|other`` for either.
    extra : str or None
        The extra of this project that installs them.
    path_parameter : str or None
        The parameter that ``NAME:PATH`` sets.

    Raises
    ------
    ParameterError
        If the name is not kebab-case, the summary is empty or has several lines, or so has the
        title.
    """

    name: str
    summary: str
    citation: str
    title: str = ""
    parameters: type[Parameters] = Parameters
    requires: tuple[str, ...] = ()
    extra: str | None = None
    path_parameter: str | None = None

    def __post_init__(self) -> None:
        """Validate the name and the summary."""
        if not _KEBAB.match(self.name):
            raise ParameterError(f"plugin name {self.name!r} is not kebab-case, like random-forest")
        if not self.summary.strip() or "\n" in self.summary:
            raise ParameterError(f"plugin {self.name}: the summary must be one line")
        if not self.title.isprintable():
            raise ParameterError(f"plugin {self.name}: the title must be one line")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec(Spec):
    """An audio classifier.

    Attributes
    ----------
    factory : callable
        ``factory(parameters) -> AudioModel``.
    decision_threshold : float
        Log-odds from which the model is taken to say yes; instances below are not selected.
    class_list : callable or None
        ``class_list(parameters)`` gives class names and AudioSet machine ids, in the order of the
        scores, where they are known without the weights; else None.
    trainable : callable or None
        ``trainable(parameters)`` gives the `awb.training.Trainer` for ``awb train``; None for a
        model that cannot be trained here.
    minimum_duration_s : callable or None
        ``minimum_duration_s(parameters)`` gives the length in seconds of the shortest clip that the
        model takes; None for any length. Shorter clips are counted, and never scored.
    """

    factory: Callable[[Any], AudioModel]
    decision_threshold: float = 0.0
    class_list: Callable[[Any], tuple[Sequence[str], Sequence[str]] | None] | None = None
    trainable: Callable[[Any], Trainer] | None = None
    minimum_duration_s: Callable[[Any], float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainerSpec(Spec):
    """An explainer.

    Attributes
    ----------
    factory : callable
        ``factory(parameters) -> Explainer``.
    cost : str
        What it asks of the model, in words: "the shared design", "one call a window".
    needs : tuple of type
        Capability protocols that the model must satisfy; elsewhere "not applicable".
    sees_labels : bool
        True for the oracle only: the instance keeps its events.
    baseline : bool
        True for rows that every board carries for comparison.
    """

    factory: Callable[[Any], Explainer]
    cost: str
    needs: tuple[type, ...] = ()
    sees_labels: bool = False
    baseline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec(Spec):
    """A dataset.

    Attributes
    ----------
    factory : callable
        ``factory(parameters) -> Dataset``.
    prepare : callable or None
        ``prepare(parameters, families, max_event_fraction) -> Preparation``: turn published files
        into tables of instances, see `awb.data.preparation`; for ``awb data prepare``.
    write : callable or None
        ``write(parameters, clips, folder)``: write any clips in this dataset's own layout, and
        return notes for the user; for ``awb data export``.
    models : tuple of str
        References of the models that it is run with where the user names none.
    contrast : tuple of str
        Names of two models whose boards answer the dataset's question together: the first should
        be explained by its events and the second should not. Boards of both are followed by their
        difference. Empty for all other datasets.

    Raises
    ------
    ParameterError
        If `contrast` does not name two models.
    """

    factory: Callable[[Any], Dataset]
    prepare: Callable[[Any, Sequence[Family], float], Preparation] | None = None
    write: Callable[[Any, Iterable[Clip], Path], Sequence[str]] | None = None
    models: tuple[str, ...] = ()
    contrast: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Validate the name, the summary and the contrast."""
        Spec.__post_init__(self)
        if len(self.contrast) not in (0, 2):
            raise ParameterError(f"dataset {self.name}: a contrast names two models")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSpec(Spec):
    """A metric.

    Attributes
    ----------
    facts : MetricFacts
        Direction, range, unit and the rest, from which tables are made.
    factory : callable
        ``factory(parameters)`` gives a function ``(scoring) -> float``, which raises
        `UndefinedScoreError` where the metric has no value.
    headline : bool
        Whether boards show it when all metrics were computed.
    """

    facts: MetricFacts
    factory: Callable[[Any], Callable[[Scoring], float]]
    headline: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskerSpec(Spec):
    """A masker.

    Attributes
    ----------
    factory : callable
        ``factory(parameters) -> Masker``.
    """

    factory: Callable[[Any], Masker]


AnySpec = ModelSpec | ExplainerSpec | DatasetSpec | MetricSpec | MaskerSpec


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a spec came from.

    Attributes
    ----------
    distribution, version : str
        The installed distribution that holds the entry point.
    entry_point : str
        Name of the entry point.
    file : str
        The plugin file that it was loaded from, where it is not installed; else empty.
    """

    distribution: str = "unknown"
    version: str = ""
    entry_point: str = field(default="")
    file: str = ""
