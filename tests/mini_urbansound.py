"""Random weights of the published size for UrbanSound-CNN."""

from __future__ import annotations

from pathlib import Path

import torch

from awb_plugins.models.named_weights import write_network
from awb_plugins.models.urbansound_cnn.network import UrbanSoundCnn

CLASSES = (
    *("air_conditioner", "car_horn", "children_playing", "dog_bark", "drilling"),
    *("engine_idling", "gun_shot", "jackhammer", "siren", "street_music"),
)


def write(path: Path, *, classes: tuple[str, ...] = CLASSES, biases: bool = True) -> Path:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = UrbanSoundCnn(len(classes))
        for parameter in network.parameters():
            if parameter.ndim > 1:
                torch.nn.init.kaiming_normal_(parameter)
            elif not biases:
                torch.nn.init.zeros_(parameter)
    write_network(path, network, classes)
    return path
