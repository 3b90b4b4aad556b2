"""wav2vec 2.0 and its kin: any classifier of transformers that hears waveforms. See CARD.md."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters
from awb_plugins.models.ast import local_classes
from awb_plugins.models.checkpoints import Problem
from awb_plugins.models.memory import Precision


class Wav2Vec2Parameters(Parameters):
    """Settings of wav2vec 2.0."""

    checkpoint: str = Field(description="Hub id or local folder.")
    revision: str | None = Field(None, description="Commit of a hub id; name one to pin it.")
    labels: Problem = Field(
        "auto", description="multi-label or single-label; auto asks the checkpoint, else single."
    )
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1 or mps.")
    precision: Precision = Field(
        "float32", description="float32, or mixed precision: bfloat16 or float16."
    )
    batch_size: int | None = Field(
        None, ge=1, description="Clips in a batch; 4 on the CPU and 32 elsewhere by default."
    )


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
