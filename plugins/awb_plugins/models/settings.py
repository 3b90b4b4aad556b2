"""Settings that models have in common, each described once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from awb_plugins.models.memory import Precision

Device = Annotated[str, Field(description="auto, cpu, cuda, cuda:1 or mps.")]
MixedPrecision = Annotated[
    Precision, Field(description="float32, or mixed precision: bfloat16 or float16.")
]
BatchSize = Annotated[
    int | None,
    Field(ge=1, description="Clips in a batch; 4 on the CPU and 32 elsewhere by default."),
]
