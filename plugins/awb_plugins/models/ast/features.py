"""AST's features, computed for a whole batch on the model's device.

The reference, `transformers.ASTFeatureExtractor`, works clip by clip and frame by frame in NumPy.
Here all frames of all clips are one tensor. Where torchaudio is installed the reference uses its
Kaldi filter bank instead; this follows the NumPy form, on which it falls back.

A frame is 25 ms, one every 10 ms, with its mean removed, preemphasis 0.97 and a Hann window; its
power spectrum goes through 128 Kaldi mel filters, and what is below float32's epsilon is raised to
it before the logarithm. Up to the power spectrum the arithmetic is float64: a quiet band may lie
100 dB below the loudest bin of its frame, where the round-off of a float32 transform would show.
What follows only adds positive numbers, for which float32 is enough.

References
----------
Gong, Y., Chung, Y.-A., & Glass, J. (2021). AST: Audio Spectrogram Transformer. Interspeech.
doi:10.21437/Interspeech.2021-698
Povey, D., et al. (2011). The Kaldi speech recognition toolkit. ASRU.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from torch import nn

from awb.intervals import IntArray

FRAME_SAMPLES, HOP_SAMPLES, FFT_SAMPLES = 400, 160, 512
PREEMPHASIS = 0.97
FLOOR = 1.192092955078125e-07

_CLIPS_AT_ONCE = 1  # on a CPU, whose caches hold a clip's frames but not a batch's


class FrontEnd(nn.Module):
    """What turns waveforms into the frames that patches are cut from.

    Attributes
    ----------
    frame_samples, hop_samples : int
        Length of a frame's window, and distance between frames.
    max_frames : int
        Frames after which the audio is not heard.
    padding : float
        What frames contain after the end of the audio.
    """

    frame_samples: int
    hop_samples: int
    max_frames: int
    padding: float

    @abstractmethod
    def starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each frame's window; below 0 where padding is heard."""


class FilterBank(FrontEnd):
    """Waveforms to normalized log-mel frames.

    Parameters
    ----------
    extractor : transformers.ASTFeatureExtractor
        Its settings: rate, number of filters, longest input, mean and deviation.

    Attributes
    ----------
    max_frames : int
        Frames after which the audio is not heard.
    padding : float
        What frames contain after the end of the audio.
    """

    frame_samples = FRAME_SAMPLES
    hop_samples = HOP_SAMPLES

    def __init__(self, extractor: Any) -> None:
        super().__init__()
        from transformers.audio_utils import mel_filter_bank, window_function

        self.max_frames = int(extractor.max_length)
        self._mean = float(extractor.mean) if extractor.do_normalize else 0.0
        self._scale = 2.0 * float(extractor.std) if extractor.do_normalize else 1.0
        self.padding = -self._mean / self._scale
        window = window_function(FRAME_SAMPLES, "hann", periodic=False)
        with warnings.catch_warnings():  # the lowest of 128 filters is empty, as it is in training
            warnings.simplefilter("ignore", UserWarning)
            filters = mel_filter_bank(
                num_frequency_bins=FFT_SAMPLES // 2 + 1,
                num_mel_filters=extractor.num_mel_bins,
                min_frequency=20,
                max_frequency=extractor.sampling_rate // 2,
                sampling_rate=extractor.sampling_rate,
                norm=None,
                mel_scale="kaldi",
                triangularize_in_mel_space=True,
            )
        self._window: torch.Tensor
        self._filters: torch.Tensor
        self.register_buffer("_window", torch.from_numpy(window).double(), persistent=False)
        self.register_buffer("_filters", torch.from_numpy(filters).float(), persistent=False)

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Compute the features of a batch.

        Parameters
        ----------
        waveforms : torch.Tensor, shape=(batch, samples)
            Samples in [-1, 1]; fewer than a frame are followed by zeros.

        Returns
        -------
        torch.Tensor, shape=(batch, frames, bins), dtype=float32
            As many frames as the audio fills, at most `max_frames`.
        """
        parts = waveforms.split(
            _CLIPS_AT_ONCE if self._window.device.type == "cpu" else len(waveforms)
        )
        return torch.cat([self._log_mel(part) for part in parts])

    def starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each frame's window, ``shape=(frames,)``."""
        fitting = max(0, n_samples - FRAME_SAMPLES) // HOP_SAMPLES + 1
        return np.arange(min(fitting, self.max_frames), dtype=np.int64) * HOP_SAMPLES

    def _log_mel(self, waveforms: torch.Tensor) -> torch.Tensor:
        missing = max(0, FRAME_SAMPLES - waveforms.shape[1])
        longest = (self.max_frames - 1) * HOP_SAMPLES + FRAME_SAMPLES
        samples = waveforms[:, :longest].to(self._window.device).double()
        frames = self._emphasized(nn.functional.pad(samples, (0, missing))) * self._window
        spectrum = torch.view_as_real(torch.fft.rfft(frames, n=FFT_SAMPLES))
        power = spectrum.square().sum(dim=-1).float()
        energy = torch.log((power @ self._filters).clamp(min=FLOOR))
        return (energy - self._mean) / self._scale

    @staticmethod
    def _emphasized(samples: torch.Tensor) -> torch.Tensor:
        """Remove each frame's mean and emphasize what changes, with one pass over the waveform.

        ``(x[n] - m) - 0.97 (x[n-1] - m)`` is ``(x[n] - 0.97 x[n-1]) - 0.03 m``, and the first
        sample of a frame stands for the one before it.
        """
        rest = 1.0 - PREEMPHASIS
        change = samples[:, 1:] - PREEMPHASIS * samples[:, :-1]
        first = rest * samples[:, : samples.shape[1] - FRAME_SAMPLES + 1 : HOP_SAMPLES]
        means = samples.unfold(1, FRAME_SAMPLES, HOP_SAMPLES).mean(dim=-1, keepdim=True)
        inner = change.unfold(1, FRAME_SAMPLES - 1, HOP_SAMPLES)
        return torch.cat([first[..., None], inner], dim=-1) - rest * means
