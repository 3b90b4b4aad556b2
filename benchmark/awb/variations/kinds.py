"""The kinds of variation, each of which changes one thing about an instance or its model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from awb.data.class_index import ClassIndex
from awb.errors import NotApplicableError, UndefinedScoreError
from awb.intervals import FloatArray
from awb.protocols import AudioModel, RandomizableModel, RandomLabelModel
from awb.segments import Segments
from awb.types import Clip, Instance
from awb.variations.noises import Condition, add_noise, background

OtherTarget = Literal["random", "labelled"]


@dataclass(frozen=True, slots=True)
class Variation:
    """Base of all variations; by itself it changes nothing.

    Equal variations are explained once: metrics that ask for the same one share its explanation.
    """

    @property
    def reseeds(self) -> bool:
        """Whether the masker, the masks and the explainer use another seed."""
        return False

    def of_instance(
        self, instance: Instance, segments: Segments, rng: np.random.Generator
    ) -> Instance:
        """Return the varied instance; its clip keeps its length.

        Parameters
        ----------
        instance : Instance
            The instance.
        segments : Segments
            Its segments.
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        Instance
            The instance to explain instead.

        Raises
        ------
        UndefinedScoreError
            If the variation is impossible for this clip.
        """
        return instance

    def of_model(self, model: AudioModel, rng: np.random.Generator) -> AudioModel:
        """Return the varied model.

        Parameters
        ----------
        model : AudioModel
            The model.
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        AudioModel
            The model to explain instead, with the same classes.

        Raises
        ------
        NotApplicableError
            If the model does not support it.
        """
        return model

    def of_target(
        self, instance: Instance, model: AudioModel, rng: np.random.Generator
    ) -> Instance:
        """Return the instance with the target to explain.

        Parameters
        ----------
        instance : Instance
            The instance, with its labels.
        model : AudioModel
            The model.
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        Instance
            The same clip, perhaps with another target and its events.

        Raises
        ------
        UndefinedScoreError
            If there is no other target.
        """
        return instance


@dataclass(frozen=True, slots=True)
class AnotherSeed(Variation):
    """Another seed: different drop masks, masker noise and random draws of the explainer."""

    @property
    def reseeds(self) -> bool:
        """Whether the masker, the masks and the explainer use another seed."""
        return True


def rolled_cells(segments: Segments, part: float) -> int:
    """Return by how many cells `Rolled` moves a clip.

    Parameters
    ----------
    segments : Segments
        The segments of the clip.
    part : float
        Part of the clip, in (0, 1).

    Returns
    -------
    int
        Number of cells.

    Raises
    ------
    UndefinedScoreError
        If the clip is not a whole number of equal cells, or would not move at all.
    """
    lengths = np.diff(segments.edges_samples)
    if (lengths != lengths[0]).any():
        raise UndefinedScoreError("the clip is not a whole number of segments and cannot be rolled")
    cells = round(part * segments.n_cells)
    if cells % segments.n_cells == 0:
        raise UndefinedScoreError(f"a clip of {segments.n_cells} segments cannot be rolled")
    return cells


@dataclass(frozen=True, slots=True)
class Rolled(Variation):
    """The clip rolled later in time by whole cells; what leaves at the end reappears at the start.

    Attributes
    ----------
    part : float
        Part of the clip, in (0, 1).
    """

    part: float = 0.5

    def of_instance(
        self, instance: Instance, segments: Segments, rng: np.random.Generator
    ) -> Instance:
        """Return the rolled clip with its rolled events; see `Variation.of_instance`."""
        shift = int(segments.edges_samples[rolled_cells(segments, self.part)])
        clip = instance.clip
        shift_s, length_s = shift / clip.sample_rate_hz, clip.duration_s
        pieces = [
            (max(onset, start) - start, min(offset, start + length_s) - start)
            for onset, offset in instance.intervals_s + shift_s
            for start in (0.0, length_s)
            if min(offset, start + length_s) > max(onset, start)
        ]
        moved = Clip(clip.id, np.roll(clip.waveform, shift), clip.sample_rate_hz)
        return replace(instance, clip=moved, intervals_s=np.array(pieces).reshape(-1, 2))


@dataclass(frozen=True, slots=True)
class AnotherGain(Variation):
    """The clip at a lower level.

    Attributes
    ----------
    gain_db : float
        Gain in dB, below 0, since a louder clip might exceed [-1, 1].
    """

    gain_db: float = -6.0

    def of_instance(
        self, instance: Instance, segments: Segments, rng: np.random.Generator
    ) -> Instance:
        """Return the quieter clip; see `Variation.of_instance`."""
        clip = instance.clip
        quieter = clip.waveform * np.float32(10.0 ** (self.gain_db / 20.0))
        return replace(instance, clip=replace(clip, waveform=quieter))


def _with_noise(instance: Instance, noise: FloatArray, snr_db: float) -> Instance:
    """Add noise to the clip of an instance."""
    clip = instance.clip
    return replace(
        instance, clip=replace(clip, waveform=add_noise(clip.waveform, noise, snr_db=snr_db))
    )


@dataclass(frozen=True, slots=True)
class FaintNoise(Variation):
    """A little white noise, too faint to change what is heard.

    Attributes
    ----------
    snr_db : float
        Level of the clip relative to the noise, in dB.
    draw : int
        Which draw of the noise.
    """

    snr_db: float = 40.0
    draw: int = 0

    def of_instance(
        self, instance: Instance, segments: Segments, rng: np.random.Generator
    ) -> Instance:
        """Return the clip with noise; see `Variation.of_instance`."""
        return _with_noise(instance, rng.standard_normal(instance.clip.waveform.size), self.snr_db)


@dataclass(frozen=True, slots=True)
class Background(Variation):
    """The clip with an audible background.

    Attributes
    ----------
    condition : str
        ``natural``, ``room`` or ``white``.
    snr_db : float
        Level of the clip relative to the background, in dB.
    path : Path or None
        A recording to use instead of the background that awb synthesizes.
    """

    condition: Condition = "white"
    snr_db: float = 10.0
    path: Path | None = None

    def of_instance(
        self, instance: Instance, segments: Segments, rng: np.random.Generator
    ) -> Instance:
        """Return the clip with the background; see `Variation.of_instance`."""
        clip = instance.clip
        noise = background(
            self.condition, clip.waveform.size, clip.sample_rate_hz, rng, path=self.path
        )
        return _with_noise(instance, noise, self.snr_db)


@dataclass(frozen=True, slots=True)
class AnotherTarget(Variation):
    """Another class of the model in the same clip, under the same masks and draws.

    Attributes
    ----------
    other : str
        ``random`` for any class of the model but the target; ``labelled`` for one of another
        labelled sound of the clip.
    """

    other: OtherTarget = "random"

    def of_target(
        self, instance: Instance, model: AudioModel, rng: np.random.Generator
    ) -> Instance:
        """Return the instance with another target; see `Variation.of_target`."""
        classes = ClassIndex(model)
        spans: dict[int, list[tuple[float, float]]] = {}
        for event in instance.clip.events:
            column = classes.find(event.label, event.mid)
            if column is not None:
                spans.setdefault(column, []).append((event.onset_s, event.offset_s))
        pool = range(len(classes.classes)) if self.other == "random" else sorted(spans)
        choices = [column for column in pool if column != instance.class_index]
        if not choices:
            raise UndefinedScoreError(
                "the model has no other class"
                if self.other == "random"
                else "the clip has no other labelled sound that the model knows"
            )
        column = choices[int(rng.integers(len(choices)))]
        return replace(
            instance,
            target=classes.classes[column],
            class_index=column,
            intervals_s=np.array(spans.get(column, [])).reshape(-1, 2),
        )


@dataclass(frozen=True, slots=True)
class RandomWeights(Variation):
    """The model with randomized weights in its last layers.

    Attributes
    ----------
    share : float
        Part of the layers, counted backwards from the output, in (0, 1].
    """

    share: float = 1.0

    def of_model(self, model: AudioModel, rng: np.random.Generator) -> AudioModel:
        """Return the randomized model; see `Variation.of_model`."""
        if not isinstance(model, RandomizableModel):
            raise NotApplicableError("the model's weights cannot be randomized")
        return model.randomized(self.share, rng)


@dataclass(frozen=True, slots=True)
class RandomLabels(Variation):
    """The same network trained on random labels."""

    def of_model(self, model: AudioModel, rng: np.random.Generator) -> AudioModel:
        """Return the model trained on random labels; see `Variation.of_model`."""
        if not isinstance(model, RandomLabelModel):
            raise NotApplicableError("the model has no twin that was trained on random labels")
        return model.trained_on_random_labels()
