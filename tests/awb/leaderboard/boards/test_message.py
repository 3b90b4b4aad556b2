"""The message of boards whose answer is known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.leaderboard.boards.construction import BoardData, make_board
from awb.leaderboard.boards.message import Message, message_of, sentences
from awb.leaderboard.boards.outlook import outlook_sentences
from awb.metrics.facts import MetricFacts

CLIPS = 24


def _message(
    values: Mapping[str, Sequence[float]],
    calls: Mapping[str, int] | None = None,
    *,
    higher: bool = True,
    baselines: Sequence[str] = ("random",),
) -> Message | None:
    facts = MetricFacts(
        name="roc-auc" if higher else "area", family="localization", summary="s",
        higher_is_better=higher, lowest=0, highest=1, unit="u", undefined="n", citation="c",
    )  # fmt: skip
    scores, explanations = [], []
    clips = [f"clip-{place:02d}" for place in range(len(next(iter(values.values()))))]
    for name, row in values.items():
        cost = (calls or {}).get(name, 10)
        for clip, value in zip(clips, row, strict=True):
            explanations.append(
                ExplanationRow("d", "m", name, clip, "t", "ok", "", cost, cost, 0.1)
            )
            scores.append(ScoreRow("d", "m", name, clip, "t", facts.name, value, ""))
    kept = tuple(Kept(clip, "t", 0, ((0.0, 1.0),), 1.0, "hash") for clip in clips)
    manifest = Manifest("d", "m", "w", kept, ())
    data = BoardData(manifest, scores, explanations, [facts], frozenset(baselines), 0)
    return message_of(make_board(data), data)


def _spread(mean: float, seed: int, width: float = 0.02, n: int = CLIPS) -> list[float]:
    noise = np.random.default_rng(seed).standard_normal(n)
    return list(mean + width * (noise - noise.mean()))


KNOWN = {
    "good": _spread(0.90, 1),
    "as-good": _spread(0.8995, 2),
    "costly": _spread(0.8999, 3),
    "poor": _spread(0.60, 4),
    "chance": _spread(0.50, 5, 0.1),
    "random": _spread(0.50, 6, 0.1),
}
COST = {"good": 3000, "as-good": 77, "costly": 9000, "poor": 1}


def test_the_message_names_the_leaders_their_cost_and_how_many_are_no_better_than_random() -> None:
    found = _message(KNOWN, COST)
    assert found is not None
    means = {name: np.mean(row) for name, row in KNOWN.items() if name != "random"}
    [best] = found.best
    assert best.explainer == max(means, key=lambda name: means[name])
    leading = {row.explainer for row in (*found.best, *found.rivals)}
    assert leading == {"good", "as-good", "costly"}
    assert found.cheapest.explainer == "as-good"
    assert (found.n_ranked, found.n_clips, found.alike, found.no_better) == (5, CLIPS, 2, 1)
    text = sentences(found)
    assert text[0].startswith(f"Best by roc-auc: {best.explainer}, {means[best.explainer]:.3f} (95")
    assert "model calls per instance." in text[0]
    assert "might be first; the cheapest of them, as-good, at 77 calls." in text[1]
    assert text[2:] == [
        "A paired test over 24 clips does not distinguish 2 of the other 4 from it.",
        "1 of 5 is not reliably better than random relevance.",
    ]


def test_the_message_is_the_same_where_lower_is_better() -> None:
    turned = {name: [1 - value for value in row] for name, row in KNOWN.items()}
    high, low = _message(KNOWN, COST), _message(turned, COST, higher=False)
    assert high is not None
    assert low is not None
    assert [row.explainer for row in low.best] == [row.explainer for row in high.best]
    assert (low.alike, low.no_better) == (high.alike, high.no_better)


def test_a_clear_leader_stays_first() -> None:
    found = _message({"a": _spread(0.9, 1), "b": _spread(0.5, 2)}, {"a": 1})
    assert found is not None
    assert found.rivals == ()
    assert sentences(found)[0].endswith("at 1 model call per instance.")
    assert sentences(found)[1:] == [
        "On other clips it would stay first (95 %).",
        "A paired test over 24 clips distinguishes all the others from it.",
    ]


@pytest.mark.parametrize(("n_clips", "needed"), [(3, 6), (5, 6)])
def test_too_few_clips_are_reported(n_clips: int, needed: int) -> None:
    found = _message({"a": _spread(0.9, 1, n=n_clips), "b": _spread(0.5, 2, n=n_clips)})
    assert found is not None
    few = f"{n_clips} clips are too few to tell any two explainers apart: that takes {needed}."
    few += " Ranks and letters mean nothing yet."
    assert outlook_sentences(found.board) == [
        few,
        "To tell a from b, 0.400 apart, would take about 6 clips.",
    ]
    assert not any("paired test" in line for line in sentences(found))


def test_equal_means_share_the_first_place() -> None:
    found = _message({"a": [1.0] * 8, "b": [1.0] * 8, "c": [0.5] * 8}, {"a": 300, "b": 2})
    assert found is not None
    assert sentences(found)[0] == (
        "Best by roc-auc: a and b, 1.000 (95 %: 0.631 to 1.000), the cheapest, b, at 2 model calls"
        " per instance."
    )
    alike = _message({"a": [1.0] * 8, "b": [1.0] * 8})
    assert alike is not None
    assert "each at 10 model calls" in sentences(alike)[0]


def test_many_rivals_are_counted_and_none_is_cheaper() -> None:
    rows = {f"e{place}": _spread(0.8, place, 0.05) for place in range(12)}
    rows["first"] = best = _spread(0.801, 12, 0.05)
    found = _message(rows, {name: 1 if row is best else 50 for name, row in rows.items()})
    assert found is not None
    assert len(found.rivals) > 4
    assert f"and {len(found.rivals) - 3} others might be first" in sentences(found)[1]
    assert sentences(found)[1].endswith("; none of them needs fewer calls.")


def test_names_are_formatted_by_the_caller() -> None:
    found = _message({"<b>": _spread(0.9, 1), "b": _spread(0.899, 2)}, {"b": 1})
    assert found is not None
    text = " ".join(sentences(found, lambda name: f"«{name}»"))
    assert "«<b>»" in text
    assert "On other clips «b» might be first, at 1 call." in text
    assert "<b>" not in text.replace("«<b>»", "")


def test_without_ranks_or_with_one_clip_there_is_less_to_say() -> None:
    assert _message({"random": [0.5]}) is None
    one = _message({"a": [0.9], "b": [0.8], "random": [0.5]})
    assert one is not None
    assert one.no_better is None
    assert sentences(one) == ["Best by roc-auc: a, 0.900, at 10 model calls per instance."]
    alone = _message({"a": _spread(0.9, 1)})
    assert alone is not None
    assert len(sentences(alone)) == 1
    lost = _message({"a": _spread(0.9, 1), "random": [math.nan] * CLIPS})
    assert lost is not None
    assert lost.no_better is None
