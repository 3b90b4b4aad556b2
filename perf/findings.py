"""Write docs/findings.md: what the published boards say, computed from their submissions.

    python perf/findings.py [--submissions leaderboards/submissions] [--docs docs]
    python perf/findings.py --only players

The second prints one finding and writes nothing. Sentences are chosen by the numbers, so the page
may be made again whenever boards change; a minute or two for ten boards of 100 instances.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import finding_answers as answers
import finding_figures as figures
import finding_maps
import finding_metrics
import finding_robustness
from finding_answers import Finding
from published_values import Board, pairs_of, read_boards

from awb.plugins.discovery import Registry, load

ROOT = Path(__file__).resolve().parents[1]
LEAST_ROWS = 8
PAGE = """# What the boards say

Each answer is computed from the published submissions: {boards} boards of {pairs} pairs of model
and data, with {instances:,} instances in all. Intervals are 95 % over clips. Boards of fewer than
{least} explainers are left out. Of boards that differ only in the budget, the largest
counts, except for players. A model that has not learned what was planted at the events, where
explainers should not point, counts for metrics only.

{index}

{findings}
## How it was made

```sh
python perf/findings.py
```

It reads `leaderboards/submissions` and `docs/model-calls.csv`, and writes this page and its figures
anew; sentences are chosen by the numbers. How far single scores can be trusted is in
[publishing.md](publishing.md#verified-and-claimed).
"""


def questions(
    boards: Sequence[Board], registry: Registry, docs: Path
) -> dict[str, Callable[[], Finding]]:
    """List the questions by name."""
    return {
        "players": partial(answers.players, boards, registry),
        "agreement": partial(answers.agreement, boards, registry),
        "ten-calls": partial(answers.ten_calls, boards, docs / "model-calls.csv"),
        "gradients": partial(answers.gradients, boards, registry),
        "maps": partial(finding_maps.maps, boards),
        "robustness": partial(finding_robustness.robustness, boards, registry),
        "metrics": partial(finding_metrics.metrics, boards, registry),
        "nulls": partial(finding_metrics.nulls, boards, registry),
        "power": partial(finding_metrics.power, boards),
    }


FIGURES: dict[str, tuple[str, Callable[[Any, Path], None]]] = {
    "players": ("Differences of longer players from players of 100 ms", figures.draw_players),
    "agreement": (
        "Explainers by localization and deletion",
        lambda drawn, path: figures.draw_agreement(drawn[0], path),
    ),
    "metrics": ("Rank correlations of metrics", figures.draw_metrics),
    "power": ("Pairs told apart against instances", figures.draw_power),
}


def section(found: Finding, docs: Path | None) -> str:
    """Write an answer, and draw its figure if there is something to draw."""
    parts = [f"## {found.question}", "\n".join(found.sentences)]
    if docs is not None and found.name in FIGURES and _has(found.drawn):
        title, draw = FIGURES[found.name]
        name = f"findings-{found.name}.svg"
        draw(found.drawn, docs / name)
        parts.append(f"![{title}]({name})")
    if found.rows:
        parts.append(_table(found.head, found.rows))
    if found.note:
        parts.append(found.note)
    parts.append(f"Reproduce: `python perf/findings.py --only {found.name}`.\n")
    return "\n\n".join(parts)


def _has(drawn: Any) -> bool:
    if isinstance(drawn, tuple):
        return bool(drawn[0])
    names = getattr(drawn, "names", drawn)
    return bool(names)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def usable(boards: Sequence[Board]) -> list[Board]:
    """Leave out boards of few explainers, such as those of a sweep over designs."""
    return [one for one in boards if len(one.rows) >= LEAST_ROWS]


def write(boards: Sequence[Board], registry: Registry, docs: Path, source: Path) -> None:
    """Write the page and its figures."""
    for old in docs.glob("findings-*.svg"):
        old.unlink()
    found = [answer() for answer in questions(boards, registry, source).values()]
    whole = answers.largest(boards)
    page = PAGE.format(
        boards=len(boards),
        pairs=pairs_of(boards),
        instances=sum(one.n_instances for one in whole),
        least=LEAST_ROWS,
        index="\n".join(f"- {one.question} {one.sentences[0]}" for one in found),
        findings="\n".join(section(one, docs) for one in found),
    )
    (docs / "findings.md").write_text(page, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--submissions", type=Path, default=ROOT / "leaderboards" / "submissions")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where to write")
    parser.add_argument("--only", default="", metavar="NAME", help="print one finding")
    given = parser.parse_args()
    registry = load()
    boards = usable(read_boards(given.submissions, registry))
    if not given.only:
        write(boards, registry, given.docs, ROOT / "docs")
        return
    known = questions(boards, registry, ROOT / "docs")
    if given.only not in known:
        parser.error(f"--only {given.only}: type one of {', '.join(known)}")
    sys.stdout.write(section(known[given.only](), None))


if __name__ == "__main__":
    main()
