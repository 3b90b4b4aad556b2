"""Explainers that are trained once for a model, and then explain without asking it."""

from awb_plugins.explainers.trained import fast_shap, l_mac

SPECS = [l_mac.SPEC, fast_shap.SPEC]
