"""Clips and instances that are left out of a run, and the reasons."""

from __future__ import annotations

from dataclasses import dataclass

NO_EVENTS = "no events"
UNKNOWN_LABEL = "label unknown to the model"
TOO_LONG = "events too long"
TOO_SHORT = "clip too short for the model"
UNHEARD = "event after what the model hears"
LOW_SCORE = "score below threshold"
HEARD = "heard by the model"
RELATED = "above or below a label in the ontology"
NEVER_LABELLED = "never labelled in the dataset"
BAD_AUDIO = "audio unreadable"
MODEL_FAILED = "model failed"
MALFORMED_ROW = "malformed row"
FAILURES = frozenset({BAD_AUDIO, MODEL_FAILED, MALFORMED_ROW})
"""Reasons that indicate an error."""

SELECTED_BY = frozenset(
    {NO_EVENTS, UNKNOWN_LABEL, TOO_LONG, TOO_SHORT, UNHEARD, LOW_SCORE, HEARD, RELATED}
    | {NEVER_LABELLED, BAD_AUDIO, MODEL_FAILED}
)
"""Reasons of the selection, for clips that it looked at; others are a dataset's own."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A clip or (clip, target) pair that is not explained.

    Attributes
    ----------
    clip_id : str
        The clip.
    target : str
        Its label; empty if the whole clip is left out.
    reason : str
        One of this module's reasons, or a dataset's own.
    detail : str
        Further information; may be empty.
    """

    clip_id: str
    target: str
    reason: str
    detail: str = ""
