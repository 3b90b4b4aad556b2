"""Captions and diarization: WebVTT, SubRip and RTTM.

References
----------
W3C (2019). WebVTT: the Web Video Text Tracks format.
NIST (2009). The 2009 Rich Transcription meeting recognition evaluation plan, appendix A (RTTM).
"""

from __future__ import annotations

import re

from awb.data.annotations.rows import UNREADABLE, Fault, Format, LabelFile, LabelRow, Source, number
from awb.errors import LabelError

_CUE = re.compile(r"\s*([\d:.,]+)\s+-->\s+([\d:.,]+)(?:\s.*)?")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>")
_TAG = re.compile(r"<[^>]*>")
_RTTM_FIELDS = 8


def is_cues(source: Source) -> bool:
    """Tell whether a file is WebVTT, or SubRip, which has the same arrows."""
    return source.text.startswith("WEBVTT") or any(
        _CUE.fullmatch(line) for _, line in source.lines[:3]
    )


def read_cues(source: Source) -> LabelFile:
    """Read cues: the text is the label, or the voice where there is no text.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    LabelFile
        An event per cue; brackets around a label, as in ``[dog barking]``, do not belong to it.
    """
    rows: list[LabelRow] = []
    faults: list[Fault] = []
    lines = source.text.split("\n")
    for index, line in enumerate(lines):
        cue = _CUE.fullmatch(line)
        if cue is None:
            if "-->" in line:
                faults.append(Fault(f"line {index + 1}", UNREADABLE, "times of a cue"))
            continue
        where, text = f"line {index + 1}", []
        for following in lines[index + 1 :]:
            if not following.strip():
                break
            text.append(following.strip())
        try:
            onset_s, offset_s = (number(one) for one in cue.groups())
        except LabelError as error:
            faults.append(Fault(where, UNREADABLE, str(error)))
            continue
        rows.append(LabelRow(where, (_label(" ".join(text)),), "", onset_s, offset_s))
    return LabelFile(source.path, "WebVTT", tuple(rows), tuple(faults))


def _label(text: str) -> str:
    voice = _VOICE.search(text)
    plain = _TAG.sub("", text).strip()
    bracketed = re.fullmatch(r"[\[(](.*)[\])]", plain)
    return (bracketed.group(1).strip() if bracketed else plain) or (
        voice[1].strip() if voice else ""
    )


def is_rttm(source: Source) -> bool:
    """Tell whether lines are records of RTTM."""
    lines = [line.split() for _, line in source.lines if not line.startswith(";;")]
    return bool(lines) and lines[0][0].isupper() and len(lines[0]) >= _RTTM_FIELDS + 1


def read_rttm(source: Source) -> LabelFile:
    """Read the records of RTTM that have a duration; the label is the name.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    LabelFile
        An event per record.
    """
    rows: list[LabelRow] = []
    faults: list[Fault] = []
    for line_number, line in source.lines:
        where, cells = f"line {line_number}", line.split()
        if line.startswith(";;") or cells[0] == "SPKR-INFO":
            continue
        try:
            if len(cells) < _RTTM_FIELDS:
                raise LabelError(f"has {len(cells)} fields, expected at least {_RTTM_FIELDS}")
            onset_s, length_s = number(cells[3]), number(cells[4])
        except LabelError as error:
            faults.append(Fault(where, UNREADABLE, str(error)))
            continue
        rows.append(LabelRow(where, (cells[7],), cells[1], onset_s, onset_s + length_s))
    return LabelFile(source.path, "RTTM", tuple(rows), tuple(faults))


CUES = Format("WebVTT", is_cues, read_cues)
RTTM = Format("RTTM", is_rttm, read_rttm)
