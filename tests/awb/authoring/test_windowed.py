"""Models of windows: framing, pooling, one class alone, and the same scores by reuse as without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit, logsumexp

import awb
from awb.authoring.outputs import Output, to_log_odds, to_target_log_odds
from awb.authoring.pooling import POOLINGS, pooled
from awb.authoring.windowed import WindowedModel
from awb.designs import pooled as pooled_design
from awb.errors import ParameterError, PluginError
from awb.intervals import FloatArray
from awb.maskers import zeros
from awb.perturbation import Perturber
from awb.protocols import PatchModel, ScoreArray, TargetPatchModel
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import AudioArray, Clip, Instance

RATE_HZ = 1000
CLASSES = ["Low", "Middle", "High"]
WEIGHTS = np.random.default_rng(5).normal(size=(400, 3)).astype(np.float32)


def score_window(window: AudioArray) -> FloatArray:
    """Score a window of 0.4 s: logits that depend on every sample, unevenly."""
    return np.asarray(np.abs(window) @ np.abs(WEIGHTS) * 0.1 + window @ WEIGHTS, dtype=np.float64)


def made(**given: Any) -> WindowedModel:
    settings: dict[str, Any] = {
        "window_s": 0.4, "hop_s": 0.25, "classes": CLASSES, "sample_rate_hz": RATE_HZ,
        "output": "logits",
    }  # fmt: skip
    return awb.windowed_model(**{"score_window": score_window, **settings, **given})


def noise(n_samples: int, seed: int = 0, rows: int = 1) -> AudioArray:
    found = np.random.default_rng(seed).uniform(-0.3, 0.3, (rows, n_samples))
    return found.astype(np.float32)


def plain(waveform: AudioArray, starts: list[int], reduce: Any, output: str = "logits") -> Any:
    """Score a clip by a loop that shares nothing with the code: windows, log-odds, pooling."""
    rows = []
    for start in starts:
        window = np.zeros(400, dtype=np.float32)
        heard = waveform[start : start + 400]
        window[: heard.size] = heard
        logits = score_window(window)
        others = [logsumexp(np.delete(logits, index)) for index in range(3)]
        rows.append(logits - others if output == "softmax-logits" else logits)
    return reduce(np.array(rows))


REDUCE: dict[str, Any] = {
    "max": lambda z: z.max(axis=0),
    "mean": lambda z: z.mean(axis=0),
    "mean-probability": lambda z: logit(expit(z).mean(axis=0)),
    "noisy-or": lambda z: logit(1 - np.prod(1 - expit(z), axis=0)),
    "log-mean-exp": lambda z: np.log(np.exp(z).mean(axis=0)),
}


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("output", ["logits", "softmax-logits"])
def test_scores_are_those_of_a_plain_loop(pooling: str, output: str) -> None:
    model = made(pooling=pooling, output=output)
    assert isinstance(model, PatchModel)
    assert isinstance(model, TargetPatchModel)
    clip = 0.02 * noise(1130)[0]
    expected = plain(clip, [0, 250, 500, 730], REDUCE[pooling], output)
    np.testing.assert_allclose(model.scores(clip[np.newaxis])[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("last", "n_samples", "starts"),
    [
        ("align", 1130, [0, 250, 500, 730]),
        ("align", 900, [0, 250, 500]),
        ("align", 120, [0]),
        ("pad", 1130, [0, 250, 500, 750]),
        ("pad", 900, [0, 250, 500]),
        ("pad", 120, [0]),
    ],
)
def test_where_the_last_window_lies(last: str, n_samples: int, starts: list[int]) -> None:
    model = made(last=last)
    assert model.patch_starts(n_samples).tolist() == starts
    clip = noise(n_samples)
    expected = plain(clip[0], starts, REDUCE["max"])
    np.testing.assert_allclose(model.scores(clip)[0], expected, rtol=1e-4)


@given(
    st.integers(1, 5000),
    st.integers(1, 900),
    st.floats(0.01, 1.0),
    st.sampled_from(["align", "pad"]),
)
def test_no_sample_goes_unheard(n_samples: int, window: int, share: float, last: str) -> None:
    hop = max(1, round(share * window))
    model = awb.windowed_model(
        lambda window: np.array([0.1 * window.sum()]), window_s=window / RATE_HZ,
        hop_s=hop / RATE_HZ, last=last, classes=["A"], sample_rate_hz=RATE_HZ, output="logits",
        name="sum",
    )  # type: ignore[arg-type] # fmt: skip
    starts = model.patch_starts(n_samples)
    assert starts[0] == 0
    assert (np.diff(starts) > 0).all()
    assert (np.diff(starts) <= window).all()
    assert starts[-1] + window >= n_samples
    assert starts[-1] < n_samples


@pytest.mark.parametrize("pooling", [*POOLINGS, lambda z: np.median(z, axis=-2)])
@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.parametrize("last", ["align", "pad"])
@pytest.mark.parametrize("output", ["logits", "softmax-logits", "probabilities"])
def test_reuse_gives_the_plain_path_bit_for_bit(
    pooling: Any, batch_size: int | None, last: str, output: str
) -> None:
    def score(windows: AudioArray) -> Any:
        rows = [score_window(one) for one in np.atleast_2d(windows)]
        found = np.array(rows) if batch_size else rows[0]
        return expit(0.05 * found) if output == "probabilities" else found

    model = made(
        score_window=score, pooling=pooling, batch_size=batch_size, last=last, output=output,
        name="score",
    )  # fmt: skip

    class Plain:
        sample_rate_hz, classes, batch_size = RATE_HZ, CLASSES, 2

        def scores(self, waveforms: AudioArray) -> ScoreArray:
            return model.scores(waveforms)

    clip = Clip("noise", noise(1130)[0], RATE_HZ)
    segments = Segments(clip.waveform.size, RATE_HZ)
    masks = pooled_design(segments.n, 30, np.random.default_rng(0))
    for target in range(3):
        instance = Instance("test", clip, CLASSES[target], target, np.array([[0.1, 0.5]]))
        fast, slow = (
            Perturber(each, instance, segments, zeros, RandomKey((0,))) for each in (model, Plain())
        )
        np.testing.assert_array_equal(fast.scores(masks), slow.scores(masks))
        assert len(set(fast.scores(masks))) > 3
        assert fast.cost.forwards < slow.cost.forwards


def test_a_window_that_remembers_the_one_before_is_refused() -> None:
    memory = {"last": 0.0}

    def forgetful(window: AudioArray) -> Any:
        found = score_window(window) + memory["last"]
        memory["last"] = float(np.abs(window).max()) * 10
        return found

    clip = Clip("noise", noise(1130)[0], RATE_HZ)
    segments = Segments(clip.waveform.size, RATE_HZ)
    instance = Instance("test", clip, "Low", 0, np.array([[0.1, 0.5]]))
    perturber = Perturber(made(score_window=forgetful), instance, segments, zeros, RandomKey((0,)))
    with pytest.raises(PluginError, match="pooled over patches that it scores one by one"):
        perturber.clip_score()


@pytest.mark.parametrize("pooling", ["noisy-or", "mean-probability", "log-mean-exp"])
@pytest.mark.parametrize("level", [-800.0, -60.0, -20.0, 0.0, 20.0, 60.0, 800.0])
def test_pooling_is_finite_and_right_where_probabilities_round(pooling: str, level: float) -> None:
    windows = np.full((2, 5, 1), level, dtype=np.float32)
    found = pooled(windows, pooling)[:, 0]
    expected = level
    if pooling == "noisy-or":  # odds add up where all are rare; 1 - 0.5 ** 5; silences where sure
        expected = level + np.log(5) if level < 0 else 5 * level or np.log(31)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_class_alone_pools_to_the_same_bits(pooling: str) -> None:
    scores = np.random.default_rng(0).normal(0, 5, size=(3, 37, 50)).astype(np.float32)
    together = pooled(scores, pooling)
    assert together.dtype == np.float32
    for column in (0, 7, 49):
        alone = pooled(scores[..., column : column + 1], pooling)[..., 0]
        np.testing.assert_array_equal(alone, together[..., column])


@pytest.mark.parametrize(
    "output", ["logits", "softmax-logits", "probabilities", "log-probabilities"]
)
def test_one_class_alone_has_the_log_odds_that_it_has_among_all(output: Output) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, 6, (20, 40)).astype(np.float32)
    if output == "probabilities":
        values = expit(values)
    elif output == "log-probabilities":
        values = -np.abs(values)
    every = to_log_odds(values, output)
    for column in (0, 13, 39):
        alone = to_target_log_odds(values, column, output)
        np.testing.assert_allclose(alone, every[:, column], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("scale", [0.1, 5.0, 200.0])
def test_softmax_log_odds_are_those_of_the_definition(scale: float) -> None:
    logits = np.random.default_rng(0).normal(0, scale, (30, 12))
    logits[3, 4] = logits[3, 5] = logits[3].max() + 1  # two largest
    logits[4] = 0.0
    expected = [
        [row[index] - logsumexp(np.delete(row, index)) for index in range(12)] for row in logits
    ]
    np.testing.assert_allclose(
        to_log_odds(logits, "softmax-logits"), expected, rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize(
    ("given_wrong", "words"),
    [
        ({"window_s": 0.0}, "window_s must be a positive"),
        ({"window_s": float("nan")}, "window_s must be a positive"),
        ({"hop_s": 0.5}, "at most window_s = 0.4"),
        ({"hop_s": 0.0}, "at most window_s = 0.4"),
        ({"pooling": "maximum"}, "unknown pooling 'maximum'.*max"),
        ({"last": "drop"}, "unknown last='drop'"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"batch_size": 1.5}, "batch_size must be at least 1, a whole number: 1.5"),
        ({"window_s": "1"}, "window_s must be a positive number of seconds: '1'"),
        ({"hop_s": "1"}, "at most window_s = 0.4"),
        ({"sample_rate_hz": "1000"}, "whole number of Hz: 1000"),
        ({"sample_rate_hz": float("nan")}, "whole number of Hz: nan"),
        ({"decision_threshold": "1"}, "must be finite log-odds: 1"),
        ({"output": "probability"}, "unknown output"),
    ],
)
def test_wrong_settings_are_told(given_wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        made(**given_wrong)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda window: np.full(3, np.nan), "NaN"),
        (lambda window: np.zeros(4), "it has 4 classes, and 3 were named"),
        (lambda window: np.zeros(3, dtype=int), "int64"),
        (lambda window: torch.nn.functional.one_hot(torch.tensor(1), 3), "int64"),
        (lambda window: (np.zeros(3), np.zeros(5)), "gives no array of numbers"),
        (lambda window: window.reshape(7, 9), "fails on 0.4 s of audio: ValueError"),
    ],
)
def test_wrong_functions_are_told(function: Any, words: str) -> None:
    with pytest.raises(PluginError, match=words):
        made(score_window=function, name="wrong")


def test_a_pooling_function_that_mixes_classes_is_refused() -> None:
    def mixing(z: ScoreArray) -> Any:
        return z.max(axis=-2) - z.mean(axis=(-2, -1), keepdims=True)[..., 0, :]

    with pytest.raises(PluginError, match="each class and each clip by itself"):
        made(pooling=mixing)
    with pytest.raises(PluginError, match=r"function gives shape \(2, 1\) for .*\(2, 1, 3\)"):
        made(pooling=lambda z: z.max(axis=-1))


def _raises(z: ScoreArray) -> Any:
    raise TypeError("lost\nand found")


@pytest.mark.parametrize(
    ("pooling", "message"),
    [
        (_raises, "shape (2, 1, 3) (..., windows, classes): TypeError: lost and found"),
        (
            lambda z: np.partition(z, -2, axis=-2)[..., -2, :],
            "fails on log-odds of shape (2, 1, 3)",
        ),
    ],
)
def test_a_pooling_function_that_fails_is_told(pooling: Any, message: str) -> None:
    with pytest.raises(PluginError) as caught:
        made(pooling=pooling)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("batch_size", [None, 2])
def test_the_last_operation_of_a_function_of_windows_counts(batch_size: int | None) -> None:
    weights = torch.from_numpy(WEIGHTS)

    def numbers(then: Any) -> Any:
        return lambda windows: then(torch.from_numpy(windows) @ weights)

    settings: dict[str, Any] = {"batch_size": batch_size, "name": "f"}
    for said in ("logits", "softmax-logits"):
        with pytest.raises(ParameterError, match=r"it ends in a sigmoid.*output='probabilities'"):
            made(score_window=numbers(torch.sigmoid), **settings, output=said)
    sure = made(score_window=numbers(torch.sigmoid), **settings, output=None)
    assert sure.notes == ()
    bare = made(score_window=lambda w: numbers(torch.sigmoid)(w).numpy(), **settings, output=None)
    assert "output='probabilities' confirms it" in bare.notes[0]
    np.testing.assert_array_equal(sure.scores(noise(1130)), bare.scores(noise(1130)))


def test_random_scores_of_windows_are_refused_where_they_are_used() -> None:
    rng = np.random.default_rng(0)
    model = made(score_window=lambda window: rng.normal(size=3), name="random")
    clip = Clip("noise", noise(1130)[0], RATE_HZ)
    segments = Segments(clip.waveform.size, RATE_HZ)
    instance = Instance("test", clip, "Low", 0, np.array([[0.1, 0.5]]))
    perturber = Perturber(model, instance, segments, zeros, RandomKey((0,)))
    with pytest.raises(PluginError, match="pooled over patches that it scores one by one"):
        perturber.clip_score()


def test_its_version_changes_with_what_it_is() -> None:
    versions = {
        made(**given).version()
        for given in (
            {},
            {"hop_s": 0.2},
            {"pooling": "mean"},
            {"last": "pad"},
            {"batch_size": 3, "score_window": score_windows},
            {"batch_size": 4, "score_window": score_windows},
        )
    }
    assert len(versions) == 6
    assert made().version() == made().version()


def score_windows(windows: AudioArray) -> FloatArray:
    """Score several windows."""
    return np.stack([score_window(window) for window in windows])
