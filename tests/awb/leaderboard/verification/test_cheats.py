"""Cheats: each is refused, by the check that is named, or changes nothing that a page shows."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from awb.errors import SubmissionError
from awb.leaderboard.submissions.canonical_json import canonical
from awb.leaderboard.submissions.files import MANIFEST_NAME
from awb.leaderboard.submissions.names import folder_name, slug
from awb.leaderboard.submissions.schema import Plugin, read_submission
from awb.leaderboard.submissions.untrusted_text import (
    check_label,
    check_name,
    check_printable,
    skeleton,
)
from awb.leaderboard.verification.identity import _check_settings
from awb.leaderboard.verification.published_folder import read_folder
from awb.plugins.discovery import load
from submissions import awb, forge, read, seal, submission

Change = Callable[[dict[str, Any]], None]


def _metric(label: str, /, **changes: Any) -> Change:
    """Change a metric's description, and claim its best value everywhere."""

    def change(plain: dict[str, Any]) -> None:
        [entry] = [one for one in plain["metrics"] if one["label"] == label]
        entry.update(changes)
        column, gaps = plain["scores"].pop(label), plain["undefined"].pop(label, {})
        plain["scores"][entry["label"]] = [None if one is None else 1.0 for one in column]
        if gaps:
            plain["undefined"][entry["label"]] = gaps

    return change


def _all_rows(**changes: Any) -> Change:
    def change(plain: dict[str, Any]) -> None:
        for row in plain["instances"]:
            row.update(changes)

    return change


def _set(*keys: Any, to: Any) -> Change:
    def change(plain: dict[str, Any]) -> None:
        place = plain
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = to

    return change


def _rename(label: str, /, **changes: Any) -> Change:
    """Give the row and its explainer another label."""

    def change(plain: dict[str, Any]) -> None:
        plain["explainer"].update(label=label, **changes)
        plain["name"] = label

    return change


CHEATS: dict[str, tuple[Change, str]] = {
    "a metric's settings changed": (
        _metric("roc-auc", parameters={"labels": "strict"}),
        "label is",
    ),
    "a metric's settings unknown": (_metric("roc-auc", parameters={"gift": 1}), "differs from the"),
    "a metric's settings missing": (_metric("roc-auc", parameters={}), "the relevance gives"),
    "a metric of another name": (_metric("roc-auc", name="sparseness"), "is not one of"),
    "a metric of nobody": (_metric("roc-auc", label="roc-auc2", name="roc-auc2"), "none refuses"),
    "a metric that looks like one": (
        _metric("roc-auc", label="r0c-auc", name="r0c-auc"),
        "looks like roc-auc",
    ),
    "a metric of another distribution": (
        _metric("roc-auc", distribution="my-metrics"),
        "is from audio-where",
    ),
    "a metric with a label of settings": (
        _metric("roc-auc", label="roc-auc:labels=strict"),
        "label is",
    ),
    "scores of a metric that is not listed": (
        lambda plain: plain["metrics"].pop(),
        "not those of the listed metrics",
    ),
    "seconds without end": (_all_rows(seconds=1.7e308), "less than or equal"),
    "seconds of a century": (_all_rows(seconds=3.2e9), "less than or equal"),
    "forwards without end": (_all_rows(forwards=1e300), "less than or equal"),
    "calls without end": (_all_rows(calls=10**17), "less than or equal"),
    "a score without end": (_set("scores", "infidelity", 0, to=1e300), "less than or equal"),
    "hop without end": (_set("settings", "segment_hop_s", to=1e200), "less than or equal"),
    "a threshold without end": (_set("settings", "min_score", to=-1e99), "greater than or equal"),
    "no calls": (_all_rows(calls=0), "takes at least 60"),
    "few calls": (_all_rows(calls=59), "takes at least 60"),
    "Cyrillic": (_rename("r\u0430ndom-forest"), "mixes scripts"),
    "a trailing space": (_rename("random-forest "), "space"),
    "a Hangul filler": (_rename("random-forest\u3164"), "cannot be printed"),
    "400 combining marks": (_rename("random-forest" + "\u0301" * 400), "combining marks"),
    "upper case": (_rename("RANDOM-FOREST", name="RANDOM-FOREST"), "is not the name of a plugin"),
    "full-width letters": (_rename("\uff52andom-forest"), "normal form"),
    "digits for letters": (
        _rename("rand0m-f0rest", name="rand0m-f0rest"),
        "looks like random-forest",
    ),
    "rn for m": (_rename("randorn-forest", name="randorn-forest"), "looks like random-forest"),
    "oracle over another explainer": (_rename("oracle"), "is not one of random-forest"),
    "oracle of another distribution": (
        _rename("oracle", name="oracle", parameters={}, distribution="oracles"),
        "is from audio-where-benchmark",
    ),
    "settings that the label hides": (
        _set("explainer", "parameters", "n_estimators", to=9),
        "its label is random-forest:n_estimators=9",
    ),
    "a model of another distribution": (
        _set("model", "distribution", to="louder"),
        "model loudness is from",
    ),
    "an invisible author": (_set("credit", "author", to="\u3164"), "cannot be printed"),
    "right-to-left override": (_set("credit", "note", to="a\u202eb"), "cannot be printed"),
    "a lone surrogate": (_set("credit", "note", to="a\ud800b"), ""),
}


