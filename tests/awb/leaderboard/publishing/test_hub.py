"""``awb publish --to-hub``: what arrives, what does not, and where the token goes."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pyarrow.parquet
import pytest
import yaml

import submissions
from awb.errors import HubError, MissingExtraError, ParameterError, SubmissionError
from awb.leaderboard.publishing.comparable_boards import comparable
from awb.leaderboard.publishing.dataset_card import checked_license
from awb.leaderboard.publishing.hub import Parcel, checked_repo, pack, push
from awb.leaderboard.publishing.over_models import summarize_models
from awb.leaderboard.submissions.files import Reader, find
from awb.plugins.discovery import load
from hub_stand_in import Hub, serving

huggingface_hub = pytest.importorskip("huggingface_hub", reason="needs the extra hub")

REPO = "a-lab/awb-boards"
RESULT = "eval_results/loudness.yaml"
TOKEN = "hf_" + "onlyForTheStandIn" * 2
SMALL = Parcel(REPO, {"README.md": b"---\nlicense: apache-2.0\n---\n", "a.relevance": b"\0\1\2"})


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with serving(TOKEN) as found:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", found.address)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield found


def _where_the_token_is(hub: Hub) -> set[str]:
    """Name every part of a request that contains the token."""
    found = set()
    for _, path, headers, body in hub.calls:
        found |= {name for name, value in headers.items() if TOKEN in value}
        found |= {"body"} if TOKEN.encode() in body else set()
        found |= {"path"} if TOKEN in path else set()
    return found


def test_the_pushed_files_equal_the_local_ones_and_pass_verify(copy: Path, tmp_path: Path) -> None:
    """Run the command in a separate process, with all logs of huggingface_hub enabled."""
    home, out = tmp_path / "home", tmp_path / "pulled"
    home.mkdir()
    with serving(TOKEN) as hub:
        done = subprocess.run(
            [sys.executable, "-m", "awb", "publish", "--no-site", "--into", copy, "--to-hub", REPO],
            env={
                **os.environ, "HF_ENDPOINT": hub.address, "HF_TOKEN": TOKEN, "HF_DEBUG": "1",
                "HF_HOME": str(home), "HOME": str(home), "HF_HUB_DISABLE_XET": "1",
                "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_VERBOSITY": "debug",
            },
            cwd=home, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"{hub.address}/datasets/{REPO}"
    assert "DEBUG" in done.stderr or "Request" in done.stderr, "the logs are enabled"
    assert f"sending {len(hub.datasets[REPO])} files" in done.stderr
    assert "%|" not in done.stderr, "no progress bar per file"
    assert TOKEN not in done.stdout + done.stderr
    assert _where_the_token_is(hub) == {"authorization"}
    for path in [*home.rglob("*"), *copy.rglob("*")]:
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes(), path
    stored = [call for call in hub.calls if call[0] == "PUT"]
    assert stored
    assert not any("authorization" in headers for _, _, headers, _ in stored)

    files = hub.datasets[REPO]
    here = {
        path.relative_to(copy).as_posix(): path.read_bytes()
        for path in copy.rglob("*")
        if path.is_file() and not path.is_relative_to(copy / "site")
    }
    assert {name: files[name] for name in here if name != "README.md"} == {
        name: content for name, content in here.items() if name != "README.md"
    }
    assert set(files) == set(here) | {"scores.parquet", "croissant.json", RESULT}
    assert len(hub.commits) == 1
    assert hub.private[REPO] is None
    for name, content in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    assert submissions.awb("verify", out).exit_code == 0


def test_the_card_has_front_matter_and_the_facts(published: Path) -> None:
    parcel = pack(published, load(), REPO, license_id="cc-by-4.0")
    card, table = parcel.files["README.md"], parcel.files["scores.parquet"]
    assert isinstance(card, bytes)
    assert isinstance(table, bytes)
    _, front, body = card.decode().split("---\n", 2)
    facts = yaml.safe_load(front)
    assert facts["license"] == "cc-by-4.0"
    assert {"audio", "explainability", "benchmark"} <= set(facts["tags"])
    [config] = facts["configs"]
    assert config["data_files"] in parcel.files
    scores = pyarrow.parquet.read_table(BytesIO(table)).to_pylist()
    assert facts["size_categories"] == ["n<1K"]
    assert f"{len(scores):,} rows" in body
    assert f"hf download {REPO}" in body
    assert "(folder)](folder-" in body, "the index of the boards"
    record = submissions.read(submissions.submission(published))
    own = [one for one in scores if one["explainer"] == "random-forest"]
    assert len(own) == len(record["scores"]) * len(record["instances"])
    claimed = {one["value"] for one in own if one["metric"] == "roc-auc"}
    assert claimed == set(record["scores"]["roc-auc"])


def test_results_of_models_are_what_the_hub_reads(published: Path) -> None:
    """The Hub's library parses them, and the value is that of the summary over models."""
    content = pack(published, load(), REPO).files[RESULT]
    assert isinstance(content, bytes)
    plain = yaml.safe_load(content)
    [entry] = huggingface_hub.parse_eval_result_entries(plain)
    assert huggingface_hub.eval_result_entries_to_yaml([entry]) == plain
    assert entry.dataset_id == REPO
    assert entry.task_id.startswith("folder-")
    assert entry.source_url == f"https://huggingface.co/datasets/{REPO}"
    read = [Reader().read(path) for path in find([published / "submissions"])]
    assert entry.date == max(one.record.environment.created[:10] for one in read)
    summary = summarize_models(comparable(read, load()))
    assert summary is not None
    [row] = summary.rows
    assert entry.value == round(row.localization.mean, 4)
    assert f"{row.n_instances} instances in {row.n_clips} clips" in entry.notes
    assert summary.n_faithful == 1
    assert "of the explainer most faithful" in entry.notes


