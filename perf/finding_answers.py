"""What published boards say: one function for each question, sentences chosen by the numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from published_values import Board, facts_of, oriented, pairs_of

from awb.plugins.discovery import Registry
from awb.statistics import Interval, compare_all, difference_intervals, holm, kendall_bootstrap

ALPHA = 0.05
LOCALIZATION = "roc-auc"
FIDELITY = ("deletion-area", "srg")
SHAP = "kernel-shap"
PLAYERS = ("kernel-shap:window_s=0.5", "window-shap", "owen")
SHARED = ("random-forest", "linear-regression", SHAP)
BACKWARD = (
    "saliency", "input-x-gradient", "smoothgrad", "guided-backprop", "integrated-gradients",
    "deeplift", "gradient-shap", "deep-shap", "lrp-epsilon", "lrp-flat",
)  # fmt: skip
MASKING = (
    "naive", "multiscale-occlusion", "keep-window", "random-forest", "linear-regression", "ridge",
    "lasso", "lime", "kernel-shap", "rise", "correlation", "run-correlation", "banzhaf",
    "shapley-sampling", "adaptive", "greedy", "window-shap", "owen",
)  # fmt: skip
FEW_CALLS = 12  # ten, and the whole and the empty clip, which do not count
SIZES = (20, 50, 100)
NAMED = {"roc-auc": "ROC-AUC", "deletion-area": "deletion area", "srg": "symmetric relevance gain"}


@dataclass(frozen=True)
class Finding:
    """An answer: sentences, a table, and what a figure of it needs."""

    name: str
    question: str
    sentences: list[str]
    head: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    note: str = ""
    drawn: object = None


def rng() -> np.random.Generator:
    """Return the same generator every time, so that the page is the same every time."""
    return np.random.default_rng(0)


def localizing(boards: Sequence[Board]) -> list[Board]:
    """Leave out controls, and boards without annotated times."""
    return [one for one in boards if not one.control and one.has(LOCALIZATION)]


def largest(boards: Sequence[Board]) -> list[Board]:
    """Keep the largest budget of boards that differ in nothing else."""
    best: dict[str, Board] = {}
    for one in boards:
        if one.folder not in best or (one.budget or 0) > (best[one.folder].budget or 0):
            best[one.folder] = one
    return list(best.values())


def on_boards(count: int, total: int) -> str:
    """Write a share of boards.

    Examples
    --------
    >>> on_boards(0, 4), on_boards(2, 4), on_boards(4, 4), on_boards(1, 1)
    ('on none of 4 boards', 'on 2 of 4 boards', 'on all 4 boards', 'on the one board')
    """
    if total == 1:
        return "on the one board" if count else "not on the one board"
    shares = {0: f"on none of {total} boards", total: f"on all {total} boards"}
    return shares.get(count, f"on {count} of {total} boards")


def rests_on(boards: Sequence[Board]) -> str:
    """Say so where a finding depends on one board, to be appended."""
    if pairs_of(boards) != 1:
        return ""
    return f" This rests on one pair of model and data, {boards[0].title}."


def signed(gap: Interval | None) -> str:
    """Write a difference with its interval."""
    if gap is None:
        return ""
    return f"{gap.mean:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]".replace("-", "−")


def ranging(values: Sequence[float], digits: int = 2) -> str:
    """Write a range of numbers: "from 0.10 to 0.30", or the number if there is one."""
    low, high = (f"{one:.{digits}f}".replace("-", "−") for one in (min(values), max(values)))
    return low if low == high else f"from {low} to {high}"


def gap_between(
    board: Board, metric: str, one: str, other: str, registry: Registry
) -> tuple[Interval, float] | None:
    """Difference of two rows, above 0 if the first is better, and its p-value over clips."""
    values, clips, left = board.table(metric, [one, other])
    if len(left) < 2 or len(set(clips)) < 2:
        return None
    facts = facts_of(metric, registry)
    pair = [(0, 1)] if facts.higher_is_better else [(1, 0)]
    [gap] = difference_intervals(
        values, pair, clips, lowest=facts.lowest, highest=facts.highest, resamples=2000, rng=rng()
    )
    return gap, compare_all(values, clips, rng=rng())[0].p_value


@dataclass(frozen=True)
class Compared:
    """A row against another on one board and metric, corrected over all that were compared."""

    board: Board
    row: str
    metric: str
    gap: Interval
    p_value: float

    @property
    def better(self) -> bool:
        return self.p_value <= ALPHA and self.gap.mean > 0

    @property
    def worse(self) -> bool:
        return self.p_value <= ALPHA and self.gap.mean < 0


def compared(
    boards: Sequence[Board], rows: Sequence[str], other: str, registry: Registry
) -> list[Compared]:
    """Compare rows with another wherever both are, by localization and deletion."""
    found = []
    for board in boards:
        for row in rows:
            for metric in (LOCALIZATION, FIDELITY[0]):
                if board.has(metric) and row in board.rows and other in board.values[metric]:
                    gap = gap_between(board, metric, row, other, registry)
                    if gap is not None:
                        found.append((board, row, metric, *gap))
    adjusted = holm([one[-1] for one in found]) if found else []
    return [Compared(*one[:-1], float(p)) for one, p in zip(found, adjusted, strict=True)]


def _told(found: Sequence[Compared], what: str) -> str:
    """Say on how many boards a row is better and worse."""
    n, better, worse = len(found), sum(c.better for c in found), sum(c.worse for c in found)
    text = f"by {what} it is shown to be better {on_boards(better, n)}"
    if worse:
        text += f", worse {on_boards(worse, n)}"
    return f"{text} (differences {ranging([c.gap.mean for c in found], 3)})"


def players(boards: Sequence[Board], registry: Registry) -> Finding:
    """Are 100 ms players why SHAP was last?"""
    usable = [one for one in localizing(boards) if SHAP in one.rows]
    found = compared(usable, PLAYERS, SHAP, registry)
    sentences = []
    for row in PLAYERS:
        own = {m: [c for c in found if c.row == row and c.metric == m] for m in NAMED}
        if own[LOCALIZATION]:
            parts = [_told(own[m], NAMED[m]) for m in (LOCALIZATION, FIDELITY[0]) if own[m]]
            sentences.append(f"`{row}` against `{SHAP}`: {'; '.join(parts)}.")
    last = [one for one in usable if set(SHARED) <= set(one.rows) and _last(one, SHAP)]
    able = [one for one in usable if set(SHARED) <= set(one.rows)]
    if able:
        still = [one for one in last if PLAYERS[0] in one.rows and _last(one, PLAYERS[0])]
        tried = [one for one in last if PLAYERS[0] in one.rows]
        text = (
            f"Of forest, regression and SHAP, `{SHAP}` on players of 100 ms localizes worst"
            f" {on_boards(len(last), len(able))}"
        )
        if tried:
            share = f"{len(still)} of these {len(tried)} boards"
            if len(tried) == 1:
                share = "this board, too" if still else "this board no longer"
            text += f"; on players of 0.5 s, on {share}"
        sentences.insert(0, f"{text}.")
    sentences.insert(0, _players_headline([c for c in found if c.metric == LOCALIZATION]))
    shown = [one for one in usable if any(c.board is one for c in found)]
    rows = [
        [
            one.title,
            f"`{row}`",
            *(_gap_cell(found, one, row, m) for m in (LOCALIZATION, FIDELITY[0])),
        ]
        for one in shown
        for row in PLAYERS
        if any(c.board is one and c.row == row for c in found)
    ]
    sentences[-1] += rests_on(shown) if shown else ""
    return Finding(
        "players", "Are players of 100 ms why SHAP was last?", sentences,
        ["board", "players", "ROC-AUC", "deletion area"], rows,
        f"Paired differences from `{SHAP}` (above 0: better) with 95 % intervals over clips; bold:"
        f" told apart (sign flips of clips, Holm over {len(found)} comparisons, 5 %).",
        [c for c in found if c.metric == LOCALIZATION],
    )  # fmt: skip


def _players_headline(found: Sequence[Compared]) -> str:
    if not found:
        return "**No board has SHAP on players of 100 ms beside longer ones yet.**"
    better = sum(one.better for one in found)
    if better == len(found):
        return "**Yes: wherever it was asked, SHAP localizes better on longer players.**"
    if any(one.worse for one in found) and not better:
        return "**No: SHAP does not localize better on longer players.**"
    if not better:
        return "**These clips do not show it: no difference in localization is told apart.**"
    return (
        f"**Mostly: in {better} of {len(found)} comparisons SHAP localizes better on longer"
        " players.**"
        if better * 2 >= len(found)
        else f"**In part: in {better} of {len(found)} comparisons SHAP localizes better on longer"
        " players.**"
    )


def _last(board: Board, row: str) -> bool:
    others = [name for name in SHARED if name != SHAP]
    return all(board.mean(LOCALIZATION, row) < board.mean(LOCALIZATION, other) for other in others)


def _gap_cell(found: Sequence[Compared], board: Board, row: str, metric: str) -> str:
    for one in found:
        if one.board is board and one.row == row and one.metric == metric:
            text = signed(one.gap)
            return f"**{text}**" if one.p_value <= ALPHA else text
    return ""


def agreement(boards: Sequence[Board], registry: Registry) -> Finding:
    """Does fidelity see what localization sees?"""
    usable = [one for one in largest(localizing(boards)) if len(one.rows) > 4]
    found: dict[str, list[tuple[Board, Interval]]] = {}
    for metric in FIDELITY:
        for board in usable:
            tau = _tau(board, metric, registry) if board.has(metric) else None
            if tau is not None:
                found.setdefault(metric, []).append((board, tau))
    sentences = [
        f"Explainers in the order of {NAMED[metric]} are ordered as by ROC-AUC, beyond chance,"
        f" {on_boards(sum(tau.low > 0 for _, tau in each), len(each))}: Kendall's tau"
        f" {ranging([tau.mean for _, tau in each])}"
        f" (median {np.median([tau.mean for _, tau in each]):.2f})."
        for metric, each in found.items()
    ]
    main = found.get(FIDELITY[0], [])
    if main:
        sentences.insert(0, _agreement_headline([tau for _, tau in main]))
        sentences += _placed_differently([board for board, _ in main], registry)
        sentences[-1] += rests_on([board for board, _ in main])
    rows = [
        [board.title, str(len(board.rows)), *(_tau_cell(found.get(m, []), board) for m in FIDELITY)]
        for board in usable
    ]
    return Finding(
        "agreement", "Does fidelity see what localization sees?", sentences,
        ["board", "explainers", "tau, deletion area", "tau, relevance gain"], rows,
        "Kendall's tau-b between the mean ROC-AUC and the mean fidelity of the explainers with a"
        " place, with 95 % bootstrap intervals over clips.",
        (usable, registry),
    )  # fmt: skip


def _tau(board: Board, metric: str, registry: Registry) -> Interval | None:
    one, other = (oriented(board, m, registry)[board.rows] for m in (LOCALIZATION, metric))
    names = [
        name
        for name in board.rows
        if min(one[name].notna().mean(), other[name].notna().mean()) > 0.95
    ]
    able = one[names].notna().all(axis=1) & other[names].notna().all(axis=1)
    clips = list(one.index.get_level_values("clip_id")[able])
    if len(names) < 5 or len(set(clips)) < 2:
        return None
    return kendall_bootstrap(
        one.loc[able, names].to_numpy(), other.loc[able, names].to_numpy(), clips,
        resamples=1000, rng=rng(),
    )  # fmt: skip


def _tau_cell(found: Sequence[tuple[Board, Interval]], board: Board) -> str:
    return next(
        (
            f"{tau.mean:.2f} [{tau.low:.2f}, {tau.high:.2f}]".replace("-", "−")
            for one, tau in found
            if one is board
        ),
        "",
    )


def _agreement_headline(taus: Sequence[Interval]) -> str:
    middle = float(np.median([tau.mean for tau in taus]))
    sure = sum(tau.low > 0 for tau in taus)
    if sure * 2 < len(taus):
        return "**Hardly: on most boards the two orders agree no better than chance might.**"
    if middle >= 0.7:
        return "**Largely: the two orders agree on most pairs of explainers.**"
    return (
        f"**In part: on most boards the orders agree beyond chance, but far from fully (the two"
        f" disagree on about {(1 - middle) / 2:.0%} of pairs).**"
    ).replace("%", " %")


def _placed_differently(boards: Sequence[Board], registry: Registry) -> list[str]:
    """Name the explainers whose places by the two metrics differ most, over boards."""
    gaps: dict[str, list[float]] = {}
    for board in boards:
        ranks = [
            oriented(board, m, registry)[board.rows].mean().rank(ascending=False, pct=True)
            for m in (LOCALIZATION, FIDELITY[0])
        ]
        for name, gap in (ranks[1] - ranks[0]).items():
            gaps.setdefault(str(name), []).append(float(gap))
    least = max(1, math.ceil(len(boards) / 2))
    mean = pd.Series({n: np.mean(each) for n, each in gaps.items() if len(each) >= least})
    if mean.empty:
        return []
    worse, better = mean[mean > 0.15].nlargest(3), mean[mean < -0.15].nsmallest(3)
    parts = []
    if len(better):
        parts.append(f"{_names(better.index)} stand higher by deletion area than by ROC-AUC")
    if len(worse):
        parts.append(f"{_names(worse.index)} lower")
    return (
        [f"Placed most differently, on average over boards: {'; '.join(parts)}."] if parts else []
    )


def _names(names: Sequence[str]) -> str:
    """List names as code."""
    coded = [f"`{name}`" for name in names]
    return coded[0] if len(coded) == 1 else f"{', '.join(coded[:-1])} and {coded[-1]}"


def ten_calls(boards: Sequence[Board], table: Path) -> Finding:
    """Which ten calls are best spent?"""
    sentences, rows = [], []
    if table.is_file():
        masks = pd.read_csv(table)
        masks = masks[(masks["calls"] <= FEW_CALLS) & (masks["calls"] > 0)]
        for title, own in masks.groupby("board", sort=False):
            best = {m: own.loc[_best(own, m)] for m in (LOCALIZATION, FIDELITY[0])}
            rows += [
                [
                    str(title),
                    NAMED[m],
                    f"`{one['explainer']}`",
                    f"{one['calls']:.0f}",
                    f"{one[m]:.3f}",
                    f"{one[f'{m} n']:.0f}",
                ]
                for m, one in best.items()
            ]
        names = [row[2] for row in rows if row[1] == NAMED[LOCALIZATION]]
        if names:
            same = len(set(names)) == 1
            which = names[0] if same else " and ".join(dict.fromkeys(names))
            sentences.append(
                f"**Of explainers that mask the clip, ten calls localize best with {which}"
                f"{', on every board that was tried' if same and len(names) > 1 else ''}.**"
            )
            sentences.append(
                "Their means are those of [model-calls.csv](model-calls.csv), which has no"
                " intervals."
            )
    usable, inside = largest(localizing(boards)), []
    for board in usable:
        calls = board.calls[board.rows]
        few = [name for name in calls.index if 0 < calls[name] <= FEW_CALLS]
        if few:
            best_few = max(few, key=lambda name: board.mean(LOCALIZATION, name))
            best_all = max(board.rows, key=lambda name: board.mean(LOCALIZATION, name))
            inside.append((board, best_few, best_all))
    for board, few_name, all_name in inside:
        rows.append(
            [board.title, NAMED[LOCALIZATION], f"`{few_name}`", f"{board.calls[few_name]:.0f}",
             f"{board.mean(LOCALIZATION, few_name):.3f}", f"{board.n_instances}"]
        )  # fmt: skip
        del all_name
    if inside:
        lost = [b.mean(LOCALIZATION, a) - b.mean(LOCALIZATION, f) for b, f, a in inside]
        names = list(dict.fromkeys(f for _, f, _ in inside))
        sentences.append(
            f"Where the model can be opened, the best published row of at most ten calls"
            f" ({_names(names)}) is {ranging(lost, 3)} of ROC-AUC below the best row of its board."
            + rests_on([board for board, _, _ in inside])
        )
    if not sentences:
        sentences = ["**No row takes so few calls.**"]
    return Finding(
        "ten-calls", "Which ten calls are best spent?", sentences,
        ["board", "score", "best with ten calls", "calls", "mean", "instances"], rows,
    )  # fmt: skip


def _best(table: pd.DataFrame, metric: str) -> object:
    return table[metric].idxmax() if metric == LOCALIZATION else table[metric].idxmin()


def gradients(boards: Sequence[Board], registry: Registry) -> Finding:
    """What do gradients miss?"""
    found = []
    for board in largest(localizing(boards)):
        names = {key: [n for n in each if n in board.rows] for key, each in _FAMILIES.items()}
        if min(map(len, names.values())) >= 3:
            found.append((board, *(_family_gap(board, names, m, registry) for m in _BOTH)))
    sentences = []
    if not found:
        sentences.append("**No board has three explainers of either kind yet.**")
    for metric, at in zip(_BOTH, (1, 2), strict=True):
        gaps = [one[at] for one in found if one[at] is not None]
        if gaps:
            behind = sum(gap.high < 0 for gap in gaps)
            ahead = sum(gap.low > 0 for gap in gaps)
            text = (
                f"By {NAMED[metric]}, the average explainer that propagates back is behind the"
                f" average one that masks {on_boards(behind, len(gaps))}, and ahead"
                f" {on_boards(ahead, len(gaps))} (differences {ranging([g.mean for g in gaps], 3)},"
                " above 0: better)."
            )
            sentences.append(f"**{text}**" if at == 1 else text)
    sentences += _signs(found, registry)
    if found:
        sentences[-1] += rests_on([one[0] for one in found])
    rows = [
        [board.title, signed(auc), signed(area), *_best_of_each(board)]
        for board, auc, area in found
    ]
    return Finding(
        "gradients", "What do gradients miss?", sentences,
        ["board", "ROC-AUC", "deletion area", "best that propagates back", "best that masks"], rows,
        "Mean of the explainers that propagate back minus mean of those that mask, on each"
        " instance (above 0: back-propagation is better), with 95 % intervals over clips. Back:"
        f" {_names(BACKWARD)}. Masking: {_names(MASKING)}. Which of them a board has differs.",
    )  # fmt: skip


_FAMILIES = {"backward": BACKWARD, "masking": MASKING}
_BOTH = (LOCALIZATION, FIDELITY[0])


def _family_gap(
    board: Board, names: dict[str, list[str]], metric: str, registry: Registry
) -> Interval | None:
    if not board.has(metric):
        return None
    table = board.values[metric]
    values = np.column_stack([table[each].mean(axis=1) for each in names.values()])
    able = np.isfinite(values).all(axis=1)
    clips = table.index.get_level_values("clip_id")[able]
    facts = facts_of(metric, registry)
    pair = [(0, 1)] if facts.higher_is_better else [(1, 0)]
    [gap] = difference_intervals(
        values[able], pair, clips, lowest=facts.lowest, highest=facts.highest,
        resamples=2000, rng=rng(),
    )  # fmt: skip
    return gap


def _best_of_each(board: Board) -> Iterator[str]:
    for each in _FAMILIES.values():
        able = [name for name in each if name in board.rows]
        best = max(able, key=lambda name: board.mean(LOCALIZATION, name))
        yield f"`{best}` {board.mean(LOCALIZATION, best):.3f}"


def _signs(found: Sequence[tuple[Board, object, object]], registry: Registry) -> list[str]:
    """Compare the published relevance with its magnitude, in ROC-AUC."""
    from finding_relevance import magnitude_gap

    gained: dict[str, list[Interval]] = {}
    for board, *_ in found:
        for name in BACKWARD:
            if name in board.rows:
                gap = magnitude_gap(board, name, registry)
                if gap is not None:
                    gained.setdefault(name, []).append(gap)
    if not gained:
        return []
    better = sorted(n for n, each in gained.items() if sum(g.low > 0 for g in each) * 2 > len(each))
    worse = sorted(n for n, each in gained.items() if sum(g.high < 0 for g in each) * 2 > len(each))
    parts = []
    if better:
        parts.append(f"localizes better for {_names(better)}")
    if worse:
        parts.append(f"localizes worse for {_names(worse)}")
    told = " and ".join(parts) or "makes no difference that these clips show for any"
    text = (
        f"Dropping the sign of the published relevance {told}, on most boards (ROC-AUC of the"
        " magnitude of each segment's relevance against that of the relevance)."
    )
    return [text]
