"""Explainers whose players are parts that people hear: components of the sound, cut in time."""

from awb_plugins.explainers.components import audio_lime, part_shap

SPECS = [audio_lime.SPEC, part_shap.SPEC]
