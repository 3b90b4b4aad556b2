"""Tampered submissions: each is refused with the right reason and without a traceback."""

from __future__ import annotations

import hashlib
import json
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from awb.leaderboard.submissions.files import MANIFEST_NAME, Reader, deflated
from awb.leaderboard.submissions.names import folder_name
from awb.leaderboard.submissions.schema import read_submission
from submissions import awb, forge, read, seal, submission, swap_relevance

Tamper = Callable[[Path], None]


def _set(*keys: Any, to: Any) -> Tamper:
    """Change one value, and update the hash."""

    def tamper(path: Path) -> None:
        def change(plain: dict[str, Any]) -> None:
            place = plain
            for key in keys[:-1]:
                place = place[key]
            place[keys[-1]] = to

        forge(path, change)

    return tamper


def _text(old: str, new: str) -> Tamper:
    """Change the text, as an editor would."""

    def tamper(path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return tamper


def _bytes(make: Callable[[bytes], bytes]) -> Tamper:
    def tamper(path: Path) -> None:
        path.write_bytes(make(path.read_bytes()))

    return tamper


def _score_in_an_editor(path: Path) -> None:
    plain = read(path)
    plain["scores"]["deletion-area"][0] = 0.001
    path.write_text(json.dumps(plain), encoding="utf-8")


def _hide_a_bad_score(path: Path) -> None:
    def change(plain: dict[str, Any]) -> None:
        plain["scores"]["roc-auc"][1] = None
        plain["undefined"]["roc-auc"] = {"no segment is outside": [1]}

    forge(path, change)


def _hide_a_bad_instance(path: Path) -> None:
    def change(plain: dict[str, Any]) -> None:
        plain["instances"][1]["status"] = "failed"

    forge(path, change)


def _leave_one_out(path: Path) -> None:
    def change(plain: dict[str, Any]) -> None:
        del plain["instances"][0]

    forge(path, change)


def _one_twice(path: Path) -> None:
    def change(plain: dict[str, Any]) -> None:
        plain["instances"][1] = plain["instances"][0]

    forge(path, change)


def _better_relevance(path: Path) -> None:
    shutil.copy(path.with_name("oracle.relevance"), path.with_suffix(".relevance"))


def _better_relevance_and_hash(path: Path) -> None:
    oracle = Reader().read(path.with_name("oracle.json")).relevance
    swap_relevance(
        path, deflated(np.concatenate([one for one in oracle if one is not None]), "<f4")
    )


def _bomb(path: Path) -> None:
    swap_relevance(path, zlib.compress(bytes(50_000_000)))


def _not_finite(path: Path) -> None:
    n_values = sum(row["n_cells"] for row in read(path)["instances"])
    swap_relevance(path, deflated(np.full(n_values, np.inf), "<f4"))


def _cut_relevance(path: Path) -> None:
    relevance = path.with_suffix(".relevance")
    relevance.write_bytes(relevance.read_bytes()[:-9])


def _cut_relevance_and_hash(path: Path) -> None:
    swap_relevance(path, path.with_suffix(".relevance").read_bytes()[:-9])


def _no_relevance(path: Path) -> None:
    path.with_suffix(".relevance").unlink()


def _link(path: Path) -> None:
    relevance = path.with_suffix(".relevance")
    elsewhere = path.parents[2] / "elsewhere"
    relevance.rename(elsewhere)
    relevance.symlink_to(elsewhere)


def _huge_file(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.truncate(40_000_000)


def _other_manifest(path: Path) -> None:
    manifest = path.with_name(MANIFEST_NAME)
    plain = read(manifest)
    plain["kept"][0]["intervals_s"] = [[1.0, 1.2]]
    manifest.write_text(json.dumps(plain), encoding="utf-8")


def _no_manifest(path: Path) -> None:
    path.with_name(MANIFEST_NAME).unlink()


def _under_another_name(path: Path) -> None:
    seal(path, {**read(path), "name": "random-forest-2"})


def _two_lists(path: Path) -> None:
    def change(plain: dict[str, Any]) -> None:
        plain["scores"]["roc-auc"].append(1.0)

    forge(path, change)


TAMPERED: dict[str, tuple[Tamper, str]] = {
    "a score in an editor": (_score_in_an_editor, "changed after it was published"),
    "a letter": (_text("A. Person", "B. Person"), "changed after it was published"),
    "white space": (_text("{\n", "{ \n"), "not in the form"),
    "a localization score": (_set("scores", "roc-auc", 0, to=0.123), "the relevance gives"),
    "a complexity score": (_set("scores", "sparseness", 2, to=0.99), "the relevance gives"),
    "one of the ff": (_set("scores", "ff@10", 0, to=0.4), "not the mean of the ff scores"),
    "a score of masked audio": (_set("scores", "ag", 0, to=0.9), "ag contradicts ff-in"),
    "a fraction of steps": (_set("scores", "monotonicity", 0, to=0.7777), "not a fraction of 30"),
    "a score out of range": (_set("scores", "deletion-area", 0, to=-0.5), "out of range"),
    "a score as text": (_set("scores", "ff@10", 0, to="0.4"), "valid number"),
    "a score as a boolean": (_set("scores", "ff@10", 0, to=True), "valid number"),
    "a gap without a reason": (_set("scores", "ff@10", 0, to=None), "have a reason"),
    "a bad score hidden": (_hide_a_bad_score, "claims no value"),
    "a bad instance hidden": (_hide_a_bad_instance, "where there is no explanation"),
    "an extra value": (_two_lists, "has 4 values, not 3"),
    "an instance left out": (_leave_one_out, "1 of 3 instances of the manifest are missing"),
    "an instance twice": (_one_twice, "is listed twice"),
    "an unknown instance": (_set("instances", 0, "clip_id", to="other.wav"), "not in the manifest"),
    "another length": (_set("instances", 0, "n_samples", to=9_999_999_999), "do not fit"),
    "another number of cells": (_set("instances", 0, "n_cells", to=31), "number of values"),
    "other segments": (_set("settings", "segment_hop_s", to=1e-9), "should be called"),
    "another model": (_set("model", "label", to="louder"), "is not one of loudness"),
    "another explainer": (_set("explainer", "label", to="rise"), "is not one of random-forest"),
    "another name": (_under_another_name, "should be called"),
    "another manifest": (_other_manifest, "another manifest"),
    "the hash of another manifest": (_set("manifest", "sha256", to="0" * 64), "should be called"),
    "no manifest": (_no_manifest, "_manifest.json is missing"),
    "swapped relevance": (_better_relevance, "wrong hash"),
    "swapped relevance, hashes updated": (_better_relevance_and_hash, "the relevance gives"),
    "relevance cut short": (_cut_relevance, "wrong hash"),
    "relevance cut short, hashes updated": (_cut_relevance_and_hash, "number of values"),
    "relevance that inflates": (_bomb, "number of values"),
    "infinite relevance": (_not_finite, "not finite"),
    "no relevance": (_no_relevance, "is missing"),
    "a link": (_link, "is a link"),
    "a relative path": (_set("relevance", "file", to="../oracle.relevance"), "path out of"),
    "an absolute path": (_set("manifest", "file", to="/etc/passwd"), "path out of"),
    "the file cut short": (_bytes(lambda content: content[:-300]), "truncated"),
    "an empty file": (_bytes(lambda _: b""), "truncated"),
    "bytes that are not text": (_bytes(lambda _: b'{"\xff": 1}'), "not UTF-8"),
    "an array": (_bytes(lambda _: b"[1]"), "not a JSON object"),
    "a giant array": (_bytes(lambda _: b"[" + b"0," * 2_500_000 + b"0]"), "2,000,000 values"),
    "a giant file": (_huge_file, "larger than"),
    "deep nesting": (_bytes(lambda _: b"[" * 1_000_000), "nested more than"),
    "an open string": (_bytes(lambda _: b'"\\"' * 500_000), "not JSON"),
    "NaN": (_text('"roc-auc":[', '"roc-auc":[NaN,'), "NaN is not a JSON number"),
    "infinity": (_text('"roc-auc":[', '"roc-auc":[-Infinity,'), "-Infinity is not a JSON number"),
    "a number too large": (_text('"roc-auc":[', '"roc-auc":[1e999,'), "too large"),
    "a number too long": (_text('"roc-auc":[', f'"roc-auc":[{"9" * 5000},'), "too many digits"),
    "a key twice": (_text('{\n"credit"', '{\n"format":1,\n"credit"'), "occurs twice"),
    "an extra key": (_set("scores_by_hand", to={}), "scores_by_hand: Extra inputs"),
    "another format": (_set("format", to=2), "format 2"),
    "terminal escapes": (_set("credit", "note", to="\x1b[2Jred"), "cannot be printed"),
    "too many cells": (_set("instances", 0, "n_cells", to=10**6), "less than or equal to 20000"),
    "markup": (_set("model", "label", to="<script>"), "labels must not have"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_tampering_is_refused_with_the_reason(name: str, copy: Path) -> None:
    tamper, reason = TAMPERED[name]
    path = submission(copy)
    tamper(path)
    result = awb("verify", path)
    assert result.exit_code == 1
    assert result.stdout.startswith("REFUSED"), result.stdout
    assert reason in result.stdout
    assert len(result.stdout.splitlines()) == 1
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    ("intervals_s", "reason"),
    [
        ([[0.5, 0.4]], "end before they start"),
        ([[0.1, 0.3], [0.2, 0.5]], "overlap"),
        ([[1.0, 1e8]], "ends after the clip"),
        ([[1.0, 1e300]], "less than or equal to 1000000000"),
        ([[0.0, 0.1]] * 1001, "at most 1000 items"),
        ([[0.0]], "at least 2 items"),
        ([[1.0, 1.2]], "the relevance gives"),
    ],
)
def test_a_forged_manifest_is_refused(
    intervals_s: list[list[float]], reason: str, copy: Path
) -> None:
    path = submission(copy)
    manifest = path.with_name(MANIFEST_NAME)
    plain = read(manifest)
    plain["kept"][0]["intervals_s"] = intervals_s
    manifest.write_text(json.dumps(plain), encoding="utf-8")
    content = json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()
    forge(path, lambda one: one["manifest"].update(sha256=hashlib.sha256(content).hexdigest()))
    record = read_submission(read(path), path.name)
    path.parent.rename(path.parent.with_name(folder_name(record)))
    result = awb("verify", path.parent.with_name(folder_name(record)) / path.name)
    assert result.stdout.startswith("REFUSED")
    assert reason in result.stdout


def test_a_refused_submission_does_not_affect_the_others(copy: Path) -> None:
    _score_in_an_editor(submission(copy))
    lines = awb("verify", copy).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["PASS", "PASS", "REFUSED", "PASS"]
