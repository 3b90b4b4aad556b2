"""What `awb.run` and `awb.resume` do once their options are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from awb.api.progress import Shown, shown
from awb.api.results import Run
from awb.api.sweeps import Sweep
from awb.authoring.functions import name_of
from awb.authoring.models import model_names
from awb.errors import ParameterError, PluginError
from awb.harness.config.resources import Resources
from awb.harness.config.settings import settle
from awb.harness.config.toml_input import read_settings
from awb.harness.launch import load_plugins, out_path, start, take_up
from awb.harness.planning.timed import Timed
from awb.harness.storage.sweep_folder import SweepFolder
from awb.harness.unit.score_cache import chosen_cache
from awb.plugins.session import is_loading
from awb.specs import Explainer

Names = str | Sequence[str]
"""One name, several separated by commas, or a list."""

Explainers = str | Explainer | Sequence[str | Explainer]
Files = str | Path | Sequence[str | Path]


def start_run(file: str | Path | None, progress: Shown, options: Mapping[str, Any]) -> Run | Sweep:
    """Run a configuration or a sweep into a new folder."""
    typed = typed_options(options)
    settled = read_settings(None if file is None else Path(file), typed)
    settings = settled.settings
    load_plugins(settings)
    resources = Resources.of(settings, chosen_cache(settings.cache), jobs=1)
    with shown(progress) as report:
        found = start(settled, resources, out_path(settled), report)
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
    progress: Shown = True,
) -> Run | Sweep:
    """Finish an interrupted run or sweep, as ``awb resume`` does.

    Parameters
    ----------
    folder : str or Path
        The folder of the run or sweep.
    within : str, optional
        Time for more clips, as in ``"10m"``: those that fit are added, and the board is complete.
    jobs : int, optional
        Worker processes. Default: 1.
    time_limit_s : float or str, optional
        Stop an explainer or metric that takes more seconds per instance; or "off". Default: 1800.
    memory_limit : float or str, optional
        Stop a plugin whose worker needs more memory, as in "8GB"; or "off". Default: 80 % of the
        machine.
    isolate : bool, optional
        Compute in a process that can be stopped, even with only one job. Default: False.
    retry_stopped : bool
        Repeat the instances on which a plugin was stopped or not tried any more. Default: False.
    scheduler : str, optional
        Address of a Dask cluster, or ``"local:N"`` to start one of N workers here. Default: None.
    cache : str or Path, optional
        Folder of cached scores that runs share, or "off". Default: the user's cache folder.
    plugin : str, Path, or list of them
        Python files with plugins that are not installed. Default: none.
    progress : bool or callable
        Show a bar in a notebook or terminal, and lines in a log; False for none. A function
        ``(phase, done, total)`` is called as work finishes. Default: True.

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
    with shown(progress) as report:
        finished = take_up(
            Path(folder), resources, report, retry_stopped=retry_stopped, timed=Timed.of(settings)
        )
    return Sweep(finished) if isinstance(finished, SweepFolder) else Run(finished)


def typed_options(options: Mapping[str, Any]) -> dict[str, Any]:
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
