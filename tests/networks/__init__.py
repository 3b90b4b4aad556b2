"""Small, quick networks of the kinds that people use, for the matrix of explainers."""

from __future__ import annotations

from networks import (
    attending,
    convolutional,
    forms,
    pooled,
    recurrent,
    residual,
    several,
    shipped,
    waveform,
)

NETWORKS = [
    *convolutional.NETWORKS,
    *pooled.NETWORKS,
    *residual.NETWORKS,
    *several.NETWORKS,
    *recurrent.NETWORKS,
    *attending.NETWORKS,
    *waveform.NETWORKS,
    *forms.NETWORKS,
]
SUBJECTS = {
    one.name: one for one in (*NETWORKS, *waveform.WHOLE, *attending.CHECKPOINTS, *shipped.SHIPPED)
}
"""All that the matrix has a row for, by name."""
