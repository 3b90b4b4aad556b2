"""Clips of another dataset with noise over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from awb.errors import AudioError, PluginError, UndefinedScoreError
from awb.plugins.lookup import find_dataset
from awb.protocols import Dataset
from awb.randomness import RandomKey
from awb.types import Clip
from awb.variations import Condition, add_noise, background


class NoisyClips:
    """A dataset under noise; the noise of a clip depends on its id and the seed alone."""

    def __init__(
        self, of: str, *, noise: Condition, snr_db: float, path: Path | None, seed: int
    ) -> None:
        dataset = find_dataset(of).build()
        if not isinstance(dataset, Dataset):
            raise PluginError(f"dataset {of} must have clip_ids and load")
        self._dataset: Dataset = dataset
        self._noise: Condition = noise
        self._snr_db, self._path, self._seed = snr_db, path, seed

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
        clip = self._dataset.load(clip_id)
        n_samples, rate_hz = clip.waveform.size, clip.sample_rate_hz
        rng = RandomKey(("noisy", self._seed, clip_id)).generator(self._noise)
        noise = background(self._noise, n_samples, rate_hz, rng, path=self._path)
        try:
            noisy = add_noise(clip.waveform, noise, snr_db=self._snr_db)
        except UndefinedScoreError as error:
            raise AudioError(f"clip {clip_id}: {error}") from error
        return replace(clip, waveform=noisy)
