"""Specs: how a plugin describes itself before heavy libraries are imported."""

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
from awb.protocols import AudioModel, Dataset, Extractor
from awb.types import Clip, Explanation, Instance

if TYPE_CHECKING:
    from awb.data.preparation import Family, Preparation
    from awb.perturbation import Perturber
    from awb.scoring import Scoring
    from awb.training import ExplainerTrainer, Trainer

KEBAB = re.compile(r"[a-z][a-z0-9]*([-+@][a-z0-9+]+)*\Z")
"""What a plugin may be called."""

DISTRIBUTION = "audio-where-benchmark"
"""The distribution that awb itself is installed as."""


class Parameters(BaseModel):
    """Base of every plugin's parameters: frozen, and unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Explainer(Protocol):
    """What an explainer's factory returns; a plain function is enough."""

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation | np.ndarray[Any, Any]:
        """Explain the score of one instance.

        Parameters
        ----------
        perturber : Perturber
            The only access to the model.
        instance : Instance
            The instance to explain, without its labels unless the spec sets ``sees_labels``.
        rng : np.random.Generator
            The explainer's own generator, the same in every run with the same seed.

        Returns
        -------
        Explanation or np.ndarray, shape=(segments,)
            Signed relevance, higher = more evidence for the target.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What every kind of plugin declares.

    Attributes
    ----------
    name : str
        Kebab-case name, as typed on the command line.
    summary : str
        One line of text.
    citation : str
        Source of the method, data or weights.
    title : str
        Its name in running text, such as "YAMNet"; empty if that is `name`.
    parameters : type of Parameters
        Type of its settings; unknown keys are refused.
    requires : tuple of str
        Import names of the modules that it needs; ``one|other`` if either will do.
    extra : str or None
        The extra of the plugin's distribution that installs them.
    path_parameter : str or None
        The parameter that ``NAME:PATH`` sets.

    Raises
    ------
    ParameterError
        If the name is not kebab-case, the summary is empty, or the summary or title has several
        lines.
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
        if not KEBAB.match(self.name):
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
        Log-odds from which a class counts as recognized; instances below it are not selected.
    class_list : callable or None
        ``class_list(parameters)`` returns class names and AudioSet machine ids in the order of the
        scores if they are known without the weights, else None.
    trainable : callable or None
        ``trainable(parameters)`` returns the `awb.training.Trainer` for ``awb train``; None for a
        model that awb cannot train.
    minimum_duration_s : callable or None
        ``minimum_duration_s(parameters)`` returns the length in seconds of the shortest clip that
        the model accepts; None for any length. Shorter clips are counted but not scored.
    at_hand : callable or None
        ``at_hand(parameters)`` returns whether its weights are on this machine, so that it loads
        without a download; None if they always are.
    """

    factory: Callable[[Any], AudioModel]
    decision_threshold: float = 0.0
    class_list: Callable[[Any], tuple[Sequence[str], Sequence[str]] | None] | None = None
    trainable: Callable[[Any], Trainer] | None = None
    minimum_duration_s: Callable[[Any], float] | None = None
    at_hand: Callable[[Any], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainerSpec(Spec):
    """An explainer.

    Attributes
    ----------
    factory : callable
        ``factory(parameters) -> Explainer``.
    cost : str
        Its model calls in words: "the shared design", "one call per window".
    needs : tuple of type
        Capability protocols that the model must satisfy; otherwise it is "not applicable".
    sees_labels : bool
        Whether the instance keeps its events; true for the oracle only.
    baseline : bool
        Whether every board includes it for comparison.
    reference : bool
        Whether it is no explanation but something to compare explanations with, such as a model's
        own frame scores: its row has no place, and it is run only where it is named.
    unequal_segments : bool
        Whether segments may differ in length (``--segments onsets``), because all that it asks is
        which of them are dropped.
    trainable : callable or None
        ``trainable(parameters)`` returns the `awb.training.ExplainerTrainer` for
        ``awb train explainer:NAME``; None for an explainer that learns nothing beforehand.
    files_sha256 : callable or None
        ``files_sha256(parameters, weights_sha256)`` returns a hash of the files that explanations
        of the model with these weights depend on, such as what was trained for it; empty if there
        are none. Stored results are computed again when it changes.
    least_calls : callable or None
        ``least_calls(parameters, samples)`` returns the fewest model calls that one explanation
        takes with `samples` drop masks: a submission that states fewer is refused. None if that
        depends on the clip.
    """

    factory: Callable[[Any], Explainer]
    cost: str
    needs: tuple[type, ...] = ()
    sees_labels: bool = False
    baseline: bool = False
    reference: bool = False
    unequal_segments: bool = False
    trainable: Callable[[Any], ExplainerTrainer] | None = None
    files_sha256: Callable[[Any, str], str] | None = None
    least_calls: Callable[[Any, int], int] | None = None


def whole_design(parameters: Any, samples: int) -> int:  # noqa: ARG001 - the signature of a spec
    """Return the calls of an explainer that asks for the whole design, as its ``least_calls``.

    Parameters
    ----------
    parameters : Parameters
        Its settings, which make no difference.
    samples : int
        Drop masks of the design.

    Returns
    -------
    int
        `samples`.
    """
    return samples


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec(Spec):
    """A dataset.

    Attributes
    ----------
    factory : callable
        ``factory(parameters) -> Dataset``.
    prepare : callable or None
        ``prepare(parameters, families, max_event_fraction) -> Preparation`` converts published
        files to tables of instances, see `awb.data.preparation`; for ``awb data prepare``.
    write : callable or None
        ``write(parameters, clips, folder)`` writes any clips in this dataset's own layout and
        returns notes for the user; for ``awb data export``.
    models : tuple of str
        References of the models that it is run with if the user names none.
    contrast : tuple of str
        Names of two models whose boards are meant to be compared: explanations of the first should
        find the events, those of the second should not. Boards of both are followed by their
        difference. Empty if the dataset has no such pair.
    shadow : callable or None
        ``shadow(parameters, seed, clips)`` returns settings that render other clips, from a seed of
        at least a million, which no model was trained on; `clips` of them, or as many as before if
        that is None. None, here or as its result, if the clips are fixed.

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
    shadow: Callable[[Any, int, int | None], Parameters | None] | None = None

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
        Direction, range, unit and the like, used in tables.
    factory : callable
        ``factory(parameters)`` returns a function ``(scoring) -> float`` that raises
        `UndefinedScoreError` if the metric has no value.
    headline : bool
        Whether boards show it if all metrics were computed.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractorSpec(Spec):
    """What turns a clip into one vector of features, for ``awb data features``.

    Attributes
    ----------
    factory : callable
        ``factory(parameters) -> Extractor``.
    """

    factory: Callable[[Any], Extractor]


AnySpec = ModelSpec | ExplainerSpec | DatasetSpec | MetricSpec | MaskerSpec | ExtractorSpec


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a spec comes from.

    Attributes
    ----------
    distribution, version : str
        The installed distribution that holds the entry point.
    entry_point : str
        Name of the entry point.
    file : str
        The plugin file that it was loaded from if it is not installed, else empty.
    """

    distribution: str = "unknown"
    version: str = ""
    entry_point: str = field(default="")
    file: str = ""

    @property
    def built_in(self) -> bool:
        """Whether it is part of awb itself."""
        return self.distribution == DISTRIBUTION
