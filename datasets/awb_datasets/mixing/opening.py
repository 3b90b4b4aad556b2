"""Settings that the collections share, and what they open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from awb.protocols import Dataset
from awb.specs import Parameters
from awb_datasets.mixing.placing import read_levels
from awb_datasets.numbering import reseeded

if TYPE_CHECKING:
    from awb_datasets.labelled.recordings import Recording
    from awb_datasets.mixing.mixtures import Format


class LabelledParameters(Parameters):
    """Settings of a collection of labelled recordings."""

    root: Path = Field(description="Folder of the collection, as published.")
    mix: bool = Field(False, description="Put sounds at known times over a background.")
    clips: int = Field(40, ge=1, description="Number of mixtures.")
    seed: int = Field(0, ge=0, description="Another seed gives other mixtures.")
    snr_db: str = Field("0+10+20", description="Levels of the sounds over the background, in dB.")
    background: Path | None = Field(
        None, description="Folder of audio files for the background; by default coloured noise."
    )

    @field_validator("snr_db")
    @classmethod
    def _check_levels(cls, text: str) -> str:
        read_levels(text, "snr_db")
        return text


class TabledParameters(LabelledParameters):
    """Settings of a collection whose table says which recordings there are."""

    absent: Literal["refuse", "skip"] = Field(
        "refuse", description="What to do where the table names audio that is not there."
    )


def other_mixtures(
    parameters: LabelledParameters, seed: int, clips: int | None
) -> LabelledParameters | None:
    """Return the settings of other mixtures; None where the recordings stay as they are."""
    return reseeded(parameters, seed, clips) if parameters.mix else None


def open_recordings(
    recordings: Sequence[Recording],
    parameters: LabelledParameters,
    mixed_as: Format,
    *,
    fit_to_mix: Callable[[Recording], bool] | None = None,
    absent: Sequence[str] = (),
) -> Dataset:
    """Open recordings as they are, or mixed."""
    from awb_datasets.labelled.recordings import LabelledClips
    from awb_datasets.mixing.backgrounds import Noise, Recorded
    from awb_datasets.mixing.mixtures import Mixtures

    if not parameters.mix:
        return LabelledClips(recordings, absent)
    given = parameters.background
    return Mixtures(
        [one for one in recordings if fit_to_mix is None or fit_to_mix(one)],
        mixed_as,
        Noise() if given is None else Recorded(given.expanduser()),
        clips=parameters.clips,
        seed=parameters.seed,
        snr_db=read_levels(parameters.snr_db, "snr_db"),
    )
