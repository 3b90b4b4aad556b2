"""Trying a stranger's classifier: does it score the same twice, and alone as beside others?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from awb.errors import ParameterError
from awb.protocols import ScoreArray
from awb.types import AudioArray

_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Advice:
    """What to look for where scores are random, or depend on their neighbours."""

    random: str
    depends: str


def check_repeats(
    score: Callable[[AudioArray], ScoreArray],
    waveforms: AudioArray,
    found: ScoreArray,
    name: str,
    *,
    together: bool,
    advice: Advice,
) -> None:
    """Refuse a classifier whose scores are random, or depend on the neighbours in the batch.

    Parameters
    ----------
    score : callable
        Waveforms to what the classifier gives.
    waveforms : np.ndarray, shape=(batch, samples)
        What it is tried with.
    found : np.ndarray, shape=(batch, classes)
        What it gave for them.
    name : str
        Name of the model, for messages.
    together : bool
        Whether waveforms are scored in batches.
    advice : Advice
        What may be the cause.

    Raises
    ------
    ParameterError
        If scoring again, or one by one, gives other values.
    """
    alone = [score(waveforms[row : row + 1]) for row in range(len(waveforms))]
    depends = _differ(np.concatenate(alone), found)
    if together and not depends:  # the loudest of a batch scores the same, a fainter one does not
        fainter = 0.5 * waveforms[:1]
        depends = _differ(score(np.concatenate([waveforms[:1], fainter]))[1:], score(fainter))
    again = depends and _differ(score(waveforms[:1]), alone[0])
    if again or _differ(score(waveforms), found):
        raise ParameterError(
            f"model {name}: two runs on the same waveforms differ. {advice.random}"
        )
    if together and depends:
        raise ParameterError(
            f"model {name}: the scores of a waveform depend on its neighbours in the batch."
            f" {advice.depends}"
        )


def _differ(one: ScoreArray, other: ScoreArray) -> bool:
    with np.errstate(invalid="ignore"):
        return not np.allclose(one, other, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True)
