"""The facts about a metric, from which tables and docs are generated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from awb.errors import ParameterError

Family = Literal["localization", "fidelity", "complexity", "robustness", "sanity"]
Reads = Literal["order", "magnitudes"]


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
    reads : str
        "order" if no strictly increasing transform of the relevance changes the value, else
        "magnitudes": then sharpening or flattening an explanation moves it in the column.
    order_form : str
        Name of a metric that asks the same of the order alone; empty if there is none.
    topped_by : str
        A null that knows nothing of the model and is best here; empty if there is none.

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
    reads: Reads = "order"
    order_form: str = ""
    topped_by: str = ""

    def __post_init__(self) -> None:
        """Validate the range."""
        if not self.lowest < self.highest:
            raise ParameterError(f"metric {self.name}: empty range {self.lowest}..{self.highest}")

    @property
    def arrow(self) -> str:
        """Direction for a table header."""
        return "↑" if self.higher_is_better else "↓"

    @property
    def ranks(self) -> bool:
        """Whether a board may give places by this metric."""
        return self.reads == "order" and not self.topped_by

    @property
    def no_rank_reason(self) -> str:
        """Why a board gives no places by it; empty if it does."""
        sharpened = "it reads magnitudes, so that sharpening an explanation moves it"
        reasons = [self.topped_by, sharpened if self.reads == "magnitudes" else ""]
        form = f". {self.order_form} asks the same of the order" if self.order_form else ""
        why = ", and ".join(filter(None, reasons))
        return f"{self.name} gives no places: {why}{form}" if why else ""
