"""Clips of another dataset with noise over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from awb.errors import AudioError, PluginError, UndefinedScoreError
from awb.plugins.lookup import find_dataset
from awb.protocols import Dataset
from awb.randomness import RandomKey
from awb.types import Clip
from awb.variations import add_noise, background

if TYPE_CHECKING:
    from awb_datasets.noisy import NoisyParameters


class NoisyClips:
    """A dataset under noise; the noise of a clip depends on its id and the seed alone."""

    def __init__(self, parameters: NoisyParameters) -> None:
        dataset = find_dataset(parameters.of.replace(";", ",")).build()
        if not isinstance(dataset, Dataset):
            raise PluginError(f"dataset {parameters.of} must have clip_ids and load")
        self._dataset: Dataset = dataset
        self._settings = parameters

    def __getattr__(self, name: str) -> object:
        """Return whatever else the dataset has: its classes, what it leaves out."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._dataset, name)

    def clip_ids(self) -> Sequence[str]:
        """List the clips of the dataset."""
        return self._dataset.clip_ids()

    def load(self, clip_id: str) -> Clip:
        """Load a clip and add noise; its events stay as they are."""
        clip, settings = self._dataset.load(clip_id), self._settings
        path = None if settings.path is None else settings.path.expanduser()
        rng = RandomKey(("noisy", settings.seed, clip_id)).generator(settings.noise)
        noise = background(settings.noise, clip.waveform.size, clip.sample_rate_hz, rng, path=path)
        try:
            noisy = add_noise(clip.waveform, noise, snr_db=settings.snr_db)
        except UndefinedScoreError as error:
            raise AudioError(f"clip {clip_id}: {error}") from error
        return replace(clip, waveform=noisy)
