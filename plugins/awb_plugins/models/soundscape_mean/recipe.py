"""How ``awb train`` trains soundscape-mean: from the weights of soundscape-cnn on, same classes."""

from __future__ import annotations

from safetensors.torch import load_file

from awb_plugins.models.log_mel_front_end import SAMPLE_RATE_HZ, FrontEnd
from awb_plugins.models.soundscape_cnn.weights import EMBEDDED, NAME
from awb_plugins.models.soundscape_mean.network import MeanBackEnd
from awb_plugins.training import Network, Recipe
from awb_plugins.training.weights import read_class_list


def make(n_classes: int) -> Network:
    """Make a network with the weights of soundscape-cnn, and its own way to combine moments."""
    back_end = MeanBackEnd(n_classes)
    own, heard = back_end.state_dict(), load_file(EMBEDDED)
    back_end.load_state_dict({name: heard.get(name, one) for name, one in own.items()})
    return Network(FrontEnd(), back_end)


def recipe() -> Recipe:
    """Return the recipe: multi-label, 16 kHz; all weights are trained on."""
    return Recipe(
        task="multi-label",
        sample_rate_hz=SAMPLE_RATE_HZ,
        make=make,
        classes=read_class_list(EMBEDDED, NAME).names,
        augment=("noise", "gain"),
        epochs=8,
        learning_rate=1e-3,
    )
