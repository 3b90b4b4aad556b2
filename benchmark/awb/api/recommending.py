"""``awb.recommend``: which explainer to take for a model and a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from awb.api.progress import Shown, shown
from awb.api.results import Run
from awb.api.starting import typed_options
from awb.errors import RunError
from awb.harness.config.resources import Resources
from awb.harness.launch import out_path, start
from awb.harness.storage.run_folder import RunFolder
from awb.harness.unit.score_cache import chosen_cache
from awb.leaderboard.boards.recommendation import Recommendation, recommendation, settled_trial
from awb.leaderboard.formats.recommendation import short, to_text
from awb.plugins.discovery import load
from awb.reprs import table


@dataclass(frozen=True, slots=True)
class Recommended:
    """Which explainer to take at which number of model calls; printed as ``awb recommend`` does.

    Attributes
    ----------
    run : Run
        The run behind it, with one board per budget.
    details : Recommendation
        At every budget, the leaders for localization and fidelity, and for both.
    """

    run: Run
    details: Recommendation = field(repr=False)

    @property
    def picks(self) -> dict[int, str | None]:
        """The explainer to take at each budget of model calls; None where none has a place."""
        return {one.budget: one.pick for one in self.details.advice}

    @property
    def command(self) -> str | None:
        """The command that runs these explainers on the whole dataset."""
        return self.details.command

    def __repr__(self) -> str:
        """Summarize in one line."""
        return f"<{short(self.details)}>"

    def _repr_html_(self) -> str:
        board = self.details.boards[0]
        picks = {
            f"at most {budget:,} model calls": pick or "no explainer has a place"
            for budget, pick in self.picks.items()
        }
        typed = {} if self.command is None else {"on the whole dataset": self.command}
        return table(f"{board.model} on {board.dataset}", {**picks, **typed})

    def __str__(self) -> str:
        """Write the advice at every budget, and the command to type."""
        return to_text(self.details)


def start_trial(progress: Shown, options: Mapping[str, Any]) -> Recommended:
    """Run the candidates, and say which of them leads at every budget."""
    settled = settled_trial(typed_options(options))
    settings = settled.settings
    resources = Resources.of(settings, chosen_cache(settings.cache), jobs=1)
    with shown(progress) as report:
        folder = start(settled, resources, out_path(settled), report)
    if not isinstance(folder, RunFolder):
        raise RunError("a recommendation needs one run, not a sweep")
    return Recommended(Run(folder), recommendation(folder, load(), settings))
