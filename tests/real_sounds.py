"""Build a folder dataset from real recordings, with events at known times.

    python tests/real_sounds.py OUT [--sounds DIR] [--clips N] [--seed N]

Barks, caws and honks are cut from their recordings where their energy is, and placed at
random times in 10 s of looped room tone, 10 to 30 dB above it. Half of the clips also hold another
sound as a distractor, as loud as the target or louder. Every sound is annotated under the name that
AudioSet and YAMNet give it. The same seed gives the same files.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

RATE_HZ = 44100
CLIP_S = 10.0
FRAME_S = 0.005
FADE_S = 0.005
LEAST_GAP_S = 0.3
BACKGROUND_RMS = 0.01


@dataclass(frozen=True)
class Source:
    """A recording, and how its sounds are found and mixed.

    Attributes
    ----------
    file, label : str
        File name, and AudioSet's display name.
    floor_db : float
        Frames more than this below the loudest one are outside of a sound, in dB.
    join_s : float
        Sounds with a pause of at most this are one, in seconds, ...
    span_s : tuple of float
        ... as long as it lasts no longer than the second number; those that last less than the
        first are left out.
    snrs_db : tuple of float
        Levels of the sounds above the background, in dB.
    most : int
        Most sounds in a clip, so that they cover at most a fifth of it.
    """

    file: str
    label: str
    floor_db: float
    join_s: float
    span_s: tuple[float, float]
    snrs_db: tuple[float, ...]
    most: int


TARGETS = (
    Source("dog.wav", "Dog", 25.0, 0.2, (0.2, 0.5), (10.0, 20.0), 3),  # two barks
    Source("crow.wav", "Crow", 13.0, 0.04, (0.2, 0.5), (10.0, 20.0), 3),  # one caw
    # Two honks, recorded in traffic: YAMNet hears a horn only where it is loud.
    Source(
        "car_horn.wav", "Vehicle horn, car horn, honking", 18.0, 0.04, (0.5, 1.0), (25.0, 30.0), 2
    ),
)
SEA_FILE, SEA_LABEL = "sea_waves.wav", "Waves, surf"


@dataclass(frozen=True)
class Sound:
    """One cut sound: mono samples and what it is."""

    samples: FloatArray
    label: str


def load(path: Path) -> FloatArray:
    """Read a recording as mono float64; all of them are at 44.1 kHz."""
    import soundfile

    channels, rate_hz = soundfile.read(path, dtype="float64", always_2d=True)
    if rate_hz != RATE_HZ:
        raise ValueError(f"{path} is at {rate_hz} Hz, expected {RATE_HZ}")
    return np.asarray(channels.mean(axis=1))


def rms(samples: FloatArray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(samples**2)))


def active_regions(samples: FloatArray, source: Source) -> list[tuple[int, int]]:
    """Find the sounds of a recording by energy.

    Parameters
    ----------
    samples : np.ndarray, shape=(n,)
        The recording.
    source : Source
        What counts as a sound.

    Returns
    -------
    list of tuple of int
        First and one past the last sample of each. A sound that touches an end of the recording is
        left out: part of it may be missing.
    """
    hop = round(FRAME_S * RATE_HZ)
    n_frames = samples.size // hop
    level = np.sqrt(np.mean(samples[: n_frames * hop].reshape(n_frames, hop) ** 2, axis=1))
    loud = np.flatnonzero(level > level.max() * 10 ** (-source.floor_db / 20))
    spans: list[tuple[int, int]] = []
    for part in np.split(loud, np.flatnonzero(np.diff(loud) > 1) + 1):
        first, end = int(part[0]), int(part[-1]) + 1
        if first == 0 or end == n_frames:
            continue
        if (
            spans
            and first - spans[-1][1] <= source.join_s / FRAME_S
            and end - spans[-1][0] <= source.span_s[1] / FRAME_S
        ):
            first = spans.pop()[0]
        spans.append((first, end))
    least = source.span_s[0] / FRAME_S
    return [(first * hop, end * hop) for first, end in spans if end - first >= least]


def faded(samples: FloatArray) -> FloatArray:
    """Return a copy whose ends rise from and fall to zero, so that a cut does not click."""
    ramp = np.sin(np.linspace(0, np.pi / 2, round(FADE_S * RATE_HZ))) ** 2
    out = samples.copy()
    out[: ramp.size] *= ramp
    out[-ramp.size :] *= ramp[::-1]
    return out


def cut(sounds_dir: Path, source: Source) -> list[Sound]:
    """Cut all single sounds of a recording."""
    samples = load(sounds_dir / source.file)
    regions = active_regions(samples, source)
    return [Sound(faded(samples[first:end]), source.label) for first, end in regions]


def looped(samples: FloatArray, n_samples: int, *, crossfade_s: float = 0.5) -> FloatArray:
    """Repeat a recording to a length, crossfading at equal power where it starts again."""
    fade = round(crossfade_s * RATE_HZ)
    rise = np.sin(np.linspace(0, np.pi / 2, fade))
    period = samples[:-fade].copy()
    period[:fade] = period[:fade] * rise + samples[-fade:] * rise[::-1]
    return np.resize(period, n_samples)


def place(lengths_s: list[float], rng: np.random.Generator) -> FloatArray:
    """Draw onsets of sounds that do not overlap, uniformly over all such arrangements.

    Parameters
    ----------
    lengths_s : list of float
        Lengths in seconds.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    np.ndarray, shape=(n,)
        Onset of each sound in seconds.
    """
    free_s = CLIP_S - sum(lengths_s) - LEAST_GAP_S * (len(lengths_s) + 1)
    slack = np.sort(rng.uniform(0, free_s, len(lengths_s)))
    onsets = np.empty(len(lengths_s))
    before_s = LEAST_GAP_S
    for slot, which in enumerate(rng.permutation(len(lengths_s))):
        onsets[which] = before_s + slack[slot]
        before_s += lengths_s[which] + LEAST_GAP_S
    return onsets


def draw_sounds(
    pools: list[list[Sound]], sea: FloatArray, target: int, rng: np.random.Generator
) -> list[tuple[Sound, float]]:
    """Draw sounds of the target, and half of the time a distractor, each with its level in dB."""
    source = TARGETS[target]
    snr_db = float(rng.choice(source.snrs_db))
    picks = rng.choice(len(pools[target]), size=int(rng.integers(1, source.most + 1)))
    chosen = [(pools[target][int(pick)], snr_db) for pick in picks]
    if rng.random() < 0.5:
        length = round(rng.uniform(0.5, 1.5) * RATE_HZ)
        first = int(rng.integers(sea.size - length))
        others = [pool for which, pool in enumerate(pools) if which != target]
        others.append([Sound(faded(sea[first : first + length]), SEA_LABEL)])
        pool = others[int(rng.integers(len(others)))]
        distractor = pool[int(rng.integers(len(pool)))]
        chosen.append((distractor, max(source.snrs_db)))
    return chosen


def render(
    background: FloatArray, chosen: list[tuple[Sound, float]], rng: np.random.Generator
) -> tuple[FloatArray, list[tuple[float, float, str]]]:
    """Mix sounds into a background, and list where they are: onset, offset, label."""
    n_samples = round(CLIP_S * RATE_HZ)
    mix = looped(np.roll(background, int(rng.integers(background.size))), n_samples)
    mix *= BACKGROUND_RMS / rms(mix)
    onsets = place([sound.samples.size / RATE_HZ for sound, _ in chosen], rng) if chosen else ()
    events = []
    for (sound, snr_db), onset_s in zip(chosen, onsets, strict=True):
        first = round(float(onset_s) * RATE_HZ)
        end = first + sound.samples.size
        gain = BACKGROUND_RMS * 10 ** (snr_db / 20) / rms(sound.samples)
        mix[first:end] += sound.samples * gain
        events.append((first / RATE_HZ, end / RATE_HZ, sound.label))
    return np.clip(mix, -1, 1), sorted(events)


def build(folder: Path, sounds_dir: Path, *, clips: int = 24, seed: int = 0) -> Path:
    """Write ``audio/*.wav`` and ``events.tsv``.

    Parameters
    ----------
    folder : Path
        Where to write; made if it is not there.
    sounds_dir : Path
        Folder with dog.wav, crow.wav, car_horn.wav, sea_waves.wav and room_tone.wav.
    clips : int
        Clips with events; targets take turns. One clip of room tone alone is added.
    seed : int
        Seed of every draw.

    Returns
    -------
    Path
        The folder.
    """
    import soundfile

    audio = folder / "audio"
    audio.mkdir(parents=True, exist_ok=True)
    background, sea = load(sounds_dir / "room_tone.wav"), load(sounds_dir / SEA_FILE)
    pools = [cut(sounds_dir, source) for source in TARGETS]
    lines = ["filename\tonset\toffset\tevent_label"]
    for index in range(clips + 1):
        rng = np.random.default_rng([seed, index])
        target = index % len(TARGETS)
        chosen = draw_sounds(pools, sea, target, rng) if index < clips else []
        stem = Path(TARGETS[target].file).stem if chosen else "room_tone"
        name = f"{stem}-{index:03d}.wav"
        mix, events = render(background, chosen, rng)
        soundfile.write(audio / name, mix, RATE_HZ, subtype="PCM_16")
        lines += [f"{name}\t{onset:.6f}\t{offset:.6f}\t{label}" for onset, offset, label in events]
    (folder / "events.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def main() -> None:
    """Read the command line and build."""
    data = Path(os.environ.get("AWB_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--sounds", type=Path, default=data / "sounds")
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    build(given.out, given.sounds, clips=given.clips, seed=given.seed)
    sys.stderr.write(
        f"wrote {given.out}; try: awb run --dataset folder:{given.out} --model yamnet\n"
    )


if __name__ == "__main__":
    main()
