"""`awb run` and `awb data describe` with every model whose weights a user brings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("librosa", reason="needs librosa (extra ser)")
pytest.importorskip("skops", reason="needs skops (extra sklearn)")

import torch

import mini_cnn14
import mini_urbansound
import mini_vggish
import small_data
from awb_plugins.models.named_weights import write_network
from awb_plugins.models.ser_cnn.network import SerCnn
from commands import awb

CLASSES = ("Loud", "Quiet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A long clip and a short one, and weights for all models."""
    folder = tmp_path_factory.mktemp("models")
    small_data.write_clip(folder / "data" / "audio" / "long.wav", [0.4], seconds=1.2)
    small_data.write_clip(folder / "data" / "audio" / "short.wav", [0.1], seconds=0.6)
    lines = ["filename\tonset\toffset\tevent_label"]
    lines += ["long.wav\t0.4\t0.6\tLoud", "short.wav\t0.1\t0.2\tLoud"]
    (folder / "data" / "events.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    mini_cnn14.write(folder / "Cnn14_mAP=0.431.pth")
    mini_cnn14.write_head(folder / "head.safetensors", CLASSES)
    mini_urbansound.write(folder / "urban.safetensors", classes=CLASSES)
    with torch.random.fork_rng(devices=[]):
        write_network(folder / "ser.safetensors", SerCnn(2), CLASSES)
    mini_vggish.write(folder / "vggish.pth")
    for n_features in (40, 128, 256):
        mini_vggish.write_classifier(folder / f"{n_features}.skops", n_features, CLASSES)
    return folder


def test_a_run_with_every_model(folder: Path) -> None:
    models = [
        f"cnn14:path={folder}/Cnn14_mAP=0.431.pth,head={folder}/head.safetensors,device=cpu",
        f"urbansound-cnn:weights={folder}/urban.safetensors",
        f"ser-cnn:weights={folder}/ser.safetensors",
        f"vggish:path={folder}/256.skops,weights={folder}/vggish.pth",
        f"vggish:path={folder}/128.skops,features=log-mel",
        f"sklearn:path={folder}/40.skops,features=mfcc",
    ]
    done = awb(
        *("run", "--dataset", f"folder:{folder}/data"),
        *(part for model in models for part in ("--model", model)),
        *("--explainers", "naive,grad-cam", "--metrics", "roc-auc", "--samples", "10"),
        *("--min-score", "-1000", "--out", folder / "run", "--jobs", "1"),
    )
    assert done.returncode == 0, done.stderr
    manifests = json.loads((folder / "run" / "manifests.json").read_text(encoding="utf-8"))
    assert len(manifests["manifests"]) == len(models)
    for manifest in manifests["manifests"]:
        kept = {entry["clip_id"] for entry in manifest["kept"]}
        reasons = {entry["reason"] for entry in manifest["skipped"]}
        if "vggish" in manifest["model"]:
            assert kept == {"long.wav"}
            assert reasons == {"clip too short for the model"}
            assert manifest["skipped"][0]["detail"] == "0.600 s, the model needs 0.975 s"
        else:
            assert kept == {"long.wav", "short.wav"}
            assert not reasons
    assert "Not applicable" in done.stdout  # activation maps of what has no gradient


def test_short_clips_are_counted_beforehand(folder: Path) -> None:
    arguments = ("data", "describe", f"folder:{folder}/data")
    models = (
        *("--model", f"vggish:path={folder}/256.skops"),
        *("--model", f"sklearn:path={folder}/40.skops"),
    )
    done = awb(*arguments, *models)
    assert done.returncode == 0, done.stderr
    assert "2 clips, 1.8 s in total, from 0.600 to 1.200 s" in done.stdout
    assert "needs at least 0.975 s: 1 of 2 clips are too short" in done.stdout
    assert "accepts any length: 0 of 2 clips are too short" in done.stdout
    done = awb(*arguments, *models, "--json")
    found = json.loads(done.stdout)
    assert found["labels"] == [{"label": "Loud", "clips": 2, "events": 2}]
    assert [one["clips"] for one in found["too_short"]] == [1, 0]
