"""What people call a board: its model and its dataset, by the names that these have for people."""

from __future__ import annotations

from awb.errors import UnknownNameError
from awb.leaderboard.naming import own_part
from awb.leaderboard.submission import Plugin, Submission
from awb.plugins import Kind, Registry


def board_title(record: Submission, registry: Registry) -> str:
    """Say in a heading what a board is about.

    Parameters
    ----------
    record : Submission
        Any submission of the board.
    registry : Registry
        What is installed: titles are facts of the specs.

    Returns
    -------
    str
        Such as "YAMNet on real sounds (folder)"; it need not be unique.
    """
    return f"{model_title(record.model, registry)} on {dataset_title(record.dataset, registry)}"


def model_title(plugin: Plugin, registry: Registry) -> str:
    """Say what people call a model with its settings: "YAMNet", "my forest (sklearn)"."""
    return _title("model", plugin, registry)


def dataset_title(plugin: Plugin, registry: Registry) -> str:
    """Say what people call a dataset with its settings: "drums", "real sounds (folder)"."""
    return _title("dataset", plugin, registry)


def _title(kind: Kind, plugin: Plugin, registry: Registry) -> str:
    try:
        found = registry.get(kind, plugin.name)
    except UnknownNameError:
        title = ""
    else:
        title = found.spec.title if found.origin.distribution == plugin.distribution else ""
    own = own_part(plugin.label).replace("-", " ")
    return f"{own} ({title or plugin.name})" if own else title or plugin.name
