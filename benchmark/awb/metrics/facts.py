"""The facts about a metric, from which tables and docs are generated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from awb.errors import ParameterError

Family = Literal["localization", "fidelity", "complexity", "robustness", "sanity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFacts:
    """What a reader must know about a metric to interpret its column.

    Attributes
    ----------
    name : str
        Kebab-case name.
    family : str
        localization, fidelity, complexity, robustness or sanity.
    summary : str
        One line.
    higher_is_better : bool
        Direction.
    lowest, highest : float
        Range of values, infinite where there is no bound.
    unit : str
        What the numbers count, for example "probability".
    undefined : str
        When there is no value.
    citation : str
        Source of the definition.
    formula : str
        The definition in LaTeX, in the symbols of docs/metrics.md; may be empty.

    Raises
    ------
    ParameterError
        If the range is empty.
    """

    name: str
    family: Family
    summary: str
    higher_is_better: bool
    lowest: float
    highest: float
    unit: str
    undefined: str
    citation: str
    formula: str = ""

    def __post_init__(self) -> None:
        """Validate the range."""
        if not self.lowest < self.highest:
            raise ParameterError(f"metric {self.name}: empty range {self.lowest}..{self.highest}")

    @property
    def arrow(self) -> str:
        """Direction for a table header."""
        return "↑" if self.higher_is_better else "↓"