def test_only_what_boards_need_is_sent(copy: Path, tmp_path: Path) -> None:
    folder = submissions.submission(copy).parent
    (copy / ".env").write_text("secret")
    (copy / "notes.txt").write_text("private")
    (folder / "random.json.partial").write_text("half")
    (folder / ".hidden.json.swp").write_text("half")
    (tmp_path / "elsewhere.md").write_text("private")
    (copy / "link.md").symlink_to(tmp_path / "elsewhere.md")
    names = set(pack(copy, load(), REPO).files)
    assert not {name for name in names if "." not in name or "private" in name}
    assert {Path(name).suffix for name in names} == {
        ".md",
        ".json",
        ".relevance",
        ".parquet",
        ".yaml",
    }
    assert "link.md" not in names
    assert not any(Path(name).name.startswith(".") for name in names)


def test_an_invalid_submission_is_not_sent(copy: Path, hub: Hub) -> None:
    path = submissions.submission(copy)
    submissions.forge(path, lambda plain: plain["scores"]["roc-auc"].__setitem__(0, 0.123))
    result = submissions.awb("publish", "--into", copy, "--to-hub", REPO)
    assert result.exit_code == 1
    assert "not shown" in result.output
    assert hub.calls == []
    with pytest.raises(SubmissionError, match="is refused, so nothing is sent"):
        pack(copy, load(), REPO)


def test_a_dry_run_lists_and_sends_nothing(
    copy: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}
    result = submissions.awb("publish", "--into", copy, "--to-hub", REPO, "--dry-run")
    assert result.exit_code == 0, result.output
    listed = [line.split()[-1] for line in result.stdout.splitlines()]
    assert listed == list(pack(copy, load(), REPO).files)
    assert "nothing was sent" in result.stderr
    assert hub.calls == []
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*")} == before


