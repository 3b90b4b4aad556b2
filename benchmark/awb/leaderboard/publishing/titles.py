"""Readable titles of boards, from the titles of their models and datasets."""

from __future__ import annotations

from awb.errors import UnknownNameError
from awb.leaderboard.submissions.names import own_part
from awb.leaderboard.submissions.schema import Plugin, Submission
from awb.plugins.discovery import Kind, Registry


def board_title(record: Submission, registry: Registry) -> str:
    """Return the title of a board: "YAMNet on drums"."""
    return f"{model_title(record.model, registry)} on {dataset_title(record.dataset, registry)}"


def model_title(plugin: Plugin, registry: Registry) -> str:
    """Return the title of a model with its settings: "YAMNet", "my forest (scikit-learn)"."""
    return title_of("model", plugin.label, registry, plugin.distribution)


def dataset_title(plugin: Plugin, registry: Registry) -> str:
    """Return the title of a dataset with its settings: "drums", "real sounds (folder)"."""
    return title_of("dataset", plugin.label, registry, plugin.distribution)


def title_of(kind: Kind, label: str, registry: Registry, distribution: str | None = None) -> str:
    """Return the title of a plugin with its settings, or a title made from its label."""
    name = label.partition(":")[0]
    try:
        found = registry.get(kind, name)
    except UnknownNameError:
        title = ""
    else:
        known = distribution is None or found.origin.distribution == distribution
        title = found.spec.title if known else ""
    own = own_part(label).replace("-", " ")
    return f"{own} ({title or name})" if own else title or name
