"""Keyword spotting in anyone's aligned speech: whole utterances with the words; see CARD.md."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from awb.protocols import Dataset
from awb.specs import DatasetSpec, Parameters
from awb_datasets.kws.words import Split


class KwsAlignedParameters(Parameters):
    """Settings of the dataset."""

    root: Path = Field(description="Folder of the recordings, or of a release of Common Voice.")
    words: str = Field(description="Words to detect, joined by +.")
    alignments: Path | None = Field(
        None, description="TextGrids or a table of words, if they are not beside the recordings."
    )
    split: Split = Field("all", description="Part of the data; parts share no speaker.")
    longest_s: float = Field(10.0, gt=0, description="Leave out utterances that last longer.")

    @field_validator("words")
    @classmethod
    def _check_words(cls, text: str) -> str:
        if not all(word.strip() for word in text.split("+")):
            raise ValueError("words are joined by +, like never+nothing")
        return text


def _make(parameters: KwsAlignedParameters) -> Dataset:
    """Read the alignments; audio is read when a clip is loaded."""
    from awb_datasets.kws_aligned.dataset import KwsAligned

    aligned = parameters.alignments
    return KwsAligned(
        parameters.root.expanduser(),
        None if aligned is None else aligned.expanduser(),
        words=parameters.words.split("+"),
        split=parameters.split,
        longest_s=parameters.longest_s,
    )


SPEC = DatasetSpec(
    name="kws-aligned",
    title="keywords in aligned speech",
    summary="Keyword spotting in utterances of any corpus with TextGrids, or of Common Voice",
    citation=(
        "McAuliffe, M., Socolof, M., Mihuc, S., Wagner, M., & Sonderegger, M. (2017). Montreal"
        " Forced Aligner. Interspeech. doi:10.21437/Interspeech.2017-1386"
    ),
    parameters=KwsAlignedParameters,
    factory=_make,
    path_parameter="root",
)
