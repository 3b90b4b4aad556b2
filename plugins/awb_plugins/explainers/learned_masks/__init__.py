"""Explainers that look for the smallest part of a clip that keeps, or removes, the evidence."""

from awb_plugins.explainers.learned_masks import extremal, search

SPECS = [extremal.SPEC, search.SPEC]
