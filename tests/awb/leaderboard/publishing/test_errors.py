"""Boards of false alarms and of misses: beside those of hits, and never mixed with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import published_values
import pyarrow.parquet
import pytest

import small_data
from awb.data.instance_kinds import FALSE_ALARMS, HITS, MISSES, NO_EVENTS_OF
from awb.harness.selection.manifest import Manifest
from awb.leaderboard.deposits.about import About
from awb.leaderboard.publishing.dataset_card import score_table
from awb.leaderboard.publishing.publication import Contents
from awb.leaderboard.submissions.canonical_json import content_sha256
from awb.leaderboard.submissions.files import MANIFEST_NAME, Reader, find, manifest_text
from awb.leaderboard.submissions.names import folder_name
from awb.leaderboard.submissions.schema import read_submission
from awb.leaderboard.verification.shadow_comparison import compared_metrics
from awb.plugins.discovery import load
from board_sentences import false_claims, sections
from site_pages import broken_links
from submissions import awb, read, seal

ROOT = Path(__file__).resolve().parents[4]
COMMITTED = ROOT / "leaderboards" / "submissions"
METRICS = "roc-auc,event-rank-margin,deletion-area,insertion-area,srg,ff@annotated,ff-in,sparseness"
SUMMARY = "summary-models.md"
Change = Callable[[dict[str, Any], dict[str, Any]], None]


def _data(folder: Path) -> Path:
    """Write ten bursts: the model hears all as "Loud"; half of them are labelled "Quiet"."""
    lines = ["filename\tonset\toffset\tevent_label"]
    for index in range(10):
        onset_s = 0.3 + 0.7 * index % 2.2
        small_data.write_clip(folder / "audio" / f"clip-{index}.wav", [onset_s], seed=index)
        label = ("Loud", "Quiet")[index % 2]
        lines.append(f"clip-{index}.wav\t{onset_s:.3f}\t{onset_s + 0.4:.3f}\t{label}")
    (folder / "events.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def hits_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Leaderboards with a board of hits, and runs of errors beside them."""
    folder = tmp_path_factory.mktemp("errors")
    data = _data(folder / "bursts")
    for kind in (HITS, FALSE_ALARMS, MISSES):
        done = awb(
            "run", "--dataset", f"folder:{data}", "--model", "loudness", "--samples", "60",
            "--explainers", "random-forest,naive", "--metrics", METRICS, "--jobs", "1",
            "--instances", kind, "--min-score", "0", "--out", folder / kind,
        )  # fmt: skip
        assert done.exit_code == 0, done.output
    _publish(folder / HITS, folder / "leaderboards")
    return folder / "leaderboards"


