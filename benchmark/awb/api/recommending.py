"""``awb.recommend``: which explainer to take for a model and a dataset."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Unpack

from awb.api.results import Run
from awb.api.run_options import RunOptions
from awb.api.running import typed_options, with_named_options
from awb.errors import RunError
from awb.harness.config.resources import Resources
from awb.harness.launch import out_path, start
from awb.harness.run import silent
from awb.harness.selection.selector import Progress
from awb.harness.storage.run_folder import RunFolder
from awb.harness.unit.score_cache import chosen_cache
from awb.leaderboard.boards.recommendation import Recommendation, recommendation, settled_trial
from awb.leaderboard.formats.recommendation import short, to_text
from awb.plugins.discovery import load


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

    def __str__(self) -> str:
        """Write the advice at every budget, and the command to type."""
        return to_text(self.details)


@with_named_options
def recommend(*, progress: Progress = silent, **options: Unpack[RunOptions]) -> Recommended:
    """Try cheap explainers on a few clips, and say which to take, as ``awb recommend`` does.

    It is a run of a list of cheap explainers at budgets of 60, 300 and 1,000 model calls, within 5
    minutes; `explainers`, `budgets` and `within` (or `clips`) change that. Metrics, samples and
    robustness are not chosen here.

    Parameters
    ----------
    progress : callable
        ``progress(phase, done, total)`` is called as work finishes.
    **options
        The options of ``awb run``.

    Returns
    -------
    Recommended
        The explainer to take at every budget, and the run that it rests on.

    Raises
    ------
    AwbError
        For unknown names, invalid settings, and models or data that cannot be used; also if there
        is more than one model or dataset, or no instance.
    """
    settled = settled_trial(typed_options(options))
    settings = settled.settings
    resources = Resources.of(settings, chosen_cache(settings.cache), jobs=1)
    folder = start(settled, resources, out_path(settled), progress)
    if not isinstance(folder, RunFolder):
        raise RunError("a recommendation needs one run, not a sweep")
    return Recommended(Run(folder), recommendation(folder, load(), settings))
