"""VGGish as a torch network, in the layout of its PyTorch port (``features.N``, ``embeddings.N``).

References
----------
Hershey, S., et al. (2017). CNN architectures for large-scale audio classification. ICASSP.
doi:10.1109/ICASSP.2017.7952132
https://github.com/harritaylor/torchvggish
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from awb.protocols import ScoreArray
from awb.types import AudioArray
from awb_plugins.models.torch_files import check_layout, file_sha256, read_state
from awb_plugins.models.vggish import front_end

EMBEDDING = 128
BATCH = 8

_BLOCKS = ((1,), (2,), (4, 4), (8, 8))
_ADVICE = (
    "Type --model vggish:weights=FILE with a VGGish of torchvggish, such as vggish-10086976.pth"
)


class VggishNetwork(nn.Module):
    """Log-mel patches to embeddings."""

    def __init__(self, width: int = 64, hidden: int = 4096) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 1
        for block in _BLOCKS:
            for factor in block:
                layers += [nn.Conv2d(inputs, factor * width, 3, padding=1), nn.ReLU()]
                inputs = factor * width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        places = (front_end.PATCH_FRAMES // 16) * (front_end.MEL_BINS // 16)
        self.embeddings = nn.Sequential(
            *(nn.Linear(places * inputs, hidden), nn.ReLU()),
            *(nn.Linear(hidden, hidden), nn.ReLU()),
            *(nn.Linear(hidden, EMBEDDING), nn.ReLU()),
        )

    def forward(self, patches: Tensor) -> Tensor:
        """Embed patches."""
        maps = self.features(patches[:, None])
        embedded: Tensor = self.embeddings(maps.permute(0, 2, 3, 1).flatten(1))
        return embedded


def layout(width: int = 64, hidden: int = 4096) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of the port's weights, those of a smaller one by request."""
    with torch.device("meta"):
        network = VggishNetwork(width, hidden)
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


class TorchVggish:
    """VGGish run by torch."""

    def __init__(self, path: Path) -> None:
        state = read_state(path, "vggish", _ADVICE)
        sizes = [state.get(name) for name in ("features.0.weight", "embeddings.0.weight")]
        width, hidden = (
            usual if found is None else len(found)
            for found, usual in zip(sizes, (64, 4096), strict=True)
        )
        check_layout(state, layout(width, hidden), "vggish", path, _ADVICE)
        with torch.random.fork_rng(devices=[]):  # layers draw weights when they are made
            self._network = VggishNetwork(width, hidden).eval().requires_grad_(False)
        self._network.load_state_dict(state)
        self.weights_sha256 = file_sha256(path.expanduser())

    def embed(self, patches: AudioArray) -> ScoreArray:
        """Embed patches of audio."""
        found = np.empty((len(patches), EMBEDDING), dtype=np.float32)
        for start in range(0, len(patches), BATCH):
            some = front_end.log_mel(patches[start : start + BATCH])
            # Always of one size: libraries may round differently for another.
            batch = torch.zeros(BATCH, *some.shape[1:])
            batch[: len(some)] = torch.from_numpy(some)
            with torch.inference_mode():
                found[start : start + BATCH] = self._network(batch)[: len(some)].numpy()
        return found
