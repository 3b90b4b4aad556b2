"""The run folder: ``run.json``, ``config.toml``, ``manifests.json`` and ``results.sqlite``."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from awb.errors import RunError, one_line
from awb.harness.config.run_config import RunConfig, recorded_config
from awb.harness.selection.manifest import Manifest
from awb.harness.storage.store import Store

RUN_FILE, MANIFEST_FILE, STORE_FILE = "run.json", "manifests.json", "results.sqlite"
SCORES_FILE, CONFIG_FILE = "scores.sqlite", "config.toml"
SWEEP_FILE = "sweep.json"
FORMAT = 1
PARTIAL = ".partial"
"""Suffix of a temporary file, which may remain if the process is killed."""


def unused_path(name: str | None = None) -> Path:
    """Return a path for a new run: ``runs/<date>-<time>`` or a name, numbered where taken."""
    stem = name or datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    path, count = Path("runs", stem), 1
    while path.exists():
        count += 1
        path = Path("runs", f"{stem}-{count}")
    return path


class _Plugin(BaseModel):
    kind: str
    label: str
    name: str
    distribution: str


class _Record(BaseModel):
    """What ``run.json`` must contain to be read; it contains more."""

    created: str
    cwd: str
    seed: int
    config: dict[str, Any]
    plugins: list[_Plugin]
    computed_on: dict[str, str] | None = None
    model_notes: dict[str, list[str]] | None = None
    dataset_notes: dict[str, list[str]] | None = None
    sample_rates_hz: dict[str, int] | None = None
    other_machines: list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run on disk."""

    path: Path

    @classmethod
    def create(cls, path: Path, record: dict[str, Any]) -> RunFolder:
        """Create a new run folder."""
        if (path / RUN_FILE).exists():
            raise RunError(
                f"{path} already contains a run. Type: awb resume {path}, or choose another --out"
            )
        if path.is_file() or (
            path.is_dir() and any(one.suffix != PARTIAL for one in path.iterdir())
        ):
            raise RunError(f"{path} is not an empty folder; choose another --out")
        try:
            path.mkdir(parents=True, exist_ok=True)
            write_json(path / RUN_FILE, {"format": FORMAT, **record})
        except OSError as error:
            raise RunError(f"cannot write to {path}: {error.strerror}") from error
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Open an existing run folder."""
        if (path / SWEEP_FILE).is_file():
            runs = sorted(one.parent for one in path.glob(f"*/{RUN_FILE}"))
            example = f", as {runs[0]}" if runs else ""
            raise RunError(
                f"{path} is a sweep with one run per subfolder: name one of them{example}. awb"
                " show, export, publish and resume accept a whole sweep, and so does awb.load_sweep"
            )
        if not (path / RUN_FILE).is_file():
            raise RunError(
                f"{path} is not a run folder: {RUN_FILE} is missing. Type: awb run --out {path}"
            )
        folder = cls(path)
        found = read_json(path / RUN_FILE).get("format")
        if found != FORMAT:
            raise RunError(f"{path} was written in format {found}, this awb reads format {FORMAT}")
        return folder

    def keep_config(self, text: str) -> None:
        """Write ``config.toml`` for users; awb reads ``run.json`` instead."""
        path = self.path / CONFIG_FILE
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise RunError(f"cannot write {path}: {error.strerror}") from error

    def record(self) -> dict[str, Any]:
        """Read ``run.json``."""
        path = self.path / RUN_FILE
        content = read_json(path)
        try:
            _Record.model_validate(content)
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))
            raise RunError(f"{path} is damaged, at {where}; start a new run") from error
        return content

    def config(self) -> RunConfig:
        """Read the configuration."""
        try:
            return recorded_config(self.record()["config"])
        except (KeyError, ValidationError) as error:
            raise RunError(f"{self.path / RUN_FILE} contains no valid configuration") from error

    def computed_on(self) -> dict[str, str]:
        """Read the device and precision of each model, by its label."""
        found = self.record().get("computed_on") or {}
        return {str(label): str(place) for label, place in found.items()}

    def model_notes(self) -> dict[str, tuple[str, ...]]:
        """Read what each model says of itself that a reader must know, by its label."""
        return self._told("model_notes")

    def dataset_notes(self) -> dict[str, tuple[str, ...]]:
        """Read how each dataset was read, as far as it says so, by its label."""
        return self._told("dataset_notes")

    def _told(self, key: str) -> dict[str, tuple[str, ...]]:
        found = self.record().get(key) or {}
        return {str(label): tuple(map(str, lines)) for label, lines in found.items()}

    def scores_given(self) -> Path | None:
        """Return the file of scores that the run was started with, if it is still there."""
        found = self.record().get("scores")
        return Path(str(found)) if found and Path(str(found)).is_file() else None

    def store(self) -> Store:
        """Open the results."""
        return Store(self.path / STORE_FILE)

    def manifests(self) -> list[Manifest]:
        """Read the manifests that are complete so far."""
        path = self.path / MANIFEST_FILE
        if not path.exists():
            return []
        content = read_json(path)
        try:
            return [Manifest.from_json(plain) for plain in content["manifests"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RunError(f"{path} is damaged; start a new run") from error

    def add_manifest(self, manifest: Manifest) -> None:
        """Write a manifest, and its hash into ``run.json``."""
        manifests = [*self.manifests(), manifest]
        plain = [one.to_json() for one in manifests]
        write_json(self.path / MANIFEST_FILE, {"format": FORMAT, "manifests": plain})
        hashes = [
            {"dataset": one.dataset, "model": one.model, "sha256": one.sha256} for one in manifests
        ]
        write_json(self.path / RUN_FILE, {**self.record(), "manifests": hashes})

    def forget_manifests(self) -> None:
        """Delete the manifests, so that instances are selected again."""
        self.add_to_record("manifests", [])
        (self.path / MANIFEST_FILE).unlink(missing_ok=True)

    def add_to_record(self, name: str, value: Any) -> None:
        """Write one entry of ``run.json``."""
        write_json(self.path / RUN_FILE, {**self.record(), name: value})


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replace a file atomically, so that a kill leaves either the old or the new one."""

    partial = path.with_suffix(PARTIAL)
    with partial.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=1, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that `write_json` wrote."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"cannot read {path}: {one_line(error)}") from error
    if not isinstance(content, dict):
        raise RunError(f"cannot read {path}: expected an object")
    return content
