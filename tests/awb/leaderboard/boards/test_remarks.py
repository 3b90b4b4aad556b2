"""The remarks below a board, line by line."""

from __future__ import annotations

from awb.data.skipped import BAD_AUDIO, LOW_SCORE, UNKNOWN_LABEL, Skipped
from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.harness.unit.record import FAILED, NOT_APPLICABLE, OK
from awb.leaderboard.boards import remarks


def _row(explainer: str, clip: str, status: str = OK, reason: str = "") -> ExplanationRow:
    return ExplanationRow("d", "m", explainer, clip, "dog", status, reason, 1, 1.0, 0.1)


def _score(explainer: str, clip: str, reason: str) -> ScoreRow:
    return ScoreRow("d", "m", explainer, clip, "dog", "auc", float("nan"), reason)


def _manifest(*skipped: Skipped, n_kept: int = 3) -> Manifest:
    kept = tuple(Kept(f"c{at}", "dog", 0, ((0.0, 1.0),), 1.0, "") for at in range(n_kept))
    return Manifest("d", "m", "", kept, skipped)


def test_problems_are_counted_by_reason_and_listed_once() -> None:
    rows = [
        *(_row("lime", "c0", FAILED, "no"), _row("lime", "c1", FAILED, "no")),
        *(_row("rise", "c0", FAILED, "no"), _row("rise", "c1"), _row("rise", "c2")),
        _row("cam", "c0", NOT_APPLICABLE, "no layers"),
    ]
    scores = [
        _score("rise", "c1", f"{FAILED}: zero"),
        _score("rise", "c2", f"{FAILED}: zero"),
        _score("rise", "c0", f"{FAILED}: its explanation failed, which is said above"),
        _score("lime", "c2", "the labels are constant"),
    ]
    left_out = (
        Skipped("x.wav", "", BAD_AUDIO, "x.wav: cut short"),
        Skipped("y.wav", "", BAD_AUDIO),
        Skipped("c9", "dog", LOW_SCORE, "-1.0"),
    )
    assert remarks.problems(rows, scores, _manifest(*left_out)) == [
        "lime failed: no (2 instances)",
        "rise failed: no",
        f"metric auc on rise: {FAILED}: zero (2 instances)",
        f"{BAD_AUDIO}: x.wav: cut short",
        f"{BAD_AUDIO}: y.wav",
    ]
    assert remarks.problems([_row("rise", "c0")], [], _manifest()) == []


def test_explainers_that_are_not_applicable_are_grouped_by_reason() -> None:
    rows = [
        _row("cam", "c0", NOT_APPLICABLE, "no layers"),
        _row("lrp", "c0", NOT_APPLICABLE, "no layers"),
        _row("cam", "c1", NOT_APPLICABLE, "no layers"),
        _row("rollout", "c0", NOT_APPLICABLE, "no attention"),
        _row("rise", "c0"),
    ]
    assert remarks.not_applicable(rows) == [
        "not applicable, as no layers: cam, lrp",
        "not applicable, as no attention: rollout",
    ]


def test_notes_list_the_device_missing_values_and_unknown_labels() -> None:
    manifest = _manifest(
        Skipped("c5", "Dgo", UNKNOWN_LABEL, "Did you mean Dog?"),
        Skipped("c6", "Dgo", UNKNOWN_LABEL, "Did you mean Dog?"),
        Skipped("c5", "Owl", UNKNOWN_LABEL),
        Skipped("c7", "dog", LOW_SCORE, "-1.0"),
    )
    found = remarks.notes(manifest, 2, {"auc": 2, "iou": 1, "f1": 2}, "cpu, float32")
    assert found == [
        "Computed on cpu, float32.",
        "no value on 1 of 2 instances: iou",
        "no value on 2 of 2 instances: auc, f1",
        "no class of m is called Dgo or Owl",
        "for Dgo: Did you mean Dog?",
    ]
    assert remarks.notes(_manifest(), 3, {}) == []


def test_reasons_that_differ_in_numbers_are_one_line_with_the_instances_counted() -> None:
    rows = [
        *(_row("ig", f"c{at}", NOT_APPLICABLE, f"sums to {at}.5, not to {at}") for at in range(2)),
        _row("ig", "c2"),
        *(_row("cam", f"c{at}", NOT_APPLICABLE, "no layers") for at in range(3)),
    ]
    assert remarks.not_applicable(rows) == [
        "not applicable, as sums to 0.5, not to 0: ig (on 2 of 3 instances)",
        "not applicable, as no layers: cam",
    ]


def test_boards_say_on_what_explainers_were_trained_once_each() -> None:
    note = "trained on 16 clips of scenes in 61 s with 205 model calls (seed 0, file 5e5e)"
    rows = [
        _row("l-mac", "c0", OK, f"sharp; {note}"),
        _row("l-mac", "c1", OK, note),
        _row("l-mac", "c2", NOT_APPLICABLE, "trained on another class"),
        _row("lime", "c0", OK, "sharp"),
    ]
    assert remarks.trained(rows) == [f"l-mac was {note}"]
