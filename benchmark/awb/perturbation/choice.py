"""Which way of scoring serves a model best."""

from __future__ import annotations

from awb.perturbation.frames import FrameScorer, is_worthwhile
from awb.perturbation.rendering import Renderer
from awb.perturbation.scorers import ClipScorer, PatchScorer, Scorer
from awb.protocols import AudioModel, FrameFeatureModel, PatchModel
from awb.segments import Segments


def make_scorer(
    model: AudioModel, renderer: Renderer, segments: Segments, class_index: int
) -> Scorer:
    """Choose the fastest exact way to score masked clips with this model.

    Parameters
    ----------
    model : AudioModel
        The model; its capabilities decide.
    renderer : Renderer
        Makes the masked audio.
    segments : Segments
        Segments whose cells are masked.
    class_index : int
        Column of the target.

    Returns
    -------
    Scorer
        Patch by patch, from gathered frames, or whole clips.
    """
    if isinstance(model, PatchModel):
        return PatchScorer(model, renderer, segments, class_index)
    if isinstance(model, FrameFeatureModel) and is_worthwhile(model, segments):
        return FrameScorer(model, renderer, segments, class_index)
    return ClipScorer(model, renderer, class_index)
