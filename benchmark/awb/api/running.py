"""``awb.run`` and ``awb.resume``: the commands of the same names, with the same options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar, Unpack, overload

from awb.api.results import Run
from awb.api.run_options import Explainers, Files, RunOptions
from awb.api.sweeps import Sweep
from awb.authoring.functions import name_of
from awb.authoring.models import model_names
from awb.errors import ParameterError, PluginError
from awb.harness.config.resources import Resources
from awb.harness.config.settings import RunSettings, default_text, settle
from awb.harness.config.toml_input import read_settings
from awb.harness.launch import load_plugins, out_path, start, take_up
from awb.harness.planning.timed import Timed
from awb.harness.run import silent
from awb.harness.selection.selector import Progress
from awb.harness.storage.sweep_folder import SweepFolder
from awb.harness.unit.score_cache import chosen_cache
from awb.plugins.session import is_loading

Function = TypeVar("Function", bound=Callable[..., Any])


def with_named_options(function: Function) -> Function:
    """Show the options by name where a notebook shows the signature and the docstring."""
    named = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in RunOptions.__annotations__.items()
    ]
    plain = inspect.signature(function)
    kept = [one for one in plain.parameters.values() if one.kind is not one.VAR_KEYWORD]
    signature = plain.replace(parameters=[*kept, *named])
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__doc__ = (function.__doc__ or "").replace(_OPTIONS, _documented())
    return function


_OPTIONS = """    **options
        The options of ``awb run``."""


def _documented() -> str:
    """Document every option, from the one declaration that it has."""
    lines = []
    for name, kind in RunOptions.__annotations__.items():
        said, default = RunSettings.model_fields[name].description, default_text(name)
        lines.append(f"    {name} : {str(kind).removesuffix(' | None')}, optional")
        lines.append(f"        {said}{f' Default: {default}.' if default else ''}")
    return "\n".join(lines)


@overload
def run(file: None = None, *, progress: Progress = ..., **options: Unpack[RunOptions]) -> Run: ...


@overload
def run(
    file: str | Path, *, progress: Progress = ..., **options: Unpack[RunOptions]
) -> Run | Sweep: ...


@with_named_options
def run(
    file: str | Path | None = None, *, progress: Progress = silent, **options: Unpack[RunOptions]
) -> Run | Sweep:
    """Run explainers on models over datasets, as ``awb run`` does.

    `explainers` may be functions ``(perturber, instance, rng) -> relevance``, and `models` what
    `awb.torch_model` and its like make. With `jobs` above 1, a script must call this below
    ``if __name__ == "__main__":``, since every worker imports the script.

    Parameters
    ----------
    file : str or Path, optional
        A configuration file; options override its settings.
    progress : callable
        ``progress(phase, done, total)`` is called as work finishes.
    **options
        The options of ``awb run``.

    Returns
    -------
    Run or Sweep
        Boards and tables; a `Sweep` if the file has a table ``[sweep]``.

    Raises
    ------
    AwbError
        For unknown names, invalid settings, and models or data that cannot be used.
    """
    typed = typed_options(options)
    settled = read_settings(None if file is None else Path(file), typed)
    settings = settled.settings
    load_plugins(settings)
    resources = Resources.of(settings, chosen_cache(settings.cache), jobs=1)
    found = start(settled, resources, out_path(settled), progress)
    return Sweep(found) if isinstance(found, SweepFolder) else Run(found)


def resume(
    folder: str | Path,
    *,
    within: str | None = None,
    jobs: int | None = None,
    time_limit_s: float | str | None = None,
    memory_limit: float | str | None = None,
    isolate: bool | None = None,
    retry_stopped: bool = False,
    scheduler: str | None = None,
    cache: str | Path | None = None,
    plugin: Files = (),
    progress: Progress = silent,
) -> Run | Sweep:
    """Finish an interrupted run or sweep, as ``awb resume`` does.

    Parameters
    ----------
    folder : str or Path
        The folder of the run or sweep.
    within : str, optional
        Time for more clips, as in ``"10m"``: those that fit are added, and the board is complete.
    jobs, time_limit_s, memory_limit, isolate, scheduler, cache, plugin, progress : optional
        As in `run`.
    retry_stopped : bool
        Repeat the instances on which a plugin was stopped or not tried any more.

    Returns
    -------
    Run or Sweep
        Boards and tables.

    Raises
    ------
    ParameterError
        For invalid options.
    RunError
        If the folder does not contain a run, or plugins or data have changed since it started.
    """
    _refuse_while_loading()
    settings = settle(
        {
            "within": within,
            "jobs": jobs,
            "time_limit_s": time_limit_s,
            "memory_limit": memory_limit,
            "isolate": isolate,
            "scheduler": scheduler,
            "cache": cache,
            "plugin": plugin,
        }
    ).settings
    load_plugins(settings)
    resources = Resources.of(settings, chosen_cache(settings.cache), jobs=1)
    finished = take_up(
        Path(folder), resources, progress, retry_stopped=retry_stopped, timed=Timed.of(settings)
    )
    return Sweep(finished) if isinstance(finished, SweepFolder) else Run(finished)


def typed_options(options: RunOptions) -> dict[str, Any]:
    """Replace explainers and models that are objects by the names under which they are known."""
    _refuse_while_loading()
    return {
        **options,
        "explainers": _explainers(options.get("explainers")),
        "models": model_names(options.get("models")),
    }


def _refuse_while_loading() -> None:
    if is_loading():
        raise PluginError(
            'the file starts a run when it is imported; move that below if __name__ == "__main__":'
        )


def _explainers(given: Explainers | None) -> str | list[str] | None:
    """Replace functions by the names under which they are registered."""
    if given is None or isinstance(given, str):
        return given
    several: Sequence[str | Callable[..., Any]] = [given] if callable(given) else given
    if not isinstance(several, Iterable):
        raise ParameterError(f"explainers: expected names or functions (got {given!r})")
    return [one if isinstance(one, str) else name_of(one) for one in several]
