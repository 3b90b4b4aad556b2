"""The folder of a sweep: ``sweep.json``, ``config.toml``, and one run folder per variant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from awb.errors import RunError
from awb.harness.config.run_config import recorded_config
from awb.harness.config.sweeps import Variant
from awb.harness.storage.run_folder import (
    CONFIG_FILE,
    PARTIAL,
    RUN_FILE,
    SWEEP_FILE,
    RunFolder,
    read_json,
    write_json,
)

FORMAT = 1


def is_sweep(path: Path) -> bool:
    """Report whether a folder is a sweep."""
    return (path / SWEEP_FILE).is_file()


@dataclass(frozen=True, slots=True)
class SweepFolder:
    """A sweep on disk, finished or not."""

    path: Path
    variants: tuple[Variant, ...]
    started_in: Path | None = None  # folder that relative paths start from
    scores: Path | None = None  # of whole clips, if the sweep was started with such a file

    @classmethod
    def create(
        cls, path: Path, variants: Sequence[Variant], text: str, *, scores: Path | None = None
    ) -> SweepFolder:
        """Create a new folder."""
        if is_sweep(path):
            raise RunError(
                f"{path} already contains a sweep. Type: awb resume {path}, or choose another --out"
            )
        taken = {one.name for one in path.iterdir()} if path.is_dir() else set()
        left_by_a_kill = {CONFIG_FILE, Path(SWEEP_FILE).with_suffix(PARTIAL).name}
        if path.is_file() or taken - left_by_a_kill:
            raise RunError(f"{path} is not an empty folder; choose another --out")
        content = {
            "format": FORMAT,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "cwd": str(Path.cwd()),
            "scores": None if scores is None else str(scores),
            "variants": [
                {
                    "name": one.name,
                    "values": dict(one.values),
                    "config": one.config.model_dump(mode="json"),
                }
                for one in variants
            ],
        }
        try:
            path.mkdir(parents=True, exist_ok=True)
            (path / CONFIG_FILE).write_text(text, encoding="utf-8")
            write_json(path / SWEEP_FILE, content)
        except OSError as error:
            raise RunError(f"cannot write to {path}: {error.strerror}") from error
        return cls(path, tuple(variants), Path.cwd(), scores)

    @classmethod
    def open(cls, path: Path) -> SweepFolder:
        """Open an existing folder."""
        if not is_sweep(path):
            raise RunError(f"{path} is not a sweep: {SWEEP_FILE} is missing")
        content = read_json(path / SWEEP_FILE)
        if content.get("format") != FORMAT:
            raise RunError(
                f"{path} was written in format {content.get('format')}, this awb reads {FORMAT}"
            )
        try:
            variants = [_variant(one) for one in content["variants"]]
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"{path / SWEEP_FILE} contains no valid sweep") from error
        scores = content.get("scores")
        started_in = Path(str(content.get("cwd", "")))
        return cls(path, tuple(variants), started_in, Path(str(scores)) if scores else None)

    def runs(self) -> Iterator[tuple[Variant, RunFolder]]:
        """Open the runs that were started so far, in the order of the variants."""
        for one in self.variants:
            if (self.path / one.name / RUN_FILE).is_file():
                yield one, RunFolder.open(self.path / one.name)

    def all_runs(self) -> list[tuple[Variant, RunFolder]]:
        """Open the runs of all variants."""
        found = list(self.runs())
        started = {variant.name for variant, _ in found}
        missing = [one.name for one in self.variants if one.name not in started]
        if missing:
            raise RunError(
                f"{self.path} is not finished; missing runs: {', '.join(missing)}."
                f" Type: awb resume {self.path}"
            )
        return found


def open_folder(path: Path) -> RunFolder | SweepFolder:
    """Open a run, or a sweep."""
    return SweepFolder.open(path) if is_sweep(path) else RunFolder.open(path)


def _variant(plain: Mapping[str, Any]) -> Variant:
    """Read a variant; its name must be that of a direct subfolder."""
    name = str(plain["name"])
    if not name or Path(name).name != name or name.startswith("."):
        raise ValueError(f"{name!r} is not a valid folder name")
    try:
        config = recorded_config(plain["config"])
    except ValidationError as error:
        raise ValueError(str(error)) from error
    return Variant(name, {str(key): str(value) for key, value in plain["values"].items()}, config)
