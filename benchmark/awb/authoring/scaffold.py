"""``awb new``: write a plugin that works, for its author to change."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from awb.errors import ParameterError

NewKind = Literal["explainer", "model", "dataset", "metric"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_TRY = {
    "explainer": "awb run --explainers {name},random-forest --clips 5",
    "model": "awb run --model {name} --dataset folder:YOUR_FOLDER --clips 5",
    "dataset": "awb data describe {name}",
    "metric": "awb run --metrics {name},roc-auc --clips 5",
}
_NEXT = {
    "explainer": "Change `explain`: it gets the door to the model, the instance without its labels"
    " and its own random generator, and returns one number a segment.",
    "model": "Change `scores`: it gets mono waveforms at `sample_rate_hz` and returns log-odds, a"
    " column a class.",
    "dataset": "Change `clip_ids` and `load`: each clip is mono float32 audio with its events in"
    " seconds.",
    "metric": "Change `mean_rank`: it gets one explanation with the labels and the model's answers"
    " (`awb.scoring.Scoring`) and returns one number.",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes
    ----------
    files : tuple of Path
        New files, and those that were added to.
    next_steps : tuple of str
        What to type next, a command each.
    """

    files: tuple[Path, ...]
    next_steps: tuple[str, ...]


def check_name(name: str) -> str:
    """Return the name of the module that belongs to a plugin's name.

    Examples
    --------
    >>> check_name("my-method")
    'my_method'
    """
    if not _NAME.match(name):
        folded = re.sub(r"[^a-z0-9]+", "-", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower())
        better = folded.strip("-0123456789") or "my-method"
        raise ParameterError(f"{name!r} is not kebab-case. Type for example: {better}")
    module = name.replace("-", "_")
    if keyword.iskeyword(module):
        raise ParameterError(f"{name!r} is a word of Python and cannot name a module")
    return module


def new_package(kind: NewKind, name: str, into: Path) -> Written:
    """Write an installable package with one plugin that works."""
    if kind not in get_args(NewKind):
        raise ParameterError(f"cannot make a {kind!r}; known: {', '.join(get_args(NewKind))}")
    module, distribution = f"awb_{check_name(name)}", f"awb-{name}"
    root = into / distribution
    _refuse_existing(root)
    facts = {
        "kind": kind,
        "name": name,
        "module": module,
        "distribution": distribution,
        "try_it": _TRY[kind].format(name=name),
        "next": _NEXT[kind],
    }
    content = {
        root / "pyproject.toml": render("pyproject.toml.j2", facts),
        root / "README.md": render("README.md.j2", facts),
        root / module / "__init__.py": render(f"{kind}.py.j2", facts),
        root / "tests" / f"test_{module}.py": render("test.py.j2", facts),
    }
    write(content)
    steps = (f"python -m pip install -e {root}", f"awb check {name}", facts["try_it"])
    return Written(tuple(content), steps)


def render(template: str, facts: dict[str, str]) -> str:
    """Fill in one of the templates of this package."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("awb.authoring"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.get_template(template).render(facts)


def write(content: dict[Path, str]) -> None:
    """Write files and the folders that they need."""
    for path, text in content.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ParameterError(f"cannot write {path}: {error.strerror}") from error


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise ParameterError(f"{path} is there already; choose another name, or --into DIR")
