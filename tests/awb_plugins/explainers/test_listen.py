"""Masks of the spectrogram and the audio that is left under them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from awb.errors import NotApplicableError, ParameterError, PluginError, UndefinedScoreError
from awb.protocols import SpectrogramModel
from awb_plugins.explainers.spectrogram import listen
from awb_plugins.explainers.spectrogram.listen import fidelity, listening
from awb_plugins.explainers.spectrogram.listening_masks import degenerate, mask_of
from awb_plugins.explainers.spectrogram.resynthesis import carry_over, masked_audio
from fakes import RATE_HZ, perturber_for
from fakes_torch import SmallCnn, TorchModel
from spectrograms import look, varied_clip

SIXTEEN = 16000
CLIP = varied_clip(10)


class Spectrogram(TorchModel):
    """A torch model that says where its bins lie."""

    def bin_centers_hz(self, n_bins: int) -> np.ndarray:
        return (np.arange(n_bins) + 0.5) * RATE_HZ / 2 / n_bins


def _model() -> Spectrogram:
    return Spectrogram(SmallCnn(), "conv2")


def _mel(n_bins: int) -> np.ndarray:
    mels = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), n_bins + 2)[1:-1]
    return np.asarray(700 * (10 ** (mels / 2595) - 1))


GRIDS = {"linear": np.linspace(0, 8000, 257), "mel": _mel(64)}
TIMES = 0.01 + 0.02 * np.arange(50)


def _tone(frequency_hz: float, n_samples: int = SIXTEEN) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * frequency_hz * np.arange(n_samples) / SIXTEEN)).astype(
        np.float32
    )


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("n_samples", [1, 3, 40, 511, 16000, 16001])
def test_a_mask_of_ones_gives_the_clip_back(grid: np.ndarray, n_samples: int) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, n_samples).astype(np.float32)
    found = masked_audio(noise, SIXTEEN, np.ones((50, grid.size)), TIMES, grid)
    assert found.shape == noise.shape
    np.testing.assert_allclose(found, noise, atol=1e-6)
    silence = masked_audio(noise, SIXTEEN, np.zeros((50, grid.size)), TIMES, grid)
    assert not silence.any()


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_a_band_is_kept_with_the_phase_of_the_mixture(grid: np.ndarray) -> None:
    low, high = _tone(700.0), _tone(4000.0)
    mask = np.tile(grid < 1700.0, (50, 1)).astype(float)
    found = masked_audio(low + high, SIXTEEN, mask, TIMES, grid)
    inner = slice(800, -800)
    np.testing.assert_allclose(found[inner], low[inner], atol=0.01)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_a_moment_is_kept(grid: np.ndarray) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, SIXTEEN).astype(np.float32)
    mask = np.tile((TIMES < 0.5)[:, None], (1, grid.size)).astype(float)
    found = masked_audio(noise, SIXTEEN, mask, TIMES, grid)
    np.testing.assert_allclose(found[:7200], noise[:7200], atol=1e-6)
    assert np.abs(found[8800:]).max() < 1e-6


def test_on_its_own_grid_the_mask_multiplies_the_transform() -> None:
    noise = np.random.default_rng(2).uniform(-0.5, 0.5, SIXTEEN).astype(np.float32)
    transform = ShortTimeFFT(hann(512, sym=False), hop=128, fs=SIXTEEN)
    padded = np.pad(noise.astype(float), (0, 512))
    spectrum = transform.stft(padded)
    mask = np.random.default_rng(3).random(spectrum.shape)
    expected = transform.istft(spectrum * mask, k1=padded.size)[:SIXTEEN]
    found = masked_audio(noise, SIXTEEN, mask.T, transform.t(padded.size), transform.f)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_masks_add_up_and_interpolate_between_centres() -> None:
    noise = np.random.default_rng(4).uniform(-0.5, 0.5, 4000).astype(np.float32)
    mask = np.random.default_rng(5).random((50, 64))
    one, other = (masked_audio(noise, SIXTEEN, part, TIMES, _mel(64)) for part in (mask, 1 - mask))
    np.testing.assert_allclose(one + other, noise, atol=1e-6)
    carried = carry_over(
        np.array([[0.0, 1.0], [1.0, 0.0]]),
        np.array([0.0, 1.0]),
        np.array([100.0, 300.0]),
        np.array([-1.0, 0.5, 1.0]),
        np.array([0.0, 200.0, 900.0]),
    )
    np.testing.assert_allclose(carried, [[0.0, 0.5, 1.0], [0.5, 0.5, 0.5], [1.0, 0.5, 0.0]])


def test_a_mask_must_fit_its_grid() -> None:
    with pytest.raises(ParameterError, match="its grid"):
        masked_audio(_tone(100.0), SIXTEEN, np.ones((49, 64)), TIMES, _mel(64))


MAP = np.array([[0.0, -1.0, 2.0], [3.0, 0.5, -2.0]])


@pytest.mark.parametrize("level", [0.25, 0.5, 0.75])
def test_binary_masks_threshold_the_scaled_map(level: float) -> None:
    found = mask_of(MAP, family="binary", level=level, part="positive")
    np.testing.assert_array_equal(found, np.maximum(MAP, 0) / 3 > level)
    signed = mask_of(MAP, family="binary", level=level, part="signed")
    np.testing.assert_array_equal(signed, level < (MAP + 2) / 5)


def test_min_max_and_sigmoid_masks() -> None:
    found = mask_of(MAP, family="min-max", level=0.5, part="signed")
    np.testing.assert_allclose(found, (MAP + 2) / 5)
    sigmoid = mask_of(MAP, family="sigmoid", level=0.5, part="signed")
    np.testing.assert_allclose(sigmoid, 1 / (1 + np.exp(-(MAP - MAP.mean()) / MAP.std())))


@pytest.mark.parametrize(("level", "kept"), [(0.05, 50), (0.3, 300), (0.5, 500), (1e-9, 1)])
def test_top_k_keeps_exactly_its_part(level: float, kept: int) -> None:
    grid = np.random.default_rng(0).standard_normal((50, 20))
    found = mask_of(grid, family="top-k", level=level, part="signed")
    assert found.sum() == kept
    assert grid[found == 1].min() > grid[found == 0].max()
    tied = mask_of(grid > 1, family="top-k", level=max(level, 0.01), part="signed")
    assert tied.sum() == max(kept, 10)


def test_top_k_keeps_no_point_without_evidence() -> None:
    grid = np.full((10, 10), -1.0)
    grid[6, 2:5] = [1.0, 2.0, 3.0]
    found = mask_of(grid, family="top-k", level=0.3, part="positive")
    assert np.argwhere(found).tolist() == [[6, 2], [6, 3], [6, 4]]
    assert mask_of(grid, family="top-k", level=0.3, part="signed").sum() == 30


@pytest.mark.parametrize("family", ["binary", "min-max", "sigmoid", "top-k"])
def test_a_constant_map_keeps_nothing_and_is_degenerate(family: str) -> None:
    for value in (0.0, 3.0, -1.0):
        mask = mask_of(np.full((4, 3), value), family=family, level=0.5, part="signed")  # type: ignore[arg-type]
        assert degenerate(mask) == "keeps nothing"
    negative = mask_of(-np.abs(MAP) - 1, family=family, level=0.5, part="positive")  # type: ignore[arg-type]
    assert degenerate(negative) == "keeps nothing"


def test_masks_that_show_nothing_are_named() -> None:
    assert degenerate(np.ones((3, 2))) == "keeps everything"
    assert degenerate(np.zeros((3, 2))) == "keeps nothing"
    assert degenerate(np.array([[0.0, 1.0]])) == ""


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ParameterError, match="level"):
        mask_of(MAP, family="top-k", level=1.0, part="signed")
    with pytest.raises(ParameterError, match="unknown family"):
        mask_of(MAP, family="fuzzy", level=0.5, part="signed")  # type: ignore[arg-type]


def test_the_two_parts_are_together_the_clip_and_are_heard_again() -> None:
    model = _model()
    assert isinstance(model, SpectrogramModel)
    grid = np.random.default_rng(0).random((50, 4))
    heard = listening(grid, model, CLIP.waveform, family="min-max", level=0.5, part="signed")
    np.testing.assert_allclose(heard.masked_in + heard.masked_out, CLIP.waveform, atol=1e-6)
    view = perturber_for(model, CLIP).view()
    clip, kept, rest = fidelity(heard, view, 0)
    for part, score in ((CLIP.waveform, clip), (heard.masked_in, kept), (heard.masked_out, rest)):
        audio = np.clip(np.array(part)[None], -1, 1)
        assert float(model.scores(audio)[0, 0]) == pytest.approx(score, abs=1e-5)
    assert view.cost.calls == 3


def test_a_degenerate_mask_earns_no_fidelity_and_is_not_heard() -> None:
    model = _model()
    heard = listening(
        np.ones((50, 4)), model, CLIP.waveform, family="top-k", level=0.5, part="signed"
    )
    view = perturber_for(model, CLIP).view()
    with pytest.raises(UndefinedScoreError, match="keeps nothing"):
        fidelity(heard, view, 0)
    assert view.cost.calls == 0


def test_the_explainer_reports_what_the_model_heard() -> None:
    found, _ = look(listen.SPEC, _model(), CLIP, source="saliency", level=0.1)
    assert found.time_frequency is not None
    assert found.time_frequency.sum() == 20
    assert found.relevance.sum() == pytest.approx(20)
    assert found.notes[0].startswith("log-odds of the clip")


def test_the_explainer_reports_a_degenerate_mask() -> None:
    model = _model()
    for parameter in model.back_end.parameters():
        parameter.data.zero_()
    found, _ = look(listen.SPEC, model, CLIP)
    assert "degenerate" in found.notes[0]
    assert "no fidelity point" in found.notes[0]
    assert not found.relevance.any()


@pytest.mark.parametrize("row", [0, 1])
def test_nan_scores_are_refused(row: int) -> None:
    """Be it that of the masked-in or of the masked-out audio."""

    class Lost(Spectrogram):
        def scores(self, waveforms: np.ndarray) -> np.ndarray:
            scores = np.zeros((len(waveforms), 2), dtype=np.float32)
            scores[row:] = np.nan
            return scores

    with pytest.raises(PluginError, match="NaN"):
        look(listen.SPEC, Lost(SmallCnn(), "conv2"), CLIP)


def test_a_model_that_does_not_say_where_its_bins_are_is_not_applicable() -> None:
    with pytest.raises(NotApplicableError, match="SpectrogramModel"):
        look(listen.SPEC, TorchModel(SmallCnn(), "conv2"), CLIP)


def test_every_source_has_a_map() -> None:
    choices = listen.ListenParameters.model_fields["source"].annotation
    assert set(choices.__args__) == set(listen._SOURCES)  # type: ignore[union-attr]
