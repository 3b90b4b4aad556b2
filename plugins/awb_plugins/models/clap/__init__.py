"""``clap:PATH,prompts=...``: CLAP as a zero-shot classifier, its classes are texts. See CARD.md."""

from __future__ import annotations

from collections.abc import Sequence

from awb.protocols import AudioModel
from awb.specs import ModelSpec
from awb_plugins.models.audioset_labels import audioset_classes
from awb_plugins.models.checkpoints import mids_of
from awb_plugins.models.clap.parameters import ClapParameters, read_prompts


def _class_list(parameters: ClapParameters) -> tuple[Sequence[str], Sequence[str]]:
    """Return the texts."""
    texts = read_prompts(parameters.prompts)
    return texts, mids_of(texts, audioset_classes())


def _make(parameters: ClapParameters) -> AudioModel:
    """Load the checkpoint; torch and transformers are imported here."""
    from awb_plugins.models.clap.model import load

    return load(parameters)


SPEC = ModelSpec(
    name="clap",
    title="CLAP",
    summary="CLAP, zero-shot: clap:FOLDER,prompts=dog barking|car horn|...",
    citation=(
        "Wu, Y., Chen, K., Zhang, T., Hui, Y., Berg-Kirkpatrick, T., & Dubnov, S. (2023)."
        " Large-scale contrastive language-audio pretraining with feature fusion and"
        " keyword-to-caption augmentation. ICASSP. doi:10.1109/ICASSP49357.2023.10095969"
    ),
    parameters=ClapParameters,
    requires=("transformers",),
    extra="ast",
    factory=_make,
    class_list=_class_list,
    path_parameter="checkpoint",
)
