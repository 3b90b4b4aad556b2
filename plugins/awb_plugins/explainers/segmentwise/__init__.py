"""Explainers that ask the model about masked clips, and nothing else: they fit every model."""

from awb_plugins.explainers.segmentwise import (
    banzhaf,
    correlation,
    greedy,
    keep_window,
    kernel_shap,
    lasso,
    lime,
    linear_regression,
    multiscale_occlusion,
    naive,
    random_forest,
    ridge,
    run_correlation,
    shapley_sampling,
)

SPECS = [
    naive.SPEC,
    multiscale_occlusion.SPEC,
    keep_window.SPEC,
    random_forest.SPEC,
    linear_regression.SPEC,
    ridge.SPEC,
    lasso.SPEC,
    lime.SPEC,
    kernel_shap.SPEC,
    shapley_sampling.SPEC,
    banzhaf.SPEC,
    correlation.RISE,
    correlation.SPEC,
    run_correlation.SPEC,
    greedy.SPEC,
]
