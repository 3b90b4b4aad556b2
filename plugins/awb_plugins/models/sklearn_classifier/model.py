"""A classifier of vectors behind an extractor of vectors: a model of waveforms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from awb.intervals import IntArray
from awb.protocols import AudioModel, ScoreArray
from awb.reprs import DescribedModel
from awb.types import AudioArray
from awb_plugins.models.extractors import FeatureName, make_extractor
from awb_plugins.models.extractors.vectors import Extractor, FrameExtractor
from awb_plugins.models.sklearn_classifier.classifier import SkopsClassifier


class FeatureClassifier(DescribedModel):
    """A fitted classifier over named features."""

    def __init__(self, extractor: Extractor, classifier: SkopsClassifier) -> None:
        classifier.check_features(extractor.n_features, extractor.name)
        self.sample_rate_hz = extractor.sample_rate_hz
        self.classes: Sequence[str] = classifier.classes
        hashes = (extractor.weights_sha256, classifier.weights_sha256)
        self.weights_sha256 = "+".join(one for one in hashes if one)
        self._extractor = extractor
        self._classifier = classifier

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score clips."""
        return self._classifier.scores(self._extractor.vectors(waveforms))


class FrameClassifier(FeatureClassifier):
    """The same over features that sum up frames, which masked clips can share."""

    def __init__(self, extractor: FrameExtractor, classifier: SkopsClassifier) -> None:
        super().__init__(extractor, classifier)
        self._frames = extractor
        self.frame_samples = extractor.frame_samples

    def frame_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each frame's window, ``shape=(frames,)``."""
        return self._frames.frame_starts(n_samples)

    def features(self, waveforms: AudioArray) -> ScoreArray:
        """Compute frames: ``(batch, samples)`` to ``(batch, frames, bins)``."""
        return self._frames.frames(waveforms)

    def feature_scores(self, features: ScoreArray) -> ScoreArray:
        """Score frames: ``(batch, frames, bins)`` to log-odds ``(batch, classes)``."""
        return self._classifier.scores(self._frames.summary(features))


def load(
    name: str,
    path: Path,
    features: FeatureName,
    *,
    weights: Path | None,
    names: Path | None,
    trust: str,
) -> AudioModel:
    """Load a classifier and the features that it was fitted on."""
    classifier = SkopsClassifier(path, name, names, trust)
    extractor = make_extractor(features, weights)
    if isinstance(extractor, FrameExtractor):
        return FrameClassifier(extractor, classifier)
    return FeatureClassifier(extractor, classifier)
