"""Read all submissions of a folder, leave out invalid ones, and group the rest by board."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from awb.data.instance_kinds import HITS
from awb.errors import AwbError, SubmissionError
from awb.harness.steps import steps
from awb.leaderboard.submissions.files import Reader, Submitted, find
from awb.leaderboard.submissions.names import file_names, folder_name
from awb.leaderboard.submissions.untrusted_text import skeleton
from awb.leaderboard.verification.checks import check, readable
from awb.leaderboard.verification.identity import installed
from awb.plugins.discovery import Registry


def read_folder(folder: Path, registry: Registry) -> tuple[list[Submitted], list[str]]:
    """Read all submissions of a folder, and list those that are refused and why.

    What `awb verify` refuses without the model is refused here as well: no page shows it.
    """
    reader, refused = Reader(), []
    found: dict[Path, Submitted] = {}
    for path in steps(find([folder]), "Reading submissions"):
        try:
            one = reader.read(path)
            checked = check(one, registry)
            if not checked.recomputed and not checked.bounded:
                raise SubmissionError("none of its metrics is installed here")
        except AwbError as error:
            refused.append(f"{path}: {readable(str(error))}")
        else:
            found[path] = one
    for path, reason in _alike(found, registry).items():
        refused.append(f"{path}: {reason}")
        del found[path]
    return list(found.values()), refused


def _alike(found: Mapping[Path, Submitted], registry: Registry) -> dict[Path, str]:
    """Find rows of a board that look alike; one whose explainer is installed here stays."""
    groups: dict[tuple[str, str], list[Path]] = {}
    for path, one in found.items():
        groups.setdefault((folder_name(one.record), skeleton(one.record.name)), []).append(path)
    return {
        path: f"looks like another row: {' and '.join(found[one].record.name for one in group)}"
        for group in groups.values()
        if len(group) > 1
        for path in group
        if installed(registry, "explainer", found[path].record.explainer.name) is None
    }


def paired(submitted: Iterable[Submitted]) -> dict[str, dict[str, list[Submitted]]]:
    """Group submissions by page, and on each page by board, the largest board first.

    Errors have pages of their own: ``<dataset>--<model>--false-alarms``.
    """
    pairs: dict[tuple[str, ...], dict[str, list[Submitted]]] = {}
    for one in submitted:
        labels = (one.record.dataset.label, one.record.model.label)
        pair = pairs.setdefault(labels if one.kind == HITS else (*labels, one.kind), {})
        pair.setdefault(folder_name(one.record), []).append(one)
    return {
        name: dict(sorted(pairs[key].items(), key=lambda item: (-len(item[1]), item[0])))
        for key, name in file_names(pairs).items()
    }
