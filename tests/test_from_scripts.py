"""Every command of docs/from-scripts.md runs, on miniatures in the published layouts."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import mini_audioset
import mini_cnn14
import mini_collections
import mini_vggish
import spoken_digits
from awb.cli import main
from doc_blocks import blocks, command_lines

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "from-scripts.md"

FEW = {"run": ("--metrics", "roc-auc,deletion-area", "--no-baselines")}
"""Settings where the page has none of its own."""

SMALL = {
    "run": ("--clips", "1", "--samples", "12", "--jobs", "1", "--no-isolate",
            "--min-score", "-1000", "--max-event-fraction", "0.9", "--cache", "off"),
    "train": ("--epochs", "1"),
}  # fmt: skip
"""Settings in place of the page's."""


def _sections() -> dict[str, list[list[str]]]:
    """Return the commands of every block, under what the first one is about."""
    found = [one for one in blocks(PAGE.read_text(encoding="utf-8")) if one.language == "sh"]
    names = ("explain-where", "audiointerp", "lrp", "vggish", "emotion")
    assert len(found) == len(names)
    return {
        name: [words for _, words in command_lines(block)]
        for name, block in zip(names, found, strict=True)
    }


SECTIONS = _sections()


def _data(name: str, folder: Path, test_data: Path) -> dict[str, str]:
    """Write what a section needs, and return what stands for checkpoints that are downloaded."""
    if name == "explain-where":
        mini_audioset.build(folder / "AudioSet", 4)
        spoken_digits.write_recordings(folder / "recordings")
        yamnet = test_data / "yamnet" / "yamnet.tflite"
        tiny = mini_audioset.tiny_ast()
        return {"ast": f"ast:checkpoint={tiny},device=cpu", "yamnet": f"yamnet:path={yamnet}"}
    if name == "audiointerp":
        mini_collections.write_esc50(folder / "ESC-50-master")
        mini_cnn14.write(folder / "Cnn14.pth")
        mini_cnn14.write_head(folder / "esc50-head.safetensors", None)
    elif name == "lrp":
        mini_collections.unlike(mini_collections.write_urbansound8k(folder / "UrbanSound8K"))
    elif name == "vggish":
        mini_collections.write_class_folders(folder / "VOICES")
        mini_vggish.write(folder / "vggish.pth")
    else:
        mini_collections.unlike(mini_collections.write_ravdess(folder / "RAVDESS"))
        mini_collections.write_emodb(folder / "EMODB")
    return {}


@pytest.mark.slow
@pytest.mark.parametrize("name", SECTIONS)
def test_its_commands_run(
    name: str, tmp_path: Path, test_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    instead = _data(name, tmp_path, test_data)
    threads = torch.get_num_threads()
    for words in SECTIONS[name]:
        command, *own = (instead.get(word, word) for word in words)
        typed = [command, *FEW.get(command, ()), *own, *SMALL.get(command, ())]
        done = CliRunner().invoke(main, typed)
        assert done.exit_code == 0, f"awb {shlex.join(typed)}\n{done.output[-2000:]}"
    torch.set_num_threads(threads)


def test_the_page_covers_every_seed() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for words in ("2506.04391", "2403.13086", "UrbanSound8K", "VGGish", "RAVDESS", "EMO-DB"):
        assert words in text
    assert sum(map(len, SECTIONS.values())) >= 15
