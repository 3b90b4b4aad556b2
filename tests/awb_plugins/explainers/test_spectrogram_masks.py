"""Occlusion and LIME on the spectrogram against loops and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from awb_plugins.explainers.spectrogram import masked_features
from awb_plugins.explainers.spectrogram.masked_features import grid_cells, whole_frames
from fakes_torch import SmallCnn, TorchModel
from spectrograms import features_of, look, map_of, varied_clip

OCCLUSION, LIME = masked_features.SPECS
CLIP = varied_clip(8, seed=2)


@pytest.fixture
def model() -> TorchModel:
    return TorchModel(SmallCnn(seed=1), "conv2")


@pytest.mark.parametrize(("bands", "lows", "width"), [(1, 1, 4), (2, 3, 2), (4, 4, 1), (9, 4, 1)])
def test_occlusion_is_the_mean_fall_over_the_patches(
    model: TorchModel, bands: int, lows: int, width: int
) -> None:
    features = features_of(model, CLIP)
    total, count = np.zeros((40, 4)), np.zeros((40, 4))
    with torch.no_grad():
        clip = float(model.back_end(features)[0, 0])
        for start in [*range(0, 31, 5)]:
            for low in range(lows):
                masked = features.clone()
                patch = (slice(start, start + 10), slice(low, low + width))
                masked[0][patch] = 0.0
                total[patch] += clip - float(model.back_end(masked)[0, 0])
                count[patch] += 1
    found, view = look(OCCLUSION, model, CLIP, window_s=0.2, hop_s=0.1, bands=bands)
    np.testing.assert_allclose(found.time_frequency, total / count, atol=1e-6)
    assert view.cost.calls == 7 * lows + 1


def test_lime_is_a_weighted_ridge_on_the_masks_it_drew(model: TorchModel) -> None:
    seen: list[torch.Tensor] = []
    handle = model.back_end.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    found = map_of(LIME, model, CLIP, cell_s=0.2, bands=2, samples=60)
    handle.remove()
    masked = torch.cat(seen)
    assert len(masked) == 60
    features = features_of(model, CLIP)
    cells = grid_cells(40, 4, 10, 2)
    kept = np.array([[bool(row[cells == c].any()) for c in range(8)] for row in masked.numpy()])
    for row, keep in zip(masked.numpy(), kept, strict=True):
        np.testing.assert_array_equal(row, np.where(keep[cells], features[0].numpy(), 0.0))
    with torch.no_grad():
        scores = model.back_end(masked)[:, 0].numpy()
    weights = np.exp(-0.5 * ((1 - np.sqrt(kept.mean(axis=1))) / 0.25) ** 2)
    ridge = Ridge(alpha=1.0).fit(kept.astype(float), scores, sample_weight=weights)
    np.testing.assert_allclose(found, ridge.coef_[cells], atol=1e-5)


def test_cells_are_numbered_without_gaps() -> None:
    cells = grid_cells(11, 7, 4, 3)
    assert cells.shape == (11, 7)
    assert sorted(set(cells.ravel().tolist())) == list(range(9))
    assert grid_cells(5, 2, 5, 9).max() == 1, "no more bands than bins"


def test_durations_become_frames() -> None:
    centers = 0.01 + 0.02 * np.arange(40)
    assert whole_frames(0.2, centers) == 10
    assert whole_frames(0.001, centers) == 1
    assert whole_frames(9.0, centers) == 40
    assert whole_frames(0.2, centers[:1]) == 1
