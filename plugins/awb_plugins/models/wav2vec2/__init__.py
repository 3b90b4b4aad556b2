"""wav2vec 2.0 and its kin: any classifier of transformers that hears waveforms. See CARD.md."""

from __future__ import annotations

from collections.abc import Sequence

from awb.protocols import AudioModel
from awb.specs import ModelSpec
from awb_plugins.models.checkpoints import local_classes
from awb_plugins.models.wav2vec2.parameters import Wav2Vec2Parameters


def _class_list(parameters: Wav2Vec2Parameters) -> tuple[Sequence[str], Sequence[str]] | None:
    """Return the classes of a local folder without its weights."""
    return local_classes(parameters.checkpoint)


def _make(parameters: Wav2Vec2Parameters) -> AudioModel:
    """Load the checkpoint; torch and transformers are imported here."""
    from awb_plugins.models.wav2vec2.model import load

    return load(parameters)


SPEC = ModelSpec(
    name="wav2vec2",
    title="wav2vec 2.0",
    summary="Any wav2vec 2.0, HuBERT, WavLM or like classifier of transformers, by checkpoint",
    citation=(
        "Baevski, A., Zhou, H., Mohamed, A., & Auli, M. (2020). wav2vec 2.0: A framework for"
        " self-supervised learning of speech representations. NeurIPS 33. arXiv:2006.11477"
    ),
    parameters=Wav2Vec2Parameters,
    requires=("transformers",),
    extra="ast",
    factory=_make,
    class_list=_class_list,
)
