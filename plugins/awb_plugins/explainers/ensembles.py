"""``mean-rank``, ``union`` and ``intersection`` of explainers.

Explainers differ in scale, so each member's relevance is replaced by ranks first: the least
relevant segment gets 0, the most relevant one 1, ties share their mean. What differs by a
hundred-thousandth of the largest relevance is tied: it is the rounding of scores in float32. A
member whose relevance is constant finds nothing, and gives 0 to all. Then

* ``mean-rank`` averages the ranks, which is Borda's count, and keeps the members' disagreement as
  the uncertainty of every segment;
* ``union`` takes the highest rank: a segment is relevant if any member says so;
* ``intersection`` takes the lowest: it is relevant if all members say so.

The latter two are union and intersection of fuzzy sets whose degrees of membership are the ranks.

References
----------
Zadeh, L. A. (1965). Fuzzy sets. Information and Control 8(3). doi:10.1016/S0019-9958(65)90241-X
Dwork, C., Kumar, R., Naor, M., & Sivakumar, D. (2001). Rank aggregation methods for the web. WWW.
doi:10.1145/371920.372165 (Borda's count)
Rieger, L., & Hansen, L. K. (2020). Aggregating explanation methods for stable and robust
explainability. arXiv:1903.00519
Bhatt, U., Weller, A., & Moura, J. M. F. (2020). Evaluating and aggregating feature-based model
explanations. IJCAI. arXiv:2005.00631
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from pydantic import field_validator

from awb.errors import NotApplicableError, ParameterError
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.plugins.lookup import find_explainer
from awb.segments import tied
from awb.specs import Explainer, ExplainerSpec
from awb.types import Explanation, Instance
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished

Combine = Callable[[FloatArray], FloatArray | Explanation]
"""Maps the ranks of all members, ``shape=(members, segments)``, to relevance."""

_SCORE_ROUNDING = 1e-5  # of the largest relevance; processors were seen to differ by up to 5e-6

_NEXT_MEMBER = re.compile(r"\s*\+\s*(?=[a-z])")  # not the plus signs of grad-cam++ or 0.1+0.5


def split_members(text: str) -> list[str]:
    """Split ``a+b`` into explainers; a semicolon separates the settings of one.

    Examples
    --------
    >>> split_members("grad-cam+++naive:window_s=1;hop_s=0.5")
    ['grad-cam++', 'naive:window_s=1,hop_s=0.5']
    """
    return [part.strip().replace(";", ",") for part in _NEXT_MEMBER.split(text)]


class EnsembleParameters(SegmentParameters):
    """Settings of an ensemble.

    Attributes
    ----------
    of : str
        The members, at least two: ``random-forest+naive``. Settings of a member follow it:
        ``naive:window_s=1;hop_s=0.5+lime``.
    """

    of: str = "naive+keep-window"

    @field_validator("of")
    @classmethod
    def _known(cls, text: str) -> str:
        """Look the members up, and write them in one way."""
        found = [find_explainer(part) for part in split_members(text)]
        labels = [one.label for one in found]
        if len(set(labels)) < max(2, len(labels)):
            raise ParameterError(
                f"an ensemble needs two or more different explainers, as in of=naive+lime: {text!r}"
            )
        for one in found:
            if one.spec.sees_labels:
                raise ParameterError(
                    f"{one.label} sees the labels, so it cannot be a member: {text!r}"
                )
        return "+".join(label.replace(",", ";") for label in labels)


class MeanRankParameters(EnsembleParameters):
    """Settings of `mean-rank`: `of` names the members, as in `EnsembleParameters`."""

    of: str = "keep-window:window_s=1.0;hop_s=0.2+owen:samples=60"


def unit_ranks(relevance: FloatArray) -> FloatArray:
    """Return midranks from 0 to 1; a constant finds nothing relevant, and has 0 everywhere.

    Scores in float32 round. Where a clip does nothing, what is left of their differences is that
    rounding, and ranks would make it as large as an event: it is tied.

    Examples
    --------
    >>> unit_ranks(np.array([5.0, -1.0, 7.0, 5.0])).tolist()
    [0.5, 0.0, 1.0, 0.5]
    >>> unit_ranks(np.array([2.0, 3e-7, 0.0, -1e-7, 1e-3])).tolist()
    [1.0, 0.25, 0.25, 0.25, 0.75]
    """
    from scipy.stats import rankdata

    values = tied(relevance, _SCORE_ROUNDING, of=np.abs(relevance).max(initial=0.0))
    if np.ptp(values) == 0.0:
        return np.zeros(values.shape)
    ranks: FloatArray = (rankdata(values) - 1.0) / (values.size - 1.0)
    return ranks


def mean_of(ranks: FloatArray) -> Explanation:
    """Average the members' ranks; their disagreement is the uncertainty of each mean.

    It is the standard error of a mean over members, ``sd / sqrt(members)``: 0 where all members
    agree.
    """
    error = ranks.std(axis=0, ddof=1) / np.sqrt(len(ranks))
    return Explanation(ranks.mean(axis=0), uncertainty=error)


class Ensemble:
    """Explainers whose ranks are combined; each is asked as if it stood on the board itself."""

    def __init__(self, parameters: EnsembleParameters, combine: Combine) -> None:
        self._members = [find_explainer(one) for one in split_members(parameters.of)]
        self._built: list[Explainer] = [one.build() for one in self._members]
        self._combine = combine

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray | Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        ranks = []
        for member, explain in zip(self._members, self._built, strict=True):
            own = perturber.explainer_rng(member.label)
            try:
                for capability in member.spec.needs:
                    perturber.model_as(capability)
                found = explain(perturber, instance, own)
            except NotApplicableError as error:
                raise NotApplicableError(f"{member.label}: {error}") from error
            plain = found if isinstance(found, Explanation) else Explanation(np.asanyarray(found))
            ranks.append(unit_ranks(plain.check_length(perturber.n_segments).relevance))
        return self._combine(np.array(ranks))


def _spec(
    name: str,
    summary: str,
    citation: str,
    combine: Combine,
    *,
    parameters: type[EnsembleParameters] = EnsembleParameters,
    cost: str = "that of its members (about 200 for 10 s)",
) -> ExplainerSpec:
    return ExplainerSpec(
        name=name,
        summary=summary,
        citation=citation,
        cost=cost,
        parameters=parameters,
        factory=finished(lambda settings: Ensemble(settings, combine)),
    )


_AGGREGATION = "Rieger & Hansen (2020), arXiv:1903.00519; Bhatt et al. (2020), arXiv:2005.00631"

SPECS = [
    _spec(
        "mean-rank",
        "Ensemble: the mean of its members' ranks of a segment (Borda's count).",
        f"Dwork et al. (2001), doi:10.1145/371920.372165; {_AGGREGATION}",
        mean_of,
        parameters=MeanRankParameters,
        cost="that of its members (about 115 for 10 s)",
    ),
    _spec(
        "union",
        "Ensemble: the highest of its members' ranks of a segment (fuzzy union).",
        f"Zadeh (1965), doi:10.1016/S0019-9958(65)90241-X; {_AGGREGATION}",
        lambda ranks: np.asarray(ranks.max(axis=0)),
    ),
    _spec(
        "intersection",
        "Ensemble: the lowest of its members' ranks of a segment (fuzzy intersection).",
        f"Zadeh (1965), doi:10.1016/S0019-9958(65)90241-X; {_AGGREGATION}",
        lambda ranks: np.asarray(ranks.min(axis=0)),
    ),
]
