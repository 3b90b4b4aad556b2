"""Names of files and folders of submissions, made from labels that are not trusted."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from awb.data.instance_kinds import HITS
from awb.leaderboard.submissions.canonical_json import canonical
from awb.leaderboard.submissions.schema import Submission

_NOT_COMPARED = {"clips", "among_first", "min_score", "max_event_fraction"}
"""Settings whose effect the manifest has."""


def slug(label: str) -> str:
    """Turn a label into a file name, with a hash if that loses characters.

    Examples
    --------
    >>> slug("random-forest@300"), slug("../secret")
    ('random-forest@300', 'secret-a6b09678')
    """
    plain = re.sub(r"[^A-Za-z0-9.@+=-]+", "-", label)[:80].strip("-.")
    if plain == label:
        return plain
    digest = hashlib.sha256(label.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain}-{digest}".strip("-")


_GENERIC = {
    "audio", "clips", "data", "dataset", "files", "recordings", "sounds", "test", "train", "wav",
}  # fmt: skip
_LONGEST = 48


def own_part(label: str) -> str:
    """Return what distinguishes a plugin's settings from others: a folder, a file, values.

    Examples
    --------
    >>> own_part("folder:/data/my barks/audio"), own_part("yamnet:path=yamnet.tflite")
    ('my-barks', '')
    >>> own_part("emodb:mix=true,root=x/emodb"), own_part("drums")
    ('mix-true', '')
    """
    name, _, rest = label.partition(":")
    parts = []
    for setting in rest.split(",") if rest else []:
        key, equals, value = setting.rpartition("=")
        if key == "clips":  # a size, which the board states beside its title
            continue
        path = PurePosixPath(value.replace("\\", "/"))
        is_path = not equals or len(path.parts) > 1 or bool(path.suffix.strip(".0123456789"))
        if is_path:
            specific = [part for part in path.parts if part.lower() not in _GENERIC | {"/"}]
            value = PurePosixPath(specific[-1]).stem if specific else ""
        plain = _plain(value if is_path else f"{key}-{value}")
        if plain.lower() != name.lower():
            parts.append(plain)
    return "-".join(part for part in parts if part)[:_LONGEST].strip("-.")


def brief(label: str) -> str:
    """Name a plugin and its settings in a file name: short, but not always unique.

    Examples
    --------
    >>> brief("folder:/data/my barks/audio"), brief("kws:free-digits/recordings"), brief("drums")
    ('folder-my-barks', 'kws-free-digits', 'drums')
    """
    name = _plain(label.partition(":")[0])[:_LONGEST].strip("-.")
    return "-".join(part for part in (name, own_part(label)) if part) or "unnamed"


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.@+]+", "-", text).strip("-.")


def file_names(keys: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """Name a file for each combination of labels.

    A name depends only on its own labels, unless two names are equal (ignoring case): then each of
    them gets a hash of its labels.

    Examples
    --------
    >>> list(file_names([("folder:a/x", "m"), ("folder:b/y", "m")]).values())
    ['folder-x--m', 'folder-y--m']
    >>> list(file_names([("folder:a/x", "m"), ("folder:b/x", "m")]).values())
    ['folder-x--m-404863', 'folder-x--m-d2ff8e']
    """
    plain = {key: "--".join(map(brief, key)) for key in keys}
    named = plain
    for length in (6, 64):  # again, in case a label contains the hash of another
        count = Counter(name.lower() for name in named.values())
        named = {
            key: f"{plain[key]}-{_hash(key)[:length]}" if count[name.lower()] > 1 else name
            for key, name in named.items()
        }
    return dict(sorted(named.items(), key=lambda item: (item[1], item[0])))


def _hash(key: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(key).encode("utf-8", "surrogatepass")).hexdigest()


def folder_name(submission: Submission) -> str:
    """Name the folder of all submissions that can be compared with this one."""
    settings = submission.settings.model_dump(mode="json", exclude=_NOT_COMPARED)
    if settings["robustness_samples"] is None:  # of a run without robustness, or an older one
        del settings["robustness_samples"]
    if settings["instances"] == HITS:
        del settings["instances"]
    plain = {"manifest": submission.manifest.sha256, "settings": settings}
    digest = hashlib.sha256(canonical(plain)).hexdigest()[:8]
    return f"{brief(submission.dataset.label)}--{brief(submission.model.label)}--{digest}"