def test_pushing_again_commits_only_changed_files(hub: Hub) -> None:
    assert push(SMALL, private=True) == f"{hub.address}/datasets/{REPO}"
    assert hub.private[REPO] == "private"
    hub.datasets[REPO]["theirs.md"] = b"stays"
    changed = Parcel(REPO, {**SMALL.files, "a.relevance": b"\0\1\3"})
    assert push(changed) == f"{hub.address}/datasets/{REPO}"
    assert hub.private[REPO] == "private"
    assert hub.datasets[REPO] == {**changed.files, "theirs.md": b"stays"}
    [committed] = [body for _, path, _, body in hub.calls[-1:] if "/commit/" in path]
    assert b"README.md" not in committed


@pytest.mark.parametrize(
    ("start", "status", "message"),
    [
        ("/api/repos/create", 403, "may not write to a-lab"),
        ("/api/repos/create", 404, "there is no a-lab on the Hub"),
        ("/api/repos/create", 500, "nothing was committed; try again later"),
        (f"/api/datasets/{REPO}/preupload", 403, "may not write to a-lab"),
        (f"/api/datasets/{REPO}/commit", 413, "nothing was committed"),
        (f"/api/datasets/{REPO}/commit", 429, "wait a few minutes"),
        ("/storage/", 403, "may not write to a-lab"),
    ],
)
def test_refusals_of_the_hub_are_reported_with_advice(
    hub: Hub, start: str, status: int, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    hub.refusals[start] = (status, "because of a rule")
    with caplog.at_level(logging.DEBUG), pytest.raises(HubError) as caught:
        push(SMALL)
    assert f"status {status} (because of a rule)" in str(caught.value)
    assert message in str(caught.value)
    assert hub.datasets.get(REPO, {}) == {}
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert TOKEN not in shown
    assert caught.value.__context__ is None


def test_an_invalid_token_is_reported(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(
        HubError, match=r"401.*the token is not valid\. Type: hf auth login"
    ) as caught:
        push(SMALL)
    assert "hf_wrong" not in str(caught.value)


def test_without_a_token_it_says_what_to_type(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(HubError, match=r"no token for the Hub.*hf auth login, or set HF_TOKEN"):
        push(SMALL)
    assert hub.calls == []


def test_the_login_of_huggingface_hub_is_used(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    (tmp_path / "token").write_text(TOKEN)
    push(SMALL)
    assert hub.datasets[REPO] == SMALL.files


def test_a_missing_network_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", nobody)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with pytest.raises(HubError, match=r"the Hub cannot be reached .*check the network"):
        push(SMALL)


def test_without_huggingface_hub_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"\[hub\]"):
        push(SMALL)


@pytest.mark.parametrize(
    "text",
    ["boards", "a/b/c", "/b", "a/", "../b", "a/b--c", "a/b..c", "-a/b", "a/b\n", "a/" + "b" * 96],
)
def test_invalid_repository_names_are_refused(text: str) -> None:
    with pytest.raises(HubError, match="OWNER/NAME"):
        checked_repo(text)


def test_invalid_licences_are_refused() -> None:
    assert checked_license("cc-by-4.0") == "cc-by-4.0"
    for text in ("", "MIT", "mit\ntags: [evil]", "a b"):
        with pytest.raises(ParameterError, match="--license"):
            checked_license(text)


def test_without_submissions_there_is_nothing_to_push(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="Type: awb publish RUN"):
        pack(tmp_path, load(), REPO)
    (tmp_path / "submissions").mkdir()
    with pytest.raises(SubmissionError, match="Type: awb publish RUN"):
        pack(tmp_path, load(), REPO)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--private"], "--private requires --to-hub"),
        (["--dry-run"], "--dry-run requires --to-hub"),
        (["RUN", "--to-hub", REPO, "--dry-run"], "publish the run first"),
        (["--to-hub", "nonsense"], "is not a name on the Hub"),
        (["--to-hub", REPO, "--license", "My License"], "is not a licence identifier"),
    ],
)
def test_invalid_options_write_nothing(words: list[str], message: str, tmp_path: Path) -> None:
    result = submissions.awb("publish", "--into", tmp_path / "boards", *words)
    assert result.exit_code == 2
    assert message in result.output
    assert not (tmp_path / "boards").exists()
