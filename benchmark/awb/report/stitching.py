"""Tracks of windows put together again as tracks of their recordings.

Where windows overlap, each speaks for the half that is nearer to its middle. Labels are joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from awb.data.annotations.tracks import Recording, Span, Track
from awb.data.windows import Window, window_named
from awb.intervals import union

LABELS, MODEL = "labels", "model"


def stitched(clips: Sequence[Recording]) -> list[Recording]:
    """Put the windows of every recording together; other clips stay as they are."""
    found: list[Recording] = []
    windows: dict[str, list[tuple[Window, Recording]]] = {}
    for clip in clips:
        window = window_named(clip.name)
        if window is None:
            found.append(clip)
        else:
            windows.setdefault(window.recording, []).append((window, clip))
    return [*found, *(_recording(name, parts) for name, parts in windows.items())]


def _recording(name: str, parts: Sequence[tuple[Window, Recording]]) -> Recording:
    """Make one recording of its windows."""
    placed: dict[tuple[str, str], list[tuple[Window, Track]]] = {}
    for window, clip in sorted(parts, key=lambda part: part[0].start_s):
        for track in clip.tracks:
            placed.setdefault((track.source, track.target), []).append((window, track))
    tracks = tuple(
        Track(source, target, _labels(own) if source == LABELS else _own_halves(own))
        for (source, target), own in placed.items()
    )
    end_s = max(window.end_s for window, _ in parts)
    return replace(parts[0][1], name=name, duration_s=end_s, tracks=tracks)


def _labels(parts: Sequence[tuple[Window, Track]]) -> tuple[Span, ...]:
    """Join what is labelled in several windows."""
    spans = [(window.start_s, span) for window, track in parts for span in track.spans]
    times_s = union([(start_s + one.onset_s, start_s + one.offset_s) for start_s, one in spans])
    label = spans[0][1].label if spans else ""
    return tuple(Span(float(onset_s), float(offset_s), label) for onset_s, offset_s in times_s)


def _own_halves(parts: Sequence[tuple[Window, Track]]) -> tuple[Span, ...]:
    """Cut what windows say to their own parts; shares are of the highest value of all."""
    windows = [window for window, _ in parts]
    middles_s = [max(0.5 * (a.end_s + b.start_s), b.start_s) for a, b in pairwise(windows)]
    begins_s = [windows[0].start_s, *middles_s]
    ends_s = [*middles_s, windows[-1].end_s]
    found = []
    for (window, track), begin_s, end_s in zip(parts, begins_s, ends_s, strict=True):
        for span in track.spans:
            onset_s = max(begin_s, window.start_s + span.onset_s)
            offset_s = min(end_s, window.start_s + span.offset_s)
            if offset_s > onset_s:
                found.append(replace(span, onset_s=onset_s, offset_s=offset_s))
    peak = max((one.value or 0.0 for one in found), default=0.0)
    if peak <= 0 or all(one.share is None for one in found):
        return tuple(found)
    return tuple(replace(one, share=(one.value or 0.0) / peak) for one in found)
