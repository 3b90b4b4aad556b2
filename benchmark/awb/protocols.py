"""What a model must provide, and which further capabilities it may have.

`AudioModel` is all that a perturbation explainer needs. The other model protocols are capabilities:
a model may satisfy any of them, and the harness checks for them with ``isinstance``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from awb.intervals import FloatArray, IntArray
from awb.types import AudioArray, Clip

if TYPE_CHECKING:
    import torch

ScoreArray = npt.NDArray[np.float32]


@runtime_checkable
class AudioModel(Protocol):
    """A classifier of waveforms.

    Attributes
    ----------
    sample_rate_hz : int
        Rate of the waveforms that `scores` takes.
    classes : sequence of str
        Class names, in the order of the score columns.

    Notes
    -----
    A model whose classes are AudioSet's also has ``mids``, a sequence of machine ids in the same
    order. A model with trained weights has ``weights_sha256``. A model that uses only the beginning
    of a long clip has ``hears_s``, the length of that part in seconds.
    """

    sample_rate_hz: int
    classes: Sequence[str]

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score every class.

        Parameters
        ----------
        waveforms : np.ndarray, shape=(batch, samples), dtype=float32
            Samples in [-1, 1].

        Returns
        -------
        np.ndarray, shape=(batch, classes), dtype=float32
            Log-odds.
        """
        ...


@runtime_checkable
class PatchModel(AudioModel, Protocol):
    """A model whose scores are pooled over patches of fixed length that it scores one by one.

    Attributes
    ----------
    patch_samples : int
        Length of a patch in samples.
    """

    patch_samples: int

    def patch_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each patch of a waveform, ``shape=(patches,)``."""
        ...

    def patch_scores(self, patches: AudioArray) -> ScoreArray:
        """Score patches: ``(n, patch_samples)`` to log-odds ``(n, classes)``."""
        ...

    def pool(self, patch_scores: ScoreArray) -> ScoreArray:
        """Pool log-odds of shape ``(..., patches, classes)`` over the patches."""
        ...


@runtime_checkable
class TargetPatchModel(PatchModel, Protocol):
    """A model of patches that can score one class without working on all the others.

    With thousands of classes, log-odds and pooling of all of them may cost more than the network.
    """

    def target_patch_scores(self, patches: AudioArray, class_index: int) -> ScoreArray:
        """Score patches for one class: ``(n, patch_samples)`` to log-odds ``(n,)``.

        The values are those of that column of `patch_scores`, up to rounding.
        """
        ...


@runtime_checkable
class FrameFeatureModel(AudioModel, Protocol):
    """A model whose features are frames, each computed from a short window of the waveform.

    Attributes
    ----------
    frame_samples : int
        Length of a frame's window in samples.
    """

    frame_samples: int

    def frame_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each frame's window; negative in the padding."""
        ...

    def features(self, waveforms: AudioArray) -> npt.NDArray[np.float32]:
        """Compute features: ``(batch, samples)`` to ``(batch, frames, bins)``."""
        ...

    def feature_scores(self, features: npt.NDArray[np.float32]) -> ScoreArray:
        """Score features: ``(batch, frames, bins)`` to log-odds ``(batch, classes)``."""
        ...


@runtime_checkable
class LocalModel(AudioModel, Protocol):
    """A model that judges moments, each from a short stretch of the waveform, and combines them.

    A convolutional network is one where nothing before its pooling over time looks at the whole
    clip: normalization over the clip, attention or a recurrent layer must come after the moments.

    Attributes
    ----------
    moment_samples : int
        Length of the stretch that a moment depends on, in samples.
    """

    moment_samples: int

    def moment_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each moment's stretch; negative in the padding."""
        ...

    def moments(self, waveforms: AudioArray) -> npt.NDArray[np.float32]:
        """Judge moments: ``(batch, samples)`` to ``(batch, moments, channels)``."""
        ...

    def moment_scores(self, moments: npt.NDArray[np.float32]) -> ScoreArray:
        """Combine moments: ``(batch, moments, channels)`` to log-odds ``(batch, classes)``."""
        ...


