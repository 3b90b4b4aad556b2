"""Any fitted scikit-learn classifier over named features. See CARD.md."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters
from awb_plugins.models.extractors import FeatureName, minimum_duration_s


class SklearnParameters(Parameters):
    """Settings of a scikit-learn classifier."""

    path: Path = Field(description="The fitted classifier or pipeline, a skops file.")
    features: FeatureName = Field(
        "mfcc",
        description="What it was fitted on: mfcc (40 values), log-mel (128), ser (193) or"
        " vggish (256).",
    )
    weights: Path | None = Field(None, description="Weights of vggish features.")
    names: Path | None = Field(
        None, description="Class names, one a line, where the classifier only knows numbers."
    )
    trust: str = Field(
        "", description="Types of scikit-learn that skops does not trust, and you do; commas."
    )


def _make(parameters: SklearnParameters) -> AudioModel:
    """Load the classifier; scikit-learn and the features' libraries are imported here."""
    from awb_plugins.models.sklearn_classifier.model import load

    return load(
        "sklearn",
        parameters.path,
        parameters.features,
        weights=parameters.weights,
        names=parameters.names,
        trust=parameters.trust,
    )


def _minimum_duration_s(parameters: SklearnParameters) -> float:
    """Return the length of the shortest clip that the features need."""
    return minimum_duration_s(parameters.features)


SPEC = ModelSpec(
    name="sklearn",
    title="scikit-learn",
    summary="Any fitted scikit-learn classifier over named features, from a skops file",
    citation="Pedregosa, F., et al. (2011). Scikit-learn: Machine learning in Python. JMLR 12",
    parameters=SklearnParameters,
    requires=("sklearn", "skops"),
    extra="sklearn",
    factory=_make,
    minimum_duration_s=_minimum_duration_s,
)
