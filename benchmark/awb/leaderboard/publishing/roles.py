"""The roles of two models that a dataset contrasts."""

from __future__ import annotations

from awb.data.instance_kinds import FALSE_ALARMS
from awb.errors import UnknownNameError
from awb.leaderboard.submissions.schema import Submission
from awb.plugins.discovery import Registry

CONTROL = (
    "Explainers should not point at the events for this model: its dataset plants them as an"
    " artefact that another model has learned but this one has not. A high ROC-AUC is not a good"
    " sign here."
)


def roles(record: Submission, registry: Registry) -> tuple[bool, bool]:
    """Return whether the model learned the planted events, and whether it is the control.

    At false alarms nothing is planted.
    """
    if record.kind == FALSE_ALARMS:
        return False, False
    try:
        spec = registry.get("dataset", record.dataset.name).spec
    except UnknownNameError:
        return False, False
    pair = spec.contrast
    return pair[:1] == (record.model.name,), pair[1:] == (record.model.name,)
