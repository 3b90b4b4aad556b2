"""The clip that opens the site: its files, its drawing, and what is played of it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from awb.errors import SubmissionError
from awb.harness.selection.dataset_process import Source
from awb.harness.unit.warm_plugins import build
from awb.leaderboard.submissions.files import Reader
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.report.views.spectrogram import spectrogram
from awb.site.clip_files import read_clip
from browser import awb
from site_pages import broken_links, tree
from submissions import read

ROOT = Path(__file__).resolve().parents[3]
NAME = "clip-1.wav/Loud"


@pytest.fixture(scope="module")
def with_clip(boards: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip") / "leaderboards"
    copy = Path(shutil.copytree(boards, folder))
    result = awb("site", "clip", "--leaderboards", copy, _plain(copy), NAME,
                 "--explainers", "naive, correlation")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(copy / "clip" / "clip.json")
    assert awb("site", "build", "--leaderboards", copy).exit_code == 0
    return copy


def _plain(leaderboards: Path) -> str:
    """Find the label of the harmless dataset."""
    for path in sorted(leaderboards.glob("submissions/*/naive.json")):
        label = str(read(path)["dataset"]["label"])
        if label.endswith("plain"):
            return label
    raise AssertionError("no board of the plain clips")


def test_the_page_has_its_sound_and_its_parts(with_clip: Path) -> None:
    site = with_clip / "site"
    assert broken_links(site) == []
    sound = (site / "static" / "clip.flac").read_bytes()
    label = _plain(with_clip)
    samples, rate_hz = soundfile.read(io.BytesIO(sound), dtype="float32")
    audio = Path(label.partition(":")[2]) / "audio" / "clip-1.wav"
    wanted, _ = soundfile.read(audio, dtype="float32")
    assert rate_hz == 16_000
    np.testing.assert_allclose(samples, wanted, atol=2 / 32768)
    script = (site / "static" / "clip-sound.js").read_text("utf-8")
    found = re.search(r'awb\.clipSound = "([A-Za-z0-9+/=]+)";', script)
    assert found is not None
    assert base64.b64decode(found[1]) == sound
    index = (site / "index.html").read_text("utf-8")
    assert re.findall(r'data-what="([^"]*)"', index) == [
        "the clip", "what naive points at", "what correlation points at",
    ]  # fmt: skip
    assert index.index('data-role="stage"') < index.index('id="boards"'), "it opens the page"
    assert '<noscript><audio controls preload="none" src="static/clip.flac"' in index
    page = (site / "explainers" / "correlation.html").read_text("utf-8")
    assert re.findall(r'data-what="([^"]*)"', page) == ["the clip", "what correlation points at"]


def test_the_part_is_the_most_relevant_cells_as_many_as_the_event_has(with_clip: Path) -> None:
    label = _plain(with_clip)
    [path] = [
        path
        for path in with_clip.glob("submissions/*/naive.json")
        if read(path)["dataset"]["label"] == label
    ]
    submitted = Reader().read(path)
    [place] = [
        place
        for place, row in enumerate(submitted.record.instances)
        if f"{row.clip_id}/{row.target}" == NAME
    ]
    relevance = submitted.relevance[place]
    assert relevance is not None
    page = (with_clip / "site" / "explainers" / "naive.html").read_text("utf-8")
    found = re.search(r'data-what="what naive points at" data-kept="([01]+)"', page)
    assert found is not None
    kept = np.array([mark == "1" for mark in found[1]])
    assert relevance[kept].min() >= relevance[~kept].max()
    onset_s, offset_s = submitted.kept["clip-1.wav", "Loud"].intervals_s[0]
    edges = np.arange(kept.size + 1) / 10
    inside = np.minimum(edges[1:], offset_s) - np.maximum(edges[:-1], onset_s)
    assert kept.sum() == (inside > 0.09).sum()
    curve = re.search(r'<path class="relevance" d="M0 ([\d.]+)((?:V[\d.]+H[\d.]+)+)V', page)
    assert curve is not None
    heights = np.array([float(step) for step in re.findall(r"V([\d.]+)H", curve[2])])
    drawn = (float(curve[1]) - heights) / (float(curve[1]) - 6)
    np.testing.assert_allclose(drawn, relevance / np.abs(relevance).max(), atol=0.003)


def test_without_a_stored_clip_the_first_page_draws_one(boards: Path) -> None:
    index = (boards / "site" / "index.html").read_text("utf-8")
    assert index.count('<path class="relevance"') == 3
    assert "data-sound" not in index
    assert 'data-role="hear"' not in index
    assert not (boards / "site" / "static" / "clip-sound.js").exists()


def test_files_that_do_not_belong_together_are_refused(with_clip: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(with_clip, tmp_path / "leaderboards"))
    with (folder / "clip" / "clip.flac").open("ab") as stream:
        stream.write(b"more")
    result = awb("site", "build", "--leaderboards", folder)
    assert result.exit_code == 1
    assert "clip.flac is not the file that clip.json names" in result.stderr
    assert "static/clip.flac" not in tree(folder / "site")
    (folder / "clip" / "clip.flac").unlink()
    with pytest.raises(SubmissionError, match="cannot read"):
        read_clip(folder)
    (folder / "clip" / "clip.flac").write_bytes(b"0" * 700_000)
    with pytest.raises(SubmissionError, match="larger than 600,000 bytes"):
        read_clip(folder)
    (folder / "clip" / "clip.json").write_text('{"dataset": 3}')
    with pytest.raises(SubmissionError, match="awb site clip"):
        read_clip(folder)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("folder:nowhere", NAME), "nothing is published about folder:nowhere"),
        (("PLAIN", "clip-9.wav/Loud"), "no published instance 'clip-9.wav/Loud'"),
        (("PLAIN", NAME, "nayve"), "nayve has no entry on the board of clip-1.wav/Loud"),
    ],
)
def test_mistakes_are_named(boards: Path, arguments: tuple[str, ...], message: str) -> None:
    dataset, instance, explainers = (*arguments, "naive")[:3]
    label = _plain(boards) if dataset == "PLAIN" else dataset
    result = awb("site", "clip", "--leaderboards", boards, label, instance,
                 "--explainers", explainers)  # fmt: skip
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert not (boards / "clip").exists()


def test_the_committed_clip_is_current() -> None:
    """Generate it again: encoders and the last bit of audio may differ, what one hears may not."""
    stored = read_clip(ROOT / "leaderboards")
    assert stored is not None
    facts = stored.facts
    source = Source(found := resolve(load(), "dataset", facts.dataset), build(found))
    clip = source.load(facts.clip)
    samples, rate_hz = soundfile.read(io.BytesIO(stored.sound), dtype="float32")
    assert rate_hz == clip.sample_rate_hz
    np.testing.assert_allclose(samples, clip.waveform, atol=2 / 32768)
    assert [event[2] for event in facts.events] == [event.label for event in clip.events]
    picture = spectrogram(clip.waveform, clip.sample_rate_hz)
    assert tuple((round(height, 4), name) for height, name in picture.ticks) == facts.ticks
    image = pytest.importorskip("PIL.Image")
    drawn = 255 - np.asarray(image.open(io.BytesIO(stored.picture)).convert("L"), float)
    assert np.abs(drawn - picture.levels).mean() < 12
    manifests = [
        json.loads(path.read_text("utf-8"))
        for path in ROOT.glob("leaderboards/submissions/*/_manifest.json")
    ]
    kept = [one for each in manifests if each["dataset"] == facts.dataset for one in each["kept"]]
    explained = {one["audio_sha256"] for one in kept if one["clip_id"] == facts.clip}
    assert explained == {facts.audio_sha256}
    assert hashlib.sha256(stored.sound).hexdigest() == facts.sound_sha256
