"""The two sentences at the end of a run, of boards whose answer is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.leaderboard.boards.construction import BoardData, make_board
from awb.leaderboard.boards.outlook import outlook_sentences
from awb.leaderboard.formats.lesson import lesson, next_steps
from awb.leaderboard.formats.terminal import by_importance
from awb.metrics.facts import MetricFacts

CLIPS = 24


def _facts(name: str, family: str, *, higher: bool) -> MetricFacts:
    return MetricFacts(
        name=name, family=family, summary="s", higher_is_better=higher,  # type: ignore[arg-type]
        lowest=0, highest=1, unit="u", undefined="n", citation="c",
    )  # fmt: skip


ROC_AUC = _facts("roc-auc", "localization", higher=True)
DELETION = _facts("deletion-area", "fidelity", higher=False)


def _spread(mean: float, seed: int, n: int = CLIPS) -> list[float]:
    noise = np.random.default_rng(seed).standard_normal(n)
    return list(mean + 0.02 * (noise - noise.mean()))


def _data(
    located: Mapping[str, Sequence[float]], faithful: Mapping[str, Sequence[float]] | None = None
) -> BoardData:
    clips = [f"clip-{place:02d}" for place in range(len(next(iter(located.values()))))]
    tables = {ROC_AUC: located} if faithful is None else {ROC_AUC: located, DELETION: faithful}
    scores = [
        ScoreRow("d", "m", name, clip, "t", facts.name, value, "")
        for facts, table in tables.items()
        for name, row in table.items()
        for clip, value in zip(clips, row, strict=True)
    ]
    explanations = [
        ExplanationRow("d", "m", name, clip, "t", "ok", "", 9, 9.0, 0.1)
        for name in located
        for clip in clips
    ]
    kept = tuple(Kept(clip, "t", 0, ((0.0, 1.0),), 1.0, "hash") for clip in clips)
    baselines = frozenset({"oracle", "random", "energy"})
    manifest = Manifest("d", "m", "w", kept, ())
    return BoardData(manifest, scores, explanations, list(tables), baselines, 0)


def _lesson(
    located: Mapping[str, Sequence[float]], faithful: Mapping[str, Sequence[float]] | None = None
) -> list[str]:
    data = _data(located, faithful)
    return lesson(make_board(data), data)


LOCATED = {"good": _spread(0.9, 1), "near": _spread(0.8999, 2), "poor": _spread(0.6, 3)}


def test_the_first_sentence_names_the_leader_and_who_is_not_told_apart() -> None:
    board = make_board(_data(LOCATED))
    first, second = [row.explainer for row in board.rows][:2]
    [text] = _lesson(LOCATED)
    assert text.startswith(f"{first} points best at the labelled events (roc-auc of 0.90")
    assert text.endswith(f"; {second} is not told apart from it.")
    [clear] = _lesson({"good": LOCATED["good"], "poor": LOCATED["poor"]})
    assert clear.endswith("and a test over 24 clips sets it apart from the rest.")


def test_the_second_sentence_says_whether_fidelity_agrees() -> None:
    located = {"good": LOCATED["good"], "poor": LOCATED["poor"]}
    low, high, near = _spread(0.1, 4), _spread(0.5, 5), _spread(0.1001, 6)
    assert _lesson(located, {"good": low, "poor": high})[1] == (
        "Fidelity agrees: good also leads in deletion-area (deletion-area of 0.100)."
    )
    assert _lesson(located, {"good": high, "poor": low})[1] == (
        "In fidelity, poor leads (deletion-area of 0.100), and good is worse: fidelity does not"
        " agree."
    )
    unsure = _lesson(located, {"good": near, "poor": low})[1]
    assert unsure.endswith("from which good is not told apart: the two do not disagree.")


def test_few_clips_show_no_winner() -> None:
    few = {"good": _spread(0.9, 1, 3), "poor": _spread(0.5, 2, 3)}
    [text] = _lesson(few)
    assert text.endswith("but 3 clips are too few to say that it is better.")
    lead = outlook_sentences(make_board(_data(few)))
    assert "Ranks and letters mean nothing yet." in lead[0]


def test_a_single_explainer_is_compared_with_random_relevance() -> None:
    assert _lesson({"good": LOCATED["good"], "random": _spread(0.5, 7)}) == [
        "good has a roc-auc of 0.900 on 24 clips, and random relevance 0.500."
    ]
    assert _lesson({"random": _spread(0.5, 7)}) == []


def test_a_null_above_every_explainer_draws_a_remark_and_the_oracle_does_not() -> None:
    above = {**LOCATED, "energy": _spread(0.95, 8), "oracle": _spread(0.99, 9)}
    told = outlook_sentences(make_board(_data(above)))[-1]
    assert told == (
        "Mind energy: it knows nothing of the model, and with 0.950 in roc-auc it is better than"
        " every explainer here: what is loud tells more than they do."
    )
    below = {**LOCATED, "energy": _spread(0.7, 8), "oracle": _spread(0.99, 9)}
    assert not [one for one in outlook_sentences(make_board(_data(below))) if "Mind" in one]


def test_what_to_type_next_begins_with_more_clips_if_there_are_any() -> None:
    few = make_board(_data({"good": _spread(0.9, 1, 3), "poor": _spread(0.5, 2, 3)}))
    assert next_steps("runs/x", [few], more_clips=True)[0].startswith("awb resume runs/x --within")
    assert next_steps("runs/x", [few], more_clips=False)[0].startswith("awb report runs/x --open")


def test_a_narrow_board_keeps_the_ranking_metric_and_the_first_of_each_other_family() -> None:
    more = [_facts(name, "localization", higher=True) for name in ("precision", "pointing")]
    assert by_importance([ROC_AUC, *more, DELETION]) == [0, 3, 1, 2]
    assert by_importance([DELETION, ROC_AUC, *more]) == [0, 1, 2, 3]
