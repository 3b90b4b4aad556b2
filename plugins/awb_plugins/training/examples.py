"""Training examples: clips with the classes that occur in them, and nothing of when.

Conventions
-----------
Waveforms are kept as 16-bit integers in a file on disk, all of one length. An example is a clip or
a *version* of one, an augmented copy; versions are rendered when a batch asks for them, so that a
copy costs nothing, but it has an id, a source and a group, by which a split can be checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from awb.audio import resample
from awb.errors import DataError
from awb.intervals import IntArray
from awb.protocols import Dataset
from awb.types import AudioArray, Clip
from awb_plugins.training.recipe import Recipe

STEPS = 2**15 - 1
ORIGINAL = ""

ClassKey = tuple[str, str]
Report = Callable[[int, int], None]
"""``report(done, total)``."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Labelled clips and versions of clips.

    Attributes
    ----------
    samples : np.ndarray, shape=(clips, samples), dtype=int16
        Waveforms times `STEPS`; a memory map.
    rows : np.ndarray, shape=(examples,)
        Which clip each example is made from.
    versions : tuple of str
        What is done to it, see `awb_plugins.training.augment`; empty for the clip itself.
    ids : tuple of str
        Name of each clip; of a version, with ``@`` and what was done.
    groups : tuple of str
        What each shares with others, see `awb.types.Clip.group`; empty: nothing.
    hashes : tuple of str
        Of the audio that each is made from, so that copies are known by it.
    present : tuple of frozenset of (str, str)
        Name and machine id ("" if there is none) of the classes in each.
    """

    samples: npt.NDArray[np.int16]
    rows: IntArray
    versions: tuple[str, ...]
    ids: tuple[str, ...]
    groups: tuple[str, ...]
    hashes: tuple[str, ...]
    present: tuple[frozenset[ClassKey], ...]

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.ids)

    @property
    def units(self) -> tuple[str, ...]:
        """Say what must not be cut: the group, or the clip itself where it has none."""
        return tuple(
            group or f"clip {name}" for group, name in zip(self.groups, self.ids, strict=True)
        )

    def take(self, chosen: Sequence[int] | IntArray) -> Examples:
        """Return some of the examples, in the given order."""
        picked = [int(index) for index in chosen]
        return replace(
            self,
            rows=self.rows[picked],
            versions=tuple(self.versions[index] for index in picked),
            ids=tuple(self.ids[index] for index in picked),
            groups=tuple(self.groups[index] for index in picked),
            hashes=tuple(self.hashes[index] for index in picked),
            present=tuple(self.present[index] for index in picked),
        )

    def waveforms(self, chosen: Sequence[int] | IntArray | slice) -> AudioArray:
        """Return clips as float32 in [-1, 1], before what their versions do to them."""
        return self.samples[self.rows[chosen]].astype(np.float32) / np.float32(STEPS)


def classes_of(clip: Clip) -> frozenset[ClassKey]:
    """Return the classes of a clip, from its labels and its events, whose times are dropped.

    Examples
    --------
    >>> clip = Clip("a", np.zeros(8, np.float32), 8, labels=("dog",), group="fold 1")
    >>> sorted(classes_of(clip))
    [('dog', '')]
    """
    events = {(event.label, event.mid or "") for event in clip.events}
    named = {name for name, _ in events}
    return frozenset(events | {(label, "") for label in clip.labels if label not in named})


def load_examples(dataset: Dataset, recipe: Recipe, path: Path, report: Report) -> Examples:
    """Load all clips of a dataset at the rate and length of a recipe."""
    clip_ids = list(dataset.clip_ids())
    if not clip_ids:
        raise DataError("the dataset has no clip to train on")
    n_samples = _length(dataset, clip_ids, recipe)
    samples = np.lib.format.open_memmap(path, "w+", np.int16, (len(clip_ids), n_samples))
    groups, hashes, present = [], [], []
    for row, clip_id in enumerate(clip_ids):
        clip = dataset.load(clip_id)
        waveform = resample(clip.waveform, clip.sample_rate_hz, recipe.sample_rate_hz)[:n_samples]
        samples[row, : waveform.size] = np.rint(waveform * STEPS)
        groups.append(clip.group)
        hashes.append(hashlib.sha256(samples[row].tobytes()).hexdigest())
        present.append(classes_of(clip))
        if recipe.task == "multi-class" and len(present[-1]) != 1:
            names = ", ".join(sorted(name for name, _ in present[-1])) or "none"
            raise DataError(f"clip {clip_id} must have exactly one class for this model: {names}")
        report(row + 1, len(clip_ids))
    return Examples(
        samples,
        np.arange(len(clip_ids)),
        (ORIGINAL,) * len(clip_ids),
        tuple(clip_ids),
        tuple(groups),
        tuple(hashes),
        tuple(present),
    )


def _length(dataset: Dataset, clip_ids: Sequence[str], recipe: Recipe) -> int:
    """Return the length of all examples in samples; loads every clip where none is given."""
    if recipe.duration_s is not None:
        return round(recipe.duration_s * recipe.sample_rate_hz)
    longest_s = max(dataset.load(clip_id).duration_s for clip_id in clip_ids)
    return round(longest_s * recipe.sample_rate_hz)


def class_list(train: Examples, recipe: Recipe, order: Sequence[str] = ()) -> list[ClassKey]:
    """List the classes in the order of the scores."""
    found = dict(frozenset[ClassKey]().union(*train.present))
    names = recipe.classes or [name for name in order if name in found] or sorted(found)
    strange = sorted(set(found) - set(names))
    if strange and recipe.classes is None:
        names = [*names, *strange]
    elif strange:
        raise DataError(f"the model has no class {strange[0]!r}; it has: {', '.join(names)}")
    if recipe.task == "multi-class" and len(names) < 2:
        raise DataError(
            f"a multi-class model needs two classes at least, found: {', '.join(names)}"
        )
    return [(name, found.get(name, "")) for name in names]


def targets(examples: Examples, classes: Sequence[ClassKey], part: str) -> AudioArray:
    """Return 1 where a class occurs in an example, else 0."""
    column = {name: index for index, (name, _) in enumerate(classes)}
    found = np.zeros((len(examples), len(classes)), dtype=np.float32)
    for row, keys in enumerate(examples.present):
        for name, _ in keys:
            if name not in column:
                raise DataError(f"class {name!r} of {part} does not occur in the training part")
            found[row, column[name]] = 1.0
    return found
