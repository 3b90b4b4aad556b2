"""VGGish with a classifier of your own on its embeddings. See CARD.md."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters
from awb_plugins.models.extractors import minimum_duration_s


class VggishParameters(Parameters):
    """Settings of VGGish."""

    path: Path = Field(description="The fitted scikit-learn classifier, a skops file.")
    features: Literal["embeddings", "log-mel"] = Field(
        "embeddings",
        description="Mean and deviation of the embeddings (256 values), or of the log-mel"
        " frames (128 values, no weights).",
    )
    weights: Path | None = Field(
        None,
        description="VGGish: a PyTorch file in torchvggish's layout, or the folder of a"
        " SavedModel; TensorFlow Hub's by default.",
    )
    names: Path | None = Field(
        None, description="Class names, one a line, where the classifier only knows numbers."
    )
    trust: str = Field(
        "", description="Types of scikit-learn that skops does not trust, and you do; commas."
    )


def _make(parameters: VggishParameters) -> AudioModel:
    """Load VGGish and the classifier."""
    from awb_plugins.models.sklearn_classifier.model import load

    return load(
        "vggish",
        parameters.path,
        "vggish" if parameters.features == "embeddings" else parameters.features,
        weights=parameters.weights,
        names=parameters.names,
        trust=parameters.trust,
    )


def _minimum_duration_s(parameters: VggishParameters) -> float:
    """Return the length of the shortest clip: one patch."""
    return minimum_duration_s("vggish" if parameters.features == "embeddings" else "log-mel")


SPEC = ModelSpec(
    name="vggish",
    title="VGGish",
    summary="A scikit-learn classifier on VGGish's embeddings, or on its log-mel frames",
    citation=(
        "Hershey, S., et al. (2017). CNN architectures for large-scale audio classification."
        " ICASSP. doi:10.1109/ICASSP.2017.7952132"
    ),
    parameters=VggishParameters,
    requires=("sklearn", "skops"),
    extra="sklearn",
    factory=_make,
    minimum_duration_s=_minimum_duration_s,
)
