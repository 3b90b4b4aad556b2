"""CLAP as a zero-shot classifier: differentiable, its features are log-mel frames.

Conventions
-----------
A score is the log-odds of the softmax over the prompts of ``scale * cosine(audio, text)``, as in
transformers' zero-shot pipeline. CLAP hears the first 10 s of a clip (the checkpoint's extractor
says how many); transformers would take 10 s at random.

A shorter clip is repeated as often as it fits, and silence follows, as the extractor's
``padding=repeatpad`` has it. Here its frames are repeated, where the extractor repeats its samples:
the features are then those of one copy, and relevance falls on audio that is there. The scores
differ where copies meet, and not at all for clips that are long enough.

References
----------
Wu, Y., et al. (2023). Large-scale contrastive language-audio pretraining with feature fusion and
keyword-to-caption augmentation. ICASSP. doi:10.1109/ICASSP49357.2023.10095969
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import torch
from torch import nn

from awb.errors import WeightsError
from awb.intervals import FloatArray
from awb_plugins.models import checkpoints
from awb_plugins.models.checkpoint_classifiers import CheckpointModel, Computing
from awb_plugins.models.clap.parameters import ClapParameters, read_prompts

NAME = "clap"
_REPEATS = "repeatpad"
_PADDINGS = (_REPEATS, "pad")


class LogMel(nn.Module):
    """Waveforms to the frames of CLAP's extractor that they reach.

    Parameters
    ----------
    extractor : transformers.ClapFeatureExtractor
        Does the work, clip by clip.

    Attributes
    ----------
    n_samples : int
        Samples that are heard.
    overhang : int
        Frames at the end whose centres lie behind the clip.
    """

    def __init__(self, extractor: Any) -> None:
        super().__init__()
        self._extractor = extractor
        self.n_samples = int(extractor.nb_max_samples)
        self.overhang = -(-extractor.fft_window_size // (2 * extractor.hop_length)) + 1

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Turn ``(batch, samples)`` into ``(batch, frames, bins)``."""
        extractor = self._extractor
        heard = waveforms.detach()[:, : self.n_samples].cpu().numpy()
        found = extractor(
            list(heard), sampling_rate=extractor.sampling_rate, padding="pad", return_tensors="pt"
        ).input_features[:, 0]
        reached = self._own_frames(heard.shape[1]) + self.overhang
        features: torch.Tensor = found[:, :reached].float()
        return features.to(waveforms.device)

    def _own_frames(self, n_samples: int) -> int:
        """Return the frames of one copy: so many that as many copies fit as of the samples."""
        hop = int(self._extractor.hop_length)
        fewer = max(1, n_samples // hop)
        total, copies = self.n_samples // hop, self.n_samples // n_samples
        return fewer if total // fewer == copies else -(-n_samples // hop)


class Classifier(nn.Module):
    """Frames to log-odds.

    Parameters
    ----------
    network : transformers.ClapModel
        The network.
    texts : torch.Tensor, shape=(classes, size)
        Embeddings of the prompts, each of length 1.
    silence : torch.Tensor, shape=(frames, bins)
        Features of 10 s of silence.
    channels : int
        Copies of the features that the network wants: 4 with feature fusion.
    overhang : int
        Frames at the end of the features that the next copy does not wait for.
    repeats : bool
        Whether a clip is repeated before silence follows.
    """

    def __init__(
        self,
        network: Any,
        texts: torch.Tensor,
        silence: torch.Tensor,
        *,
        channels: int,
        overhang: int,
        repeats: bool,
    ) -> None:
        super().__init__()
        self.audio_model = network.audio_model
        self.audio_projection = network.audio_projection
        self._scale = float(network.logit_scale_a.detach().exp())
        self._channels = channels
        self._overhang = overhang
        self._repeats = repeats
        self._texts: torch.Tensor
        self._silence: torch.Tensor
        self.register_buffer("_texts", texts, persistent=False)
        self.register_buffer("_silence", silence, persistent=False)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Score features ``(batch, frames, bins)``, giving log-odds ``(batch, classes)``."""
        batch, given = features.shape[:2]
        own = max(1, given - self._overhang)
        copies = max(1, (len(self._silence) - 1) // own) if self._repeats else 1
        rest = self._silence.expand(batch, -1, -1)[:, (copies - 1) * own + given :]
        filled = torch.cat([features[:, :own]] * (copies - 1) + [features, rest], dim=1)
        filled = filled[:, : len(self._silence)]
        images = filled[:, None].expand(-1, self._channels, -1, -1)
        alone = torch.zeros((batch, 1), dtype=torch.bool, device=features.device)
        found = self.audio_model(input_features=images, is_longer=alone).pooler_output
        heard = nn.functional.normalize(self.audio_projection(found), dim=-1)
        return checkpoints.log_odds(self._scale * heard @ self._texts.T, "single-label")


class Clap(CheckpointModel):
    """A zero-shot classifier.

    Parameters
    ----------
    network : transformers.ClapModel
        The network with its weights, on the CPU.
    extractor : transformers.ClapFeatureExtractor
        Its features.
    texts : torch.Tensor, shape=(classes, size)
        Embeddings of the prompts, each of length 1.
    classes : sequence of str
        The prompts without the template.
    **computing
        As for `CheckpointModel`; features are computed on the CPU.

    Attributes
    ----------
    hears_s : float
        Seconds of a clip that it hears, 10 in the published checkpoints.

    Raises
    ------
    WeightsError
        If the extractor pads in a way that is not known here.
    """

    last_convolution = ""  # its image folds time into frequency: a map of it has no time axis

    def __init__(
        self,
        network: Any,
        extractor: Any,
        texts: torch.Tensor,
        *,
        classes: Sequence[str],
        **computing: Unpack[Computing],
    ) -> None:
        if extractor.padding not in _PADDINGS:
            raise WeightsError(
                f"{NAME}: its feature extractor has padding={extractor.padding}, expected"
                f" {' or '.join(_PADDINGS)}"
            )
        super().__init__(NAME, network, extractor, classes=tuple(classes), **computing)
        content = self.weights_sha256.encode() + texts.numpy().tobytes()
        self.weights_sha256 = hashlib.sha256(content).hexdigest()
        self._hop_samples = int(extractor.hop_length)
        front_end = LogMel(extractor)
        self.hears_s = front_end.n_samples / self.sample_rate_hz
        self.front_end: nn.Module = front_end
        back_end = Classifier(
            network,
            texts,
            front_end(torch.zeros(1, front_end.n_samples))[0],
            channels=4 if extractor.truncation == "fusion" else 1,
            overhang=front_end.overhang,
            repeats=extractor.padding == _REPEATS,
        )
        self.back_end: nn.Module = back_end.to(self.device).eval()

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each frame in seconds, ``shape=(n_frames,)``; the first is 0."""
        return np.arange(n_frames, dtype=np.float64) * self._hop_samples / self.sample_rate_hz


def embedded(network: Any, tokenizer: Any, texts: Sequence[str]) -> torch.Tensor:
    """Embed texts.

    Parameters
    ----------
    network : transformers.ClapModel
        The network, on the CPU.
    tokenizer : transformers.PreTrainedTokenizer
        Its tokenizer.
    texts : sequence of str
        Prompts.

    Returns
    -------
    torch.Tensor, shape=(texts, size)
        Each of length 1.
    """
    rows = []
    with torch.inference_mode():
        for text in texts:  # one by one, so that none depends on the padding that others need
            found = network.text_model(**tokenizer([text], return_tensors="pt")).pooler_output
            rows.append(nn.functional.normalize(network.text_projection(found), dim=-1))
    return torch.cat(rows).clone()


def load(parameters: ClapParameters) -> Clap:
    """Load a checkpoint.

    Parameters
    ----------
    parameters : ClapParameters
        Which, its prompts, and where to compute.

    Returns
    -------
    Clap
        The model.

    Raises
    ------
    ParameterError
        If the prompts cannot be read, or there is no such device.
    WeightsError
        If the checkpoint cannot be had, lacks weights, or is not CLAP.
    """
    from transformers import AutoTokenizer, ClapFeatureExtractor, ClapModel

    classes = read_prompts(parameters.prompts)
    device = checkpoints.device_named(parameters.device)
    given = (parameters.checkpoint, parameters.revision, NAME)
    offline = not parameters.download
    network = checkpoints.load_model(ClapModel, *given, offline=offline)
    tokenizer = checkpoints.load_extractor(AutoTokenizer, *given, offline=offline)
    prompts = [parameters.template.replace("{}", one) for one in classes]
    return Clap(
        network,
        checkpoints.load_extractor(ClapFeatureExtractor, *given, offline=offline),
        embedded(network, tokenizer, prompts),
        classes=classes,
        device=device,
        batch_size=parameters.batch_size,
        precision=parameters.precision,
    )
