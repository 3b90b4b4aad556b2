"""Configurations and splits: which Parquet files belong together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from awb.errors import DataError, ParameterError, did_you_mean

DEFAULT = "default"
_SHARD = re.compile(r"(?P<split>.+?)-\d{5}-of-\d{5}(-[0-9a-f]+)?")
_NUMBER = re.compile(r"(part[-_.]?)?\d+")

Parts = dict[str, dict[str, list[str]]]
"""Files by configuration and split."""


def parts_of(listed: Sequence[str], card: str) -> Parts:
    """Sort files into configurations and splits, as the card says, else by their names."""
    declared = _front_matter(card).get("configs")
    found = _declared(listed, declared) if isinstance(declared, list) else {}
    return found or _by_name(listed)


def chosen_part(parts: Parts, config: str, split: str, name: str) -> tuple[str, list[str]]:
    """Return the split that was chosen, or that is the only one, with its files."""
    if not parts:
        raise DataError(
            f"{name} has no Parquet files. If it has audio files, type: hf download {name}"
            " --repo-type dataset --local-dir DIR, then use folder:DIR; if the Hub has converted"
            " it, leave out the revision to be told the converted one"
        )
    splits = parts[_one_of(parts, config, "config", name, DEFAULT)]
    split = _one_of(splits, split, "split", name)
    return split, splits[split]


def _one_of(
    known: Mapping[str, Any], chosen: str, setting: str, name: str, default: str = ""
) -> str:
    if chosen:
        if chosen not in known:
            raise ParameterError(
                f"{name} has no {setting} {chosen!r}.{did_you_mean(chosen, known)}"
                f" It has: {', '.join(known)}"
            )
        return chosen
    if len(known) > 1 and default not in known:
        raise ParameterError(
            f"{name} has several {setting}s; type one of"
            f" {', '.join(f'{setting}={one}' for one in known)}"
        )
    return default if default in known else next(iter(known))


def _front_matter(card: str) -> Mapping[str, Any]:
    """Read what a card declares for the Hub; nothing if it is damaged."""
    import yaml

    found = re.match(r"---\s*\n(.*?)\n---", card, re.DOTALL)
    try:
        declared = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError:
        return {}
    return declared if isinstance(declared, dict) else {}


def _declared(listed: Sequence[str], configs: Sequence[Any]) -> Parts:
    """Sort files by the ``configs`` of a card."""
    parts: Parts = {}
    for one in configs:
        if not isinstance(one, dict):
            continue
        splits = {
            split: matching
            for split, patterns in _patterns(one.get("data_files"))
            if (matching := [path for path in listed if _fits(path, patterns)])
        }
        if splits:
            parts[str(one.get("config_name", DEFAULT))] = splits
    return parts


def _patterns(data_files: Any) -> list[tuple[str, list[str]]]:
    """List splits and patterns of any of the forms that ``data_files`` may have."""
    if isinstance(data_files, dict):
        return [(str(split), _texts(paths)) for split, paths in data_files.items()]
    if isinstance(data_files, list) and all(isinstance(one, dict) for one in data_files):
        return [(str(one.get("split")), _texts(one.get("path"))) for one in data_files]
    return [("train", _texts(data_files))]  # what the Hub calls files of no split


def _texts(paths: Any) -> list[str]:
    return [str(one) for one in (paths if isinstance(paths, list) else [paths]) if one]


def _fits(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(path, one) or path == one for one in patterns)


def _by_name(listed: Sequence[str]) -> Parts:
    """Sort files by their names: ``[CONFIG/]SPLIT-00000-of-00001`` or ``[CONFIG/]SPLIT/0000``."""
    parts: Parts = {}
    for path in listed:
        *above, stem = PurePosixPath(path).with_suffix("").parts
        shard = _SHARD.fullmatch(stem)
        if shard is not None:
            split = shard["split"]
        elif _NUMBER.fullmatch(stem) and above:
            split = above.pop()
        else:
            split = stem
        config = "/".join(one for one in above if one != "data") or DEFAULT
        parts.setdefault(config, {}).setdefault(split, []).append(path)
    return parts
