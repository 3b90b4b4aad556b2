"""What published boards say about metrics, nulls and sizes; see `finding_answers`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from finding_answers import (
    ALPHA,
    LOCALIZATION,
    SIZES,
    Finding,
    largest,
    localizing,
    on_boards,
    ranging,
    rests_on,
    rng,
)
from published_values import Board, facts_of, oriented

from awb.intervals import FloatArray
from awb.plugins.discovery import Registry
from awb.statistics import ClusterSums, compare_all, holm

CARRIED = 0.9
LEAST_SHARE = 0.5
NULLS = ("random", "constant", "energy", "keep-nearly-all")
DRAWN = 10


@dataclass(frozen=True)
class Carried:
    """Rank correlations of metrics, pooled, and which metric stands for which."""

    names: list[str]
    correlations: FloatArray
    groups: list[list[str]]  # the metric that stands for the group first


def metrics(boards: Sequence[Board], registry: Registry) -> Finding:
    """Which metrics can be dropped, since others carry them?"""
    usable = [one for one in largest(boards) if len(one.rows) > 4]
    names, ranks, clips = ranked(usable, registry)
    correlations = correlate(ranks)
    groups = grouped(names, correlations, registry)
    drop = [(one, group[0]) for group in groups for one in group[1:]]
    sentences = [
        f"**Of {len(names)} metrics, {len(drop)} order the explainers of an instance as another"
        f" does (rank correlation of at least {CARRIED:.1f}): {len(groups)} say everything.**"
        if drop
        else f"**None of {len(names)} metrics is carried by another (rank correlation of at least"
        f" {CARRIED:.1f}).**"
    ]
    several = [group for group in groups if len(group) > 1]
    sentences += [
        f"`{group[0]}` stands for {', '.join(f'`{one}`' for one in group[1:])}."
        for group in several
    ]
    main = [name for name in ("roc-auc", "deletion-area", "insertion-area") if name in names]
    if len(main) > 1:
        at = [names.index(name) for name in main]
        parts = [
            f"`{main[0]}` and `{other}` {correlations[at[0], place]:.2f}".replace("-0.", "−0.")
            for other, place in zip(main[1:], at[1:], strict=True)
        ]
        sentences.append(f"Metrics that are not alike: {', '.join(parts)}." + rests_on(usable))
    rows = []
    for one, stands in drop:
        low, high = interval(ranks[:, [names.index(one), names.index(stands)]], clips)
        value = correlations[names.index(one), names.index(stands)]
        rows.append([f"`{one}`", f"`{stands}`", f"{value:.3f} [{low:.3f}, {high:.3f}]"])
    return Finding(
        "metrics", "Which metrics can be dropped, since others carry them?", sentences,
        ["metric", "is carried by", "rank correlation"], rows,
        "Explainers are ranked on each instance by each metric (better first), and the ranks,"
        f" centred, are correlated over {len(ranks):,} explanations of {len(usable)} boards, with"
        " 95 % bootstrap intervals over clips. A group is one in which all pairs reach the limit;"
        " a headline metric stands for its group. Metrics with a value on fewer than half of the"
        " explanations, as those of robustness, are left out.",
        Carried(names, correlations, groups),
    )  # fmt: skip


def ranked(boards: Sequence[Board], registry: Registry) -> tuple[list[str], FloatArray, list[str]]:
    """Rank explainers on each instance by each metric: (explanations, metrics), and the clips."""
    shared = [set(one.values) for one in boards]
    every = (
        [name for name in boards[0].values if all(name in each for each in shared)]
        if boards
        else []
    )
    parts, clips = [], []
    for board in boards:
        cells = []
        for metric in every:
            values = oriented(board, metric, registry)[board.rows]
            ranks = values.round(12).rank(axis=1)
            cells.append(ranks.sub(ranks.mean(axis=1), axis=0).to_numpy().ravel())
        parts.append(np.column_stack(cells))
        own = board.values[every[0]].index.get_level_values("clip_id")
        clips += [f"{board.pair}/{clip}" for clip in own for _ in board.rows]
    table = np.vstack(parts) if parts else np.zeros((0, 0))
    spread = np.nanstd(table, axis=0) if len(table) else np.zeros(0)
    able = [
        at
        for at in range(table.shape[1])
        if np.isfinite(table[:, at]).mean() >= LEAST_SHARE and spread[at] > 0
    ]
    return [every[at] for at in able], table[:, able], clips


def correlate(ranks: FloatArray) -> FloatArray:
    """Correlate centred ranks, on the explanations that both metrics have."""
    known = np.isfinite(ranks).astype(np.float64)
    filled = np.nan_to_num(ranks)
    products, squares = filled.T @ filled, (filled**2).T @ known
    return np.asarray(products / np.sqrt(squares * squares.T))


def grouped(names: Sequence[str], correlations: FloatArray, registry: Registry) -> list[list[str]]:
    """Group metrics of which all pairs are alike (complete linkage), the one that stays first."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(names) < 2:
        return [[name] for name in names]
    distances = np.clip(1 - (correlations + correlations.T) / 2, 0, 2)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "complete")
    numbers = fcluster(tree, 1 - CARRIED, "distance")
    headline = {
        name: registry.get("metric", name.partition(":")[0]).spec.headline for name in names
    }
    found: dict[int, list[str]] = {}
    for number, name in zip(numbers, names, strict=True):
        found.setdefault(int(number), []).append(name)

    def stays(name: str, group: Sequence[str]) -> tuple[bool, float]:
        if headline[name]:
            return False, float(names.index(name))
        own = correlations[names.index(name), [names.index(one) for one in group]]
        return True, -float(own.mean())

    groups = [sorted(each, key=lambda name: stays(name, each)) for each in found.values()]
    return sorted(groups, key=lambda group: (-len(group), names.index(group[0])))


