"""Errors that a person can act on: what was given, what is allowed, what to type next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


class AwbError(Exception):
    """Base of every error that awb raises on purpose; the command line prints it as one line."""


class UnknownNameError(AwbError):
    """A model, explainer, dataset, metric, masker or option that nobody registered."""


class ParameterError(AwbError):
    """A setting with a wrong name, type or range."""


class DataError(AwbError):
    """A dataset that cannot be used as it stands."""


class AudioError(DataError):
    """Audio that is empty, truncated, not finite, or of the wrong shape or rate."""


class LabelError(DataError):
    """An event that is malformed, outside its clip, or of an unknown class."""


class SplitError(DataError):
    """A division into training and test parts in which something crosses over."""


class WeightsError(AwbError):
    """Model weights that are missing, corrupt or of the wrong shape."""


class PluginError(AwbError):
    """A plugin that cannot be loaded, or that breaks its contract."""


class MissingExtraError(AwbError):
    """A plugin whose optional libraries are not installed."""


class RelevanceError(AwbError):
    """Relevance that is not finite, or not of the shape of the segments."""


class RunError(AwbError):
    """A run folder that cannot be made, read, resumed or shown."""


class SubmissionError(AwbError):
    """A published result that does not hold: malformed, altered, or of another manifest."""


class HubError(AwbError):
    """The Hugging Face Hub refuses, or cannot be reached."""


class NotApplicableError(AwbError):
    """An explainer that needs a capability which the model does not have."""


class UndefinedScoreError(AwbError):
    """A metric that has no value here; the harness records NaN with this reason."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Suggest the closest known name, or list what is known.

    Parameters
    ----------
    name : str
        What was given.
    known : iterable of str
        What is allowed.

    Returns
    -------
    str
        A sentence that starts with a space, to be appended to a message.

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
