"""Which explainer to take: what the boards of a short run of cheap explainers say.

At each budget of model calls, the board is ranked twice: by `LOCALIZATION` where events have times,
and by `FIDELITY`. For both at once, the explainers that may be first on other clips by the one and
by the other are compared by the sum of their two ranks; where there are none, all are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from awb.errors import ParameterError, RunError
from awb.harness.config.choice import choose
from awb.harness.config.run_config import RunConfig
from awb.harness.config.settings import RunSettings, Settled, option_text, settle
from awb.harness.launch import load_plugins
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.board import Board, BoardRow
from awb.leaderboard.boards.construction import BoardData, make_board, read_boards
from awb.leaderboard.boards.message import Message, message_of
from awb.leaderboard.boards.ranking import Place
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registry, load

CANDIDATES = (
    "keep-window",
    "keep-window:window_s=1,hop_s=0.2",
    "run-correlation:samples=60",
    "run-correlation",
    "adaptive:budget=60",
    "adaptive",
    "window-shap",
    "owen",
    "ridge:window_s=1,shifts=2",
    "random-forest",
    "grad-cam",
    "integrated-gradients",
    "attn-lrp",
)
"""Explainers that are tried; those that the model does not allow are listed as not applicable."""

BUDGETS = (60, 300, 1000)
LOCALIZATION, FIDELITY, SECOND = "roc-auc", "deletion-area", "srg"
METRICS = (LOCALIZATION, FIDELITY, SECOND)
WITHIN = "5m"


@dataclass(frozen=True, slots=True)
class Both:
    """The explainer to take for localization and fidelity at once."""

    row: BoardRow
    metrics: tuple[MetricFacts, ...]  # of its cells
    places: tuple[Place, Place]  # by localization and by fidelity
    may_lead: bool  # whether other clips might put it first by either

    @property
    def explainer(self) -> str:
        """Its label."""
        return self.row.explainer

    @property
    def ranks(self) -> tuple[int, int]:
        """Its ranks by localization and by fidelity."""
        return self.places[0].rank, self.places[1].rank


@dataclass(frozen=True, slots=True)
class Advice:
    """What to take at one budget; a goal that cannot be judged, or ranks nobody, is None."""

    budget: int
    localization: Message | None
    fidelity: Message | None
    both: Both | None

    @property
    def pick(self) -> str | None:
        """The explainer for both goals, or for the only one that can be judged."""
        if self.both is not None:
            return self.both.explainer
        only = self.localization or self.fidelity
        return None if only is None else only.best[0].explainer


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The advice at every budget, and what to type next."""

    boards: tuple[Board, ...]  # one per budget, as `awb show` prints them
    advice: tuple[Advice, ...]
    command: str | None  # None if no explainer has a place


def settled_trial(typed: Mapping[str, Any]) -> Settled:
    """Complete the settings that a user gave to those of the run that compares the candidates."""
    given = {name: value for name, value in typed.items() if value is not None}
    refused = [name for name in ("metrics", "samples", "robustness") if name in given]
    if refused:
        raise ParameterError(f"{refused[0]} cannot be chosen here; compare with awb run instead")
    defaults: dict[str, Any] = {"explainers": list(CANDIDATES), "budgets": BUDGETS}
    if "clips" not in given:
        defaults["within"] = WITHIN
    settled = settle({**defaults, **given, "metrics": list(METRICS)})
    load_plugins(settled.settings)
    chosen = choose(settled.settings.config(), load())
    pairs = [f"{model.label} on {data}" for data in chosen.pairs for model in chosen.pairs[data]]
    if len(pairs) != 1:
        raise ParameterError(
            f"a recommendation is for one model on one dataset, and these are {len(pairs)}:"
            f" {', '.join(pairs)}. Type: awb recommend --model NAME --dataset NAME"
        )
    return settled


def recommendation(folder: RunFolder, registry: Registry, settings: RunSettings) -> Recommendation:
    """Read the boards of a run, one per budget, and say which explainer leads each."""
    found = read_boards(folder, registry, columns=METRICS)
    boards = tuple(make_board(data) for data in found)
    if not boards or boards[0].n_instances == 0:
        raise RunError(
            f"no instance was selected, so nothing can be recommended. Type: awb show {folder.path}"
        )
    advice = tuple(advice_of(data) for data in found)
    picks = dict.fromkeys(one.pick for one in advice if one.pick is not None)
    command = run_command(settings, boards[0].model, list(picks)) if picks else None
    return Recommendation(boards, advice, command)


def advice_of(data: BoardData) -> Advice:
    """Rank the explainers of one board by each goal that can be judged, and for both."""
    timed = any(one.intervals_s for one in data.manifest.kept)
    localization = _ranked_by(LOCALIZATION, data) if timed else None
    fidelity = _ranked_by(FIDELITY, data)
    return Advice(data.budget or 0, localization, fidelity, _both(localization, fidelity))


def _ranked_by(metric: str, data: BoardData) -> Message | None:
    """Rank the explainers of a board by another of its metrics."""
    ordered = sorted(data.metrics, key=lambda facts: facts.name != metric)
    changed = replace(data, metrics=ordered)
    return message_of(make_board(changed), changed)


def _both(localization: Message | None, fidelity: Message | None) -> Both | None:
    """Take the smallest sum of ranks among those that may lead by both, or else among all."""
    if localization is None or fidelity is None:
        return None
    second = {row.explainer: row.place for row in fidelity.board.rows if row.place is not None}
    common = [
        (row, (row.place, second[row.explainer]))
        for row in localization.board.rows
        if row.place is not None and row.explainer in second
    ]
    if not common:
        return None
    leading = [one for one in common if all(place.low == 1 for place in one[1])]
    row, places = min(leading or common, key=_order)
    return Both(row, localization.board.metrics, places, bool(leading))


def _order(one: tuple[BoardRow, tuple[Place, Place]]) -> tuple[int, float, str]:
    """Compare by the sum of ranks, then by calls."""
    row, places = one
    return sum(place.rank for place in places), row.calls, row.explainer


_REPLACED = {"datasets", "models", "explainers", "metrics", "budgets", "clips", "baselines"}


def run_command(settings: RunSettings, model: str, explainers: Sequence[str]) -> str:
    """Write the command that runs the picks on the whole dataset, with the settings of the trial.

    Where it computes is left to its defaults; what its results depend on is the same.
    """
    import shlex

    given = settings.given()
    kept = {
        name: given[name]
        for name in [*RunConfig.model_fields, "plugin"]
        if name in given and name not in _REPLACED
    }
    budgets = settings.config().budgets or ()
    options = {
        "dataset": settings.datasets,
        "model": [model],
        "explainers": explainers,
        "budgets": budgets,
        **kept,
    }
    words = ["awb", "run"]
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        several = value if name == "plugin" else [option_text(value)]
        words += [word for one in several for word in (flag, one)]
    return shlex.join(words)