@runtime_checkable
class FrameScoreModel(AudioModel, Protocol):
    """A model that scores every stretch of a clip before it combines them, as detectors do.

    The scores are the model's own statement of when a class occurs: the explainer ``frame-scores``
    puts them beside explanations, as a row without a place.
    """

    def frame_scores(self, waveform: AudioArray) -> ScoreArray:
        """Score the stretches of a clip.

        Parameters
        ----------
        waveform : np.ndarray, shape=(samples,), dtype=float32
            One clip.

        Returns
        -------
        np.ndarray, shape=(stretches, classes), dtype=float32
            Log-odds.
        """
        ...

    def frame_score_spans_s(self, n_samples: int) -> FloatArray:
        """Return what each stretch speaks of, ``shape=(stretches, 2)``: start and end in seconds.

        They may overlap, and leave gaps.
        """
        ...


@runtime_checkable
class TraceableModel(AudioModel, Protocol):
    """A model that can find out by itself whether it judges moments.

    What it finds is tried out on masked clips, and used only where it changes no bit of the scores.
    """

    def trace_moments(self, n_samples: int, longest_samples: int) -> LocalModel | str:
        """Find what is local about the model.

        Parameters
        ----------
        n_samples : int
            Length of the clips.
        longest_samples : int
            Most samples that a moment may hear.

        Returns
        -------
        LocalModel or str
            The same model for clips of this length as one of moments, or why it is none.
        """
        ...


