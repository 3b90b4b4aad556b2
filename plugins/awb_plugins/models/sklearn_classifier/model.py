"""A classifier of vectors behind an extractor of vectors: a model of waveforms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from awb.intervals import IntArray
from awb.protocols import AudioModel, ScoreArray
from awb.types import AudioArray
from awb_plugins.models.extractors import FeatureName, make_extractor
from awb_plugins.models.extractors.vectors import Extractor, FrameExtractor
from awb_plugins.models.sklearn_classifier.classifier import SkopsClassifier


class FeatureClassifier:
    """A fitted classifier over named features.

    Parameters
    ----------
    extractor : Extractor
        Clips to vectors.
    classifier : SkopsClassifier
        Vectors to log-odds.

    Raises
    ------
    WeightsError
        If the classifier was fitted on vectors of another length.
    """

    def __init__(self, extractor: Extractor, classifier: SkopsClassifier) -> None:
        classifier.check_features(extractor.n_features, extractor.name)
        self.sample_rate_hz = extractor.sample_rate_hz
        self.classes: Sequence[str] = classifier.classes
        hashes = (extractor.weights_sha256, classifier.weights_sha256)
        self.weights_sha256 = "+".join(one for one in hashes if one)
        self._extractor = extractor
        self._classifier = classifier

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score clips.

        Parameters
        ----------
        waveforms : np.ndarray, shape=(batch, samples), dtype=float32
            Samples in [-1, 1].

        Returns
        -------
        np.ndarray, shape=(batch, classes), dtype=float32
            Log-odds.

        Raises
        ------
        AudioError
            If the waveforms are of another shape or type, or too short for the features.
        """
        return self._classifier.scores(self._extractor.vectors(waveforms))


class FrameClassifier(FeatureClassifier):
    """The same over features that sum up frames, which masked clips can share.

    Parameters
    ----------
    extractor : FrameExtractor
        Clips to frames, frames to vectors.
    classifier : SkopsClassifier
        Vectors to log-odds.
    """

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
    """Load a classifier and the features that it was fitted on.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    path : Path
        The classifier, a skops file.
    features : str
        See `awb_plugins.models.extractors.make_extractor`.
    weights : Path or None
        Of the features, where they have any.
    names : Path or None
        Class names, one a line; None for the classifier's own.
    trust : str
        Types to trust, see `SkopsClassifier`.

    Returns
    -------
    FeatureClassifier
        The model.

    Raises
    ------
    WeightsError
        If a file cannot be read, or they do not fit together.
    MissingExtraError
        If the features' library is not installed.
    """
    classifier = SkopsClassifier(path, name, names, trust)
    extractor = make_extractor(features, weights)
    if isinstance(extractor, FrameExtractor):
        return FrameClassifier(extractor, classifier)
    return FeatureClassifier(extractor, classifier)
