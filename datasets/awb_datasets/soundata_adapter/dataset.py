"""A soundata loader as an `awb.protocols.Dataset`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from awb.audio import read_audio
from awb.errors import DataError, LabelError, ParameterError, UnknownNameError, did_you_mean
from awb.reprs import DescribedDataset
from awb.types import Clip, Event

ROUNDING_S = 0.02
"""An event may end this much after its clip, since annotators round; it is trimmed."""

_UNITS_S = {"seconds": 1.0, "milliseconds": 1e-3}


class SoundataDataset(DescribedDataset):
    """Clips of a soundata loader with its events and tags.

    Audio is read by awb at its own rate, not through the loader, which resamples.
    """

    def __init__(
        self, name: str, *, home: Path | None = None, version: str = "default", index: Path | None
    ) -> None:
        import soundata

        loaders = soundata.list_datasets()
        if name not in loaders:
            hint = did_you_mean(name, loaders)
            raise UnknownNameError(f"soundata has no dataset {name!r}.{hint}")
        folder = None if home is None else str(home.expanduser())
        try:
            self._loader: Any = soundata.initialize(name, data_home=folder, version=version)
        except ValueError as error:
            raise ParameterError(f"soundata:{name}: {error}") from error
        if index is not None:
            self._loader.index_path = str(index.expanduser())
        self._name = name
        self._clip_ids = self._list()

    def _list(self) -> tuple[str, ...]:
        """List the clips, which needs the index, and look whether there is any data."""
        home = Path(self._loader.data_home)
        advice = (
            f"Type: python -c \"import soundata; soundata.initialize('{self._name}',"
            f" data_home='{home}').download()\""
        )
        if not home.is_dir():
            raise DataError(f"soundata:{self._name}: there is no folder {home}. {advice}")
        try:
            return tuple(self._loader.clip_ids)
        except FileNotFoundError:
            raise DataError(
                f"soundata:{self._name}: there is no index {self._loader.index_path}. {advice}"
            ) from None
        except (AttributeError, ValueError) as error:
            raise DataError(f"soundata:{self._name} cannot be listed: {error}") from error

    def clip_ids(self) -> Sequence[str]:
        """List the ids of all clips, as soundata names them."""
        return self._clip_ids

    def load(self, clip_id: str) -> Clip:
        """Read one clip."""
        if clip_id not in self._clip_ids:
            raise DataError(f"there is no clip {clip_id!r}.{did_you_mean(clip_id, self._clip_ids)}")
        try:
            found = self._loader.clip(clip_id)
            audio = getattr(found, "audio_path", None)
            events, tags = getattr(found, "events", None), getattr(found, "tags", None)
            fold = getattr(found, "fold", None)
        except (OSError, ValueError, TypeError, KeyError, IndexError) as error:
            raise DataError(f"soundata:{self._name}, clip {clip_id}: {error}") from error
        if audio is None:
            raise DataError(f"soundata:{self._name}, clip {clip_id} has no audio")
        waveform, sample_rate_hz = read_audio(Path(audio))
        return Clip(
            clip_id,
            waveform,
            sample_rate_hz,
            _events(events, waveform.size / sample_rate_hz),
            tuple(dict.fromkeys(tags.labels)) if tags is not None else (),
            "" if fold is None else f"fold-{fold}",
        )


def _events(annotation: Any, duration_s: float) -> tuple[Event, ...]:
    """Turn soundata's events into awb's."""
    if annotation is None:
        return ()
    unit_s = _UNITS_S.get(annotation.intervals_unit)
    if unit_s is None:
        raise LabelError(f"events are in {annotation.intervals_unit!r}, expected seconds")
    events = []
    for (onset, offset), label in zip(annotation.intervals, annotation.labels, strict=True):
        onset_s, offset_s = float(onset) * unit_s, float(offset) * unit_s
        rounded = duration_s < offset_s <= duration_s + ROUNDING_S
        events.append(Event(onset_s, duration_s if rounded else offset_s, label))
    return tuple(events)
