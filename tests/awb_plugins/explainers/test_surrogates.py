"""What explainers fitted is kept, and forecasts what it should."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from awb.metrics import local_accuracy
from awb.perturbation import Perturber
from awb.plugins.discovery import load
from awb.specs import ExplainerSpec
from awb.types import Explanation
from fakes import WeightedEnergy, instance_of, perturber_for, unit_clip

N = 12
WEIGHTS = np.array([0, 0, 4, 6, 0, -2, 0, 0, 1, 0, 0, 0.5]) * 4
SPECS = {entry.spec.name: entry.spec for entry in load() if isinstance(entry.spec, ExplainerSpec)}
ADDITIVE = ["linear-regression", "kernel-shap", "linear-regression-paper", "kernel-shap-paper"]
PENALIZED = ["ridge", "lasso", "lime", "adaptive", "random-forest", "random-forest-paper"]


def _explained(name: str, perturber: Perturber, **settings: object) -> Explanation:
    spec = SPECS[name]
    explainer = spec.factory(spec.parameters(**settings))
    found = explainer(perturber, instance_of(unit_clip(N)).blind(), np.random.default_rng(0))
    return found if isinstance(found, Explanation) else Explanation(found)


def _perturber() -> Perturber:
    return perturber_for(WeightedEnergy(WEIGHTS, -1.0), unit_clip(N), samples=400)


@pytest.mark.parametrize("name", ADDITIVE)
def test_surrogates_of_an_additive_model_are_exact(name: str) -> None:
    perturber = _perturber()
    held_out = perturber.held_out()
    surrogate = _explained(name, perturber).surrogate
    assert surrogate is not None
    assert surrogate(held_out.drop_masks) == pytest.approx(held_out.scores, abs=2e-3)


@pytest.mark.parametrize("name", PENALIZED)
def test_penalized_surrogates_forecast_well(name: str) -> None:
    perturber = _perturber()
    held_out = perturber.held_out()
    surrogate = _explained(name, perturber).surrogate
    assert surrogate is not None
    assert local_accuracy(surrogate(held_out.drop_masks), held_out.scores) > 0.8


def test_the_regression_is_scikit_learns() -> None:
    perturber = perturber_for(WeightedEnergy(WEIGHTS**2, -1.0), unit_clip(N), samples=40)
    pool, held_out = perturber.pool(), perturber.held_out()
    noisy = pool.scores + np.random.default_rng(1).normal(size=40)
    reference = LinearRegression().fit(~pool.drop_masks, noisy)
    from awb_plugins.explainers.segmentwise.linear_regression import fitted

    surrogate = fitted(pool.drop_masks, noisy).surrogate
    assert surrogate is not None
    expected = reference.predict(~held_out.drop_masks)
    assert surrogate(held_out.drop_masks) == pytest.approx(expected)


def test_smoothing_the_relevance_leaves_the_fitted_model_as_it_was() -> None:
    perturber = _perturber()
    masks = perturber.held_out().drop_masks
    plain = _explained("ridge", perturber)
    smooth = _explained("ridge", perturber, smoothing="moving-average", sign="absolute")
    assert plain.surrogate is not None
    assert smooth.surrogate is not None
    assert np.array_equal(plain.surrogate(masks), smooth.surrogate(masks))
    assert not np.array_equal(plain.relevance, smooth.relevance)


@pytest.mark.parametrize("name", ["naive", "rise", "correlation", "keep-window", "random"])
def test_explainers_without_a_fit_have_no_surrogate(name: str) -> None:
    assert _explained(name, _perturber()).surrogate is None
