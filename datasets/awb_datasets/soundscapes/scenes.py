"""Scenes: which sounds happen when, how loud, and what is labelled.

Conventions
-----------
A scene has one to four events. In about half of the scenes one of them is *long*: it goes on for
seconds and is mostly louder than the others, so that loudness does not tell which sound is asked
for. Most other events are *bouts*: the same sound two to four times with short pauses, under one
label, as people label a row of knocks or rings. The signal-to-noise ratio of an event is that of
its loudest 100 ms, and lies between 0 and 20 dB. An event lasts from its first to its last 10 ms
that are less than 40 dB under its own peak and less than 15 dB under the background at that moment;
what lies outside is cut off the sound itself, so that the label is exact. All sounds are labelled:
there is no unlabelled foreground. The frequencies of an event are measured on the sound alone, as
it arrives: 2.5 % of its energy lies below the lower one, and 2.5 % above the upper one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from awb.intervals import FloatArray
from awb.randomness import RandomKey
from awb.types import AudioArray, Event
from awb_datasets.soundscapes.background import Background, draw_background
from awb_datasets.soundscapes.classes import CLASSES, SoundClass
from awb_datasets.soundscapes.room import (
    BLOCK_SAMPLES,
    LEVEL_SAMPLES,
    loudest_window,
    place_in_room,
    trim,
)
from awb_datasets.soundscapes.shaping import SAMPLE_RATE_HZ, log_uniform

CLIP_S = 10.0
CLIP_SAMPLES = round(CLIP_S * SAMPLE_RATE_HZ)
HIGHEST_SNR_DB = 20.0
BURIED_DB = -15.0
SHORTEST_S = 0.25  # so that some segment of 100 ms lies inside every event
LONGEST_S = 8.5
REPEAT_GAP_S = 0.3  # between two events of one class
PEAK_DB_RANGE = (-18.0, -1.0)

_EVENT_COUNTS, _EVENT_SHARES = (1, 2, 3, 4), (0.04, 0.16, 0.3, 0.5)
_REPEAT_SHARE, _THIRD_SHARE = 0.6, 0.4
_LONG_SHARE, _LONG_S = 0.55, (3.5, 7.5)
_SINGLE_S, _REPEATED_S = (0.9, 1.85), (0.6, 0.95)
_LEVEL_SHAPE, _LEVEL_SPREAD_DB, _LONG_EXTRA_DB = (1.2, 2.8), 6.0, 12.0
_OVERLAP_SHARE = 0.2
_BOUT_SHARE, _PAUSE_S, _LEAST_PART_S = 0.9, (0.5, 1.0), 0.1
_SOUNDS, _PLACES = 8, 6
_TAIL = 0.025  # of the energy, outside the band on either side
_STEPS = 2**15  # samples are rounded to 16 bits, as in a file


def energy_band_hz(sound: FloatArray, sample_rate_hz: int = SAMPLE_RATE_HZ) -> tuple[float, float]:
    """Return the band of the middle 95 % of a sound's energy, to 1 Hz and at least 1 Hz wide."""
    from scipy import fft

    power = np.abs(fft.rfft(sound)) ** 2
    power[1:] *= 2.0
    below = np.cumsum(power) / power.sum()
    bin_hz = sample_rate_hz / sound.size
    low_hz, high_hz = (
        float(round(np.searchsorted(below, share) * bin_hz)) for share in (_TAIL, 1 - _TAIL)
    )
    return low_hz, max(high_hz, low_hz + 1.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one event is to be, before it is rendered.

    Attributes
    ----------
    sound_class : SoundClass
        What sounds.
    duration_s : float
        About how long, in seconds, pauses included.
    snr_db : float
        Its loudest 100 ms against the background there, in dB, in [0, 20].
    may_overlap : bool
        Whether it may sound together with events planned before it.
    pauses_s : tuple of float
        Pauses between the sounds of a bout, in seconds; empty for a single sound.
    """

    sound_class: SoundClass
    duration_s: float
    snr_db: float
    may_overlap: bool
    pauses_s: tuple[float, ...] = ()


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
        Its loudest 100 ms against the background there, in dB.
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
        """The label: exactly where the sound is, and the band of 95 % of its energy."""
        low_hz, high_hz = energy_band_hz(self.sound)
        return Event(
            self.start / SAMPLE_RATE_HZ,
            self.stop / SAMPLE_RATE_HZ,
            self.sound_class.name,
            self.sound_class.mid,
            low_hz,
            high_hz,
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
        """Add everything up."""
        total = self.background.noise.copy()
        for layer in self.layers:
            total[layer.start : layer.stop] += layer.sound
        peak = max(float(total.max()), -float(total.min()))
        total *= 10 ** (self.peak_db / 20) * _STEPS / peak
        return (np.rint(total) / _STEPS).astype(np.float32)


def draw_classes(rng: np.random.Generator) -> list[SoundClass]:
    """Draw the classes of a scene's one to four events; the last may occur up to three times."""
    n_events = int(rng.choice(_EVENT_COUNTS, p=_EVENT_SHARES))
    extra = int(rng.uniform() < _REPEAT_SHARE) * (1 + int(rng.uniform() < _THIRD_SHARE))
    extra = min(extra, n_events - 1)
    distinct = [CLASSES[index] for index in rng.permutation(len(CLASSES))[: n_events - extra]]
    return distinct + [distinct[-1]] * extra


def draw_plans(rng: np.random.Generator) -> list[Plan]:
    """Draw what the events of a scene are to be."""
    middle_db = HIGHEST_SNR_DB * rng.beta(*_LEVEL_SHAPE)
    has_long = rng.uniform() < _LONG_SHARE
    classes = draw_classes(rng)
    plans = []
    for number, sound_class in enumerate(classes):
        level_db = middle_db + rng.uniform(-_LEVEL_SPREAD_DB, _LEVEL_SPREAD_DB)
        if has_long and number == 0:
            duration_s = float(rng.uniform(*_LONG_S))
            level_db += _LONG_EXTRA_DB
        else:
            repeated = classes.count(sound_class) > 1
            duration_s = log_uniform(rng, *(_REPEATED_S if repeated else _SINGLE_S))
        snr_db = float(np.clip(level_db, 0.0, HIGHEST_SNR_DB))
        may_overlap = bool(rng.uniform() < _OVERLAP_SHARE)
        is_long = has_long and number == 0
        pauses_s = () if is_long else draw_pauses(rng, duration_s)
        plans.append(Plan(sound_class, duration_s, snr_db, may_overlap, pauses_s))
    return plans


def draw_pauses(rng: np.random.Generator, duration_s: float) -> tuple[float, ...]:
    """Draw the pauses of a bout; often none, and none where there is no room for one."""
    wanted = rng.uniform(*_PAUSE_S, size=int(rng.integers(1, 4)))
    is_bout = rng.uniform() < _BOUT_SHARE
    while wanted.size and wanted.sum() + (wanted.size + 1) * _LEAST_PART_S > duration_s:
        wanted = wanted[:-1]
    return tuple(float(pause) for pause in wanted) if is_bout else ()


def render_sound(rng: np.random.Generator, plan: Plan) -> FloatArray:
    """Render what an event sounds like in its room, at any level."""
    part_s = (plan.duration_s - math.fsum(plan.pauses_s)) / (len(plan.pauses_s) + 1)
    part = plan.sound_class.render(rng, part_s)
    pieces = [part]
    for pause_s in plan.pauses_s:
        pieces += [np.zeros(round(pause_s * SAMPLE_RATE_HZ)), part]
    _, sound = trim(place_in_room(rng, np.concatenate(pieces)))
    return sound


def place_sound(sound: FloatArray, start: int, plan: Plan, background: Background) -> Layer | None:
    """Lay a sound on the background and cut off what is buried in it."""
    around = background.power[start : start + sound.size]
    loudest, power = loudest_window(sound)
    noise_power = around[loudest : loudest + LEVEL_SAMPLES].mean()
    level = np.sqrt(10 ** (plan.snr_db / 10) * noise_power / power)
    removed, heard = trim(sound * level, around[::BLOCK_SAMPLES] * 10 ** (BURIED_DB / 10))
    if not SHORTEST_S <= heard.size / SAMPLE_RATE_HZ <= LONGEST_S:
        return None
    return Layer(plan.sound_class, start + removed, heard, plan.snr_db)


def _fits(layer: Layer, plan: Plan, others: Sequence[Layer]) -> bool:
    """Say whether a layer keeps away from those that it must not touch."""
    gap = round(REPEAT_GAP_S * SAMPLE_RATE_HZ)
    for other in others:
        if plan.may_overlap and other.sound_class is not layer.sound_class:
            continue
        if layer.start < other.stop + gap and other.start < layer.stop + gap:
            return False
    return True


def _find_place(
    key: RandomKey, plan: Plan, background: Background, others: Sequence[Layer]
) -> Layer | None:
    """Try sounds, and several places for each, until one fits between the others."""
    for attempt in range(_SOUNDS):
        rng = key.generator(attempt)
        sound = render_sound(rng, plan)
        if sound.size > CLIP_SAMPLES:
            continue
        for start in rng.integers(CLIP_SAMPLES - sound.size + 1, size=_PLACES):
            layer = place_sound(sound, int(start), plan, background)
            if layer is not None and _fits(layer, plan, others):
                return layer
    return None


def compose(key: RandomKey) -> Scene:
    """Compose one scene."""
    rng = key.generator("plan")
    background = draw_background(key.generator("background"), CLIP_SAMPLES)
    layers: list[Layer] = []
    for number, plan in enumerate(draw_plans(rng)):
        layer = _find_place(key.child("event", number), plan, background, layers)
        if layer is not None:
            layers.append(layer)
    layers.sort(key=lambda layer: layer.start)
    return Scene(background, tuple(layers), float(rng.uniform(*PEAK_DB_RANGE)))