def _publish(run: Path, into: Path) -> None:
    done = awb("publish", run, "--into", into, "--author", "A. Person")
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def boards(hits_alone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same leaderboards with the boards of errors; read-only."""
    into = tmp_path_factory.mktemp("all") / "leaderboards"
    shutil.copytree(hits_alone, into)
    for kind in (FALSE_ALARMS, MISSES):
        _publish(hits_alone.parent / kind, into)
    return into


def _page(boards: Path, kind: str) -> Path:
    names = {path.stem.rpartition("--")[2]: path for path in boards.glob("*--*.md")}
    return names["loudness" if kind == HITS else kind]


def _of(boards: Path, kind: str, name: str = "random-forest") -> Path:
    found = boards.glob(f"submissions/*/{name}.json")
    [path] = [one for one in found if read(one)["settings"].get("instances", HITS) == kind]
    return path


def test_errors_have_pages_that_say_so(boards: Path) -> None:
    assert len(list(boards.glob("*--*.md"))) == 3
    for kind, title, extent in (
        (HITS, "loudness on bursts (folder)", "## 5 instances from 5 clips"),
        (
            FALSE_ALARMS,
            "loudness on bursts (folder): false alarms",
            "## 5 false alarms from 5 clips",
        ),
        (MISSES, "loudness on bursts (folder): misses", "## 5 misses from 5 clips"),
    ):
        lines = _page(boards, kind).read_text(encoding="utf-8").splitlines()
        assert lines[0] == f"# {title}"
        assert [line for line in lines if line.startswith("## ")] == [extent]
        index = (boards / "README.md").read_text(encoding="utf-8")
        assert f"| [{title}]({_page(boards, kind).name}) |" in index


def test_a_page_of_false_alarms_tells_where_they_point(boards: Path, hits_alone: Path) -> None:
    page = _page(boards, FALSE_ALARMS).read_text(encoding="utf-8")
    shown = awb("show", hits_alone.parent / FALSE_ALARMS, "--format", "md").stdout
    [row] = [line for line in shown.splitlines() if line.startswith("| Loud")]
    assert row in page.splitlines()
    assert "roc-auc" not in page
    assert "False alarms have no events" in page


def test_the_board_of_hits_and_what_is_said_over_all_boards_stay_as_they_are(
    boards: Path, hits_alone: Path
) -> None:
    for path in (_page(hits_alone, HITS), hits_alone / SUMMARY):
        assert (boards / path.name).read_bytes() == path.read_bytes()
    before, after = (
        (one / "README.md").read_text(encoding="utf-8") for one in (hits_alone, boards)
    )
    assert "Over all boards: " in before
    assert "Over all boards of hits: " in after
    for name in ("which-explainer.html", "summary.html"):
        mains = [
            (one / "site" / name).read_text(encoding="utf-8").partition("<footer>")[0]
            for one in (hits_alone, boards)
        ]
        assert mains[0] == mains[1]
    [board] = Contents.of(boards, load()).comparable.boards
    assert board.manifest.kind == HITS
    findings = published_values.read_boards(boards / "submissions", load())
    assert [one.folder for one in findings] == [_of(boards, HITS).parent.name]


def test_everything_is_verified_with_and_without_the_model(boards: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(boards, tmp_path / "leaderboards"))
    result = awb("verify", copy, "--spot-check", "1", "--record", "B. Person")
    assert result.exit_code == 0, result.output
    passed = [line for line in result.stdout.splitlines() if line.startswith("PASS")]
    assert len(passed) == 7 + 6 + 7, "the oracle has no false alarms"
    before = _page(copy, FALSE_ALARMS).read_text(encoding="utf-8")
    assert "Best by" not in before
    assert "claims have no place" in before
    assert awb("publish", "--into", copy, "--no-site").exit_code == 0
    for kind, metric in ((FALSE_ALARMS, "deletion-area"), (MISSES, "roc-auc")):
        [section] = sections(_page(copy, kind).read_text(encoding="utf-8"))
        assert section.lead.startswith(f"Best by {metric}: ")
        assert false_claims(section, copy / "submissions") == []


def test_localization_of_false_alarms_is_undefined_with_its_reason(boards: Path) -> None:
    one = Reader().read(_of(boards, FALSE_ALARMS))
    n = len(one.manifest.kept)
    for metric in ("roc-auc", "event-rank-margin", "ff@annotated"):
        assert one.record.scores[metric] == [None] * n
        assert one.record.undefined[metric] == {NO_EVENTS_OF: list(range(n))}
    assert None not in one.record.scores["deletion-area"]
    names = [facts.name for facts in compared_metrics(one.record, load())]
    assert names[0] == "deletion-area", "a shadow compares what ranks"


def test_only_errors_name_their_kind(boards: Path) -> None:
    assert "instances" not in read(_of(boards, HITS))["settings"]
    folders = {_of(boards, kind).parent.name for kind in (HITS, FALSE_ALARMS, MISSES)}
    assert len(folders) == 3
    for folder in COMMITTED.glob("*") if COMMITTED.is_dir() else ():
        record = Reader().read(next(iter(find([folder])))).record
        assert record.sha256 == content_sha256(record.model_dump(mode="json", exclude_unset=True))
        assert folder_name(record) == folder.name


def _forged(path: Path, to: Path, change: Change) -> Path:
    """Change a submission and its manifest, and update all hashes and the folder's name."""
    plain, kept = read(path), read(path.with_name(MANIFEST_NAME))
    change(plain, kept)
    manifest = Manifest.from_json(kept)
    plain["manifest"]["sha256"] = manifest.sha256
    plain["sha256"] = content_sha256(plain)
    folder = to / folder_name(read_submission(plain, path.name))
    folder.mkdir(parents=True)
    (folder / MANIFEST_NAME).write_bytes(manifest_text(manifest))
    shutil.copy(path.with_suffix(".relevance"), folder)
    seal(folder / path.name, plain)
    return folder / path.name


def _as(kind: str) -> Change:
    """Call the instances something else, in the submission and in the manifest."""

    def change(plain: dict[str, Any], manifest: dict[str, Any]) -> None:
        plain["settings"]["instances"] = manifest["kind"] = kind
        if kind == HITS:
            del plain["settings"]["instances"]
        if kind != FALSE_ALARMS:
            for one in manifest["kept"]:
                one.pop("others", None)
                one.pop("duration_s", None)

    return change


def _kept(**values: Any) -> Change:
    return lambda _, manifest: manifest["kept"][0].update(values)


def test_a_changed_kind_is_refused(boards: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(_of(boards, FALSE_ALARMS).parent, tmp_path / "a" / "f")) / "x.json"
    path = path.with_name("random-forest.json")
    plain = read(path)
    del plain["settings"]["instances"]
    path.write_text(json.dumps(plain), encoding="utf-8")
    assert "its hash differs" in awb("verify", path).stdout
    seal(path, plain)
    assert "should be called" in awb("verify", path).stdout, "the folder is that of another board"


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        (FALSE_ALARMS, lambda plain, _: plain["settings"].pop("instances"),
         "its settings say hits, its manifest has false-alarms"),
        (MISSES, _as(HITS), "is not that of hits at a threshold of 0"),
        (HITS, _as(MISSES), "is not that of misses at a threshold of 0"),
        (MISSES, _as(FALSE_ALARMS), "a false alarm has no event of its own"),
        (FALSE_ALARMS, _kept(others=[["Loud", 0.1, 0.2]]), "a false alarm has no event of its own"),
        (FALSE_ALARMS, _kept(others=[["Quiet", 0.1, 9.0]]), "is not within the clip"),
        (FALSE_ALARMS, _kept(duration_s=2.0), "the length of the clip differs"),
        (MISSES, _kept(others=[["Loud", 0.1, 0.2]], duration_s=3.0), "for false alarms only"),
    ],
)  # fmt: skip
def test_instances_that_cannot_be_of_the_kind_are_refused(
    boards: Path, tmp_path: Path, kind: str, change: Change, reason: str
) -> None:
    path = _forged(_of(boards, kind), tmp_path / "submissions", change)
    result = awb("verify", path)
    assert result.exit_code == 1
    assert reason in result.stdout


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_as(HITS), "is not selected here"),
        (_kept(others=[["Quiet", 0.1, 0.2]]), "the events of the dataset differ here"),
    ],
)
def test_a_spot_check_finds_what_only_the_labels_tell(
    boards: Path, tmp_path: Path, change: Change, reason: str
) -> None:
    path = _forged(_of(boards, FALSE_ALARMS), tmp_path / "submissions", change)
    assert awb("verify", path).exit_code == 0, "only the labels contradict it"
    result = awb("verify", path, "--spot-check", "5")
    assert result.exit_code == 1
    assert reason in result.stdout