def interval(pair: FloatArray, clips: Sequence[str], resamples: int = 1000) -> tuple[float, float]:
    """Bootstrap a correlation of centred ranks over clips: 95 % percentiles."""
    able = np.isfinite(pair).all(axis=1)
    one, other = pair[able].T
    sums = ClusterSums.of(np.column_stack([one * other, one**2, other**2]), np.array(clips)[able])
    drawn = sums.resampled_means(resamples, rng())
    low, high = np.quantile(drawn[:, 0] / np.sqrt(drawn[:, 1] * drawn[:, 2]), (0.025, 0.975))
    return float(low), float(high)


def nulls(boards: Sequence[Board], registry: Registry) -> Finding:
    """Is an explanation better than loudness, and does a null ever reach a place?"""
    usable, rows, shares, above, tops = largest(localizing(boards)), [], [], [], []
    for board in usable:
        if "energy" not in board.values[LOCALIZATION] or len(board.rows) < 2:
            continue
        better = better_than(board, "energy")
        best = max(board.rows, key=lambda name: board.mean(LOCALIZATION, name))
        energy = board.mean(LOCALIZATION, "energy")
        below = sum(board.mean(LOCALIZATION, name) < energy for name in board.rows)
        reach = list(reached(board, registry))
        shares.append(better / len(board.rows))
        above.append(board.mean(LOCALIZATION, best) - energy)
        tops += [(board, *one) for one in reach]
        rows.append(
            [board.title, f"{energy:.3f}", f"`{best}` {board.mean(LOCALIZATION, best):.3f}",
             f"{better} of {len(board.rows)}", str(below),
             ", ".join(f"`{null}` in `{metric}`" for null, metric in reach) or "–"]
        )  # fmt: skip
    if not rows:
        return Finding("nulls", _NULLS, ["**No board has these rows yet.**"])
    beaten = on_boards(sum(one > 0 for one in above), len(rows))
    shown = ranging([100 * share for share in shares], 0)
    headline = (
        f"**The best explainer localizes better than loudness {beaten}; {shown} % of a board's"
        " explainers are shown to be better than it.**"
    )
    sentences = [headline]
    metrics_ = {metric for _, _, metric in tops}
    sentences.append(
        "A null is better than every explainer with a place in"
        f" {len(metrics_)} of the metrics that may rank:"
        f" {', '.join(f'`{n}` in `{m}` on {b.title}' for b, n, m in tops)}."
        if tops
        else "By no metric that may rank, on no board, is a null better than every explainer with a"
        " place."
    )
    sentences[-1] += rests_on(usable)
    return Finding(
        "nulls", _NULLS, sentences,
        ["board", "energy", "best explainer", "shown better than energy", "below energy",
         "a null above all explainers"], rows,
        "ROC-AUC, and in the last column every metric that may rank and that most explanations"
        " have. Shown better: paired sign-flip test over clips, Holm over the explainers, 5 %.",
    )  # fmt: skip


