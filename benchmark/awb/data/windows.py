"""Windows of long recordings, which are clips: where they lie, and what they are called.

Conventions
-----------
A window is called after its recording and its times, ``day.wav@8-18``, in seconds from the start of
the recording.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from awb.errors import ParameterError

_NAME = re.compile(r"(.+)@(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")
_LEAST_S = 0.02  # of a recording's end that is not in a window


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a recording.

    Attributes
    ----------
    recording : str
        The audio file.
    start_s, end_s : float
        Its times.
    whole : bool
        Whether it is the whole recording.
    """

    recording: str
    start_s: float
    end_s: float
    whole: bool = False

    @property
    def name(self) -> str:
        """What the clip is called."""
        if self.whole:
            return self.recording
        return f"{self.recording}@{_short(self.start_s)}-{_short(self.end_s)}"


def _short(time_s: float) -> str:
    return f"{time_s:.3f}".rstrip("0").rstrip(".")


def windows_of(
    recording: str, duration_s: float, window_s: float, overlap_s: float
) -> list[Window]:
    """Cut a recording into windows of one length.

    The last one ends with the recording, and overlaps more with the one before. A recording that is
    not longer than a window is a single one.

    Parameters
    ----------
    recording : str
        The audio file.
    duration_s : float
        Its length in seconds.
    window_s, overlap_s : float
        Length of a window, and how much of it the next one has too, in seconds.

    Returns
    -------
    list of Window
        In order.

    Raises
    ------
    ParameterError
        If the overlap is not shorter than the window.

    Examples
    --------
    >>> [one.name for one in windows_of("day.wav", 25.0, 10.0, 2.0)]
    ['day.wav@0-10', 'day.wav@8-18', 'day.wav@15-25']
    """
    if not 0 <= overlap_s < window_s:
        raise ParameterError(
            f"windows of {window_s:g} s cannot overlap by {overlap_s:g} s; choose 0 to less than"
            f" {window_s:g}"
        )
    if duration_s <= window_s + _LEAST_S:
        return [Window(recording, 0.0, duration_s, whole=True)]
    step_s = window_s - overlap_s
    count = int((duration_s - window_s) / step_s + 1e-9) + 1
    starts_s = [place * step_s for place in range(count)]
    if starts_s[-1] + window_s < duration_s - _LEAST_S:
        starts_s.append(math.floor((duration_s - window_s) * 1000) / 1000)
    return [Window(recording, start_s, start_s + window_s) for start_s in starts_s]


def windows_around(
    recording: str, duration_s: float, window_s: float, events_s: Sequence[tuple[float, float]]
) -> list[Window]:
    """Lay windows around events, so that each event that fits lies whole in at least one.

    An event that an earlier window holds gets none of its own, unless it lies at an edge of it.

    Parameters
    ----------
    recording : str
        The audio file.
    duration_s : float
        Its length in seconds.
    window_s : float
        Length of a window, in seconds.
    events_s : sequence of (float, float)
        Onset and offset of each event.

    Returns
    -------
    list of Window
        In order; a single one if the recording is not longer than a window.

    Examples
    --------
    >>> [one.name for one in windows_around("day.wav", 99.0, 10.0, [(3, 4), (6, 7), (50, 51)])]
    ['day.wav@0-10', 'day.wav@45.5-55.5']
    """
    if duration_s <= window_s + _LEAST_S:
        return [Window(recording, 0.0, duration_s, whole=True)] if events_s else []
    margin_s, last_s = window_s / 10, math.floor((duration_s - window_s) * 1000) / 1000
    found: list[Window] = []
    for onset_s, offset_s in sorted(events_s):
        if found and offset_s <= found[-1].end_s - margin_s:
            continue
        middle_s = 0.5 * (onset_s + offset_s)
        start_s = min(round(max(0.0, middle_s - window_s / 2), 3), last_s)
        if not found or start_s > found[-1].start_s:
            found.append(Window(recording, start_s, start_s + window_s))
    return found


def window_named(name: str) -> Window | None:
    """Return the window that a clip is called after.

    Parameters
    ----------
    name : str
        A clip.

    Returns
    -------
    Window or None
        None if it is no window of a recording.

    Examples
    --------
    >>> window_named("far/day.wav@8-18")
    Window(recording='far/day.wav', start_s=8.0, end_s=18.0, whole=False)
    """
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    recording, start, end = found.groups()
    return Window(recording, float(start), float(end))


def recording_of(name: str) -> str:
    """Return the recording of a clip: clips of one recording are not independent.

    Parameters
    ----------
    name : str
        A clip.

    Returns
    -------
    str
        The audio file of a window, else the clip itself.

    Examples
    --------
    >>> recording_of("far/day.wav@8-18"), recording_of("dog.wav")
    ('far/day.wav', 'dog.wav')
    """
    window = window_named(name)
    return name if window is None else window.recording
