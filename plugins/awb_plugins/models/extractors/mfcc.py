"""Statistics of MFCCs, the classical vector of sound classification.

References
----------
Davis, S., & Mermelstein, P. (1980). Comparison of parametric representations for monosyllabic word
recognition. IEEE TASSP 28(4). doi:10.1109/TASSP.1980.1163420
McFee, B., et al. (2015). librosa: Audio and music signal analysis in Python. SciPy.
doi:10.25080/Majora-7b98e3ed-003
"""

from __future__ import annotations

import numpy as np

from awb.types import AudioArray
from awb_plugins.models.extractors.vectors import VectorArray, check_clips, mean_and_deviation


class MfccStatistics:
    """Mean and standard deviation of 20 MFCCs, as ``librosa.feature.mfcc`` computes them."""

    name = "mfcc"
    sample_rate_hz = 22_050
    minimum_samples = 1
    n_features = 40
    weights_sha256 = ""

    def vectors(self, waveforms: AudioArray) -> VectorArray:
        """Compute the features of clips."""
        import librosa

        check_clips(waveforms, self)
        # One by one: librosa limits the range of decibels below the loudest bin of all it gets.
        rows = [
            librosa.feature.mfcc(y=np.asarray(row), sr=self.sample_rate_hz, n_mfcc=20).T
            for row in waveforms
        ]
        return mean_and_deviation(np.stack(rows))