def _moved(path: Path, plain: dict[str, Any]) -> Path:
    """Write a forged submission under the names that its content gives, as a cheat would."""
    name = plain["name"]
    new = path.with_name(f"{slug(name)}.json")
    if new != path:
        packed = path.with_name(plain["relevance"]["file"]).read_bytes()
        plain["relevance"]["file"] = f"{slug(name)}.relevance"
        new.with_name(plain["relevance"]["file"]).write_bytes(packed)
        path.unlink()
    seal(new, plain)
    return new


@pytest.mark.parametrize("name", [name for name in CHEATS if name != "a metric of nobody"])
def test_a_cheat_is_refused_with_the_reason(name: str, copy: Path) -> None:
    change, reason = CHEATS[name]
    path = submission(copy)
    plain = read(path)
    change(plain)
    result = awb("verify", _moved(path, plain))
    assert result.exit_code == 1, result.output
    assert result.stdout.startswith("REFUSED"), result.stdout
    assert reason in result.stdout
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("cost", [{"calls": 1}, {"forwards": 0.5}])
def test_a_baseline_that_asks_the_model_is_refused(cost: dict[str, float], copy: Path) -> None:
    path = submission(copy, "constant")
    forge(path, _all_rows(**cost))
    assert "model calls of a baseline" in awb("verify", path).stdout


def test_settings_of_another_version_are_left_to_a_spot_check_but_for_metrics(copy: Path) -> None:
    path, other = submission(copy), {"version": "9.9", "parameters": {"gift": 1}}
    forge(path, lambda plain: plain["explainer"].update(other))
    assert awb("verify", path).stdout.startswith("PASS")
    forge(path, lambda plain: plain["metrics"][0].update(other))
    assert "differs from the installed roc-auc: gift" in awb("verify", path).stdout


def test_rows_that_look_alike_are_not_shown(copy: Path) -> None:
    """Two explainers that are not installed here, whose names look alike: neither is shown."""
    path = submission(copy)
    original = read(path)
    for name in ("my-f0rest", "my-forest"):
        forged = json.loads(json.dumps(original))
        _rename(name, name=name, distribution="mine")(forged)
        packed = path.with_suffix(".relevance").read_bytes()
        forged["relevance"]["file"] = f"{name}.relevance"
        path.with_name(f"{name}.relevance").write_bytes(packed)
        seal(path.with_name(f"{name}.json"), forged)
    found, refused = read_folder(copy / "submissions", load())
    assert len(refused) == 2
    assert all("looks like another row: my-f0rest and my-forest" in one for one in refused)
    assert "random-forest" in {one.record.name for one in found}


def test_a_metric_that_needs_the_model_gives_places_to_verified_rows_only(copy: Path) -> None:
    for path in (copy / "submissions").rglob("*.json"):
        if path.name == MANIFEST_NAME:
            continue
        plain = read(path)
        plain["metrics"] = [one for one in plain["metrics"] if one["label"] == "deletion-area"]
        plain["scores"] = {"deletion-area": plain["scores"]["deletion-area"]}
        plain["undefined"] = {}
        seal(path, plain)
    path = submission(copy)
    [page] = copy.glob("folder*.md")

    def place() -> str:
        assert awb("publish", "--into", copy, "--no-site").exit_code == 0
        lines = page.read_text(encoding="utf-8").splitlines()
        [row] = [line for line in lines if line.split("|")[2:3] and "random-forest" in line[:40]]
        return row.split("|")[1].strip()

    assert place() == ""
    assert "claims have no place" in page.read_text(encoding="utf-8")
    assert awb("verify", path, "--spot-check", "1", "--record", "B. Verifier").exit_code == 0
    assert place().startswith("1")


