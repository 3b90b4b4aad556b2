"""Which part the boards of a dataset play that contrasts two models."""

from __future__ import annotations

from awb.errors import UnknownNameError
from awb.leaderboard.submissions.schema import Submission
from awb.plugins.discovery import Registry

CONTROL = (
    "Explainers should not point at the events for this model: its dataset plants them as an"
    " artefact that another model has learned and this one has not. A high ROC-AUC is no merit"
    " here."
)


def roles(record: Submission, registry: Registry) -> tuple[bool, bool]:
    """Ask the dataset whether it planted the events, and for which model."""
    try:
        spec = registry.get("dataset", record.dataset.name).spec
    except UnknownNameError:
        return False, False
    pair = spec.contrast
    return pair[:1] == (record.model.name,), pair[1:] == (record.model.name,)
