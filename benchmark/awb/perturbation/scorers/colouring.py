"""Colours of cells, which show every frame or moment of a clip in each of its possible states.

A frame of a spectrogram hears a short window, so it depends only on the states of the few cells
that the window straddles. If no window touches more than k cells, then colouring the cells with k
colours in turn and dropping every set of colours, ``2**k`` whole clips in all, shows every frame in
each of its possible states. The same holds for the moments of a convolutional network, whose
windows are longer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from awb.intervals import IntArray
from awb.types import BoolArray


@dataclass(frozen=True, slots=True)
class Colouring:
    """The cells that each window touches, and colours that tell them apart.

    Attributes
    ----------
    first : np.ndarray, shape=(windows,)
        First cell that each window touches.
    n_colours : int
        Most cells that one touches.
    n_cells : int
        Number of cells.
    """

    first: IntArray
    n_colours: int
    n_cells: int

    @classmethod
    def of(cls, starts: IntArray, window_samples: int, edges: IntArray) -> Colouring:
        """Colour cells with these edges for windows of one length."""
        starts = np.asarray(starts, dtype=np.int64)
        last_sample = int(edges[-1]) - 1
        first = np.searchsorted(edges, np.clip(starts, 0, last_sample), side="right") - 1
        ends = np.clip(starts + window_samples - 1, 0, last_sample)
        last = np.searchsorted(edges, ends, side="right") - 1
        return cls(first, max(1, int((last - first).max()) + 1), edges.size - 1)

    @property
    def n_states(self) -> int:
        """Number of sets of colours."""
        return int(2**self.n_colours)

    def drop_cells(self, states: IntArray) -> BoolArray:
        """Drop all cells of a set of colours: ``(n,)`` to ``bool (n, cells)``."""
        dropped: BoolArray = (states[:, np.newaxis] >> np.arange(self.n_colours)) & 1 == 1
        return dropped[:, np.arange(self.n_cells) % self.n_colours]

    def states(self, drop_cells: BoolArray) -> IntArray:
        """Say in which state each window is under each mask, ``shape=(n, windows)``."""
        states = np.zeros((len(drop_cells), self.first.size), dtype=np.int64)
        for offset in range(self.n_colours):
            cell = np.minimum(self.first + offset, self.n_cells - 1)
            colour = (self.first + offset) % self.n_colours
            inside = self.first + offset < self.n_cells
            states |= (drop_cells[:, cell] & inside).astype(np.int64) << colour
        return states


@dataclass(frozen=True, slots=True)
class PartColouring:
    """Colours of stretches, each of which has several components: a part is one in a stretch.

    Attributes
    ----------
    stretches : Colouring
        Of the stretches.
    n_components : int
        Number of components; parts are numbered component by component.
    """

    stretches: Colouring
    n_components: int

    @property
    def first(self) -> IntArray:
        """First stretch that each window touches."""
        return self.stretches.first

    @property
    def n_colours(self) -> int:
        """Most parts that one touches."""
        return self.stretches.n_colours * self.n_components

    @property
    def n_states(self) -> int:
        """Number of sets of colours."""
        return int(2**self.n_colours)

    def drop_cells(self, states: IntArray) -> BoolArray:
        """Drop all parts of a set of colours: ``(n,)`` to ``bool (n, parts)``."""
        shifts = np.arange(self.n_components) * self.stretches.n_colours
        return np.concatenate([self.stretches.drop_cells(states >> one) for one in shifts], axis=1)

    def states(self, drop_parts: BoolArray) -> IntArray:
        """Say in which state each window is under each mask, ``shape=(n, windows)``."""
        states = np.zeros((len(drop_parts), self.first.size), dtype=np.int64)
        for place, part in enumerate(np.split(drop_parts, self.n_components, axis=1)):
            states |= self.stretches.states(part) << (place * self.stretches.n_colours)
        return states
