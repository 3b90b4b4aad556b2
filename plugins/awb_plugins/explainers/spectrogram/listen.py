"""``listen``: mask the spectrogram by an explanation, and hear what is left.

Another explainer's map becomes a mask, the masked spectrogram becomes audio, and the model hears
it: the part that was kept should sound like the target, the rest should not. A mask that keeps
everything or nothing says nothing about the explanation: it is reported as degenerate, not heard.

References
----------
Paissan, F., Ravanelli, M., & Subakan, C. (2024). Listenable maps for audio classifiers. ICML.
arXiv:2403.13086
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Literal

import numpy as np
from pydantic import Field

from awb.alignment import map_to_segments
from awb.errors import PluginError, UndefinedScoreError
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.perturbation.design import LOG_ODDS_LIMIT
from awb.protocols import SpectrogramModel
from awb.specs import Explainer, ExplainerSpec
from awb.types import AudioArray, Explanation, Instance
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters, finished
from awb_plugins.explainers.spectrogram import activation_maps, against_baseline, gradients, lrp
from awb_plugins.explainers.spectrogram.listening_masks import Family, Part, degenerate, mask_of
from awb_plugins.explainers.spectrogram.resynthesis import masked_audio

_SOURCES = {
    spec.name: spec
    for spec in (*gradients.SPECS, *against_baseline.SPECS, *activation_maps.SPECS, *lrp.SPECS)
}


class ListenParameters(SegmentParameters):
    """Settings of `listen`.

    Attributes
    ----------
    source : str
        The explainer whose map is heard, at its defaults.
    family : str
        ``binary`` (thresholds 0.25, 0.5, 0.75 are usual), ``min-max``, ``sigmoid``, or ``top-k``
        (5, 30 and 50 % are usual).
    level : float
        Threshold of ``binary``, or kept part of ``top-k``.
    part : str
        Of the map: ``positive`` or ``signed``.
    """

    source: Literal[
        "saliency",
        "input-x-gradient",
        "smoothgrad",
        "guided-backprop",
        "integrated-gradients",
        "deeplift",
        "gradient-shap",
        "deep-shap",
        "grad-cam",
        "grad-cam++",
        "score-cam",
        "lrp-epsilon",
        "lrp-flat",
    ] = "integrated-gradients"
    family: Family = "top-k"
    level: float = Field(default=0.3, gt=0, lt=1)
    part: Part = "positive"


@dataclass(frozen=True, slots=True, eq=False)
class Listening:
    """What is left of a clip under a mask, and what is not.

    Attributes
    ----------
    mask : np.ndarray, shape=(frames, bins)
        How much of each point was kept.
    masked_in, masked_out : np.ndarray, shape=(samples,), dtype=float32
        The audio that was kept, and the rest; together they are the clip.
    degenerate : str
        Why the mask shows nothing, or the empty string.
    """

    mask: FloatArray
    masked_in: AudioArray
    masked_out: AudioArray
    degenerate: str


def listening(
    relevance_map: FloatArray,
    model: SpectrogramModel,
    waveform: AudioArray,
    *,
    family: Family,
    level: float,
    part: Part,
) -> Listening:
    """Make an explanation audible.

    Parameters
    ----------
    relevance_map : np.ndarray, shape=(frames, bins)
        Relevance of the model's features.
    model : SpectrogramModel
        The model, which knows the times and frequencies of its features.
    waveform : np.ndarray, shape=(samples,)
        The clip.
    family, level, part
        The mask, see `listening_masks.mask_of`.

    Returns
    -------
    Listening
        Both parts of the clip.
    """
    mask = mask_of(relevance_map, family=family, level=level, part=part)
    frames, bins = mask.shape
    kept = masked_audio(
        waveform,
        model.sample_rate_hz,
        mask,
        model.frame_centers_s(frames),
        model.bin_centers_hz(bins),
    )
    return Listening(mask, kept, waveform - kept, degenerate(mask))


def fidelity(
    heard: Listening, perturber: Perturber, class_index: int
) -> tuple[float, float, float]:
    """Score the clip and its two parts.

    Parameters
    ----------
    heard : Listening
        The parts.
    perturber : Perturber
        Door to the model; the two calls are charged.
    class_index : int
        The target.

    Returns
    -------
    clip, masked_in, masked_out : float
        Log-odds of the target.

    Raises
    ------
    UndefinedScoreError
        If the mask is degenerate: it earns no fidelity.
    PluginError
        If the model returns NaN.
    """
    if heard.degenerate:
        raise UndefinedScoreError(f"the mask is degenerate: it {heard.degenerate}")
    model = perturber.model_as(SpectrogramModel)
    parts = np.clip(np.stack([heard.masked_in, heard.masked_out]), -1.0, 1.0)
    scores = np.asarray(model.scores(parts))[:, class_index]
    perturber.charge(calls=2)
    if np.isnan(scores).any():
        raise PluginError("the model returned NaN scores")
    masked_in, masked_out = np.clip(scores, -LOG_ODDS_LIMIT, LOG_ODDS_LIMIT)
    return perturber.clip_score(), float(masked_in), float(masked_out)


class Listen:
    """The mask of another explainer's map, summed into segments, and how faithful it sounds.

    Parameters
    ----------
    parameters : ListenParameters
        Source and mask.
    """

    def __init__(self, parameters: ListenParameters) -> None:
        import_module("scipy.signal")  # now, so that limits on threads find its libraries
        spec = _SOURCES[parameters.source]
        self._source: Explainer = spec.factory(spec.parameters())
        self._parameters = parameters

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> Explanation:
        """Explain one instance; see `awb.specs.Explainer`."""
        model = perturber.model_as(SpectrogramModel)
        found = self._source(perturber, instance, rng)
        if not isinstance(found, Explanation) or found.time_frequency is None:
            raise PluginError(f"{self._parameters.source} has no map of the spectrogram")
        settings = self._parameters
        heard = listening(
            found.time_frequency,
            model,
            instance.clip.waveform,
            family=settings.family,
            level=settings.level,
            part=settings.part,
        )
        centers_s = model.frame_centers_s(len(heard.mask))
        relevance = map_to_segments(heard.mask, centers_s, perturber.segments)
        try:
            scores = fidelity(heard, perturber, instance.class_index)
            note = "log-odds of the clip {:.2f}, masked in {:.2f}, masked out {:.2f}"
            notes = (note.format(*scores),)
        except UndefinedScoreError as error:
            notes = (f"{error}; no fidelity point",)
        return Explanation(relevance, heard.mask, notes=notes)


SPEC = ExplainerSpec(
    name="listen",
    summary="What of the spectrogram another explainer keeps, made audible and heard again.",
    citation="Paissan et al. (2024), arXiv:2403.13086",
    cost="the source's calls (32 and as many backward passes) and three",
    needs=(SpectrogramModel,),
    parameters=ListenParameters,
    factory=finished(Listen),
)
