"""Explainers that look inside: gradients, activations and attention, on the features of a model."""

from awb_plugins.explainers.spectrogram import (
    activation_maps,
    against_baseline,
    attention_rollout,
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
    attention_rollout.SPEC,
    listen.SPEC,
]
