"""Keyword spotting: sequences of spoken words in which one is the keyword; see CARD.md."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from awb.protocols import Dataset
from awb.specs import DatasetSpec, Parameters
from awb_datasets.kws.words import Split
from awb_datasets.numbering import reseeded


class KwsParameters(Parameters):
    """Settings of the dataset."""

    recordings: Path | None = Field(
        None, description="Folder of the recordings; by default they are downloaded once."
    )
    keyword: str = Field("seven", description="The word to detect.")
    split: Split = Field("test", description="Part of the data; parts share no speaker.")
    speakers: str | None = Field(None, description="Only these speakers, joined by +.")
    words: str | None = Field(
        None, description="The vocabulary, joined by +; by default all words of the recordings."
    )
    alignments: Path | None = Field(
        None, description="TextGrids or a table of words, if they are not beside the recordings."
    )
    clips: int = Field(40, ge=1, description="Number of sequences; the keyword is in every other.")
    seed: int = Field(0, ge=0, description="Another seed gives other sequences.")
    snr_db: str = Field("10+20", description="Levels of the speech over the background, in dB.")

    @field_validator("snr_db")
    @classmethod
    def _check_levels(cls, text: str) -> str:
        from awb_datasets.mixing.placing import read_levels

        read_levels(text, "snr_db")
        return text


def _make(parameters: KwsParameters) -> Dataset:
    """Find the recordings; they are read when a clip is loaded."""
    from awb_datasets.kws.dataset import Kws
    from awb_datasets.kws.fetching import official
    from awb_datasets.kws.recordings import Recordings
    from awb_datasets.kws.takes import word_of
    from awb_datasets.mixing.placing import read_levels

    keyword = word_of(parameters.keyword)
    words = [word_of(word) for word in (parameters.words or "").split("+") if word_of(word)]
    aligned = parameters.alignments
    given = parameters.recordings
    folder = official() if given is None else given.expanduser()
    return Kws(
        Recordings(
            folder,
            None if aligned is None else aligned.expanduser(),
            list(dict.fromkeys([*words, keyword])) if words else (),
        ),
        keyword=keyword,
        split=parameters.split,
        clips=parameters.clips,
        seed=parameters.seed,
        snr_db=read_levels(parameters.snr_db, "snr_db"),
        speakers=[name for name in (parameters.speakers or "").split("+") if name],
    )


SPEC = DatasetSpec(
    name="kws",
    title="keyword spotting",
    summary="Keyword spotting: sequences of spoken digits, or of anyone's words, with a keyword",
    citation=(
        "Recordings: Jackson, Z., et al. Free Spoken Digit Dataset, v1.0.9, CC BY-SA 4.0,"
        " https://github.com/Jakobovski/free-spoken-digit-dataset"
    ),
    parameters=KwsParameters,
    factory=_make,
    shadow=reseeded,
    path_parameter="recordings",
    models=("kws-cnn",),
)
