"""A file with a dataset that misbehaves on some of its clips, for ``--plugin``."""

from __future__ import annotations

import ctypes
import os
import time
from typing import Any, Literal

import numpy as np

from awb.errors import DataError
from awb.hookspecs import hookimpl
from awb.specs import DatasetSpec, Parameters
from awb.types import Clip, Event

RATE_HZ = 16_000
CLIPS = 7
EVENT_S = (1.0, 1.4)
_WHOLE = ("build", "list")


class Faults(Parameters):
    """What goes wrong, and where: digits of clips, or ``build`` or ``list``."""

    how: Literal["hangs", "crashes", "exits", "raises", "text"] = "exits"
    where: str = ""


class _Faulty:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._go_wrong("build")

    def _go_wrong(self, place: str) -> Any:
        where = self._faults.where
        if place not in ([where] if where in _WHOLE else list(where)):
            return None
        if self._faults.how == "hangs":
            time.sleep(600)
        elif self._faults.how == "crashes":
            ctypes.string_at(0)
        elif self._faults.how == "exits":
            os._exit(3)
        elif self._faults.how == "raises":
            raise DataError(f"clip-{place} is broken")
        return "no clip"

    def clip_ids(self) -> list[str]:
        self._go_wrong("list")
        return [f"clip-{number}" for number in range(CLIPS)]

    def load(self, clip_id: str) -> Any:
        number = int(clip_id.removeprefix("clip-"))
        found = self._go_wrong(str(number))
        if found is not None:
            return found
        rng = np.random.default_rng(number)
        waveform = 0.01 * rng.standard_normal(3 * RATE_HZ)
        waveform[RATE_HZ : int(EVENT_S[1] * RATE_HZ)] *= 30
        events = (Event(*EVENT_S, "Loud"),)
        return Clip(clip_id, np.clip(waveform, -1, 1).astype(np.float32), RATE_HZ, events)


@hookimpl
def awb_datasets() -> list[DatasetSpec]:
    """Return the dataset."""
    return [
        DatasetSpec(
            name="faulty",
            summary="Misbehaves.",
            citation="a test",
            parameters=Faults,
            factory=_Faulty,
        )
    ]
