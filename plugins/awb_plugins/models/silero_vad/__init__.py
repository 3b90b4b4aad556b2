"""Silero VAD: the voice activity detector that the package `silero-vad` ships. See CARD.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from awb.protocols import AudioModel
from awb.specs import ModelSpec, Parameters


class SileroParameters(Parameters):
    """Settings of Silero VAD."""

    path: Path | None = Field(
        None,
        description="silero_vad_16k_sequence.onnx; by default that of the installed silero-vad.",
    )


def _make(parameters: SileroParameters) -> AudioModel:
    """Load the network; torch and onnx are imported here."""
    from awb_plugins.models.silero_vad.model import SileroVad
    from awb_plugins.models.silero_vad.weights import shipped

    return SileroVad(parameters.path or shipped())


def _class_list(parameters: SileroParameters) -> tuple[Sequence[str], Sequence[str]]:  # noqa: ARG001
    """Return the only class, with AudioSet's id."""
    return ("Speech",), ("/m/09x0r",)


SPEC = ModelSpec(
    name="silero-vad",
    title="Silero VAD",
    summary="Silero's voice activity detector, from the package silero-vad",
    citation="Silero Team (2024). Silero VAD: pre-trained enterprise-grade voice activity detector."
    " https://github.com/snakers4/silero-vad",
    parameters=SileroParameters,
    requires=("torch", "onnx", "silero_vad"),
    extra="silero",
    factory=_make,
    class_list=_class_list,
)
