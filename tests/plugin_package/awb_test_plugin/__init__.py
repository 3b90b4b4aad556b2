"""One explainer and one model, registered through the entry point ``test-plugin``."""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path
from typing import Literal

import numpy as np

from awb.hookspecs import hookimpl
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec, ModelSpec, Parameters
from awb.types import AudioArray, Instance


class LoudnessModel:
    """Says "loud" with log-odds that grow with the loudest tenth of a second, and "quiet" else."""

    sample_rate_hz = 16_000
    classes = ("Loud", "Quiet")

    def scores(self, waveforms: AudioArray) -> AudioArray:
        """Score a batch of waveforms."""
        frames = waveforms[:, : waveforms.shape[1] // 1600 * 1600].reshape(len(waveforms), -1, 1600)
        level = np.sqrt(np.square(frames).mean(axis=2)).max(axis=1)
        loud = 20 * level - 2
        return np.stack([loud, -loud], axis=1).astype(np.float32)


class EarliestParameters(Parameters):
    """Settings of `earliest`; on the clip `crash_on` it takes its process down.

    `crash` says how: ``exit``, ``segfault`` or ``kill`` (as by ``kill -9``). With a `crash_log` it
    writes a line there each time, and lives on from the time that the file has `crashes` of them.
    """

    slope: float = 1.0
    crash_on: str = ""
    crash: Literal["exit", "segfault", "kill"] = "exit"
    crash_log: Path | None = None
    crashes: int = 1_000_000


class Earliest:
    """Gives earlier segments more relevance, whatever the model says."""

    def __init__(self, parameters: EarliestParameters) -> None:
        self._slope = parameters.slope
        self._parameters = parameters

    def _crash(self) -> None:
        parameters = self._parameters
        if parameters.crash_log is not None:
            with parameters.crash_log.open("a+", encoding="utf-8") as log:
                log.seek(0)
                if len(log.readlines()) >= parameters.crashes:
                    return
                log.write("crash\n")
        if parameters.crash == "exit":
            os._exit(3)
        if parameters.crash == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        ctypes.string_at(0)

    def __call__(
        self, perturber: Perturber, instance: Instance, rng: np.random.Generator
    ) -> FloatArray:
        """Explain one instance."""
        if instance.clip.id == self._parameters.crash_on:
            self._crash()
        return -self._slope * np.arange(perturber.n_segments)


@hookimpl
def awb_models() -> list[ModelSpec]:
    """Return the model."""
    return [
        ModelSpec(
            name="loudness",
            summary="Is anything loud?",
            citation="awb-test-plugin",
            factory=lambda _: LoudnessModel(),
        )
    ]


@hookimpl
def awb_explainers() -> list[ExplainerSpec]:
    """Return the explainer."""
    return [
        ExplainerSpec(
            name="earliest",
            summary="The earlier the better.",
            citation="awb-test-plugin",
            cost="none",
            parameters=EarliestParameters,
            factory=Earliest,
        )
    ]
