"""Small weights in the layout of VGGish's torch port, and classifiers for its features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from awb_plugins.models.vggish.torch_port import layout

WIDTH, HIDDEN = 2, 8


def state(seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in layout(WIDTH, HIDDEN).items():
        fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 1
        tensors[name] = torch.randn(shape, generator=generator) * (2.0 / fan_in) ** 0.5
    return tensors


def write(path: Path) -> Path:
    torch.save(state(), path)
    return path


def write_classifier(path: Path, n_features: int, classes: tuple[Any, ...]) -> Path:
    """Fit a logistic regression on random vectors, and save it as a skops file."""
    import skops.io
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(n_features)
    targets = np.array(classes)[np.arange(60) % len(classes)]
    vectors = rng.normal(size=(60, n_features))
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(vectors, targets)
    skops.io.dump(fitted, path)
    return path
