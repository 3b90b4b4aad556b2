"""Smoothing and sign, the settings that every segment explainer has."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

from awb.errors import ParameterError, RelevanceError
from awb.types import Explanation
from awb_plugins.explainers import awb_explainers
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished
from awb_plugins.explainers.segmentwise.smoothing import (
    Smoothing,
    gaussian_process,
    moving_average,
    smooth,
    total_variation,
)
from fakes import WeightedEnergy, instance_of, perturber_for, unit_clip

SMOOTHINGS = get_args(Smoothing)
quick = settings(max_examples=25, deadline=None)
series = st.lists(st.integers(-50, 50), min_size=2, max_size=30).map(lambda v: np.array(v) / 8)


def _noisy(n: int = 60, seed: int = 0) -> np.ndarray:
    values = 0.3 * np.random.default_rng(seed).standard_normal(n)
    values[20:27] += 2.0
    return values


@quick
@given(series, st.integers(1, 9))
def test_moving_average_is_a_loop(values: np.ndarray, width: int) -> None:
    half = width // 2
    expected = [values[max(0, i - half) : i + half + 1].mean() for i in range(values.size)]
    np.testing.assert_allclose(moving_average(values, width), expected, atol=1e-12)


def test_gaussian_process_is_scikit_learns() -> None:
    values = _noisy()
    places = np.arange(values.size)[:, None]
    best, found = np.inf, values
    for ratio in np.logspace(-4, 4, 81):
        kernel = ConstantKernel(1.0, "fixed") * RBF(4.0, "fixed") + WhiteKernel(ratio, "fixed")
        # The scale of the prior is free: it is the one that makes the misfit n.
        total = np.exp(-0.5 * ((places - places.T) / 4.0) ** 2) + ratio * np.eye(values.size)
        centred = values - values.mean()
        scale = centred @ np.linalg.solve(total, centred) / values.size
        misfit = values.size * np.log(scale) + np.linalg.slogdet(total)[1]
        if misfit < best:
            fit = GaussianProcessRegressor(kernel, alpha=1e-12, optimizer=None)
            best, found = misfit, fit.fit(places, centred).predict(places) + values.mean()
    np.testing.assert_allclose(gaussian_process(values, 4.0), found, atol=1e-5)


def test_total_variation_is_the_minimizer() -> None:
    values = _noisy(30)
    noise = np.median(np.abs(np.diff(values))) / (0.6745 * np.sqrt(2))
    strength = noise * np.sqrt(4.0)

    def objective(u: np.ndarray) -> float:
        return float(0.5 * np.sum((u - values) ** 2) + strength * np.abs(np.diff(u)).sum())

    found = total_variation(values, 4.0)
    rough = minimize(objective, values, method="Powell", options={"maxiter": 20_000}).x
    assert objective(found) <= objective(rough) + 1e-9
    # At the minimum, the running sum of the residual stays within the strength, and reaches it
    # wherever the solution steps.
    tube = np.cumsum(values - found)[:-1]
    assert np.abs(tube).max() <= strength + 1e-6
    steps = np.abs(np.diff(found)) > 1e-6
    np.testing.assert_allclose(np.abs(tube[steps]), strength, atol=1e-6)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_smoothing_follows_shift_and_scale(smoothing: Smoothing) -> None:
    values = _noisy()
    plain = smooth(values, smoothing, 5.0)
    np.testing.assert_allclose(smooth(3 * values - 7, smoothing, 5.0), 3 * plain - 7, atol=1e-6)
    np.testing.assert_allclose(smooth(values[::-1], smoothing, 5.0), plain[::-1], atol=1e-6)


@pytest.mark.parametrize("smoothing", SMOOTHINGS[1:])
def test_smoothing_lowers_the_noise_and_keeps_the_event(smoothing: Smoothing) -> None:
    values = _noisy()
    found = smooth(values, smoothing, 5.0)
    assert found[35:].std() < 0.6 * values[35:].std()
    assert found[21:26].min() > found[30:].max() + 1.0


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_or_equal_values_survive(smoothing: Smoothing, n: int) -> None:
    assert smooth(np.full(n, 4.0), smoothing, 5.0) == pytest.approx(np.full(n, 4.0))
    assert np.isfinite(smooth(np.arange(float(n)), smoothing, 50.0)).all()


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ParameterError, match="width"):
        smooth(_noisy(), "moving-average", 0.0)
    with pytest.raises(ParameterError, match="unknown smoothing"):
        smooth(_noisy(), "median", 3.0)  # type: ignore[arg-type]


def test_the_width_is_in_seconds_and_the_sign_is_dropped_last() -> None:
    values = np.array([3.0, -3.0, 3.0, -3.0, -3.0, -3.0])
    perturber = perturber_for(WeightedEnergy(np.zeros(6)), unit_clip(6))

    def raw(*_: object) -> Explanation:
        return Explanation(values, uncertainty=np.ones(6), notes=("kept",))

    settings_ = SegmentParameters(smoothing="moving-average", smoothing_s=0.3, sign="absolute")
    explainer = finished(lambda _: raw)(settings_)
    found = explainer(perturber, instance_of(unit_clip(6)), np.random.default_rng(0))
    assert isinstance(found, Explanation)
    np.testing.assert_allclose(found.relevance, np.abs(moving_average(values, 3)))
    assert found.notes == ("kept",)
    assert found.uncertainty is None, "the error of the plain values is not that of smoothed ones"
    plain = finished(lambda _: raw)(SegmentParameters(sign="absolute"))
    kept = plain(perturber, instance_of(unit_clip(6)), np.random.default_rng(0))
    assert isinstance(kept, Explanation)
    np.testing.assert_array_equal(kept.uncertainty, np.ones(6))


def test_every_explainer_that_is_no_baseline_has_smoothing_and_sign() -> None:
    for spec in awb_explainers():
        if not spec.baseline and not spec.reference and spec.path_parameter is None:
            assert issubclass(spec.parameters, SegmentParameters), spec.name
            defaults = spec.parameters()
            assert defaults.smoothing == "none"
            expected = "absolute" if spec.name == "run-correlation" else "signed"
            assert defaults.sign == expected, spec.name


def test_an_uncertainty_must_have_the_shape_of_the_relevance() -> None:
    with pytest.raises(RelevanceError, match="uncertainty has shape"):
        Explanation(np.zeros(4), uncertainty=np.zeros(3))
