"""Keyword spotting in read speech: LibriSpeech with forced alignments; see CARD.md."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from awb.protocols import Dataset
from awb.specs import DatasetSpec, Parameters

WORDS = "before+little+never+nothing+people+through"


class KwsLibrispeechParameters(Parameters):
    """Settings of the dataset."""

    root: Path = Field(description="Folder that holds test-clean/.")
    alignments: Path = Field(description="Folder of the TextGrids, in sub-folders or not.")
    subset: str = Field("test-clean", description="Folder of the utterances inside root.")
    words: str = Field(WORDS, description="Words to detect, joined by +.")
    longest_s: float = Field(10.0, gt=0, description="Leave out utterances that last longer.")

    @field_validator("words")
    @classmethod
    def _check_words(cls, text: str) -> str:
        if not all(word.strip() for word in text.split("+")):
            raise ValueError("words are joined by +, like never+nothing")
        return text


def _make(parameters: KwsLibrispeechParameters) -> Dataset:
    """Read the alignments; audio is read when a clip is loaded."""
    from awb_datasets.kws_librispeech.dataset import KwsLibrispeech

    return KwsLibrispeech(
        parameters.root.expanduser() / parameters.subset,
        parameters.alignments.expanduser(),
        words=parameters.words.split("+"),
        longest_s=parameters.longest_s,
    )


SPEC = DatasetSpec(
    name="kws-librispeech",
    title="LibriSpeech keywords",
    summary="Keyword spotting in LibriSpeech: words of a list, at the times of a forced alignment",
    citation=(
        "Panayotov, V., Chen, G., Povey, D., & Khudanpur, S. (2015). Librispeech: An ASR corpus"
        " based on public domain audio books. ICASSP. doi:10.1109/ICASSP.2015.7178964"
    ),
    parameters=KwsLibrispeechParameters,
    requires=("praatio",),
    extra="textgrid",
    factory=_make,
    path_parameter="root",
)
