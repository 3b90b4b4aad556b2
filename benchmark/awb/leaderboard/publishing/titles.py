"""Readable titles of boards, from the titles of their models and datasets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from awb.data.instance_kinds import HITS, NOUNS
from awb.errors import UnknownNameError
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.names import own_part
from awb.leaderboard.submissions.schema import Plugin, Submission
from awb.plugins.discovery import Kind, Registry

_SETTINGS = {
    "masker": "dropped time is {}",
    "scoring_masker": "dropped time is {} for scoring",
    "design": "design {}",
    "samples": "{:,} drop masks",
    "budgets": "budgets {}",
    "segment_s": "segments of {:g} s",
    "segment_hop_s": "a segment every {:g} s",
    "max_event_fraction": "events up to {:g} of a clip",
    "min_score": "scores from {}",
    "seed": "seed {}",
}
"""Settings that set boards of one model and dataset apart, in words."""


def apart(groups: Mapping[str, Sequence[Submitted]]) -> dict[str, str]:
    """Say what sets each board of a page apart, by folder: "dropped time is noise".

    Where neither the dataset nor a setting does, it is the end of the folder's name.
    """
    records = {folder: group[0].record for folder, group in groups.items()}
    told: dict[str, list[str]] = {folder: [] for folder in records}
    if len({record.dataset.label for record in records.values()}) > 1:
        for folder, record in records.items():
            told[folder].append(record.dataset.label)
    for name, words in _SETTINGS.items():
        values = {folder: getattr(record.settings, name) for folder, record in records.items()}
        if name == "scoring_masker" and all(
            values[folder] == record.settings.masker for folder, record in records.items()
        ):
            continue
        if len(set(map(repr, values.values()))) > 1:
            for folder, value in values.items():
                told[folder].append(words.format(value))
    found = {folder: ", ".join(parts) for folder, parts in told.items()}
    same = Counter(found.values())
    return {
        folder: text
        if same[text] == 1
        else ", ".join(filter(None, (text, folder.rpartition("--")[2])))
        for folder, text in found.items()
    }


def board_title(record: Submission, registry: Registry) -> str:
    """Return the title of a board: "YAMNet on drums", "YAMNet on drums: false alarms"."""
    title = f"{model_title(record.model, registry)} on {dataset_title(record.dataset, registry)}"
    return title if record.kind == HITS else f"{title}: {NOUNS[record.kind][1]}"


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
