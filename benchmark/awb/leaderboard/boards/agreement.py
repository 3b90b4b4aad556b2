"""Agreement: do two metrics rank the explainers in the same order?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from awb.errors import RunError, UndefinedScoreError
from awb.intervals import FloatArray
from awb.leaderboard.boards.board import FULL_COVERAGE
from awb.leaderboard.boards.construction import BoardData, column_of, layout_of
from awb.leaderboard.boards.layout import Layout
from awb.randomness import RandomKey
from awb.statistics import Interval, kendall_bootstrap, mean_interval

RESAMPLES = 1000
_NONE = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Kendall's tau-b between two metrics' rankings of the explainers.

    tau is in [-1, 1], 1 = the same order, with its 95 % interval over clips; NaN if a metric ties
    all explainers or has no values.
    """

    dataset: str  # "all" for the mean over boards, and so is the model
    model: str
    first: str
    second: str
    tau: Interval
    n_explainers: int
    n_instances: int
    budget: int | None = None
    """Model calls per instance, on a board with a limit."""


def agreements(data: BoardData) -> list[Agreement]:
    """Compare every pair of metrics on one board.

    Explainers are included if they cover 95 % of the instances in both metrics. Baselines are
    excluded, since all metrics agree about the oracle.
    """
    dataset, model, metrics = data.manifest.dataset, data.manifest.model, data.metrics
    layout = Layout(data.explanations)
    able = np.array([name not in data.compared_with for name in layout.names], dtype=bool)
    able &= layout.coverage >= FULL_COVERAGE
    if len(metrics) < 2 or able.sum() < 2:
        raise RunError(
            f"{model} on {dataset}: agreement needs at least two metrics, and two explainers that"
            f" are not baselines and cover {FULL_COVERAGE:.0%} of the instances; there are"
            f" {len(metrics)} and {int(able.sum())}. awb show RUN says what is missing"
        )
    columns = {facts.name: column_of(data, layout, facts) for facts in metrics}
    signs = {facts.name: 1.0 if facts.higher_is_better else -1.0 for facts in metrics}
    key = RandomKey((data.seed, "agreement"))
    found = []
    for first, second in combinations(columns, 2):
        one, other = columns[first], columns[second]
        rows = np.flatnonzero(able & one.full & other.full)
        both = one.definable & other.definable
        used = np.flatnonzero(both)
        tau = _tau(
            signs[first] * one.table(rows)[both[one.definable]],
            signs[second] * other.table(rows)[both[other.definable]],
            [layout.clips[index] for index in used],
            key.child(*sorted((first, second))),  # the order of the columns does not matter
        )
        found.append(
            Agreement(dataset, model, first, second, tau, rows.size, used.size, data.budget)
        )
    return found


def unfinished(boards: Iterable[BoardData]) -> list[str]:
    """Say which boards lack instances, one line each."""
    lines = []
    for data in boards:
        stored = int(layout_of(data).stored.sum()) if data.n_done is None else data.n_done
        n_kept = len(data.manifest.kept)
        if stored < n_kept:
            name = f"{data.manifest.model} on {data.manifest.dataset}"
            lines.append(
                f"unfinished, {stored} of {n_kept} instances: {name}. Type: awb resume RUN"
            )
    return lines


def compare_boards(
    boards: Sequence[BoardData],
) -> tuple[list[list[Agreement]], list[str]]:
    """Compare the metrics of every board that allows it, and say why the others do not.

    Raises
    ------
    RunError
        If none does.
    """
    found, refused = [], []
    for data in boards:
        try:
            found.append(agreements(data))
        except RunError as error:
            refused.append(str(error))
    if not found:
        raise RunError(refused[0])
    return found, refused


def _tau(first: FloatArray, second: FloatArray, clips: list[str], key: RandomKey) -> Interval:
    if first.shape[0] == 0 or first.shape[1] < 2:
        return _NONE
    try:
        return kendall_bootstrap(
            first, second, clips, resamples=RESAMPLES, rng=key.generator("resamples")
        )
    except UndefinedScoreError:
        return _NONE


def over_boards(found: Sequence[Sequence[Agreement]]) -> list[Agreement]:
    """Average tau over boards, with a 95 % interval, leaving out boards without a value."""
    means = []
    for group in zip(*found, strict=True):
        taus = np.array([one.tau.mean for one in group])
        taus = taus[np.isfinite(taus)]
        first, found_tau = group[0], _NONE
        if taus.size:
            key = RandomKey((0, "agreement over boards"))
            found_tau = mean_interval(
                taus, range(taus.size), lowest=-1, highest=1, rng=key.generator("resamples")
            )
        means.append(
            Agreement(
                "all",
                "all",
                first.first,
                first.second,
                found_tau,
                min(one.n_explainers for one in group),
                sum(one.n_instances for one in group),
            )
        )
    return means


def matrix(found: Sequence[Agreement]) -> tuple[list[str], FloatArray]:
    """Arrange agreements in a symmetric matrix."""
    names = list(dict.fromkeys(name for one in found for name in (one.first, one.second)))
    taus = np.eye(len(names))
    for one in found:
        row, column = names.index(one.first), names.index(one.second)
        taus[row, column] = taus[column, row] = one.tau.mean
    return names, taus
