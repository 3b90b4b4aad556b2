"""Which column of a table is which, by the names that tools and corpora give them.

Case, spaces, units and punctuation do not matter: ``Begin Time (s)`` and ``begin_time`` are one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from awb.errors import LabelError, ParameterError, did_you_mean

FILENAME, ONSET, OFFSET, DURATION = "filename", "onset", "offset", "duration"
LABEL, LABELS, MID, MIDS = "label", "labels", "mid", "mids"
LOW_HZ, HIGH_HZ, FILE_OFFSET, SCORE = "low_hz", "high_hz", "file_offset", "score"

NAMES: Mapping[str, tuple[str, ...]] = {
    FILENAME: (
        "filename", "file", "fname", "beginfile", "filepath", "audiofile", "audiofilename",
        "slicefilename", "recording", "recordingname", "recordingid", "wav", "wavfile", "infile",
        "audio", "audiopath", "segmentid", "ytid", "youtubeid", "clip", "clipid", "sourceid",
        "beginpath", "path",
    ),
    ONSET: (
        "onset", "eventonset", "onsettime", "begintime", "begin", "start", "starttime",
        "eventstart", "timestart", "tmin", "tstart", "windowstart", "timestamp", "from",
    ),
    OFFSET: (
        "offset", "eventoffset", "offsettime", "endtime", "end", "stop", "stoptime", "eventend",
        "timeend", "tmax", "tend", "windowend", "until", "to",
    ),
    DURATION: ("duration", "eventduration", "deltatime", "dur", "length"),
    LABEL: (
        "eventlabel", "label", "annotation", "annotations", "class", "classname", "classlabel",
        "event", "commonname", "species", "primarylabel", "speciescode", "ebirdcode", "manualid",
        "top1match", "soundtype", "calltype", "category", "tag", "sound", "type", "scientificname",
        "word", "text",
    ),
    LABELS: ("eventlabels", "labels", "positivelabels", "tags", "classes"),
    MID: ("mid",),
    MIDS: ("mids",),
    LOW_HZ: ("low", "lowfreq", "lowfrequency", "minfreq", "minfrequency", "fmin", "freqlow"),
    HIGH_HZ: ("high", "highfreq", "highfrequency", "maxfreq", "maxfrequency", "fmax", "freqhigh"),
    FILE_OFFSET: ("fileoffset",),
    SCORE: ("confidence", "score", "logit", "probability"),
}  # fmt: skip
"""Names of columns by what they mean, the best first."""

_UNIT = re.compile(r"[\s_(\[]+(k?hz|m?s|sec|secs|seconds|msec)[\s)\]]*$", re.IGNORECASE)
_SCALES = {"khz": 1000.0, "ms": 0.001, "msec": 0.001}


def folded(name: str) -> str:
    """Write a column's name without case, unit and punctuation.

    Parameters
    ----------
    name : str
        As it stands in the header.

    Returns
    -------
    str
        Letters and digits.

    Examples
    --------
    >>> folded("Low Freq (Hz)"), folded("start_time_seconds"), folded("onset_s")
    ('lowfreq', 'starttime', 'onset')
    """
    return re.sub(r"[^a-z0-9]", "", _UNIT.sub("", name.strip()).casefold())


def scale_of(name: str) -> float:
    """Return what a column is multiplied by, from the unit in its name.

    Parameters
    ----------
    name : str
        As it stands in the header.

    Returns
    -------
    float
        1 for seconds and Hz, and where no unit is named.

    Examples
    --------
    >>> scale_of("onset_ms"), scale_of("Low Freq (kHz)"), scale_of("Begin Time (s)")
    (0.001, 1000.0, 1.0)
    """
    unit = _UNIT.search(name.strip())
    return _SCALES.get(unit.group(1).casefold(), 1.0) if unit else 1.0


def parse_columns(text: str) -> dict[str, str]:
    """Parse ``onset:start,offset:end``: what a column means, and its name in the table.

    Parameters
    ----------
    text : str
        Pairs, separated by commas or plus signs.

    Returns
    -------
    dict of str to str
        Names by meaning.

    Raises
    ------
    ParameterError
        If it is not of that form, or a meaning is unknown.

    Examples
    --------
    >>> parse_columns("onset:start,offset:end")
    {'onset': 'start', 'offset': 'end'}
    """
    found: dict[str, str] = {}
    for part in re.split(r"[,+]", text) if text.strip() else []:
        meaning, colon, name = (one.strip() for one in part.partition(":"))
        if not (colon and name):
            raise ParameterError(f"columns={text}: expected MEANING:COLUMN, such as onset:start")
        if meaning not in NAMES:
            raise ParameterError(
                f"columns={text}: unknown {meaning!r}.{did_you_mean(meaning, NAMES)}"
            )
        found[meaning] = name
    return found


def find_columns(header: Sequence[str], chosen: Mapping[str, str]) -> dict[str, int]:
    """Find out which column is which.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    chosen : mapping of str to str
        Names by meaning that the user gave, which win.

    Returns
    -------
    dict of str to int
        Positions by meaning; what a table does not have is missing.

    Raises
    ------
    LabelError
        If a column that was named is not there, or is there twice.
    """
    plain = [name.strip().casefold() for name in header]
    keys = [folded(name) for name in header]
    found: dict[str, int] = {}
    for meaning, name in chosen.items():
        wanted = name.casefold()
        if plain.count(wanted) != 1:
            count = plain.count(wanted) or "no"
            raise LabelError(
                f"{count} column{'s' if count != 'no' else ''} {name!r}; its header is:"
                f" {', '.join(header)}"
            )
        found[meaning] = plain.index(wanted)
    taken = set(found.values())
    for meaning, names in NAMES.items():
        fitting = [name for name in names if name in keys and keys.index(name) not in taken]
        if meaning in found or not fitting:
            continue
        best = fitting[0]
        if keys.count(best) > 1:
            raise LabelError(f"{keys.count(best)} columns called {header[keys.index(best)]}")
        found[meaning] = keys.index(best)
        taken.add(found[meaning])
    if ONSET not in found and OFFSET in found and DURATION in found:
        found[ONSET] = found.pop(OFFSET)  # Kaleidoscope: how far into the file
    return found
