"""A Cnn14 checkpoint in the published layout, random and narrow, for the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from awb_plugins.models.cnn14.weights import published_layout

WIDTH = 2


def dft_tables() -> tuple[Tensor, Tensor]:
    """What torchlibrosa stores: columns of the DFT matrix times a periodic Hann window."""
    import librosa

    matrix = np.exp(-2j * np.pi * np.outer(np.arange(1024), np.arange(1024)) / 1024)
    window = librosa.filters.get_window("hann", 1024, fftbins=True)
    windowed = (matrix[:, :513] * window[:, np.newaxis]).T[:, np.newaxis]
    return torch.tensor(windowed.real).float(), torch.tensor(windowed.imag).float()


def mel_filters() -> Tensor:
    import librosa

    filters = librosa.filters.mel(sr=32_000, n_fft=1024, n_mels=64, fmin=50, fmax=14_000)
    return torch.tensor(filters.T)


def state(*, seed: int = 0, width: int = WIDTH, biases: bool = True) -> dict[str, Tensor]:
    """Random weights by their published names; without biases relevance is conserved."""
    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, Tensor] = {}
    for name, shape in published_layout(width=width).items():
        tensor = torch.randn(shape, generator=generator)
        if name.endswith("running_var") or (".bn" in f".{name}" and name.endswith("weight")):
            tensor = tensor.abs() + 0.5
        elif name.endswith("num_batches_tracked"):
            tensor = torch.tensor(100)
        elif name.endswith("weight") and len(shape) > 1:
            tensor = tensor * (2.0 / max(1, int(np.prod(shape[1:])))) ** 0.5
        elif not biases:
            tensor = torch.zeros(shape)
        tensors[name] = tensor
    tensors["bn0.running_mean"] -= 30.0
    tensors["bn0.running_var"] *= 200.0
    real, imaginary = dft_tables()
    tensors["spectrogram_extractor.stft.conv_real.weight"] = real
    tensors["spectrogram_extractor.stft.conv_imag.weight"] = imaginary
    tensors["logmel_extractor.melW"] = mel_filters()
    return tensors


def write(path: Path, **settings: Any) -> Path:
    """Save a checkpoint as the published one is: with the state of training beside the model."""
    sampler = {"indexes_per_class": [np.arange(3), np.arange(2)], "queue": [np.int64(4)]}
    torch.save({"iteration": 600_000, "model": state(**settings), "sampler": sampler}, path)
    return path


def write_head(path: Path, names: tuple[str, ...] | None, rows: int | None = None) -> Path:
    """Save a transfer head; without names it has 50 rows, or as many as asked for."""
    rows = rows or (50 if names is None else len(names))
    generator = torch.Generator().manual_seed(1)
    tensors = {
        "fc_transfer.weight": torch.randn(rows, 32 * WIDTH, generator=generator),
        "fc_transfer.bias": torch.randn(rows, generator=generator),
    }
    save_file(tensors, path, metadata={"classes": json.dumps(names)} if names else None)
    return path
