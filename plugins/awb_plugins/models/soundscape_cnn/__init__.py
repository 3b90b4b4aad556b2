"""Soundscape-CNN: the embedded model, a small log-mel CNN with its weights; see CARD.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters

if TYPE_CHECKING:
    from awb.training import Trainer


class SoundscapeCnnParameters(Parameters):
    """Settings of the embedded model."""

    weights: Path | None = Field(
        None,
        description="Weights of your own, from the training command; embedded ones by default.",
    )
    features: Literal["mel", "stft"] = Field(
        "mel",
        description="What explainers of features see: mel bins, or the bins of the Fourier"
        " transform. The scores are the same.",
    )
    device: str = Field(
        "cpu", description="cpu, on which published boards are computed; auto, cuda, cuda:1 or mps."
    )


def _path(parameters: SoundscapeCnnParameters) -> Path:
    """Return the weights file that the settings mean."""
    from awb_plugins.models.soundscape_cnn.weights import EMBEDDED

    return EMBEDDED if parameters.weights is None else parameters.weights.expanduser()


def _make(parameters: SoundscapeCnnParameters) -> AudioModel:
    """Load the model; torch is imported here."""
    from awb_plugins.models.checkpoints import device_named
    from awb_plugins.models.soundscape_cnn.model import SoundscapeCnn

    device = device_named(parameters.device)
    return SoundscapeCnn(_path(parameters), device, features=parameters.features)


def _class_list(parameters: SoundscapeCnnParameters) -> tuple[Sequence[str], Sequence[str]]:
    """Read the classes from the header of the weights file."""
    from awb_plugins.models.soundscape_cnn.weights import NAME
    from awb_plugins.training.weights import read_class_list

    found = read_class_list(_path(parameters), NAME)
    return found.names, found.mids


def _recipe(parameters: SoundscapeCnnParameters) -> Trainer:  # noqa: ARG001 - it has no settings
    """Return how ``awb train`` trains it; torch is imported here."""
    from awb_plugins.models.soundscape_cnn.recipe import recipe
    from awb_plugins.training import trainer_of

    return trainer_of(recipe())


SPEC = ModelSpec(
    name="soundscape-cnn",
    title="Soundscape CNN",
    summary="A small log-mel CNN for the sixteen classes of soundscapes, embedded",
    citation="Trained by awb_plugins.models.soundscape_cnn.train on clip-level labels of the"
    " soundscapes dataset; see its card",
    parameters=SoundscapeCnnParameters,
    requires=("torch", "safetensors"),
    factory=_make,
    class_list=_class_list,
    trainable=_recipe,
)
