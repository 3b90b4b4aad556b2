"""TextGrids of Praat, long and short, read by praatio (extra ``textgrid``).

References
----------
Boersma, P., & Weenink, D. Praat manual, "TextGrid file formats".
Mahrt, T. praatio, https://github.com/timmahrt/praatIO
"""

from __future__ import annotations

import re

from awb.data.annotations.rows import NO_LENGTH, Fault, Format, LabelFile, LabelRow, Source
from awb.errors import LabelError, MissingExtraError, did_you_mean

_POINTS = "TextTier"
_DECLARED = re.compile(r"(?:intervals|points): size = (\d+)")
_DECLARED_SHORT = re.compile(r'"(?:IntervalTier|TextTier)"\s+"[^"]*"\s+\S+\s+\S+\s+(\d+)')


def is_textgrid(source: Source) -> bool:
    """Tell whether a file begins as TextGrids do."""
    head = source.text[:200]
    return "TextGrid" in head and ("ooTextFile" in head or "Object class" in head)


def read_textgrid(source: Source) -> LabelFile:
    """Read the labelled intervals of all tiers, or of one.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    LabelFile
        Its intervals; points have no length, and are left out.

    Raises
    ------
    LabelError
        If the file is damaged, or has no such tier.
    MissingExtraError
        If praatio is not installed.
    """
    try:
        from praatio.utilities.textgrid_io import parseTextgridStr
    except ImportError as error:
        raise MissingExtraError(
            f"{source.path} needs praatio, which reads TextGrids."
            ' Type: python -m pip install "audio-where-benchmark[textgrid]"'
        ) from error
    try:
        grid = parseTextgridStr(source.text, True)
        tiers = [(str(one["name"]), one["class"], list(one["entries"])) for one in grid["tiers"]]
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise LabelError(f"cannot be read as a TextGrid ({error})") from error
    sizes = _DECLARED.findall(source.text) or _DECLARED_SHORT.findall(source.text)
    declared = sum(map(int, sizes))
    missing = declared - sum(len(entries) for _, _, entries in tiers)
    if missing > 0:
        raise LabelError(
            f"is cut off: {missing} of its {declared} intervals and points are missing"
        )
    wanted = source.choices.tier
    known = [name for name, _, _ in tiers]
    if wanted and wanted.casefold() not in [name.casefold() for name in known]:
        raise LabelError(f"has no tier {wanted!r}.{did_you_mean(wanted, known)}")
    rows: list[LabelRow] = []
    faults: list[Fault] = []
    for name, kind, entries in tiers:
        if wanted and name.casefold() != wanted.casefold():
            continue
        for index, entry in enumerate(entries, 1):
            where = f"tier {name}, {index}"
            label = str(entry[-1]).strip()
            if kind == _POINTS and label:
                faults.append(Fault(where, NO_LENGTH, f"a point at {entry[0]} s", label=label))
            elif label:
                rows.append(LabelRow(where, (label,), "", float(entry[0]), float(entry[1])))
    return LabelFile(source.path, "TextGrid", tuple(rows), tuple(faults))


TEXTGRID = Format("TextGrid", is_textgrid, read_textgrid)
