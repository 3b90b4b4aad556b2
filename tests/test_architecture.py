"""The architecture: which imports are allowed, what is public, and what must not be loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from house import (
    FLOOR,
    PUBLIC,
    RIGHT_OF_ENTRY,
    ROOT,
    cycles,
    imports_of,
    is_public,
    modules,
    room,
    sources,
)

HEAVY = ["torch", "tensorflow", "librosa", "matplotlib", "sklearn", "scipy", "captum", "soundfile"]
LARGEST_ROOM = 15
OF_ONE_KIND = {
    "awb/cli": "a command each",
    "awb/metrics": "a family of metrics each",
    "awb_plugins/explainers/segmentwise": "an explainer each",
}


def test_no_module_is_in_an_import_cycle() -> None:
    graph = {name: imports_of(name) for name in modules()}
    assert cycles(graph) == []


def test_no_package_is_in_an_import_cycle() -> None:
    graph: dict[str, set[str]] = {}
    for name in modules():
        graph.setdefault(room(name), set()).update(room(other) for other in imports_of(name))
    assert cycles({name: others - {name} for name, others in graph.items()}) == []


@pytest.mark.parametrize("name", [one for one in modules() if one.startswith("awb.")])
def test_awb_imports_only_from_lower_floors(name: str) -> None:
    own = name.split(".")[1]
    assert own in FLOOR, f"{own} has no floor"
    for other in imports_of(name):
        assert other.split(".")[0] == "awb", f"{name} imports {other}"
        assert other != "awb", f"{name} imports the Python interface, which lies above"
        assert FLOOR[other.split(".")[1]] <= FLOOR[own], f"{name} imports {other} from above"


@pytest.mark.parametrize(
    ("package", "other"), [("awb_plugins", "awb_datasets"), ("awb_datasets", "awb_plugins")]
)
def test_plugins_and_datasets_do_not_know_each_other(package: str, other: str) -> None:
    for name in modules():
        if name.split(".")[0] == package:
            assert not any(one.split(".")[0] == other for one in imports_of(name)), name


def test_built_in_plugins_import_only_public_modules() -> None:
    for name in modules():
        if name.split(".")[0] == "awb" or name.startswith(RIGHT_OF_ENTRY):
            continue
        for other in imports_of(name):
            if other.split(".")[0] == "awb":
                assert is_public(other), f"{name} imports {other}, which is internal"


def test_internal_modules_are_not_public() -> None:
    assert not any(map(is_public, ["awb.harness.run", "awb.cli", "awb.authoring.models"]))


def test_everything_public_exists() -> None:
    assert set(PUBLIC) <= set(modules())


def test_no_folder_has_too_many_modules() -> None:
    for folder in {path.parent for path in sources()}:
        name = "/".join(folder.relative_to(ROOT).parts[1:])
        count = len([path for path in folder.glob("*.py") if path.stem[:2] != "__"])
        assert count <= LARGEST_ROOM or name in OF_ONE_KIND, f"{name} has {count} modules"


@pytest.mark.parametrize(
    "statement",
    [
        "import awb",
        "from awb.cli import main; main(['--help'], standalone_mode=False)",
        "from awb.cli import main; main(['run', '--help'], standalone_mode=False)",
        "from awb.plugins.discovery import load; assert not load().broken",
    ],
)
def test_nothing_heavy_is_loaded(statement: str) -> None:
    heavy = HEAVY if "plugins" not in statement else [name for name in HEAVY if name != "scipy"]
    code = f"import sys; {statement}\nloaded = set({heavy!r}) & set(sys.modules)\nassert not loaded"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
