"""Checks before a run is resumed that its plugins are available and unchanged."""

from __future__ import annotations

from awb.errors import RunError
from awb.harness.storage.run_folder import RunFolder
from awb.plugins.discovery import load
from awb.plugins.session import SESSION


def check_files(folder: RunFolder) -> None:
    """Raise if plugin files or functions that a run was started with are missing or have changed.

    A file is never loaded just because a run folder names it: the folder may come from others.
    """
    known = {(one.kind, one.spec.name): one.origin for one in load()}
    for entry in folder.record().get("plugins") or []:
        source = str(entry.get("distribution"))
        if not (source == SESSION or source.endswith(".py")):
            continue
        name, kind = entry.get("name"), entry.get("kind")
        here = known.get((kind, name))
        if here is None or here.distribution != source:
            raise RunError(
                f"{folder.path} was started with the {kind} {name}, which is not installed; "
                + _advice(source, folder)
            )
        if here.version != entry.get("version"):
            raise RunError(
                f"{folder.path} was started with another version of {source} ({kind} {name} has"
                " changed since); start a new run, or restore the old version"
            )


def _advice(source: str, folder: RunFolder) -> str:
    if source == SESSION:
        return "define it again, and call awb.resume from there"
    return f"type: awb resume {folder.path} --plugin {source}"