@runtime_checkable
class TensorModel(AudioModel, Protocol):
    """A torch model that takes waveforms on its own device, which saves copying them.

    Attributes
    ----------
    device : torch.device
        The device that it computes on.
    """

    device: torch.device

    def tensor_scores(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Score waveforms ``(batch, samples)`` on the device, giving ``(batch, classes)``."""
        ...


@runtime_checkable
class TensorFrameModel(TensorModel, FrameFeatureModel, Protocol):
    """A torch model that also takes features on its own device."""

    def tensor_feature_scores(self, features: torch.Tensor) -> torch.Tensor:
        """Score features ``(batch, frames, bins)`` on the device, giving ``(batch, classes)``."""
        ...


@runtime_checkable
class DifferentiableModel(AudioModel, Protocol):
    """A torch model split at its features into a front end and a back end.

    A network that hears waveforms has samples for features: frames of one sample in one bin,
    ``(batch, samples, 1)``, as its feature extractor normalizes them. Relevance is then found at
    the samples, and is summed over a segment's own.

    Attributes
    ----------
    front_end : torch.nn.Module
        Waveforms ``(batch, samples)`` to features ``(batch, frames, bins)``.
    back_end : torch.nn.Module
        Features to log-odds ``(batch, classes)``.
    last_convolution : str
        Name of the last convolution in the back end, as in ``named_modules``. Its output has the
        shape ``(batch, channels, frames, bins)`` or ``(batch, channels, frames)``, at any
        resolution. Empty if there is none: CAMs are then not applicable.
    """

    front_end: torch.nn.Module
    back_end: torch.nn.Module
    last_convolution: str

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each feature frame in seconds, ``shape=(n_frames,)``."""
        ...


@runtime_checkable
class TimeFrequencyModel(AudioModel, Protocol):
    """A model that knows where the cells of a time-frequency map lie.

    Maps are ``(frames, bins)``, as `awb.types.Explanation.time_frequency` is. With it, maps are
    scored against the frequencies of events, and compared band by band.
    """

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each feature frame in seconds, ``shape=(n_frames,)``."""
        ...

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        """Return the centre of each feature bin in Hz, increasing, ``shape=(n_bins,)``."""
        ...


@runtime_checkable
class SpectrogramModel(DifferentiableModel, Protocol):
    """A differentiable model whose features are a (linear or mel) spectrogram: maps are audible."""

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        """Return the centre of each feature bin in Hz, increasing, ``shape=(n_bins,)``."""
        ...


@runtime_checkable
class AttentionModel(AudioModel, Protocol):
    """A transformer that exposes its attention and the position of its tokens in time."""

    def attentions(self, waveform: AudioArray) -> Iterable[ScoreArray]:
        """Return the attention of each layer, first layer first.

        Parameters
        ----------
        waveform : np.ndarray, shape=(samples,), dtype=float32
            One clip.

        Returns
        -------
        iterable of np.ndarray, shape=(heads, tokens, tokens), dtype=float32
            Row: the attending token; column: the attended token. Rows sum to 1.
        """
        ...

    def token_spans_s(self, n_samples: int) -> FloatArray:
        """Return start and end of each token's audio in seconds, ``shape=(tokens, 2)``.

        Tokens that represent no audio (the class and distillation tokens, from which the scores are
        computed) have NaN for both.
        """
        ...


@runtime_checkable
class TokenModel(DifferentiableModel, Protocol):
    """A transformer whose tokens are not its frames, and that knows which features they stand for.

    Explainers of attention ask for it. Where every token is a frame, it is not needed.
    """

    def token_cells(self, n_frames: int, n_bins: int) -> IntArray:
        """Return the features that each token stands for.

        Parameters
        ----------
        n_frames, n_bins : int
            Shape of the features of a clip.

        Returns
        -------
        np.ndarray, shape=(tokens, 4), dtype=int64
            First frame, end frame, first bin, end bin; they may overlap, and may reach beyond the
            features. Empty for tokens that represent no audio, such as a class token.
        """
        ...


@runtime_checkable
class RandomizableModel(AudioModel, Protocol):
    """A model whose trained weights can be randomized, as sanity checks require."""

    def randomized(self, share: float, rng: np.random.Generator) -> AudioModel:
        """Return a copy whose last layers have random weights.

        Parameters
        ----------
        share : float
            Fraction of the layers with weights, counted from the output backwards, in (0, 1].
        rng : np.random.Generator
            Generator of the new weights.

        Returns
        -------
        AudioModel
            A model with the same classes and capabilities; this one is not changed.
        """
        ...


@runtime_checkable
class RandomLabelModel(AudioModel, Protocol):
    """A model with a twin that was trained in the same way, but on randomly assigned labels."""

    def trained_on_random_labels(self) -> AudioModel:
        """Return the twin, which has the same classes and capabilities."""
        ...


@runtime_checkable
class Extractor(Protocol):
    """What turns a clip of any length into one vector of features.

    Attributes
    ----------
    sample_rate_hz : int
        Rate of the waveforms that `vectors` takes.
    minimum_samples : int
        Length of the shortest clip that it takes.
    n_features : int
        Length of a vector.
    weights_sha256 : str
        Hash of its weights; empty if it has none.
    """

    sample_rate_hz: int
    minimum_samples: int
    n_features: int
    weights_sha256: str

    def vectors(self, waveforms: AudioArray) -> FloatArray:
        """Compute the features of clips.

        Parameters
        ----------
        waveforms : np.ndarray, shape=(batch, samples), dtype=float32
            Samples in [-1, 1].

        Returns
        -------
        np.ndarray, shape=(batch, n_features), dtype=float64
            One row per clip, which does not depend on the other clips.
        """
        ...


@runtime_checkable
class Dataset(Protocol):
    """Labelled clips, loaded one by one.

    Notes
    -----
    A dataset that leaves out clips may list them with ``excluded()``. One that knows more about its
    clips (sex, age, room) may return it with ``attributes()``, a dictionary of texts for each id.
    What a reader should know about how it was read goes into ``notes()``, a list of sentences.
    """

    def clip_ids(self) -> Sequence[str]:
        """List the ids of all clips, always in the same order."""
        ...

    def load(self, clip_id: str) -> Clip:
        """Read one clip with its events.

        Parameters
        ----------
        clip_id : str
            One of `clip_ids`.

        Returns
        -------
        Clip
            The clip at its own sample rate.

        Raises
        ------
        DataError
            If its audio cannot be read; the clip is then reported and the run continues.
        """
        ...
