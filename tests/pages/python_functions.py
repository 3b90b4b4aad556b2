"""The module with `awb.run` and `awb.recommend`, whose options are the fields of `RunSettings`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from awb.harness.config.settings import RunSettings, default_text
from awb.leaderboard.boards.recommendation import NOT_CHOSEN

HEAD = '''"""`awb.run` and `awb.recommend`, with every option; made by make docs-tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, overload

from awb.api.progress import Shown
from awb.api.recommending import Recommended, start_trial
from awb.api.results import Run
from awb.api.starting import Explainers, Files, Names, start_run
from awb.api.sweeps import Sweep
from awb.authoring.models import Models
'''

RUN = '''    """Run explainers on models over datasets, as ``awb run`` does.

    With `jobs` above 1, a script must call this below ``if __name__ == "__main__":``, since every
    worker imports the script.

    Parameters
    ----------
    file : str or Path, optional
        A configuration file; options override its settings.
    {options}

    Returns
    -------
    Run or Sweep
        Boards and tables; a `Sweep` if the file has a table ``[sweep]``.

    Raises
    ------
    AwbError
        For unknown names, invalid settings, and models or data that cannot be used.
    """
    options = dict(locals())
    return start_run(options.pop("file"), options.pop("progress"), options)
'''

RECOMMEND = '''    """Try cheap explainers on a few clips, and say which to take: ``awb recommend``.

    It is a run of a list of cheap explainers at budgets of 60, 300 and 1,000 model calls, within 5
    minutes; `explainers`, `budgets` and `within` (or `clips`) change that.

    Parameters
    ----------
    {options}

    Returns
    -------
    Recommended
        The explainer to take at every budget, and the run that it rests on.

    Raises
    ------
    AwbError
        For unknown names, invalid settings, and models or data that cannot be used; also if there
        is more than one model or dataset, or no instance.
    """
    options = dict(locals())
    return start_trial(options.pop("progress"), options)
'''

TYPES = {
    "budgets": ("str | Sequence[int]", "str or list of int"),
    "explainers": ("Explainers", "str, function, or list of them"),
    "models": ("Models", "str, model, or list of them"),
    "plugin": ("Files", "str, Path, or list of them"),
    "robustness": ('int | Literal["all"]', 'int or "all"'),
}
"""Types as they are annotated and described, where the settings' own do not say it all."""

_BY_SCHEMA = {
    ("array",): ("Names", "str or list of str"),
    ("boolean",): ("bool", "bool"),
    ("integer",): ("int", "int"),
    ("number",): ("float", "float"),
    ("number", "string"): ("float | str", "float or str"),
    ("string",): ("str", "str"),
}
_PATHS = ("cache", "out", "scores")
_ALSO = {
    "explainers": "A function ``(perturber, instance, rng) -> relevance`` is an explainer, too.",
    "models": "Also what `awb.torch_model` and its like make.",
    "budgets": "Separated by commas, or a list.",
}
_PROGRESS = (
    "Show a bar in a notebook or terminal, and lines in a log; False for none. A function"
    " ``(phase, done, total)`` is called as work finishes. Default: True."
)


def page() -> str:
    """Write the module."""
    names = list(RunSettings.model_fields)
    some = [name for name in names if name not in NOT_CHOSEN]
    file = "file: str | Path | None = None"
    stubs = [
        "@overload\n" + _signature("run", first, names, returned, "...") + " ...\n"
        for first, returned in (("file: None = None", "Run"), ("file: str | Path", "Run | Sweep"))
    ]
    return "\n\n".join(
        [
            HEAD,
            *stubs,
            _signature("run", file, names, "Run | Sweep", "True")
            + "\n"
            + RUN.format(options=_documented(names)),
            _signature("recommend", "", some, "Recommended", "True")
            + "\n"
            + RECOMMEND.format(options=_documented(some)),
        ]
    )


def types_of(name: str) -> tuple[str, str]:
    """Return the type that Python callers give, as annotated and in words."""
    if name in TYPES:
        return TYPES[name]
    plain = RunSettings.model_json_schema()["properties"][name]
    parts = plain.get("anyOf", [plain])
    choices = [str(one) for part in parts for one in part.get("enum", ())]
    if choices:
        listed = ", ".join(f'"{one}"' for one in choices)
        return f"Literal[{listed}]", f"{{{listed}}}"
    kinds = {str(one["type"]) for one in parts} - {"null"}
    code, words = _BY_SCHEMA[tuple(sorted(kinds))]
    return (f"{code} | Path", f"{words} or Path") if name in _PATHS else (code, words)


def _signature(function: str, first: str, names: Iterable[str], returned: str, shown: str) -> str:
    lines = [
        *([first] if first else []),
        "*",
        *(f"{name}: {types_of(name)[0]} | None = None" for name in names),
        f"progress: Shown = {shown}",
    ]
    listed = "".join(f"    {one},\n" for one in lines)
    return f"def {function}(\n{listed}) -> {returned}:"


def _documented(names: Iterable[str]) -> str:
    """Document every option, from the one declaration that it has."""
    lines: list[str] = []
    for name in names:
        lines.append(f"{name} : {types_of(name)[1]}, optional")
        lines += textwrap.wrap(_said(name), 92, initial_indent="    ", subsequent_indent="    ")
    lines.append("progress : bool or callable")
    lines += textwrap.wrap(_PROGRESS, 92, initial_indent="    ", subsequent_indent="    ")
    return "\n    ".join(lines)


def _said(name: str) -> str:
    """Say what a setting is, its unit, and its default for Python callers."""
    text = [str(RunSettings.model_fields[name].description)]
    if name in _ALSO:
        text.append(_ALSO[name])
    if name.endswith("_s") and "second" not in text[0].lower():
        text.append("In seconds.")
    default = default_text(name)
    from_python = re.search(r"\(from Python: (.*)\)", default)
    default = from_python[1] if from_python else default
    default = {"yes": "True", "no": "False"}.get(default, default)
    return " ".join([*text, f"Default: {default or 'None'}."])
