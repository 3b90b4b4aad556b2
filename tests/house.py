"""The structure of the three packages, read from their imports, including those for types."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"awb": "benchmark", "awb_plugins": "plugins", "awb_datasets": "datasets"}

FLOORS = [
    {
        "errors",
        "intervals",
        "randomness",
        "types",
        "protocols",
        "activity",
        "training",
        "listed",
        "reprs",
    },
    {
        "alignment",
        "audio",
        "data",
        "designs",
        "maskers",
        "metrics",
        "segments",
        "statistics",
        "variations",
    },
    {"perturbation", "scoring"},
    {"specs", "hookspecs", "plugins", "builtins"},
    {"harness"},
    {"authoring", "conformance", "doctor", "leaderboard", "report", "site"},
    {"api", "cli", "testing"},
    {"__main__"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}

PUBLIC = {
    "awb": "run, explain, and decorators for functions and models",
    "awb.alignment": "relevance of frames and tokens to segments",
    "awb.audio": "read and resample audio",
    "awb.authoring.outputs": "what the numbers of a model mean",
    "awb.authoring.weights": "hashes of a network's weights",
    "awb.authoring.windowed": "models of windows of one length",
    "awb.data": "classes, prepared tables, and what is left out",
    "awb.designs": "which drop masks to draw",
    "awb.errors": "errors that users can act on",
    "awb.hookspecs": "the hooks of a plugin",
    "awb.intervals": "intervals in time, and types of arrays",
    "awb.maskers": "what replaces dropped audio",
    "awb.metrics": "metrics as pure functions",
    "awb.perturbation": "the perturber",
    "awb.plugins.lookup": "plugins that another plugin is made of",
    "awb.plugins.references": "how a plugin and its settings are written",
    "awb.protocols": "models and their capabilities, datasets",
    "awb.randomness": "random generators seeded by names",
    "awb.reprs": "short representations",
    "awb.scoring": "the input of a metric",
    "awb.segments": "units of time",
    "awb.specs": "specs of plugins",
    "awb.statistics": "intervals, comparisons and ranks",
    "awb.testing": "the conformance kit for pytest",
    "awb.training": "the interface of awb train",
    "awb.types": "events, clips, instances, explanations",
    "awb.variations": "variations for robustness and sanity metrics",
}
"""The modules that plugin authors and scripts import; all others of `awb` may change."""

RIGHT_OF_ENTRY = ("awb_plugins.training.", "awb_plugins.models.soundscape_cnn.train")
"""Built-in modules that train: they look plugins up and build them as the harness does."""

_TOPS = {"awb", "awb.harness", "awb_plugins", "awb_plugins.models", "awb_datasets"}
"""Folders whose own modules are rooms by themselves."""


def sources() -> list[Path]:
    """List the source files of the three packages."""
    return sorted(
        path
        for package, root in PACKAGES.items()
        for path in (ROOT / root / package).rglob("*.py")
        if "templates" not in path.parts
    )


@cache
def modules() -> Mapping[str, Path]:
    """Return the file of every module, by its dotted name."""
    found = {}
    for path in sources():
        parts = path.relative_to(ROOT).with_suffix("").parts[1:]
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def imports_of(name: str) -> frozenset[str]:
    """Return the modules of the three packages that a module imports, anywhere in its text."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(modules()[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} has a relative import"
            assert node.module, f"{name} has an import without a module"
            parts = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {part if part in modules() else node.module for part in parts}
    return frozenset(found & set(modules()) - {name})


def is_public(name: str) -> bool:
    """Whether a module is one of `PUBLIC` or inside of one; ``awb`` itself holds everything."""
    return any(name == one or (one != "awb" and name.startswith(f"{one}.")) for one in PUBLIC)


def room(name: str) -> str:
    """Return the folder of a module; a folder's ``__init__`` counts separately."""
    if modules()[name].name == "__init__.py":
        return f"{name}/"
    parent = name.rpartition(".")[0]
    return name if parent in _TOPS else parent


def cycles(graph: Mapping[str, set[str] | frozenset[str]]) -> list[list[str]]:
    """List the groups of nodes that reach each other (Tarjan's strongly connected components)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in order:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in order:
            visit(node)
    return found
