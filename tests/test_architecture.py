"""The arrows of the house: who may import whom, and what must not be loaded."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
AWB = ROOT / "benchmark" / "awb"

FLOORS = [
    {"errors", "intervals", "randomness", "types", "protocols", "watching"},
    {
        "alignment",
        "audio",
        "containers",
        "designs",
        "maskers",
        "metrics",
        "mpeg",
        "segments",
        "statistics",
        "variations",
    },
    {"additions", "hookspecs", "plugins", "specs"},
    {"builtins", "perturbation", "scoring"},
    {"harness"},
    {"authoring", "conformance", "doctor", "leaderboard", "report", "site", "training"},
    {"api", "cli", "testing"},
    {"__main__"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
HEAVY = ["torch", "tensorflow", "librosa", "matplotlib", "sklearn", "scipy", "captum", "soundfile"]


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield imported modules, and whether they are imported for type checking only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in typing_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, id(node) in typing_only
            if node.module == "awb":
                yield from ((f"awb.{alias.name}", id(node) in typing_only) for alias in node.names)


def _sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


@pytest.mark.parametrize("path", _sources(AWB), ids=lambda path: str(path.relative_to(AWB)))
def test_awb_imports_only_from_lower_floors(path: Path) -> None:
    relative = path.relative_to(AWB)
    if relative == Path("__init__.py"):
        return
    own = relative.parts[0].removesuffix(".py")
    assert own in FLOOR, f"{own} has no floor"
    for module, typing_only in imports(path):
        assert not module.startswith(("awb_plugins", "awb_datasets")), module
        if module.startswith("awb.") and not typing_only:
            other = module.split(".")[1]
            assert FLOOR[other] <= FLOOR[own], f"{own} imports {other} from a higher floor"


@pytest.mark.parametrize(
    ("folder", "other"),
    [("plugins/awb_plugins", "awb_datasets"), ("datasets/awb_datasets", "awb_plugins")],
)
def test_plugins_and_datasets_do_not_know_each_other(folder: str, other: str) -> None:
    for path in _sources(ROOT / folder):
        assert not any(module.startswith(other) for module, _ in imports(path)), path


@pytest.mark.parametrize(
    "statement",
    [
        "import awb",
        "from awb.cli import main; main(['--help'], standalone_mode=False)",
        "from awb.cli import main; main(['run', '--help'], standalone_mode=False)",
        "import awb.plugins.discovery; assert not awb.plugins.discovery.load().broken",
    ],
)
def test_nothing_heavy_is_loaded(statement: str) -> None:
    heavy = HEAVY if "plugins" not in statement else [name for name in HEAVY if name != "scipy"]
    code = f"import sys; {statement}\nloaded = set({heavy!r}) & set(sys.modules)\nassert not loaded"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
