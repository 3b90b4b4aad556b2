"""Check the sentences and ranks of a board's page against the files of its submissions.

Nothing of `awb.statistics` or `awb.leaderboard` is used: numbers come from the JSON files, tests
are written again here, and what is drawn at random may differ by what chance allows.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product, takewhile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from awb.plugins.discovery import load

BASELINES = frozenset({"oracle", "random", "constant", "energy", "keep-nearly-all"})
ALPHA, FULL, FREE_CALLS = 0.05, 0.95, 2
DRAWS, BY_CHANCE = 2000, 0.022
EXACT = 12  # up to this many clips, every choice of signs is counted
_HEADING = re.compile(
    r"^## (?P<instances>\d+) .+? from (?P<clips>\d+) clips?"
    r"(?:, at most (?P<budget>\d+(?:,\d+)*) [^,\n]*)?(?:, .+)?$",
    re.MULTILINE,
)
_FOLDER = re.compile(r"`awb verify \S*?submissions/([^`/]+)`")
_NUMBER = r"[−-]?[\d.,]*\d"
_BEST = re.compile(
    rf"Best by (?P<metric>\S+): (?P<names>.+?), (?P<mean>{_NUMBER})"
    rf"(?: \(95 %: (?P<low>{_NUMBER}) to (?P<high>{_NUMBER})\))?,"
    rf" (?:the cheapest, (?P<cheapest>.+?), |each )?at (?P<calls>{_NUMBER}|–) model calls?"
)
_MIGHT = re.compile(
    rf"On other clips (?P<names>.+?) might be first(?:; none of them (?P<none>needs) fewer calls"
    rf"|(?:; the cheapest of them, (?P<cheapest>.+?))?, at (?P<calls>{_NUMBER}) calls?)\."
)
_STAYS = "On other clips it would stay first (95 %)."
_ALIKE = re.compile(
    r"A paired test over (\d+) clips does not distinguish (\d+) of the other (\d+) from it\."
)
_ALL_DIFFER = re.compile(r"A paired test over (\d+) clips distinguishes all the others from it\.")
_CHANCE = re.compile(r"(\d+) of (\d+) (?:is|are) not reliably better than random relevance\.")
_ALL_BETTER = re.compile(r"All (\d+) are reliably better than random relevance\.")
_SMALLEST = re.compile(
    rf"(?:The two|Two of the (\d+)) explainers must typically differ by ({_NUMBER}) in \S+ for"
    r" (\d+) clips"
)
_TAKES = re.compile(
    rf"To tell (?P<names>.+?), (?:(?P<gap>{_NUMBER})|less than 0\.001) apart, would take"
    r" (?:about (?P<clips>[\d,]+)|more than (?P<most>[\d,]+)) clips\."
)
_MIND = re.compile(
    rf"Mind (?P<name>\S+): it knows nothing of the model, and with (?P<mean>{_NUMBER})"
)


@dataclass(frozen=True)
class Section:
    """One board of a page: its heading, its sentences, and its rows as printed."""

    n_instances: int
    n_clips: int
    budget: int | None
    lead: str
    rows: dict[str, dict[str, str]]
    folder: str


@dataclass(frozen=True)
class Numbers:
    """What the files say: values of the first metric, calls, and who may have a place."""

    clips: tuple[str, ...]
    values: dict[str, npt.NDArray[np.float64]]
    calls: dict[str, float]
    ranked: tuple[str, ...]  # best first
    table: npt.NDArray[np.float64]  # shape (instances, ranked), what is missing as the worst
    counted: tuple[str, ...]  # the clip of each row of the table
    sign: float
    bounds: tuple[float, float]
    n_kept: int

    def own(self, name: str) -> float:
        """Mean of the values that there are."""
        return float(np.nanmean(self.values[name]))


def sections(page: str) -> Iterator[Section]:
    """Cut a page into its boards."""
    found = list(_HEADING.finditer(page))
    ends = [*(one.start() for one in found[1:]), len(page)][: len(found)]
    for match, end in zip(found, ends, strict=True):
        text = page[match.end() : end]
        lines = [line for line in text.splitlines() if line.strip()]
        lead = "" if lines[0].startswith("|") else lines[0]
        folder = _FOLDER.search(page, match.end())
        assert folder is not None, "a board does not say how to check it"
        budget = match["budget"]
        yield Section(
            int(match["instances"]),
            int(match["clips"]),
            None if budget is None else int(budget.replace(",", "")),
            _plain(lead),
            {row["explainer"]: row for row in _rows(lines)},
            folder[1],
        )


def _plain(text: str) -> str:
    return html.unescape(re.sub(r"\\([^A-Za-z0-9\s])", r"\1", text))


def _rows(lines: Sequence[str]) -> Iterator[dict[str, str]]:
    begin = next((at for at, line in enumerate(lines) if line.startswith("|")), len(lines))
    table = takewhile(lambda line: line.startswith("|"), lines[begin:])  # the first one
    cells = [
        [_plain(cell.strip()) for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table
    ]
    for row in cells[2:]:
        if len(row) == len(cells[0]) and "explainer" in cells[0]:
            yield dict(zip(cells[0], row, strict=True))


def _submitted(folder: Path, budget: int | None) -> dict[str, dict[str, Any]]:
    """Read the submissions of a board by the name of their row."""
    plain = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
        if path.name != "_manifest.json"
    ]
    if budget is None:
        return {one["name"]: one for one in plain}
    found = {}
    for one in plain:
        at = re.search(r"@(\d+)$", one["name"])
        if at and int(at[1]) in one["settings"]["budgets"]:
            if int(at[1]) == budget:
                found[one["name"].rpartition("@")[0]] = one
        elif max(row["calls"] for row in one["instances"]) <= budget + FREE_CALLS:
            found[one["name"]] = one
    return found


def numbers(folder: Path, metric: str, budget: int | None = None) -> Numbers:
    """Compute what a board rests on, from its files."""
    facts = load().get("metric", metric.partition(":")[0]).spec.facts
    kept = json.loads((folder / "_manifest.json").read_text(encoding="utf-8"))["kept"]
    place = {(one["clip_id"], one["target"]): at for at, one in enumerate(kept)}
    clips = tuple(one["clip_id"] for one in kept)
    values, calls, coverage = {}, {}, {}
    for name, one in _submitted(folder, budget).items():
        row = np.full(len(kept), np.nan)
        for instance, value in zip(one["instances"], one["scores"][metric], strict=True):
            if value is not None:
                row[place[instance["clip_id"], instance["target"]]] = value
        done = [each["calls"] for each in one["instances"] if each["status"] == "ok"]
        values[name], coverage[name] = row, len(done) / len(kept)
        calls[name] = float(np.mean(done)) if done else math.nan
    nulls = [np.isfinite(values[name]) for name in values if name in BASELINES]
    defined = np.any(nulls or [np.isfinite(row) for row in values.values()], axis=0)
    worst = facts.lowest if facts.higher_is_better else facts.highest
    least = FULL if math.isfinite(worst) else 1.0
    names = [
        name
        for name, row in values.items()
        if name not in BASELINES
        and coverage[name] >= FULL
        and defined.any()
        and np.isfinite(row[defined]).mean() >= least
    ]
    sign = 1.0 if facts.higher_is_better else -1.0
    filled = {
        name: np.where(np.isfinite(values[name]), values[name], worst)[defined] for name in names
    }
    names.sort(key=lambda name: (-round(sign * float(filled[name].mean()), 12), name))
    table = np.column_stack([filled[name] for name in names]) if names else np.zeros((0, 0))
    counted = tuple(np.array(clips)[defined])
    bounds = (facts.lowest, facts.highest)
    return Numbers(clips, values, calls, tuple(names), table, counted, sign, bounds, len(kept))


def adjusted_p_values(
    table: npt.NDArray[np.float64], clips: Sequence[str]
) -> dict[tuple[int, int], float]:
    """Step-down maxT over changes of the signs of whole clips (Westfall & Young 1993)."""
    order = {clip: at for at, clip in enumerate(dict.fromkeys(clips))}
    which = np.array([order[clip] for clip in clips])
    sums = np.array([table[which == at].sum(axis=0) for at in range(len(order))])
    pairs = list(combinations(range(table.shape[1]), 2))
    gaps = np.round(np.array([sums[:, a] - sums[:, b] for a, b in pairs]).T, 12)
    scale = np.sqrt((gaps**2).sum(axis=0))
    scaled = gaps / np.where(scale > 0, scale, 1)
    if len(order) <= EXACT:
        signs = np.array(list(product((1.0, -1.0), repeat=len(order))))
    else:
        signs = np.random.default_rng(7).choice((1.0, -1.0), size=(DRAWS, len(order)))
        signs[0] = 1.0
    drawn, seen = np.abs(scaled.T @ signs.T), np.abs(scaled.sum(axis=0))
    found, last = {}, 0.0
    largest = np.zeros(len(signs))
    rising = np.argsort(seen, kind="stable")
    shares = np.empty(len(pairs))
    for pair in rising:
        np.maximum(largest, drawn[pair], out=largest)
        shares[pair] = (largest >= seen[pair] - 1e-9).mean()
    for pair in rising[::-1]:
        last = max(last, float(shares[pair]))
        found[pairs[pair]] = last
    return found


def false_claims(section: Section, submissions: Path) -> list[str]:
    """List what a section says that its submissions do not."""
    folder = submissions / section.folder
    best = _BEST.search(section.lead)
    placed = [name for name, row in section.rows.items() if row["#"]]
    if best is None:
        return [f"{name} has a rank, but no sentence says who is best" for name in placed]
    found = numbers(folder, best["metric"], section.budget)
    checks = _Checks(section, found, best)
    return checks.all()


class _Checks:
    """The claims of one section, one method for each sentence."""

    def __init__(self, section: Section, found: Numbers, best: re.Match[str]) -> None:
        self.said, self.found, self.match = section, found, best
        self.wrong: list[str] = []
        means = found.table.mean(axis=0)
        top = means[0]
        self.first = [
            n for n, mean in zip(found.ranked, means, strict=True) if abs(mean - top) < 1e-12
        ]
        self.n_clips = len(set(found.counted))
        several = len(found.ranked) > 1
        self.p_values = adjusted_p_values(found.table, found.counted) if several else {}
        self.slack = 1e-9 if self.n_clips <= EXACT else BY_CHANCE

    def all(self) -> list[str]:
        self._size()
        self._best()
        self._might_be_first()
        self._told_apart()
        self._random()
        self._smallest()
        self._takes()
        self._mind()
        self._ranks()
        return self.wrong

    def _expect(self, what: str, said: object, true: object) -> None:
        if said != true:
            self.wrong.append(f"{what}: says {said}, is {true}")

    def _between(self, what: str, said: float, low: float, high: float) -> None:
        if not low <= said <= high:
            self.wrong.append(f"{what}: says {said:g}, is in {low:g} to {high:g}")

    def _p(self, one: str, other: str) -> float:
        a, b = sorted((self.found.ranked.index(one), self.found.ranked.index(other)))
        return self.p_values[a, b]

    def _alike(self, one: str, other: str, slack: float) -> bool:
        return self._p(one, other) > ALPHA + slack

    def _listed(self, text: str) -> tuple[list[str], int]:
        """Read names, and how many "others" follow."""
        names: list[str] = []
        while text:
            if others := re.fullmatch(r"(\d+) others", text):
                return names, int(others[1])
            able = [name for name in self.found.values if text.startswith(name)]
            if not able:
                self.wrong.append(f"no explainer of this board is called {text!r}")
                return names, 0
            names.append(max(able, key=len))
            text = re.sub(r"^(, | and )", "", text[len(names[-1]) :])
        return names, 0

    def _size(self) -> None:
        self._expect("instances", self.said.n_instances, self.found.n_kept)
        self._expect("clips", self.said.n_clips, len(set(self.found.clips)))
        self._expect("rows", set(self.said.rows), set(self.found.values))

    def _best(self) -> None:
        names, others = self._listed(self.match["names"])
        self._expect("best", len(names) + others, len(self.first))
        self._expect("the best", names, self.first[: len(names)])
        name = names[0] if names else self.first[0]
        mean = self.found.own(name)
        self._between("mean of the best", _value(self.match["mean"]), mean - 6e-4, mean + 6e-4)
        if self.match["low"] is not None:
            self._interval(name, _value(self.match["low"]), _value(self.match["high"]))
        cheapest = min(self.first, key=lambda one: self.found.calls[one])
        self._expect("calls of the best", self.match["calls"], f"{self.found.calls[cheapest]:,.0f}")
        if self.match["cheapest"]:
            self._expect("cheapest of the best", self.match["cheapest"], cheapest)

    def _interval(self, name: str, low: float, high: float) -> None:
        """Compare with the jackknife over clips and with Hoeffding's bound, which always holds."""
        values, bounds = self.found.values[name], self.found.bounds
        able = np.isfinite(values)
        clips, mean = np.array(self.found.clips)[able], float(values[able].mean())
        self._between("interval", mean, low - 6e-4, high + 6e-4)
        self._between("low end", low, bounds[0], mean + 6e-4)
        self._between("high end", high, mean - 6e-4, bounds[1])
        sizes = np.array([float((clips == one).sum()) for one in dict.fromkeys(clips)])
        sums = np.array([float(values[able][clips == one].sum()) for one in dict.fromkeys(clips)])
        moved = (sums - mean * sizes) / (sizes.sum() - sizes)
        error = math.sqrt((len(sizes) - 1) / len(sizes) * float((moved**2).sum()))
        if high - low < 2.4 * error - 2e-3:
            self.wrong.append(f"interval {low} to {high}: a standard error is {error:.3f}")
        spread = bounds[1] - bounds[0]
        if math.isfinite(spread):
            weight = float(((sizes / sizes.sum()) ** 2).sum())
            far = spread * math.sqrt(math.log(2 / ALPHA) * weight / 2) + 1e-3
            self._between("low end", low, mean - far, mean + 6e-4)
            self._between("high end", high, mean - 6e-4, mean + far)

    def _rivals(self, slack: float) -> list[str]:
        """List those that nobody is shown to be better than."""
        ranked = self.found.ranked
        return [
            name
            for at, name in enumerate(ranked)
            if name not in self.first
            and all(self._p(other, name) > ALPHA + slack for other in ranked[:at])
        ]

    def _might_be_first(self) -> None:
        sure, able = self._rivals(self.slack), self._rivals(-self.slack)
        match = _MIGHT.search(self.said.lead)
        if match is None:
            if sure:
                self.wrong.append(f"might be first, and the page does not say so: {sure}")
            if _STAYS in self.said.lead and len(self.first) > 1:
                self.wrong.append("several are first")
            return
        self._expect("stays first as well", _STAYS in self.said.lead, False)
        names, others = self._listed(match["names"])
        self._between("might be first", len(names) + others, len(sure), len(able))
        if not set(names) <= set(able):
            self.wrong.append(f"cannot be first: {sorted(set(names) - set(able))}")
        self._expect("order of rivals", names, [one for one in able if one in names])
        calls = self.found.calls
        if not names or not set(names) <= set(self.found.ranked):
            return
        least_of_best = min(calls[one] for one in self.first)
        if match["none"]:
            if any(calls[one] < least_of_best for one in sure):
                self.wrong.append("one of them needs fewer calls")
        else:
            cheapest = match["cheapest"] or names[0]
            cost = calls.get(cheapest, math.nan)
            self._expect("calls of the cheapest", match["calls"], f"{cost:,.0f}")
            self._between("cheapest", cost, 0, min([math.inf, *(calls[n] for n in sure)]))

    def _told_apart(self) -> None:
        others = [name for name in self.found.ranked if name not in self.first]
        first = self.found.ranked[0]
        least, most = (
            sum(self._alike(first, name, slack) for name in others)
            for slack in (self.slack, -self.slack)
        )
        if match := _ALIKE.search(self.said.lead):
            self._expect("clips of the test", int(match[1]), self.n_clips)
            self._between("not told from the best", int(match[2]), least, most)
            self._expect("the others", int(match[3]), len(others))
        elif match := _ALL_DIFFER.search(self.said.lead):
            self._expect("clips of the test", int(match[1]), self.n_clips)
            self._expect("not told from the best", 0, least)
        elif len(self.found.ranked) > 1 and self.n_clips >= 6:
            self.wrong.append("does not say what the test shows")

    def _random(self) -> None:
        """Count by t of the mean difference from random relevance, over clips."""
        if "random" not in self.found.values or self.n_clips < 2:
            return
        defined = np.isin(np.arange(len(self.found.clips)), self._defined())
        other = self.found.values["random"][defined]
        if not np.isfinite(other).all():
            return
        ts = []
        for column in range(len(self.found.ranked)):
            gap = self.found.sign * (self.found.table[:, column] - other)
            sums = np.array(
                [
                    gap[np.array(self.found.counted) == one].sum()
                    for one in dict.fromkeys(self.found.counted)
                ]
            )
            error = float(sums.std(ddof=1)) * math.sqrt(len(sums))
            ts.append(
                math.inf * float(np.sign(sums.sum())) if error == 0 else float(sums.sum()) / error
            )
        n_ranked, sure = len(ts), 4.5 if self.n_clips >= 15 else 12.0
        surely, maybe = sum(t < 1.2 for t in ts), sum(not t > sure for t in ts)
        if match := _CHANCE.search(self.said.lead):
            self._expect("compared with random", int(match[2]), n_ranked)
            self._between("no better than random", int(match[1]), max(1, surely), maybe)
        elif match := _ALL_BETTER.search(self.said.lead):
            self._expect("better than random", int(match[1]), n_ranked)
            self._expect("no better than random", 0, surely)
        else:
            self.wrong.append("does not compare with random relevance")

    def _defined(self) -> npt.NDArray[np.int64]:
        known = [row for name, row in self.found.values.items() if name in BASELINES]
        return np.flatnonzero(np.isfinite(np.array(known)).any(axis=0))

    def _smallest(self) -> None:
        """Compare with the spread of the median pair, times what a t test at some level takes."""
        match = _SMALLEST.search(self.said.lead)
        if match is None:
            return
        if match[1]:
            self._expect("compared", int(match[1]), len(self.found.ranked))
        self._expect("clips", int(match[3]), self.n_clips)
        names = np.array(self.found.counted)
        sums = np.array(
            [self.found.table[names == one].sum(axis=0) for one in dict.fromkeys(names)]
        )
        pairs = list(combinations(range(sums.shape[1]), 2))
        spread = float(np.median([(sums[:, a] - sums[:, b]).std(ddof=1) for a, b in pairs]))
        unit = spread * math.sqrt(self.n_clips) / len(names)
        self._between("smallest difference", _value(match[2]), 2.6 * unit - 6e-4, 20 * unit + 6e-4)

    def _takes(self) -> None:
        match = _TAKES.search(self.said.lead)
        if match is None:
            return
        first, _, second = match["names"].partition(" from ")
        self._expect("the first", first, self.found.ranked[0])
        after = [name for name in self.found.ranked if name not in self.first]
        self._expect("the second", second, (after or [self.found.ranked[1]])[0])
        means = dict(zip(self.found.ranked, self.found.table.mean(axis=0), strict=True))
        if first not in means or second not in means:
            return
        gap = abs(means[first] - means[second])
        said = 0.0 if match["gap"] is None else _value(match["gap"])
        self._between("difference", said, gap - 6e-4, gap + 6e-4)
        if not self._alike(first, second, -self.slack):
            self.wrong.append(f"{first} and {second} are told apart")
        if match["clips"]:
            self._between("clips", _value(match["clips"]), self.n_clips + 1, 10_000)

    def _mind(self) -> None:
        found, sign = self.found, self.found.sign
        best = max(sign * found.own(name) for name in found.ranked)
        above = [
            name
            for name, row in found.values.items()
            if name in BASELINES - {"oracle"}
            and np.isfinite(row).any()
            and sign * found.own(name) > best
        ]
        match = _MIND.search(self.said.lead)
        self._expect("a baseline is above all", match is not None, bool(above))
        if match is not None and match["name"] in found.values:
            self._expect("which baseline", match["name"] in above, True)
            own = found.own(match["name"])
            self._between("its mean", _value(match["mean"]), own - 6e-4, own + 6e-4)

    def _ranks(self) -> None:
        """Ranks, calls and letters of the table; who shares a letter is not told apart."""
        means = np.round(self.found.sign * self.found.table.mean(axis=0), 12)
        letters = {}
        for name, row in self.said.rows.items():
            if name not in self.found.ranked:
                self._expect(f"rank of {name}", row["#"], "")
                continue
            rank, _, rest = row["#"].partition(" ")
            at = self.found.ranked.index(name)
            self._expect(f"rank of {name}", rank, str(1 + int((means > means[at]).sum())))
            self._expect(f"calls of {name}", row["calls"], f"{self.found.calls[name]:,.0f}")
            letters[name] = set(re.findall(r"[A-Za-z]\d*", rest.rpartition(")")[2]))
        for one, other in combinations(letters, 2) if self.n_clips > 1 else ():
            shared = bool(letters[one] & letters[other])
            if self._alike(one, other, self.slack) and not shared:
                self.wrong.append(
                    f"{one} and {other} share no letter, p = {self._p(one, other):.3f}"
                )
            if not self._alike(one, other, -self.slack) and shared:
                self.wrong.append(
                    f"{one} and {other} share a letter, p = {self._p(one, other):.3f}"
                )


def _value(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))
