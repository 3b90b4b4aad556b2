"""Explainers of transformers: attention, attention with gradients, and relevance through it."""

from awb_plugins.explainers.attention import gradients, lrp, rollout

SPECS = [rollout.SPEC, gradients.SPEC, lrp.SPEC]