_NULLS = "Is an explanation better than loudness, and does a null ever reach a place?"


def better_than(board: Board, null: str) -> int:
    """Count the explainers that are shown to localize better than a null."""
    found = []
    for name in board.rows:
        values, clips, left = board.table(LOCALIZATION, [name, null])
        if len(left) == 2 and len(set(clips)) > 1:
            [one] = compare_all(values, clips, draws=2000, rng=rng())
            found.append((one.difference, one.p_value))
    adjusted = holm([p for _, p in found]) if found else []
    return sum(gap > 0 and p <= ALPHA for (gap, _), p in zip(found, adjusted, strict=True))


def reached(board: Board, registry: Registry) -> Iterator[tuple[str, str]]:
    """Yield the nulls that are better than every explainer, by metrics that may rank."""
    for metric in board.values:
        if not (facts_of(metric, registry).ranks and board.has(metric)):
            continue
        means = oriented(board, metric, registry).mean()
        best = means[board.rows].max()
        for null in NULLS:
            if null in means.index and means[null] > best:
                yield null, metric


def power(boards: Sequence[Board]) -> Finding:
    """How many instances does it take to tell explainers apart?"""
    usable = [one for one in largest(localizing(boards)) if len(one.rows) > 4]
    found = {one.title: shares_apart(one) for one in usable}
    whole = [size for size in SIZES if sum(size in each for each in found.values())]
    parts = []
    for size in whole:
        own = [each[size] for each in found.values() if size in each]
        parts.append(f"with {size} instances {ranging([100 * share for share in own], 0)} %")
    told = f"{', '.join(parts)} of the pairs of explainers are told apart by ROC-AUC."
    sentences = [f"**W{told[1:]}**" if parts else "**No board has 20 instances yet.**"]
    if len(whole) > 1:
        gains = [
            each[whole[-1]] - each[whole[0]]
            for each in found.values()
            if whole[0] in each and whole[-1] in each
        ]
        if gains:
            sentences.append(
                f"From {whole[0]} to {whole[-1]} instances, a board tells"
                f" {ranging([100 * gain for gain in gains], 0)} percentage points more of its"
                " pairs apart."
            )
    sentences[-1] += rests_on(usable) if usable else ""
    rows = [
        [one.title, str(len(one.rows)), f"{one.n_instances} ({one.n_clips})",
         *(_share(found[one.title], size) for size in SIZES),
         _share(found[one.title], one.n_instances)]
        for one in usable
    ]  # fmt: skip
    return Finding(
        "power", "How many instances does it take?", sentences,
        ["board", "explainers", "instances (clips)", *(f"at {size}" for size in SIZES), "all"],
        rows,
        f"Share of pairs that the board's test tells apart (5 %, corrected for all pairs), the mean"
        f" of {DRAWN} draws of whole clips until there are that many instances.",
        found,
    )  # fmt: skip


def shares_apart(board: Board) -> dict[int, float]:
    """Share of pairs told apart at each size, and with all instances."""
    values, clips, _ = board.table(LOCALIZATION, board.rows)
    names = np.array(clips)
    different = list(dict.fromkeys(clips))
    found = {len(clips): _apart(values, clips)} if len(different) > 1 else {}
    generator = rng()
    for size in SIZES:
        if size >= len(clips):
            continue
        drawn = []
        for _ in range(DRAWN):
            order = generator.permutation(len(different))
            counts = np.cumsum([(names == different[at]).sum() for at in order])
            taken = order[: int(np.searchsorted(counts, size)) + 1]
            kept = np.isin(names, [different[at] for at in taken])
            drawn.append(_apart(values[kept], list(names[kept])))
        found[size] = float(np.mean(drawn))
    return dict(sorted(found.items()))


def _apart(values: FloatArray, clips: Sequence[str]) -> float:
    tests = compare_all(values, clips, draws=1000, rng=rng())
    return float(np.mean([one.adjusted_p_value <= ALPHA for one in tests]))


def _share(found: dict[int, float], size: int) -> str:
    share = found.get(size, math.nan)
    return "" if math.isnan(share) else f"{100 * share:.0f} %"
