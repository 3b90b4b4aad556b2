"""Cnn14's weights: the published checkpoint, files in its layout, and transfer heads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from awb.errors import WeightsError
from awb_plugins.models.torch_files import check_layout, open_safetensors, read_state

if TYPE_CHECKING:
    import torch

NAME = "cnn14"
HEAD = "fc_audioset"
TRANSFER_HEAD = "fc_transfer"

URL = "https://zenodo.org/records/3987831/files/Cnn14_mAP%3D0.431.pth"
URL_SHA256 = "0dc499e40e9761ef5ea061ffc77697697f277f6a960894903df3ada000e34b31"
FILE = "Cnn14_mAP=0.431.pth"

_ADVICE = f"Type --model {NAME}:path=FILE with {FILE} of https://doi.org/10.5281/zenodo.3987831"
_HEAD_ADVICE = (
    f"Type --model {NAME}:head=FILE with a safetensors file of {TRANSFER_HEAD}.weight (classes,"
    f" 2048) and {TRANSFER_HEAD}.bias, whose metadata names the classes as a JSON list"
)
_TOLERANCE = 1e-4


def published_layout(n_classes: int = 527, width: int = 64) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of the published checkpoint."""
    from awb_plugins.models.cnn14 import front_end

    layout: dict[str, tuple[int, ...]] = {}

    def normalization(name: str, channels: int) -> None:
        for part in ("weight", "bias", "running_mean", "running_var"):
            layout[f"{name}.{part}"] = (channels,)
        layout[f"{name}.num_batches_tracked"] = ()

    for part in ("real", "imag"):
        layout[f"spectrogram_extractor.stft.conv_{part}.weight"] = (
            front_end.STFT_BINS,
            1,
            front_end.WINDOW_SAMPLES,
        )
    layout["logmel_extractor.melW"] = (front_end.STFT_BINS, front_end.MEL_BINS)
    normalization("bn0", front_end.MEL_BINS)
    inputs = 1
    for block in range(6):
        outputs, name = width * 2**block, f"conv_block{block + 1}"
        layout[f"{name}.conv1.weight"] = (outputs, inputs, 3, 3)
        layout[f"{name}.conv2.weight"] = (outputs, outputs, 3, 3)
        normalization(f"{name}.bn1", outputs)
        normalization(f"{name}.bn2", outputs)
        inputs = outputs
    layout |= {"fc1.weight": (inputs, inputs), "fc1.bias": (inputs,)}
    layout |= {f"{HEAD}.weight": (n_classes, inputs), f"{HEAD}.bias": (n_classes,)}
    return layout


def read_checkpoint(path: Path | None) -> tuple[dict[str, torch.Tensor], Path]:
    """Read and check a checkpoint."""
    found = _fetched() if path is None else path.expanduser()
    state = read_state(found, NAME, _ADVICE)
    first = state.get("conv_block1.conv1.weight")
    width = 64 if first is None else len(first)
    check_layout(state, published_layout(width=width), NAME, found, _ADVICE)
    _check_front(state, found)
    return state, found


def _check_front(state: Mapping[str, torch.Tensor], path: Path) -> None:
    """Refuse a checkpoint whose transform is not the one that is computed here."""
    from awb_plugins.models.cnn14.front_end import stft_tables

    for part, expected in zip(("real", "imag"), stft_tables(), strict=True):
        key = f"spectrogram_extractor.stft.conv_{part}.weight"
        if float((state[key] - expected).abs().max()) > _TOLERANCE:
            raise WeightsError(
                f"{NAME}: {path}: {key} is not a transform of 1,024 samples with a periodic Hann"
                f" window. {_ADVICE}"
            )
    if bool((state["logmel_extractor.melW"] < 0).any()):
        raise WeightsError(f"{NAME}: {path}: a mel filter is negative. {_ADVICE}")


def _fetched() -> Path:
    """Return the published checkpoint, downloaded once into awb's user cache folder."""
    import platformdirs
    import pooch

    folder = Path(platformdirs.user_cache_dir("awb")) / NAME
    try:
        pooch.retrieve(URL, known_hash=f"sha256:{URL_SHA256}", fname=FILE, path=folder)
    except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong hash ValueError
        reason = "the checksum is wrong" if isinstance(error, ValueError) else type(error).__name__
        raise WeightsError(
            f"{NAME}: the weights are not in the cache and could not be downloaded ({reason})."
            f" Fetch {URL} where there is a network, and type --model {NAME}:path=FILE"
        ) from error
    return folder / FILE


def read_head_classes(path: Path) -> tuple[str, ...]:
    """Read the classes that a transfer head's file names; torch is not needed."""
    from awb_plugins.models.cnn14.esc50 import CLASSES

    file = open_safetensors(path, NAME, _HEAD_ADVICE, "np")
    key = f"{TRANSFER_HEAD}.bias"
    rows = file.get_slice(key).get_shape()[0] if key in file.keys() else 0  # noqa: SIM118 - no dict
    named = (file.metadata() or {}).get("classes")
    try:
        classes = CLASSES if named is None else tuple(json.loads(named))
    except (TypeError, ValueError, RecursionError):
        classes = ()
    if not rows or len(classes) != rows or not all(isinstance(name, str) for name in classes):
        raise WeightsError(
            f"{NAME}: {path} has {rows} rows of {key} and names {len(classes)} classes."
            f" {_HEAD_ADVICE}"
        )
    return classes


def read_head(path: Path, inputs: int) -> dict[str, torch.Tensor]:
    """Read a transfer head."""
    n_classes = len(read_head_classes(path))
    file = open_safetensors(path, NAME, _HEAD_ADVICE)
    state: dict[str, torch.Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    layout = {
        f"{TRANSFER_HEAD}.weight": (n_classes, inputs),
        f"{TRANSFER_HEAD}.bias": (n_classes,),
    }
    check_layout(state, layout, NAME, path, _HEAD_ADVICE)
    return state
