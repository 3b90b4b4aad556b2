"""``awb explain``: one file without labels."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import small_data
from awb.cli.explain import _chosen
from awb.harness.config.choice import is_at_hand, model_for_a_file, of_any_sound
from awb.plugins.discovery import load
from browser import awb


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sounds") / "bang.wav"
    small_data.write_clip(path, [1.1])
    return path


def _explain(sound: Path, *words: str | Path) -> Any:
    return awb(
        "explain",
        sound,
        "--model",
        "loudness",
        "--samples",
        "80",
        "--no-open",
        "--no-isolate",
        *words,
    )


def _instance(page: Path) -> dict[str, Any]:
    text = page.read_text(encoding="utf-8")
    [found] = re.findall(r'class="instance-data">(.*?)</script>', text, re.DOTALL)
    plain: dict[str, Any] = json.loads(found)
    return plain


def test_the_top_class_is_explained_and_the_loud_moment_found(sound: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = _explain(sound, "--explainers", "naive,correlation,random", "--out", page)
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(page)
    assert "hears 'Loud'" in result.stderr
    one = _instance(page)
    assert one["target"] == "Loud"
    assert one["intervals"] == []
    assert one["sound"] == "file loudness bang.wav"
    naive = next(each for each in one["explanations"] if each["explainer"] == "naive")
    best = naive["relevance"].index(max(naive["relevance"]))
    assert 1.0 <= one["edges"][best] <= 1.5
    assert naive["scores"]["deletion-area"] is not None
    assert "roc-auc" not in naive["scores"], "without labels there is nothing to compare with"


def test_a_class_can_be_chosen_and_low_scores_are_reported(sound: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = _explain(sound, "--target", "quiet", "--explainers", "naive", "--out", page)
    assert result.exit_code == 0, result.output
    assert _instance(page)["target"] == "Quiet"
    assert "so it would not report the class" in page.read_text(encoding="utf-8")


MODEL = """
import numpy as np

import awb


@awb.model("bang-at-8k", sample_rate_hz=8_000, classes=["Bang", "Calm"], citation="nobody")
def bang(waveforms):
    \"\"\"The loudest tenth of a second decides.\"\"\"
    usable = waveforms[:, : waveforms.shape[1] // 800 * 800].reshape(len(waveforms), -1, 800)
    level = np.sqrt(np.square(usable).mean(axis=2)).max(axis=1)
    loud = 1 / (1 + np.exp(-20 * (level - 0.1)))
    return np.stack([loud, 1 - loud], axis=1)
"""


@pytest.mark.usefixtures("added")
def test_a_model_from_a_file_gets_its_sample_rate_and_times_are_right(
    sound: Path, tmp_path: Path
) -> None:
    file, page = tmp_path / "bang.py", tmp_path / "page.html"
    file.write_text(MODEL, encoding="utf-8")
    words = ("--plugin", file, "--model", "bang-at-8k", "--target", "Bang", "--no-open")
    result = awb("explain", sound, *words, "--explainers", "naive", "--out", page)
    assert result.exit_code == 0, result.output
    one = _instance(page)
    [naive] = [each for each in one["explanations"] if each["explainer"] == "naive"]
    best = naive["relevance"].index(max(naive["relevance"]))
    assert 1.0 <= one["edges"][best] <= 1.5


@pytest.mark.usefixtures("added")
def test_audio_that_a_model_ignores_is_reported(sound: Path, tmp_path: Path) -> None:
    file, page = tmp_path / "short.py", tmp_path / "page.html"
    file.write_text(
        MODEL.replace("def bang", "def heard").replace("bang-at-8k", "bangs")
        + """

@awb.model("one-second", citation="nobody")
def one_second():
    \"\"\"Hears the first second.\"\"\"
    def first(waveforms):
        return heard(waveforms[:, :8_000])

    made = awb.callable_model(first, sample_rate_hz=8_000, classes=["A", "B"])
    made.hears_s = 1.0
    return made
""",
        encoding="utf-8",
    )
    words = ("--plugin", file, "--model", "one-second", "--no-open", "--no-isolate")
    result = awb("explain", sound, *words, "--explainers", "naive", "--out", page)
    assert result.exit_code == 0, result.output
    assert "awb: one-second processes the first 1 s, and ignores the last" in result.stderr
    assert "one-second processes the first 1 s" in page.read_text(encoding="utf-8")


@pytest.mark.usefixtures("added")
def test_failed_and_inapplicable_explainers_are_reported(sound: Path, tmp_path: Path) -> None:
    file, page = tmp_path / "broken.py", tmp_path / "page.html"
    file.write_text(
        "import awb\n\n\n"
        '@awb.explainer("never-works", citation="nobody")\n'
        "def never_works(perturber, instance, rng):\n"
        '    """Fail."""\n'
        '    raise ValueError("a buffer is not finite")\n',
        encoding="utf-8",
    )
    result = _explain(
        sound, "--plugin", file, "--explainers", "never-works,saliency", "--out", page
    )
    assert result.exit_code == 1, result.output
    failed, refused = [line for line in result.stderr.splitlines() if line.startswith("awb: ")]
    assert "never-works failed: ValueError: a buffer is not finite" in failed
    assert "not applicable" in refused
    assert refused.endswith(": saliency")
    assert page.is_file()


def test_all_excludes_explainers_that_need_labels_or_another_model(
    sound: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    assert _explain(sound, "--explainers", "all", "--out", page).exit_code == 0
    names = {each["explainer"] for each in _instance(page)["explanations"]}
    assert "oracle" not in names
    assert "random-forest" in names
    assert "do not apply" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "Lowd"], "Did you mean Loud?"),
        (["--explainers", "oracle"], "oracle needs labels"),
        (["--explainers", "naiv"], "Did you mean naive"),
        (["--samples", "0"], "samples"),
    ],
)
def test_mistakes_are_reported_on_one_line(sound: Path, words: list[str], message: str) -> None:
    result = _explain(sound, *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.startswith("awb: ")
    assert isinstance(result.exception, SystemExit)


def test_files_without_audio_are_refused(tmp_path: Path) -> None:
    missing = awb("explain", tmp_path / "missing.wav", "--no-open")
    assert (missing.exit_code, "does not exist" in missing.stderr) == (2, True)
    text = tmp_path / "text.wav"
    text.write_text("no audio", encoding="utf-8")
    assert awb("explain", text, "--no-open").exit_code == 2


def test_the_page_is_written_to_the_working_directory(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = _explain(sound, "--explainers", "naive")
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.iterdir()] == ["bang.explained.html"]


def test_the_demo_model_says_what_it_is_and_what_to_type_for_other_sounds(
    sound: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path))
    registry = load()
    assert model_for_a_file(registry) == "soundscape-cnn"
    [better] = of_any_sound(registry)
    assert not is_at_hand(better)
    assert _chosen(sound, "naive") == "soundscape-cnn"
    told = capsys.readouterr().err
    assert "a demo that takes every sound for one of its 16 classes: Bass drum, Beep" in told
    assert "--model yamnet" in told


def test_yamnet_is_chosen_where_its_weights_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ai_edge_litert")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path))
    (tmp_path / "yamnet").mkdir()
    (tmp_path / "yamnet" / "yamnet.tflite").write_bytes(b"weights")
    assert model_for_a_file(load()) == "yamnet"
