"""The classes of the scenes: AudioSet display names, machine ids, and what renders them.

References
----------
Gemmeke, J. F., et al. (2017). Audio Set: An ontology and human-labeled dataset for audio events.
ICASSP. https://doi.org/10.1109/ICASSP.2017.7952261
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from awb.intervals import FloatArray
from awb_datasets.soundscapes import noises, percussion, sweeps, tones

Render = Callable[[np.random.Generator, float], FloatArray]


@dataclass(frozen=True, slots=True)
class SoundClass:
    """One class of sounds.

    Attributes
    ----------
    name : str
        Display name in AudioSet's list of 527 classes.
    mid : str
        Machine id in AudioSet.
    render : callable
        ``render(rng, duration_s)``: a new sound that lasts about that long, ``shape=(samples,)``,
        float64, at any level.
    """

    name: str
    mid: str
    render: Render


CLASSES = (
    SoundClass("Siren", "/m/03kmc9", sweeps.siren),
    SoundClass("Beep, bleep", "/m/02fs_r", tones.beep),
    SoundClass("Church bell", "/m/03w41f", percussion.church_bell),
    SoundClass("Bass drum", "/m/0bm02", percussion.bass_drum),
    SoundClass("Snare drum", "/m/06rvn", percussion.snare_drum),
    SoundClass("Cymbal", "/m/01qbl", percussion.cymbal),
    SoundClass("Cowbell", "/m/0239kh", percussion.cowbell),
    SoundClass("Maraca", "/m/0xzly", noises.maraca),
    SoundClass("Sine wave", "/m/01v_m0", tones.sine_wave),
    SoundClass("Chirp tone", "/m/0hdsk", sweeps.chirp_tone),
    SoundClass("White noise", "/m/0chx_", noises.white_noise),
    SoundClass("Clicking", "/m/07qc9xj", noises.clicking),
    SoundClass("Telephone dialing, DTMF", "/m/02c8p", tones.dialing),
    SoundClass("Buzzer", "/m/030rvx", tones.buzzer),
    SoundClass("Whoosh, swoosh, swish", "/m/07rqsjt", sweeps.whoosh),
    SoundClass("Vehicle horn, car horn, honking", "/m/0912c9", tones.horn),
)
