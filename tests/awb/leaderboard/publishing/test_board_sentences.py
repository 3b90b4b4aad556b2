"""What a board's page says above its table is true of its submissions, published ones included."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.leaderboard.boards.construction import BoardData, at_budgets
from awb.leaderboard.publishing.board_pages import _section
from awb.leaderboard.publishing.published_board import board_of
from awb.plugins.discovery import load
from board_sentences import false_claims, sections

ROOT = Path(__file__).resolve().parents[4]
LEADERBOARDS = ROOT / "leaderboards"
PAGES = sorted(LEADERBOARDS.glob("*--*.md")) if LEADERBOARDS.is_dir() else []
BASELINES = ("random", "energy")
Values = Mapping[str, Sequence[float]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_published_board_says_what_its_submissions_say(page: Path) -> None:
    for section in sections(page.read_text(encoding="utf-8")):
        assert false_claims(section, LEADERBOARDS / "submissions") == []


def _write(
    root: Path,
    values: Values,
    calls: Mapping[str, int],
    metric: str = "roc-auc",
    budgets: Sequence[int] | None = None,
) -> tuple[str, Path]:
    """Write the files of a board that the check reads, and its page."""
    facts = load().get("metric", metric).spec.facts
    n = len(next(iter(values.values())))
    clips = [f"clip-{place // 2:02d}" for place in range(n)]  # two instances a clip
    targets = ["a", "b"] * ((n + 1) // 2)
    kept = tuple(
        Kept(clip, target, 0, ((0.0, 1.0),), 1.0, "hash")
        for clip, target in zip(clips, targets, strict=False)
    )
    folder = root / "submissions" / "made"
    folder.mkdir(parents=True)
    manifest = Manifest("d", "m", "w", kept, ())
    (folder / "_manifest.json").write_text(json.dumps(manifest.to_json()), encoding="utf-8")
    explanations, scores = [], []
    for name, row in values.items():
        rows, column = [], []
        for one, value in zip(kept, row, strict=True):
            status = "failed" if np.isnan(value) else "ok"
            cost = calls.get(name, 10)
            where = ("d", "m", name, one.clip_id, one.target)
            explanations.append(ExplanationRow(*where, status, "", cost, cost, 0.1))
            scores.append(ScoreRow(*where, facts.name, value, ""))
            rows.append(
                {"clip_id": one.clip_id, "target": one.target, "status": status, "calls": cost}
            )
            column.append(None if np.isnan(value) else float(value))
        content = {
            "name": name,
            "instances": rows,
            "scores": {facts.name: column},
            "settings": {"budgets": budgets},
        }
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    data = BoardData(manifest, scores, explanations, [facts], frozenset(BASELINES), 0)
    each = [data] if budgets is None else list(at_budgets(data, budgets))
    parts = [_section(board_of(one), one) for one in each]
    told = "\nTo check: `awb verify leaderboards/submissions/made`\n"
    return "\n".join([*parts, told]), root / "submissions"


def _around(mean: float, seed: int, width: float = 0.03, n: int = 40) -> list[float]:
    noise = np.random.default_rng(seed).standard_normal(n)
    return list(np.clip(mean + width * noise, 0, 1))


KNOWN = {
    "good": _around(0.90, 1),
    "as_good": _around(0.899, 2),
    "costly:a=1,b=2": _around(0.897, 3),
    "poor": _around(0.60, 4),
    "chance": _around(0.50, 5, 0.1),
    "random": _around(0.50, 6, 0.1),
    "energy": _around(0.55, 7),
}
CALLS = {"good": 3000, "as_good": 77, "costly:a=1,b=2": 9000, "poor": 1}
FEW = {name: row[:8] for name, row in KNOWN.items()}
CEILING = {
    **KNOWN,
    "good": [1.0] * 40,
    "as_good": [1.0] * 40,
    "lacking": [np.nan, *_around(0.9, 8)[1:]],
    "failing": [*[np.nan] * 9, *_around(0.99, 9)[9:]],
}
LOUD = {**KNOWN, "energy": _around(0.97, 7)}
TURNED = {name: [1 - value for value in row] for name, row in KNOWN.items()}
AT_BUDGETS = {
    "good@100": KNOWN["poor"], "good@3000": KNOWN["good"], "fixed": KNOWN["as_good"],
    "dear": KNOWN["chance"], "random": KNOWN["random"], "energy": KNOWN["energy"],
}  # fmt: skip
BUDGET_CALLS = {"good@100": 102, "good@3000": 3002, "fixed": 60, "dear": 500}


@pytest.mark.parametrize(
    ("values", "calls", "metric", "budgets"),
    [
        pytest.param(KNOWN, CALLS, "roc-auc", None, id="known"),
        pytest.param(FEW, CALLS, "roc-auc", None, id="four clips"),
        pytest.param(CEILING, CALLS, "roc-auc", None, id="ceiling and gaps"),
        pytest.param(LOUD, CALLS, "roc-auc", None, id="a null on top"),
        pytest.param(TURNED, CALLS, "deletion-area", None, id="lower is better"),
        pytest.param(AT_BUDGETS, BUDGET_CALLS, "roc-auc", [100, 3000], id="budgets"),
    ],
)
def test_a_made_board_says_what_is_true(
    values: Values,
    calls: Mapping[str, int],
    metric: str,
    budgets: Sequence[int] | None,
    tmp_path: Path,
) -> None:
    page, submissions = _write(tmp_path, values, calls, metric, budgets)
    found = list(sections(page))
    assert len(found) == len(budgets or [None])
    for section in found:
        assert "Best by" in section.lead
        assert false_claims(section, submissions) == []


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    return _write(tmp_path_factory.mktemp("known"), KNOWN, CALLS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("40 instances", "60 instances"),
        ("from 20 clips", "from 40 clips"),
        ("Best by roc-auc: good", "Best by roc-auc: poor"),
        ("good, 0.90", "good, 0.95"),
        ("(95 %: 0.8", "(95 %: 0.2"),
        ("at 3,000 model calls", "at 300 model calls"),
        ("might be first; the cheapest", "and poor might be first; the cheapest"),
        ("as\\_good and costly:a=1,b=2 might", "as\\_good might"),
        ("at 77 calls", "at 7 calls"),
        ("over 20 clips does not", "over 40 clips does not"),
        ("distinguish 2 of the other 4", "distinguish 4 of the other 4"),
        ("1 of 5 is not reliably", "4 of 5 are not reliably"),
        ("1 of 5 is not reliably better", "All 5 are reliably better"),
        ("must typically differ by 0.0", "must typically differ by 0.4"),
        ("To tell good from as\\_good", "To tell good from poor"),
    ],
)
def test_a_sentence_that_is_not_true_is_found(old: str, new: str, known: tuple[str, Path]) -> None:
    page, submissions = known
    assert old in page, page
    [section] = sections(page.replace(old, new, 1))
    assert false_claims(section, submissions)
