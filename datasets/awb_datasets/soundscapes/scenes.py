"""Scenes: which sounds happen when, how loud, and what is labelled.

Conventions
-----------
The *level* of an event is the power of its loudest 100 ms; its signal-to-noise ratio compares that
with the background's mean power over the event, and lies between 0 and 20 dB. An event lasts from
its first to its last 10 ms that are less than 40 dB under its own peak and less than 15 dB under
the background at that moment; what lies outside is cut off the sound itself, so that the label is
exact. All sounds are labelled: there is no unlabelled foreground.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from awb.intervals import FloatArray
from awb.randomness import RandomKey
from awb.types import AudioArray, Event
from awb_datasets.soundscapes.background import Background, draw_background
from awb_datasets.soundscapes.classes import CLASSES, SoundClass
from awb_datasets.soundscapes.room import BLOCK_SAMPLES, loudest_power, place_in_room, trim
from awb_datasets.soundscapes.shaping import SAMPLE_RATE_HZ

CLIP_S = 10.0
CLIP_SAMPLES = round(CLIP_S * SAMPLE_RATE_HZ)
SNR_DB_RANGE = (0.0, 20.0)
BURIED_DB = -15.0
SHORTEST_S = 0.25  # so that some segment of 100 ms lies inside every event
LONGEST_S = 6.0
REPEAT_GAP_S = 0.3  # between two events of one class
PEAK_DB_RANGE = (-18.0, -1.0)

_EVENT_COUNTS, _EVENT_SHARES = (1, 2, 3, 4), (0.05, 0.2, 0.35, 0.4)
_REPEAT_SHARE = 0.35
_THIRD_SHARE = 0.3
_LEVEL_SPREAD_DB = 4.0
_ATTEMPTS = 40
_STEPS = 2**15  # samples are rounded to 16 bits, as in a file


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One sound at its place in a scene.

    Attributes
    ----------
    sound_class : SoundClass
        What it is.
    start : int
        First sample.
    sound : np.ndarray, shape=(samples,)
        The audio, against a background of mean power 1; it is zero everywhere else.
    snr_db : float
        Level against the background over the event, in dB.
    """

    sound_class: SoundClass
    start: int
    sound: FloatArray
    snr_db: float

    @property
    def stop(self) -> int:
        """First sample after the sound."""
        return self.start + self.sound.size

    @property
    def event(self) -> Event:
        """The label: exactly where the sound is."""
        return Event(
            self.start / SAMPLE_RATE_HZ,
            self.stop / SAMPLE_RATE_HZ,
            self.sound_class.name,
            self.sound_class.mid,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A background, the sounds on it, and the gain of the whole.

    Attributes
    ----------
    background : Background
        Coloured noise of mean power 1.
    layers : tuple of Layer
        The sounds in order of time.
    peak_db : float
        Level of the highest sample of the mix, in dB of full scale.
    """

    background: Background
    layers: tuple[Layer, ...]
    peak_db: float

    @property
    def events(self) -> tuple[Event, ...]:
        """All labels in order of time."""
        return tuple(layer.event for layer in self.layers)

    def mix(self) -> AudioArray:
        """Add everything up.

        Returns
        -------
        np.ndarray, shape=(CLIP_SAMPLES,), dtype=float32
            The waveform in [-1, 1], on the grid of 16-bit samples.
        """
        total = self.background.noise.copy()
        for layer in self.layers:
            total[layer.start : layer.stop] += layer.sound
        peak = max(float(total.max()), -float(total.min()))
        total *= 10 ** (self.peak_db / 20) * _STEPS / peak
        return (np.rint(total) / _STEPS).astype(np.float32)


def draw_classes(rng: np.random.Generator) -> list[SoundClass]:
    """Draw the classes of a scene's one to four events; the first class may come up to three times.

    Parameters
    ----------
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    list of SoundClass
        One entry an event.
    """
    n_events = int(rng.choice(_EVENT_COUNTS, p=_EVENT_SHARES))
    distinct = [CLASSES[index] for index in rng.permutation(len(CLASSES))[:n_events]]
    repeats = int(rng.uniform() < _REPEAT_SHARE) + int(rng.uniform() < _THIRD_SHARE)
    return [distinct[0]] * min(repeats, n_events - 1) + distinct[: max(1, n_events - repeats)]


def place_layer(
    rng: np.random.Generator, sound_class: SoundClass, background: Background, snr_db: float
) -> Layer | None:
    """Render one sound and lay it on the background at a random time.

    Parameters
    ----------
    rng : np.random.Generator
        Source of the sound, its room and its time.
    sound_class : SoundClass
        What to render.
    background : Background
        What it must be heard against.
    snr_db : float
        Level against the background over the event, in dB.

    Returns
    -------
    Layer or None
        None if what is heard of this sound is too short, or if it does not fit the clip.
    """
    _, sound = trim(place_in_room(rng, sound_class.render(rng)))
    latest = CLIP_SAMPLES - sound.size
    if latest < 0:
        return None
    start = int(rng.integers(latest + 1))
    around = background.power[start : start + sound.size]
    sound = sound * np.sqrt(10 ** (snr_db / 10) * around.mean() / loudest_power(sound))
    removed, heard = trim(sound, around[::BLOCK_SAMPLES] * 10 ** (BURIED_DB / 10))
    if not SHORTEST_S <= heard.size / SAMPLE_RATE_HZ <= LONGEST_S:
        return None
    return Layer(sound_class, start + removed, heard, snr_db)


def _keeps_apart(layer: Layer, others: list[Layer]) -> bool:
    """Say whether a layer leaves a gap to all others of its class."""
    gap = round(REPEAT_GAP_S * SAMPLE_RATE_HZ)
    return all(
        layer.start >= other.stop + gap or other.start >= layer.stop + gap
        for other in others
        if other.sound_class is layer.sound_class
    )


def compose(key: RandomKey) -> Scene:
    """Compose one scene.

    Parameters
    ----------
    key : RandomKey
        Names the scene; the same key always gives the same scene.

    Returns
    -------
    Scene
        The scene with one to four labelled events.
    """
    plan = key.generator("plan")
    background = draw_background(key.generator("background"), CLIP_SAMPLES)
    middle_db = plan.uniform(*SNR_DB_RANGE)
    layers: list[Layer] = []
    for number, sound_class in enumerate(draw_classes(plan)):
        spread_db = plan.uniform(-_LEVEL_SPREAD_DB, _LEVEL_SPREAD_DB)
        snr_db = float(np.clip(middle_db + spread_db, *SNR_DB_RANGE))
        for attempt in range(_ATTEMPTS):
            rng = key.generator("event", number, attempt)
            layer = place_layer(rng, sound_class, background, snr_db)
            if layer is not None and _keeps_apart(layer, layers):
                layers.append(layer)
                break
    layers.sort(key=lambda layer: layer.start)
    return Scene(background, tuple(layers), float(plan.uniform(*PEAK_DB_RANGE)))
