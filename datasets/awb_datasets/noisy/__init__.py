"""Any dataset under background noise; see CARD.md."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from awb.protocols import Dataset
from awb.specs import DatasetSpec, Parameters
from awb.variations import Condition


class NoisyParameters(Parameters):
    """Settings of the dataset."""

    of: str = Field(description="The dataset, with ; between its settings: soundscapes:clips=9.")
    noise: Condition = Field("white", description="White noise, room tone, or wind and rain.")
    snr_db: float = Field(
        0.0, ge=-60, le=120, description="Level of the whole clip over the noise, in dB."
    )
    path: Path | None = Field(None, description="A recording to use instead of the noise.")
    seed: int = Field(0, ge=0, description="Another seed gives other noise.")


def _make(parameters: NoisyParameters) -> Dataset:
    """Open the dataset; noise is added when a clip is loaded."""
    from awb_datasets.noisy.dataset import NoisyClips

    path = parameters.path
    return NoisyClips(
        parameters.of.replace(";", ","),
        noise=parameters.noise,
        snr_db=parameters.snr_db,
        path=None if path is None else path.expanduser(),
        seed=parameters.seed,
    )


SPEC = DatasetSpec(
    name="noisy",
    title="under noise",
    summary="Any dataset under white noise, room tone, wind and rain, or a recording",
    citation=(
        "Conditions of: Paissan, F., Ravanelli, M., & Subakan, C. (2024). Listenable maps for audio"
        " classifiers. ICML. arXiv:2403.13086"
    ),
    parameters=NoisyParameters,
    factory=_make,
    path_parameter="of",
)
