"""Texts of submissions: what may be in them, so that none looks like another or like nothing.

Names of plugins are ASCII, as in their specs. Labels may contain paths in any script, in normal
form (NFKC) and without letters that only look like those of another script (Unicode TR 39,
"restriction level: single script" for each word).
"""

from __future__ import annotations

import re
import unicodedata

from awb.specs import KEBAB

_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and symbols that are drawn as nothing."""

_MOST_MARKS = 3
"""Combining marks on one letter: real orthographies need at most this many."""

_SHARED = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO"})
_WORD = re.compile(r"[^\W\d_]+")

# ASCII that is hard to tell apart, from Unicode's table of confusables.
_SAME = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s"})
_PAIRS = (("rn", "m"), ("vv", "w"))


def check_printable(text: str) -> str:
    """Raise if a text has characters that cannot be printed or are drawn as nothing."""
    if not text.isprintable() or set(text) & _BLANKS:
        raise ValueError("contains characters that cannot be printed")
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks > _MOST_MARKS:
            raise ValueError(f"has more than {_MOST_MARKS} combining marks on one letter")
    return text


def check_label(text: str) -> str:
    """Raise if a label has markup, is not in normal form, or mixes scripts within a word."""
    if set(text) & set("|<>`"):
        raise ValueError("contains characters that labels must not have: | < > `")
    if unicodedata.normalize("NFKC", text) != text:
        raise ValueError("is not in Unicode's normal form NFKC")
    if text.strip() != text or "  " in text:
        raise ValueError("begins or ends with a space, or has two in a row")
    for word in _WORD.findall(text):
        scripts = {unicodedata.name(letter, "?").split(" ")[0] for letter in word} - _SHARED
        if len(scripts) > 1:
            raise ValueError(f"mixes scripts within a word: {' and '.join(sorted(scripts))}")
    return text


def check_name(text: str) -> str:
    """Raise if this cannot be the name of a plugin."""
    if not KEBAB.match(text):
        raise ValueError("is not the name of a plugin: lower-case ASCII, like random-forest")
    return text


def skeleton(name: str) -> str:
    """Reduce a name so that names that look alike are equal.

    Examples
    --------
    >>> skeleton("na1ve") == skeleton("naive"), skeleton("rise") == skeleton("lime")
    (True, False)
    """
    plain = unicodedata.normalize("NFKC", name).casefold().translate(_SAME)
    for pair, single in _PAIRS:
        plain = plain.replace(pair, single)
    return plain
