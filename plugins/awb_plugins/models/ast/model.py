"""AST: a differentiable model of frames, with attention (see `awb.protocols`)."""

from __future__ import annotations

from typing import Any, Self, Unpack

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from awb.errors import WeightsError
from awb.intervals import FloatArray, IntArray
from awb.protocols import ScoreArray
from awb.types import AudioArray
from awb_plugins.models import checkpoints
from awb_plugins.models.ast.features import FilterBank, FrontEnd
from awb_plugins.models.ast.parameters import CHECKPOINT, REVISION, AstParameters
from awb_plugins.models.ast.patches import TimeFirstPatches
from awb_plugins.models.checkpoint_classifiers import CheckpointModel, Computing, load_classifier
from awb_plugins.models.checkpoints import Problem
from awb_plugins.models.memory import autocast
from awb_plugins.models.randomizing import randomized_twin
from awb_plugins.models.tokens import TokenMaps

NAME = "ast"
_PATCHES = "audio_spectrogram_transformer.embeddings.patch_embeddings"


class Classifier(nn.Module):
    """Features to log-odds.

    Parameters
    ----------
    network : transformers.ASTForAudioClassification
        The transformer, whose patch embedding is a `TimeFirstPatches`.
    problem : str
        ``multi-label`` or ``single-label``.
    """

    def __init__(self, network: Any, problem: Problem) -> None:
        super().__init__()
        self.network = network
        self._problem = problem

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Score features ``(batch, frames, bins)``, giving log-odds ``(batch, classes)``."""
        logits = self.network(input_values=features).logits
        return checkpoints.log_odds(logits, self._problem)


class Ast(CheckpointModel):
    """The Audio Spectrogram Transformer.

    Parameters
    ----------
    network : transformers.ASTForAudioClassification
        The network with its weights, on the CPU; its patch embedding is exchanged here.
    extractor : transformers.ASTFeatureExtractor
        The settings of its features.
    problem : str
        ``multi-label`` or ``single-label``.
    name : str
        Name of awb's model, for messages.
    front_end : FrontEnd or None
        What makes the frames; None for the filter bank of the extractor.
    **computing
        As for `CheckpointModel`.

    Attributes
    ----------
    hears_s : float
        Seconds of a clip that it hears: up to the end of its last frame.

    Raises
    ------
    WeightsError
        If network and features do not fit together.
    """

    front_end: FrontEnd
    back_end: Classifier
    last_convolution = f"network.{_PATCHES}.projection"

    def __init__(
        self,
        network: Any,
        extractor: Any,
        *,
        problem: Problem,
        name: str = NAME,
        front_end: FrontEnd | None = None,
        **computing: Unpack[Computing],
    ) -> None:
        config = network.config
        if (config.max_length, config.num_mel_bins) != (
            extractor.max_length,
            extractor.num_mel_bins,
        ):
            raise WeightsError(
                f"{name}: the network wants {config.max_length} frames of {config.num_mel_bins}"
                f" bins, its features are {extractor.max_length} of {extractor.num_mel_bins}"
            )
        super().__init__(
            name, network, extractor, classes=checkpoints.class_names(config.id2label), **computing
        )
        self.front_end = FilterBank(extractor) if front_end is None else front_end
        self.frame_samples = self.front_end.frame_samples
        self.hears_s = self._end(self.front_end.max_frames - 1) / self.sample_rate_hz
        embeddings = network.audio_spectrogram_transformer.embeddings
        self._patches = TimeFirstPatches(
            embeddings.patch_embeddings.projection,
            config.max_length,
            config.num_mel_bins,
            self.front_end.padding,
        )
        embeddings.patch_embeddings = self._patches
        self.back_end = Classifier(network.to(self.device), problem).eval()
        self.token_maps = self._token_maps(config)
        if self.device.type != "mps":  # which has no float64: its features are computed on the CPU
            self.front_end.to(self.device)

    def _forward(self, waveforms: AudioArray) -> torch.Tensor:
        with torch.inference_mode():
            return self.tensor_scores(torch.tensor(waveforms))

    def tensor_scores(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Score waveforms ``(batch, samples)``, giving log-odds ``(batch, classes)``."""
        return self.tensor_feature_scores(self.front_end(waveforms))

    def tensor_feature_scores(self, features: torch.Tensor) -> torch.Tensor:
        """Score features ``(batch, frames, bins)``, giving log-odds ``(batch, classes)``."""
        with autocast(self.device, self.precision):
            scores: torch.Tensor = self.back_end(features.to(self.device))
        return scores

    def _features(self, waveforms: AudioArray) -> torch.Tensor:
        features: torch.Tensor = self.front_end(torch.tensor(waveforms))
        return features.to(self.device)

    def frame_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each frame's window, ``shape=(frames,)``."""
        return self.front_end.starts(n_samples)

    def features(self, waveforms: AudioArray) -> npt.NDArray[np.float32]:
        """Compute features: ``(batch, samples)`` to ``(batch, frames, bins)``."""
        with torch.inference_mode():
            found: npt.NDArray[np.float32] = self._features(waveforms).cpu().numpy()
        return found

    def feature_scores(self, features: npt.NDArray[np.float32]) -> ScoreArray:
        """Score features: ``(batch, frames, bins)`` to log-odds ``(batch, classes)``."""
        return self._batches.scores(features, self._classify)

    def _classify(self, features: npt.NDArray[np.float32]) -> torch.Tensor:
        with torch.inference_mode():
            return self.tensor_feature_scores(torch.tensor(features, device=self.device))

    def randomized(self, share: float, rng: np.random.Generator) -> Self:
        """Return a twin with randomized layers; see `awb.protocols.RandomizableModel`."""
        twin = randomized_twin(self, share, rng)
        embeddings = twin.back_end.network.audio_spectrogram_transformer.embeddings
        twin._patches = embeddings.patch_embeddings
        return twin

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each feature frame in seconds, ``shape=(n_frames,)``."""
        frames = np.arange(n_frames, dtype=np.float64)
        centers: FloatArray = self._end(frames) - self.frame_samples / 2
        return centers / self.sample_rate_hz

    def _end(self, frames: Any) -> Any:
        """Return the sample behind each frame's window."""
        first = self.front_end.starts(1)[0] + self.frame_samples
        return first + frames * self.front_end.hop_samples

    def _token_maps(self, config: Any) -> TokenMaps:
        """Say which tokens a CAM looks at: what the last block is given."""
        blocks, spans = int(config.num_hidden_layers), self._patches.spans()
        last = f"layers.{blocks - 2}" if blocks > 1 else "embeddings"
        step = spans[1][0] - spans[0][0] if self._patches.n_times > 1 else config.max_length
        name = f"network.audio_spectrogram_transformer.{last}"
        return TokenMaps(name, step, first=2, bands=self._patches.n_bands)

    def token_cells(self, n_frames: int, n_bins: int) -> IntArray:  # noqa: ARG002
        """Return frames and bins of each patch; see `awb.protocols.TokenModel`."""
        patches = np.concatenate([self._patches.spans(), self._patches.bins()], axis=1)
        return np.concatenate([np.zeros((2, 4), dtype=np.int64), patches.astype(np.int64)])

    def token_spans_s(self, n_samples: int) -> FloatArray:
        """Return start and end of each token's audio in seconds.

        Parameters
        ----------
        n_samples : int
            Length of the clip.

        Returns
        -------
        np.ndarray, shape=(tokens, 2)
            Tokens: class, distillation, then the patches, bands one after another. NaN for the
            first two. A patch reaches from its first frame's start to its last frame's end, at most
            to the clip's end; a patch of padding is empty there.
        """
        frames = np.array(self._patches.spans(), dtype=np.float64)
        starts, ends = self._end(frames[:, 0]) - self.frame_samples, self._end(frames[:, 1] - 1)
        spans = np.clip(np.stack([starts, ends], axis=1), 0, n_samples) / self.sample_rate_hz
        return np.concatenate([np.full((2, 2), np.nan), spans])


def load(parameters: AstParameters) -> Ast:
    """Load a checkpoint.

    Parameters
    ----------
    parameters : AstParameters
        Which, and where to compute.

    Returns
    -------
    Ast
        The model.

    Raises
    ------
    WeightsError
        If the checkpoint cannot be had, lacks weights, or is not an AST.
    ParameterError
        If there is no such device.
    """
    from transformers import ASTFeatureExtractor, ASTForAudioClassification

    pinned = REVISION if parameters.checkpoint == CHECKPOINT else None
    families = (ASTForAudioClassification, ASTFeatureExtractor)
    return Ast(**load_classifier(parameters, NAME, families, revision=pinned))
