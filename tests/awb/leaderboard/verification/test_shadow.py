"""Shadows of submissions: an explainer that is tuned to the public clips is exposed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from awb.harness.config.run_config import RunConfig
from awb.harness.run import run
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.submissions.canonical_json import canonical, content_sha256
from awb.leaderboard.submissions.files import Reader
from awb.leaderboard.submissions.shadows import read_shadows
from awb.leaderboard.verification import shadow_run
from awb.leaderboard.verification.shadow_comparison import compare
from awb.plugins.discovery import load
from awb.plugins.session import add_file
from submissions import awb, forge, read, submission

Once = Callable[[str, Callable[[Path], Any]], Path]
TUNED = Path(__file__).parents[3] / "tuned.py"
SEED = "1000000"  # under which every one of four scenes has an instance


@pytest.fixture(scope="module")
def leaderboards(once: Once) -> Path:
    """The public board of two explainers, with shadows; read-only."""
    add_file(TUNED)
    return once("shadows", _with_shadows) / "leaderboards"


@pytest.fixture(scope="module")
def verified(leaderboards: Path) -> dict[str, Any]:
    """What awb verify says of each submission."""
    told = json.loads((leaderboards.parent / "verified.json").read_text())
    return {Path(one["path"]).stem: one for one in told}


def _with_shadows(folder: Path) -> None:
    ran = awb(
        "run", "--explainers", "tuned,naive,random", "--metrics", "roc-auc,deletion-area",
        "--clips", "8", "--no-baselines", "--robustness", "0", "--jobs", "1",
        "--out", folder / "run",
    )  # fmt: skip
    assert ran.exit_code == 0, ran.output
    into = folder / "leaderboards"
    assert awb("publish", folder / "run", "--into", into, "--no-site").exit_code == 0
    runs = []

    def noted(config: RunConfig, *rest: Any) -> RunFolder:
        runs.append(config.explainers)
        return run(config, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("awb.harness.config.shadows.draw_seed", lambda: int(SEED))
        patch.setattr(shadow_run, "run", noted)
        result = awb(
            "verify", into / "submissions", "--shadow", "4", "--record", "B. Verifier", "--json"
        )
    assert result.exit_code == 1, result.output
    assert f"shadow seed {SEED}: 1 exposed, 0 without a shadow" in result.stderr
    (folder / "verified.json").write_text(result.stdout)
    (folder / "runs.json").write_text(json.dumps(runs))


@pytest.fixture
def recorded(leaderboards: Path, verified: dict[str, Any], tmp_path: Path) -> Path:
    """A copy of the leaderboards that tests may change."""
    return Path(shutil.copytree(leaderboards, tmp_path / "leaderboards"))


def test_a_tuned_explainer_is_exposed(verified: dict[str, Any]) -> None:
    assert verified["tuned"]["passed"], "nothing about the submission itself is wrong"
    shadow = verified["tuned"]["shadow"]
    found = shadow["metrics"]["roc-auc"]
    assert found["claimed"][0] == pytest.approx(1.0)
    assert 0.3 < found["shadow"][0] < 0.7
    assert found["outcome"] == "the claim is better"
    assert shadow["exposed"] == "roc-auc was better than it is on new clips"
    assert shadow["dataset"] == f"soundscapes:clips=4,seed={SEED}"


def test_awbs_own_rows_share_a_run_and_nobody_elses_is_in_it(leaderboards: Path) -> None:
    runs = json.loads((leaderboards.parent / "runs.json").read_text())
    assert runs == [["naive", "random"], ["tuned"]]


@pytest.mark.slow
def test_a_row_has_the_same_shadow_alone(recorded: Path, verified: dict[str, Any]) -> None:
    path = submission(recorded / "submissions", "naive")
    alone = awb("verify", path, "--shadow", "4", "--shadow-seed", SEED, "--json")
    [found] = json.loads(alone.stdout)
    assert found["shadow"] == verified["naive"]["shadow"]


def test_an_honest_explainer_is_compatible(verified: dict[str, Any]) -> None:
    shadow = verified["naive"]["shadow"]
    assert shadow["exposed"] == ""
    assert [one["outcome"] for one in shadow["metrics"].values()] == ["compatible"] * 2


@pytest.mark.slow
def test_an_explainer_that_fails_on_new_clips_is_exposed(recorded: Path) -> None:
    path = submission(recorded / "submissions", "naive")
    record = Reader().read(path).record
    shadow = read_shadows(recorded, {record.sha256})[0][record.sha256]
    assert not compare(record, shadow, load()).exposed
    rows = [one.model_copy(update={"status": "failed"}) for one in shadow.instances]
    failed = shadow.model_copy(update={"instances": rows, "scores": {}})
    comparison = compare(record, failed, load())
    assert comparison.exposed == "it explained 0% of the new instances"
    assert [one.outcome for one in comparison.metrics] == ["cannot tell"] * 2


@pytest.mark.slow
def test_the_pages_show_both_values(recorded: Path) -> None:
    result = awb("publish", "--into", recorded)
    assert result.exit_code == 0, result.output
    page = (recorded / "soundscapes--soundscape-cnn.md").read_text()
    [tuned] = [
        line for line in page.partition("### On clips")[2].splitlines() if "| tuned " in line
    ]
    assert "| 1.000 [" in tuned
    assert "| the claim is better " in tuned
    assert f"by B. Verifier, 4 clips, seed {SEED}" in tuned
    assert f"--shadow 4 --shadow-seed {SEED}" in page
    site = (recorded / "site" / "boards" / "soundscapes--soundscape-cnn.html").read_text()
    assert '<td class="text">the claim is better</td>' in site
    checked = awb("verify", recorded)
    assert "3 passed, 0 refused" in checked.stderr, "a shadow is not a submission"


@pytest.mark.slow
def test_a_shadow_of_a_submission_that_has_changed_is_ignored(recorded: Path) -> None:
    forge(submission(recorded / "submissions", "tuned"), _with_a_note)
    result = awb("publish", "--into", recorded, "--no-site")
    assert result.exit_code == 0, result.output
    assert "tuned of soundscapes--soundscape-cnn-" in result.stderr
    assert "has changed since; repeat awb verify --shadow" in result.stderr
    page = (recorded / "soundscapes--soundscape-cnn.md").read_text()
    assert "### On clips" in page, "the other explainer still has its shadow"
    assert "the claim is better" not in page


def _with_a_note(plain: dict[str, Any]) -> None:
    plain["credit"]["note"] = "new"


@pytest.mark.slow
def test_a_damaged_shadow_is_ignored(recorded: Path) -> None:
    sha256 = read(submission(recorded / "submissions", "tuned"))["sha256"]
    path = recorded / "shadow" / f"{sha256}.json"
    plain = json.loads(path.read_text())
    plain["scores"]["roc-auc"] = [1.0]
    path.write_bytes(canonical(plain))
    assert "its hash differs" in awb("publish", "--into", recorded, "--no-site").stderr
    path.write_bytes(canonical({**plain, "sha256": content_sha256(plain)}))
    assert "it has columns of 1, not" in awb("publish", "--into", recorded, "--no-site").stderr


def test_a_fixed_dataset_has_no_shadow(published: Path) -> None:
    path = submission(published / "submissions", "oracle")
    result = awb("verify", path, "--shadow", "4")
    assert result.exit_code == 3
    assert result.stdout.startswith("UNCHECKED ")
    assert "no shadow: folder:" in result.stdout
    assert "its clips are fixed; --shadow needs a generated dataset" in result.stdout


@pytest.mark.slow
def test_a_recorded_seed_is_drawn(published: Path) -> None:
    options = ["--shadow", "4", "--shadow-seed", SEED, "--record", "B. Verifier"]
    result = awb("verify", published / "submissions", *options)
    assert result.exit_code == 2
    assert "--record draws the seed itself; leave out --shadow-seed" in result.stderr


@pytest.mark.parametrize(
    ("option", "needs"),
    [("--shadow-seed", "--shadow N"), ("--record", "--spot-check K or --shadow N")],
)
def test_options_of_shadows_require_them(published: Path, option: str, needs: str) -> None:
    result = awb("verify", published / "submissions", option, "7")
    assert result.exit_code == 2
    assert f"{option} requires {needs}" in str(result.output) + str(result.exception)