def test_a_metric_of_nobody_is_on_no_page(copy: Path) -> None:
    path = submission(copy)
    forge(path, CHEATS["a metric of nobody"][0])
    result = awb("verify", path)
    assert result.exit_code == 0
    assert "not installed: roc-auc2" in result.stdout
    assert awb("publish", "--into", copy).exit_code == 0
    [page] = copy.glob("folder*.md")
    assert "roc-auc2" not in page.read_text(encoding="utf-8")
    pages = [one.read_text(encoding="utf-8") for one in (copy / "site").rglob("*.html")]
    assert not any("roc-auc2" in text for text in pages)


def test_publish_shows_nothing_that_verify_refuses(copy: Path) -> None:
    path = submission(copy)
    forge(path, lambda plain: plain["scores"]["roc-auc"].__setitem__(0, 0.999))
    found, refused = read_folder(copy / "submissions", load())
    assert "random-forest" not in {one.record.name for one in found}
    assert len(refused) == 1


def test_no_entry_decides_which_metric_ranks(copy: Path) -> None:
    path = submission(copy)
    forge(path, lambda plain: plain["metrics"].reverse())
    assert awb("publish", "--into", copy, "--no-site").exit_code == 0
    [page] = copy.glob("folder*.md")
    header = next(line for line in page.read_text("utf-8").splitlines() if "| explainer" in line)
    assert header.split("|")[3].strip() == "roc-auc ↑"


def test_the_note_does_not_move_the_choice_of_a_spot_check(copy: Path) -> None:
    path = submission(copy)
    chosen = []
    for note in ("", "one", "two", "three"):
        forge(path, lambda plain, note=note: plain["credit"].update(note=note))
        result = awb("verify", path, "--spot-check", "1", "--seed", "5", "--json")
        chosen.append(json.loads(result.stdout)[0]["spot_checked"])
    assert chosen == [chosen[0]] * 4


def test_the_seed_is_drawn_and_printed(copy: Path) -> None:
    path = submission(copy, "constant")
    results = [awb("verify", path, "--spot-check", "1") for _ in range(2)]
    seeds = [result.stderr.rpartition("--seed ")[2].strip() for result in results]
    assert len(set(seeds)) == 2, "an author could know the next one"
    assert all(seed.isdigit() for seed in seeds)


def test_hidden_failures_are_spot_checked(copy: Path) -> None:
    """An instance that is declared failed is always among the instances that are computed again."""
    path = submission(copy)

    def hide(plain: dict[str, Any]) -> None:
        cut = plain["instances"][2]["n_cells"] * 4
        packed = path.with_name(plain["relevance"]["file"])
        content = zlib.compress(zlib.decompress(packed.read_bytes())[:-cut], 9)
        packed.write_bytes(content)
        plain["relevance"]["sha256"] = hashlib.sha256(content).hexdigest()
        plain["instances"][2].update(status="failed", reason="out of luck", calls=0)
        for label, column in plain["scores"].items():
            column[2] = None
            for reason, places in list(plain["undefined"].get(label, {}).items()):
                kept = [one for one in places if one != 2]
                plain["undefined"][label].pop(reason)
                if kept:
                    plain["undefined"][label][reason] = kept

    forge(path, hide)
    assert awb("verify", path).exit_code == 0, "nothing but the model contradicts it"
    result = awb("verify", path, "--spot-check", "1", "--seed", "0")
    assert result.exit_code == 1
    assert "ok after" in result.stdout
    assert "not failed after 0" in result.stdout


def test_what_is_missing_here_is_unchecked(copy: Path) -> None:
    path = submission(copy)
    elsewhere = f"folder:{copy}/nothing"
    plain = read(path)
    key = next(k for k, v in plain["dataset"]["parameters"].items() if v and "bursts" in str(v))
    plain["dataset"]["label"] = elsewhere
    plain["dataset"]["parameters"][key] = f"{copy}/nothing"
    manifest = read(path.with_name(MANIFEST_NAME))
    manifest["dataset"] = elsewhere
    content = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
    plain["manifest"]["sha256"] = hashlib.sha256(content).hexdigest()
    seal(path, plain)
    folder = path.parent.with_name(folder_name(read_submission(read(path), path.name)))
    folder.mkdir()
    (folder / MANIFEST_NAME).write_bytes(canonical(manifest))
    path.rename(folder / path.name)
    relevance = path.with_suffix(".relevance")
    relevance.rename(folder / relevance.name)
    assert awb("verify", folder / path.name).exit_code == 0
    result = awb("verify", folder / path.name, "--spot-check", "1")
    assert result.exit_code == 3, result.output
    assert result.stdout.startswith("UNCHECKED")
    assert "no spot check: " in result.stdout
    both = awb("verify", folder / path.name, path.with_name("oracle.json"), "--spot-check", "1")
    assert both.exit_code == 3
    assert "1 passed, 0 refused, 1 unchecked" in both.stderr


