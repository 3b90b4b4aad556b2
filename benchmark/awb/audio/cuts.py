"""Where a clip is cut in time so that the cuts follow the sound: onsets, or the edges in a file.

References
----------
Böck, S., Krebs, F., & Schedl, M. (2012). Evaluating the online capabilities of onset detection
methods. ISMIR. (Spectral flux, and how its peaks are picked.)
arXiv:2505.16406 (explanations of speech in words)
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from awb.errors import DataError, MissingExtraError, ParameterError
from awb.intervals import IntArray, to_samples
from awb.types import AudioArray

WINDOWS, ONSETS = "windows", "onsets"
SUFFIX = ".TextGrid"
SHORTEST_S = 0.03
"""Edges closer than this to the one before are left out."""
_SILENCE_DB = 40.0
_HOP_S = 0.01
_LOUD = 1000.0
_PEAK_FRAMES, _MEAN_FRAMES, _SHARE = 3, 10, 0.1


def reads_text_grids(cut: str) -> bool:
    """Tell whether a way of cutting is a folder of TextGrids, which an optional library reads."""
    return cut not in (WINDOWS, ONSETS) and Path(cut).expanduser().is_dir()


def check_cut(cut: str, one_of: tuple[str, ...] = (WINDOWS, ONSETS)) -> None:
    """Refuse a file that is not there, or a library that is not installed."""
    if cut not in one_of and not Path(cut).expanduser().exists():
        raise ParameterError(
            f"{cut}: neither {' nor '.join(one_of)}, nor is there such a file or folder"
        )
    if cut not in one_of and reads_text_grids(cut) and find_spec("praatio") is None:
        raise MissingExtraError(
            f"{cut} needs praatio, which reads TextGrids."
            ' Type: python -m pip install "audio-where-benchmark[textgrid]"'
        )


def onset_edges(waveform: AudioArray, sample_rate_hz: int) -> IntArray:
    """Return where sounds begin, and where silence begins and ends.

    An onset is a peak of the spectral flux (the mean rise of the logarithmic spectrum from one
    frame to the next) that is highest within 30 ms on both sides, and above the mean of 100 ms on
    both sides by a tenth of the clip's highest flux. Silence is 40 dB below the loudest frame.

    Parameters
    ----------
    waveform : np.ndarray, shape=(samples,)
        The clip.
    sample_rate_hz : int
        Sample rate in Hz.

    Returns
    -------
    np.ndarray, shape=(stretches + 1,), dtype=int64
        Edges in samples, from 0 to the clip's length.
    """
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    hop = max(4, round(_HOP_S * sample_rate_hz))
    if waveform.size < 8 * hop or not waveform.any():
        return closed([], waveform.size, sample_rate_hz)
    padded = np.pad(np.asarray(waveform, dtype=np.float64), (hop, hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop]
    spectra = np.log1p(_LOUD * np.abs(np.fft.rfft(frames * np.hanning(2 * hop))) / hop)
    flux = np.append(0.0, np.maximum(np.diff(spectra, axis=0), 0.0).mean(axis=1))
    above = uniform_filter1d(flux, 2 * _MEAN_FRAMES + 1) + _SHARE * flux.max()
    peaks = (flux >= maximum_filter1d(flux, 2 * _PEAK_FRAMES + 1)) & (flux > above)
    level = np.square(frames).mean(axis=1)
    loud = level > level.max() * 10 ** (-_SILENCE_DB / 10)
    changes = np.append(False, loud[1:] != loud[:-1])
    return closed(np.flatnonzero(peaks | changes) * hop, waveform.size, sample_rate_hz)


def closed(edges_samples: npt.ArrayLike, n_samples: int, sample_rate_hz: int) -> IntArray:
    """Sort edges, leave out those too close together, and add the clip's own.

    Examples
    --------
    >>> closed([700, 300, 310, 995], 1000, 1000).tolist()
    [0, 300, 700, 1000]
    """
    shortest = max(1, round(SHORTEST_S * sample_rate_hz))
    kept = [0]
    for edge in np.unique(np.asarray(edges_samples, dtype=np.int64)).tolist():
        if edge - kept[-1] >= shortest and n_samples - edge >= shortest:
            kept.append(edge)
    return np.array([*kept, n_samples], dtype=np.int64)


def file_edges(
    path: Path, tier: str, clip_id: str, n_samples: int, sample_rate_hz: int
) -> IntArray:
    """Read the edges of one clip from a table, or from the TextGrids in a folder.

    Parameters
    ----------
    path : Path
        A table with the columns ``clip`` and ``edge_s``, separated by tabs or commas, or a folder
        with a file ``CLIP.TextGrid`` for every clip, in sub-folders or not.
    tier : str
        Tier of the TextGrids: ``words``, ``phones``.
    clip_id : str
        The clip.
    n_samples, sample_rate_hz : int
        Its length and rate.

    Returns
    -------
    np.ndarray, shape=(stretches + 1,), dtype=int64
        Edges in samples, from 0 to the clip's length.

    Raises
    ------
    DataError
        If the file cannot be read, or does not know the clip.
    """
    times_s = _grid_times(path, tier, clip_id) if path.is_dir() else _table_times(path, clip_id)
    duration_s = n_samples / sample_rate_hz
    if not np.isfinite(times_s).all() or min(times_s) < 0 or max(times_s) > duration_s + 0.05:
        raise DataError(
            f"{path}: edges of clip {clip_id} lie outside its {duration_s:g} s"
            f" ({min(times_s):g} to {max(times_s):g}; did you supply seconds?)"
        )
    return closed(to_samples(times_s, sample_rate_hz), n_samples, sample_rate_hz)


def _table_times(path: Path, clip_id: str) -> Sequence[float]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        separator = "\t" if "\t" in text.partition("\n")[0] else ","
        rows = list(csv.DictReader(text.splitlines(), delimiter=separator))
        found = [float(row["edge_s"]) for row in rows if row["clip"] == clip_id]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} is not a table of edges: it needs the columns clip and edge_s ({error})"
        ) from error
    if not found:
        raise DataError(f"{path} has no edges of clip {clip_id}")
    return found


def _grid_times(folder: Path, tier: str, clip_id: str) -> Sequence[float]:
    from praatio import textgrid
    from praatio.utilities.errors import PraatioException

    name = Path(clip_id).stem if clip_id.endswith((".wav", ".flac")) else Path(clip_id).name
    found = sorted(folder.rglob(f"{name}{SUFFIX}"))
    if len(found) != 1:
        many = f"{len(found)} files" if found else "no file"
        raise DataError(f"{folder} has {many} {name}{SUFFIX} for clip {clip_id}")
    try:
        grid = textgrid.openTextgrid(str(found[0]), True, reportingMode="error")
    except (PraatioException, LookupError, ValueError, OSError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{found[0]} cannot be read as a TextGrid: {reason}") from error
    tiers = [one for one in grid.tierNames if one.casefold() == tier.casefold()]
    if not tiers:
        known = ", ".join(grid.tierNames) or "none"
        raise DataError(f"{found[0]} has no tier {tier!r}; its tiers are: {known}")
    entries = grid.getTier(tiers[0]).entries
    return [float(time) for entry in entries for time in entry[:2]] or [0.0]


def files_sha256(cut: str) -> str:
    """Hash the files that a way of cutting reads; empty if it reads none."""
    path = Path(cut).expanduser()
    if cut in (WINDOWS, ONSETS) or not path.exists():
        return ""
    digest = hashlib.sha256()
    for one in sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]:
        digest.update(one.name.encode() + b"\0" + one.read_bytes())
    return digest.hexdigest()
