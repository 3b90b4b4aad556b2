"""Small, quick networks of the kinds that people use, for the matrix of explainers."""

from networks import attending, convolutional, forms, recurrent, residual, waveform

NETWORKS = [
    *convolutional.NETWORKS,
    *residual.NETWORKS,
    *recurrent.NETWORKS,
    *attending.NETWORKS,
    *waveform.NETWORKS,
    *forms.NETWORKS,
]
