"""Statistics of VGGish's log-mel frames: a vector of 128 without any weights."""

from __future__ import annotations

from awb.intervals import IntArray
from awb.protocols import ScoreArray
from awb.types import AudioArray
from awb_plugins.models.extractors.vectors import VectorArray, check_clips, mean_and_deviation
from awb_plugins.models.vggish import front_end


class LogMelStatistics:
    """Mean and standard deviation of 64 log-mel bins over all frames of a clip."""

    name = "log-mel"
    sample_rate_hz = front_end.SAMPLE_RATE_HZ
    minimum_samples = front_end.PATCH_SAMPLES
    frame_samples = front_end.WINDOW_SAMPLES
    n_features = 2 * front_end.MEL_BINS
    weights_sha256 = ""

    def frame_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each frame's window, ``shape=(frames,)``."""
        return front_end.frame_starts(n_samples)

    def frames(self, waveforms: AudioArray) -> ScoreArray:
        """Compute frames: ``(batch, samples)`` to ``(batch, frames, 64)``."""
        check_clips(waveforms, self)
        return front_end.log_mel(waveforms)

    def summary(self, frames: ScoreArray) -> VectorArray:
        """Sum frames up: ``(batch, frames, 64)`` to ``(batch, 128)``."""
        return mean_and_deviation(frames)

    def vectors(self, waveforms: AudioArray) -> VectorArray:
        """Compute the features of clips."""
        return self.summary(self.frames(waveforms))
