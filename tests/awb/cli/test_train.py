"""``awb train``: weights, splits, leaks and mistakes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from awb.cli import main
from awb.plugins.discovery import load

RATE_HZ = 16_000


def awb(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of short low and high tones."""
    folder = tmp_path_factory.mktemp("recordings")
    (folder / "audio").mkdir()
    rng = np.random.default_rng(0)
    lines = ["filename\tonset\toffset\tevent_label"]
    for number in range(12):
        name, tone_hz = ("low", 200.0) if number % 2 else ("high", 3000.0)
        tone = np.sin(2 * np.pi * tone_hz * np.arange(4800) / RATE_HZ)
        waveform = 0.2 * tone + 0.01 * rng.standard_normal(4800)
        soundfile.write(folder / "audio" / f"{number}.wav", waveform, RATE_HZ)
        lines.append(f"{number}.wav\t0\t0.3\t{name}")
    (folder / "events.tsv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_weights_card_and_curve_are_written_and_the_weights_load(tmp_path: Path) -> None:
    out = tmp_path / "own.safetensors"
    done = awb(
        "train", "clever-hans-clean", "--dataset", "clever-hans:clips=6,artefact=false",
        "--epochs", "2", "--seed", "3,4", "--augment", "speed,spec-augment", "--out", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "seed 4, epoch 2" in done.output
    assert "validation: accuracy" in done.output
    card = out.with_suffix(".md").read_text(encoding="utf-8")
    for words in (
        "| train | clever-hans:split=train,clips=6,artefact=false | 6 | 1 |",
        "| validation | clever-hans:split=validation,clips=6,artefact=false | 6 | 1 |",
        "| test | clever-hans:clips=6,artefact=false | 6 | 1 |",
        "speed, spec-augment",
        "**Seed 3**",
        "**Seed 4**",
        "| 3 kicks | 3 |",
    ):
        assert words in card
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    spec = load().get("model", "clever-hans-clean").spec
    model = spec.factory(spec.parameters(weights=out))
    assert tuple(model.classes) == ("2 kicks", "3 kicks")
    assert model.scores(np.zeros((1, RATE_HZ), np.float32)).shape == (1, 2)


@pytest.mark.parametrize("name", ["drums-crnn", "soundscape-cnn"])
def test_a_dataset_without_splits_is_split_by_group(
    tmp_path: Path, recordings: Path, name: str
) -> None:
    out = tmp_path / "own.safetensors"
    done = awb("train", name, "--dataset", f"folder:{recordings}", "--epochs", "1", "--out", out)
    assert done.exit_code == 0, done.output
    card = out.with_suffix(".md").read_text(encoding="utf-8")
    assert card.count("split by group") == 3
    assert "| train | " in card
    assert "| high | " in card
    spec = load().get("model", name).spec
    assert tuple(spec.factory(spec.parameters(weights=out)).classes) == ("high", "low")


def test_a_leak_is_refused_with_the_names_of_the_clips(tmp_path: Path, recordings: Path) -> None:
    done = awb(
        "train", "drums-crnn", "--dataset", f"folder:{recordings}",
        "--validation", f"folder:{recordings}", "--out", tmp_path / "own.safetensors",
    )  # fmt: skip
    assert done.exit_code == 2
    assert "the split leaks: 12 clips are in train and validation" in done.output
    assert "0.wav" in done.output
    assert "Traceback" not in done.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["yamnet", "--dataset", "drums"], "cannot train model yamnet; it can: soundscape-cnn"),
        (["drums-crn", "--dataset", "drums"], "Did you mean drums-crnn"),
        (["drums-crnn", "--dataset", "drms"], "Did you mean drums"),
        (["drums-crnn", "--dataset", "drums", "--augment", "spec"], "unknown augmentation 'spec'"),
        (["drums-crnn", "--dataset", "drums", "--seed", "1,x"], "a seed is a whole number"),
        (["drums-crnn", "--dataset", "drums", "--out", "w.pt"], "ends in .safetensors"),
        (["drums-crnn", "--dataset", "drums", "--out", "no/w.safetensors"], "there is no folder"),
        (["drums-crnn", "--dataset", "folder:x", "--test", "drums"], "--test needs --validation"),
    ],
)
def test_mistakes_are_reported_on_one_line(arguments: list[str], words: str) -> None:
    done = awb("train", *arguments)
    assert done.exit_code == 2
    assert words in done.output
    assert len(done.output.strip().splitlines()) == 1
