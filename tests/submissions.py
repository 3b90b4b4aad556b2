"""Publish a small run, and forge what was published."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

import small_data
from awb.cli import main
from awb.leaderboard.submissions.canonical_json import canonical, content_sha256

EXPLAINERS = "random-forest,oracle,constant,random,saliency"


def awb(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def run(
    folder: Path, *, n_clips: int = 3, explainers: str = EXPLAINERS, metrics: str = "all"
) -> Path:
    """Run explainers on the loudness model over a few bursts."""
    data = small_data.build(folder / "bursts", n_clips)
    out = folder / "run"
    result = awb(
        "run", "--dataset", f"folder:{data}", "--model", "loudness", "--samples", "60",
        "--no-baselines",
        "--explainers", explainers, "--metrics", metrics, "--robustness", "1", "--jobs", "1",
        "--out", out,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return out


def submission(into: Path, name: str = "random-forest") -> Path:
    """Find a submission by the name of its explainer."""
    [path] = into.rglob(f"{name}.json")
    return path


def read(path: Path) -> dict[str, Any]:
    """Read a submission as it stands."""
    plain: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return plain


def seal(path: Path, plain: dict[str, Any]) -> None:
    """Write a submission with the right hash, as somebody would who knows how."""
    content = {**plain, "sha256": content_sha256(plain)}
    path.write_bytes(canonical(content))


def forge(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a submission and mend its hash."""
    plain = read(path)
    change(plain)
    seal(path, plain)


def swap_relevance(path: Path, packed: bytes) -> None:
    """Replace the relevance and mend both hashes."""
    plain = read(path)
    path.with_name(plain["relevance"]["file"]).write_bytes(packed)
    plain["relevance"]["sha256"] = hashlib.sha256(packed).hexdigest()
    seal(path, plain)
