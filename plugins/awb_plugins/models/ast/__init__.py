"""AST, the Audio Spectrogram Transformer: 527 AudioSet classes, or any checkpoint. See CARD.md."""

from __future__ import annotations

from collections.abc import Sequence

from awb.protocols import AudioModel
from awb.specs import ModelSpec
from awb_plugins.models.ast.parameters import CHECKPOINT, AstParameters
from awb_plugins.models.audioset_labels import audioset_classes
from awb_plugins.models.checkpoints import local_classes


def _class_list(parameters: AstParameters) -> tuple[Sequence[str], Sequence[str]] | None:
    """Return the classes without the weights: of the default checkpoint, or of a local folder."""
    if parameters.checkpoint == CHECKPOINT:
        listed = audioset_classes()
        return tuple(listed), tuple(listed.values())
    return local_classes(parameters.checkpoint)


def _make(parameters: AstParameters) -> AudioModel:
    """Load the checkpoint; torch and transformers are imported here."""
    from awb_plugins.models.ast.model import load

    return load(parameters)


SPEC = ModelSpec(
    name="ast",
    title="AST",
    summary="AST, a transformer over spectrogram patches, of 527 AudioSet classes",
    citation=(
        "Gong, Y., Chung, Y.-A., & Glass, J. (2021). AST: Audio Spectrogram Transformer."
        " Interspeech. doi:10.21437/Interspeech.2021-698; checkpoint"
        f" https://huggingface.co/{CHECKPOINT}"
    ),
    parameters=AstParameters,
    requires=("transformers",),
    extra="ast",
    factory=_make,
    class_list=_class_list,
)
