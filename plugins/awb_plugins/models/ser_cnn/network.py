"""The one-dimensional CNN over the vector of 193 features.

The layout is De Pinto et al.'s network for RAVDESS (there over 40 MFCCs), which public code uses
unchanged for the 193 features: a convolution of 128 filters of 5, maximum over 8, another of 128
of 5, and a dense layer. With eight emotions it has 107,400 parameters: 768 + 82,048 + 24,584. The
vector has no order in which neighbours belong together, but within its five parts.

References
----------
De Pinto, M. G., Polignano, M., Lops, P., & Semeraro, G. (2020). Emotions understanding model from
spoken language using deep neural networks and mel-frequency cepstral coefficients. IEEE EAIS.
doi:10.1109/EAIS48028.2020.9122698
Issa, D., Demirci, M. F., & Yazici, A. (2020). Speech emotion recognition with deep convolutional
neural networks. Biomedical Signal Processing and Control 59. doi:10.1016/j.bspc.2020.101894
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from awb.authoring.outputs.layers import LogOdds

N_FEATURES = 193
SPECTRUM = slice(52, 180)
"""The powers of mel bins among the features."""
LEAST_DEVIATION = 1e-3
FILTERS, KERNEL, POOL = 128, 5, 8


class SerCnn(nn.Module):
    """Vectors of 193 features to log-odds.

    Attributes
    ----------
    feature_mean, feature_scale : torch.Tensor, shape=(193,)
        Fixed shift and scale of the features, from the training data: their units differ, and
        power spans many orders of magnitude.
    """

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, n_classes: int, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.register_buffer("feature_mean", torch.zeros(N_FEATURES))
        self.register_buffer("feature_scale", torch.ones(N_FEATURES))
        self.conv1 = nn.Conv1d(1, FILTERS, KERNEL, padding="same")
        self.conv2 = nn.Conv1d(FILTERS, FILTERS, KERNEL, padding="same")
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()
        self.dropout1, self.dropout2 = nn.Dropout(dropout), nn.Dropout(dropout)
        self.pool = nn.MaxPool1d(POOL)
        self.dense = nn.Linear(FILTERS * (N_FEATURES // POOL), n_classes)
        self.log_odds = LogOdds()

    def fit_scale(self, vectors: Tensor) -> None:
        """Set shift and scale so that the features of the training data are standardized.

        Mel bins deviate by a thousandth of the most deviating one at least.
        """
        self.feature_mean.copy_(vectors.mean(dim=0))
        deviation = vectors.std(dim=0).clamp(min=1e-8)
        # Recordings of a telephone leave the upper bins empty: divided by what rounding leaves
        # there, the least noise would count a million times as much as the voice.
        spectrum = deviation[SPECTRUM]
        deviation[SPECTRUM] = spectrum.clamp(min=LEAST_DEVIATION * float(spectrum.max()))
        self.feature_scale.copy_(1.0 / deviation)

    def forward(self, vectors: Tensor) -> Tensor:
        """Score vectors."""
        scaled = ((vectors.flatten(1) - self.feature_mean) * self.feature_scale)[:, None]
        hidden = self.pool(self.dropout1(self.relu1(self.conv1(scaled))))
        hidden = self.dropout2(self.relu2(self.conv2(hidden)))
        scores: Tensor = self.log_odds(self.dense(hidden.flatten(1)))
        return scores