def test_a_spot_check_is_recorded_and_shown(copy: Path) -> None:
    [page] = copy.glob("folder*.md")
    claimed = "claimed by the author, computed again by nobody"
    assert f"{claimed}: every row" in page.read_text(encoding="utf-8")
    path = submission(copy)
    result = awb("verify", path, "--spot-check", "2", "--record", "B. Verifier")
    assert result.exit_code == 0, result.output
    record = read(copy / "verified" / f"{read(path)['sha256']}.json")
    assert record["verifier"] == "B. Verifier"
    assert len(record["instances"]) == 2
    assert f"--seed {record['seed']}" in result.stderr
    assert awb("publish", "--into", copy).exit_code == 0
    day = record["environment"]["created"][:10]
    told = f"verified {day} by B. Verifier on 2 of 3 instances (seed {record['seed']})"
    text = page.read_text(encoding="utf-8")
    assert f"{told}: random-forest" in text
    assert f"{claimed}: constant, oracle, random" in text
    site = copy / "site"
    assert told in (site / "explainers" / "random-forest.html").read_text(encoding="utf-8")
    for one in site.rglob("*.html"):
        count = "are verified, computed again for drawn instances, for 1 of"
        assert count in one.read_text(encoding="utf-8")


def test_a_record_of_a_submission_that_has_changed_counts_for_nothing(copy: Path) -> None:
    path = submission(copy)
    assert awb("verify", path, "--spot-check", "1", "--record", "B. Verifier").exit_code == 0
    forge(path, lambda plain: plain["credit"].update(note="another"))
    result = awb("publish", "--into", copy, "--no-site")
    assert "has changed since; repeat awb verify --spot-check" in result.stderr
    [page] = copy.glob("folder*.md")
    assert "every row" in page.read_text(encoding="utf-8")


def test_a_page_that_cannot_be_made_costs_no_other(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(value: float | None) -> str:
        raise OverflowError("cannot convert float infinity to integer")

    monkeypatch.setattr("awb.site.pages._seconds", fail)
    result = awb("site", "build", "--leaderboards", copy, "--into", copy / "new")
    assert result.exit_code == 1
    assert "cannot be shown: OverflowError" in result.stderr
    assert (copy / "new" / "index.html").is_file()
    assert list((copy / "new" / "boards").glob("*.html"))


@pytest.mark.parametrize(
    "text",
    ["random-forest", "folder:/data/Möwen", "folder:/データ/鳥a", "folder:/Звуки/птицы", "a b"],
)
def test_honest_labels_pass(text: str) -> None:
    assert check_label(check_printable(text)) == text


@pytest.mark.parametrize(("marks", "fine"), [(3, True), (4, False)])
def test_marks_on_a_letter_are_counted(marks: int, fine: bool) -> None:
    text = f"a{chr(0x301) * marks}b" * 2
    if fine:
        assert check_printable(text) == text
        return
    with pytest.raises(ValueError, match="combining marks"):
        check_printable(text)


def test_a_submission_without_a_known_metric_is_not_shown(copy: Path) -> None:
    def change(plain: dict[str, Any]) -> None:
        entry = {**plain["metrics"][0], "label": "mine", "name": "mine", "distribution": "mine"}
        plain.update(metrics=[entry], scores={"mine": [1.0] * 3}, undefined={})

    forge(submission(copy), change)
    found, refused = read_folder(copy / "submissions", load())
    assert "random-forest" not in {one.record.name for one in found}
    assert "none of its metrics is installed here" in refused[0]


@pytest.mark.parametrize("text", ["grad-cam++", "ff@10", "event-recall@20", "x2"])
def test_honest_names_pass(text: str) -> None:
    assert check_name(text) == text


def test_no_installed_plugin_looks_like_another() -> None:
    seen: dict[tuple[str, str], str] = {}
    for entry in load():
        name = entry.spec.name
        assert seen.setdefault((entry.kind, skeleton(name)), name) == name


def test_a_label_may_leave_out_what_was_a_default_when_it_was_published() -> None:
    dataset = next(one for one in load() if (one.kind, one.spec.name) == ("dataset", "soundscapes"))
    for clips, label in ((8, "soundscapes"), (44, "soundscapes"), (9, "soundscapes:clips=9")):
        stated = Plugin(
            name="soundscapes",
            label=label,
            distribution=dataset.origin.distribution,
            version=dataset.origin.version,
            parameters={"split": "test", "clips": clips, "seed": 0},
        )
        _check_settings("dataset", stated, dataset)
    with pytest.raises(SubmissionError, match="its label is soundscapes:clips=9"):
        _check_settings("dataset", stated.model_copy(update={"label": "soundscapes"}), dataset)
