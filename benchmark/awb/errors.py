"""Errors that users can act on: what was given, what is allowed, what to type next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AwbError(Exception):
    """Base of every error that awb raises on purpose; the command line prints it as one line."""


class UnknownNameError(AwbError):
    """An unknown name of a model, explainer, dataset, metric, masker or option."""


class ParameterError(AwbError):
    """A setting with a wrong name, type or range."""


class DataError(AwbError):
    """A dataset that cannot be used."""


class AudioError(DataError):
    """Audio that is empty, truncated, not finite, or of the wrong shape or rate."""


class LabelError(DataError):
    """An event that is malformed, outside its clip, or of an unknown class."""


class SplitError(DataError):
    """A split into training and test parts that leaks from one into the other."""


class WeightsError(AwbError):
    """Model weights that are missing, corrupt or of the wrong shape."""


class PluginError(AwbError):
    """A plugin that cannot be loaded, or that breaks its contract."""


class UnsteadyModelError(PluginError):
    """A model whose score of a clip depends on more than that clip."""


class MissingExtraError(AwbError):
    """A plugin whose optional libraries are not installed."""


class RelevanceError(AwbError):
    """Relevance that is not finite, or does not have one value per segment."""


class RunError(AwbError):
    """A run folder that cannot be made, read, resumed or shown."""


class SubmissionError(AwbError):
    """A published result that is malformed, altered, or of another manifest."""


class HubError(AwbError):
    """The Hugging Face Hub refuses a request or cannot be reached."""


class NotApplicableError(AwbError):
    """An explainer needs a capability that the model does not have."""


class UndefinedScoreError(AwbError):
    """A metric is undefined for its input; the harness records NaN with this reason."""


_LOST = "\N{REPLACEMENT CHARACTER}"

MOST_TEXT = 300
"""Characters of a message by someone else's code that are kept."""

MOST_OWN_TEXT = 2000
"""The same of an `AwbError`, which may list many names."""


def one_line(thing: object, most: int = MOST_TEXT) -> str:
    """Make one printable line of an exception or of text that may come from anyone's code.

    Parameters
    ----------
    thing : object
        An exception, or text; its ``str()`` may raise, be huge, or hold characters that no file or
        terminal takes.
    most : int
        Longest result, in characters.

    Returns
    -------
    str
        At most `most` characters, without line breaks, control characters, lone surrogates, and
        marks that change the direction of writing.

    Examples
    --------
    >>> one_line(ValueError("two\\nlines"))
    'two lines'
    >>> one_line("x" * 10, most=5)
    'xxxx…'
    """
    try:
        text = str(thing)
    except Exception as error:  # noqa: BLE001 - a foreign __str__ may raise anything
        return one_line(f"no message: its str() raised {type(error).__name__}", most)
    words = " ".join(text[: 10 * most].split())
    line = "".join(letter if letter.isprintable() else _LOST for letter in words)
    whole = len(line) <= most and len(text) <= 10 * most
    return line if whole else f"{line[: most - 1]}…"


def described(error: BaseException) -> str:
    """Describe an exception in one line: its type, unless it is awb's own, and its message.

    Examples
    --------
    >>> described(ValueError("no such clip"))
    'ValueError: no such clip'
    >>> described(DataError("no such clip"))
    'no such clip'
    """
    if isinstance(error, AwbError):
        return one_line(error, MOST_OWN_TEXT) or "no message"
    return f"{one_line(type(error).__name__, 80)}: {one_line(error) or 'no message'}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Suggest the closest known names, or list all known names.

    Parameters
    ----------
    name : str
        The name that was given.
    known : iterable of str
        The names that are allowed.

    Returns
    -------
    str
        A sentence with a leading space, to be appended to a message.

    Examples
    --------
    >>> did_you_mean("randm-forest", ["random-forest", "naive"])
    ' Did you mean random-forest?'
    >>> did_you_mean("zzz", ["naive", "random-forest"])
    ' Known: naive, random-forest.'
    """
    names = sorted(known)
    folded = {candidate.casefold(): candidate for candidate in names}
    close = difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
    if close:
        return f" Did you mean {' or '.join(folded[match] for match in close)}?"
    return f" Known: {', '.join(names)}." if names else " None is known."