def test_the_site_names_the_kind_wherever_it_names_the_board(boards: Path) -> None:
    site = boards / "site"
    assert broken_links(site) == []
    alarms = f"{_page(boards, FALSE_ALARMS).stem}.html"
    page = (site / "boards" / alarms).read_text(encoding="utf-8")
    assert "<h1>loudness on bursts (folder): false alarms</h1>" in page
    assert "At what do explanations of the model" in page
    assert "point where it hears what nobody labelled?" in page
    assert "False alarms: where do they point?" in page
    index = (site / "index.html").read_text(encoding="utf-8")
    assert "Over all boards of hits" in index
    assert '<span class="head">loudness: misses</span>' in index
    assert "by deletion-area ↓" in index or "by roc-auc ↑" in index, "two metrics rank"
    explainer = (site / "explainers" / "random-forest.html").read_text(encoding="utf-8")
    commands = [line for line in explainer.splitlines() if "awb run --dataset" in line]
    ends = [line.partition("--instances ")[2].partition(" ")[0] for line in commands]
    assert sorted(ends) == ["", FALSE_ALARMS, MISSES]
    feed = (site / "feed.xml").read_text(encoding="utf-8")
    assert "<title>random-forest: loudness on bursts (folder): false alarms</title>" in feed


def test_the_table_of_all_scores_tells_hits_from_errors(boards: Path, tmp_path: Path) -> None:
    submitted = Contents.of(boards, load()).submitted
    content, n_rows = score_table(submitted)
    (tmp_path / "scores.parquet").write_bytes(content)
    table = pyarrow.parquet.read_table(tmp_path / "scores.parquet").to_pandas()
    assert len(table) == n_rows
    counts = table.groupby("instances")["explainer"].nunique()
    assert counts.to_dict() == {HITS: 7, FALSE_ALARMS: 6, MISSES: 7}
    assert "on 3 boards" in About.of(submitted, "apache-2.0").description
    archive = tmp_path / "boards.zip"
    done = awb("publish", "--into", boards, "--no-site", "--archive", archive)
    assert done.exit_code == 0, done.output
    assert archive.stat().st_size > 10_000
