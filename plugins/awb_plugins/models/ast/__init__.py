"""AST, the Audio Spectrogram Transformer: 527 AudioSet classes, or any checkpoint. See CARD.md."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters
from awb_plugins.models.checkpoints import Problem, class_names, mids_of
from awb_plugins.models.settings import BatchSize, Device, MixedPrecision

CHECKPOINT = "MIT/ast-finetuned-audioset-10-10-0.4593"
REVISION = "f826b80d28226b62986cc218e5cec390b1096902"


class AstParameters(Parameters):
    """Settings of AST."""

    checkpoint: str = Field(CHECKPOINT, description="Hub id or local folder.")
    revision: str | None = Field(
        None, description="Commit of a hub id; the default checkpoint's is pinned."
    )
    labels: Problem = Field(
        "auto",
        description="multi-label or single-label; auto asks the checkpoint, else AudioSet's classes"
        " are multi-label and others single-label.",
    )
    device: Device = "auto"
    precision: MixedPrecision = "float32"
    batch_size: BatchSize = None


def audioset_classes() -> Mapping[str, str]:
    """Return AudioSet's 527 weak labels: machine ids by display name, in AST's order."""
    text = resources.files(__package__).joinpath("audioset_classes.csv").read_text(encoding="utf-8")
    return {row["display_name"]: row["mid"] for row in csv.DictReader(text.splitlines())}


def local_classes(checkpoint: str) -> tuple[Sequence[str], Sequence[str]] | None:
    """Read the classes of a checkpoint without its weights.

    Parameters
    ----------
    checkpoint : str
        Hub id or local folder.

    Returns
    -------
    tuple of (sequence of str, sequence of str), or None
        Names and AudioSet's machine ids, see `mids_of`; None where no local folder says.
    """
    config = Path(checkpoint).expanduser() / "config.json"
    if not config.is_file():
        return None
    names = class_names(json.loads(config.read_text(encoding="utf-8")).get("id2label", {}))
    return names, mids_of(names, audioset_classes())


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
