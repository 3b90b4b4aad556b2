"""`awb train` makes weights for the models that come without; the models read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("librosa", reason="needs librosa (extra ser)")

import torch

import mini_collections
from awb.errors import SplitError, WeightsError
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.training import TrainingJob
from awb_plugins.models.ser_cnn.features import clip_features
from awb_plugins.models.ser_cnn.recipe import SerFrontEnd, without_padding
from awb_plugins.training.procedure import Trained, train
from mini_collections import unlike

pytestmark = pytest.mark.usefixtures("one_thread")


def trained(model: str, learn: str, judge: str, out: Path) -> Trained:
    resolved = resolve(load(), "model", model)
    job = TrainingJob(
        model=resolved.label,
        dataset=learn,
        validation=judge,
        test=None,
        seeds=(0,),
        epochs=2,
        out=out,
    )
    recipe = resolved.spec.trainable(resolved.parameters).recipe
    return train(recipe, job, progress=lambda *_: None, tell=lambda _: None)


def opened(model: str, weights: Path) -> Any:
    return resolve(load(), "model", f"{model}:weights={weights}").build()


def test_urbansound_cnn_learns_folds(tmp_path: Path) -> None:
    root = unlike(mini_collections.write_urbansound8k(tmp_path))
    data = f"urbansound8k:root={root},folds="
    out = tmp_path / "urban.safetensors"
    trained("urbansound-cnn", data + "1", data + "10", out)
    model = opened("urbansound-cnn", out)
    assert tuple(model.classes) == ("dog_bark", "siren")
    assert np.isfinite(model.scores(np.zeros((1, 1_000), dtype=np.float32))).all()
    with pytest.raises(SplitError):
        trained("urbansound-cnn", data + "1", data + "1", out)


def test_ser_cnn_learns_actors(tmp_path: Path) -> None:
    data = (
        f"ravdess:root={mini_collections.unlike(mini_collections.write_ravdess(tmp_path))},actors="
    )
    out = tmp_path / "ser.safetensors"
    trained("ser-cnn", data + "1", data + "24", out)
    model = opened("ser-cnn", out)
    assert sorted(model.classes) == ["angry", "neutral", "surprised"]
    assert model.scores(np.zeros((1, 4_000), dtype=np.float32)).shape == (1, 3)


def test_padding_is_not_averaged() -> None:
    clip = np.random.default_rng(0).uniform(-0.5, 0.5, 4_000).astype(np.float32)
    padded = np.pad(clip, (0, 3_000))
    found = SerFrontEnd()(torch.from_numpy(padded[np.newaxis]))
    assert found.shape == (1, 1, 193)
    np.testing.assert_allclose(found[0, 0].numpy(), clip_features(clip), rtol=1e-5)
    np.testing.assert_array_equal(without_padding(padded), clip)
    assert without_padding(np.zeros(5, dtype=np.float32)).size == 5


@pytest.mark.parametrize("model", ["ser-cnn", "urbansound-cnn"])
def test_what_to_type_where_there_are_no_weights(model: str) -> None:
    with pytest.raises(WeightsError, match=f"{model} comes without weights.*awb train {model}"):
        resolve(load(), "model", model).build()
