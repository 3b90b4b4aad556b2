"""Explainers that look inside: gradients and activations, on the features of a model."""

from awb_plugins.explainers.spectrogram import (
    activation_maps,
    against_baseline,
    gradients,
    listen,
    lrp,
    masked_features,
)

SPECS = [
    *gradients.SPECS,
    *against_baseline.SPECS,
    *activation_maps.SPECS,
    *lrp.SPECS,
    *masked_features.SPECS,
    listen.SPEC,
]
