"""Explain a model's decisions at the events of a long recording, as ``awb explain --events``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from awb.api.progress import Shown
from awb.api.results import Run
from awb.api.running import run
from awb.api.starting import Explainers, Files
from awb.authoring.models import Model
from awb.errors import DataError
from awb.harness.config.choice import model_for_a_file
from awb.plugins.discovery import load
from awb.plugins.references import Reference
from awb.specs import MetricSpec

NO_THRESHOLD = -1e6
"""Log-odds below every score: an event is explained whether the model hears it or not."""


def explain_events(
    file: str | Path,
    events: str | Path,
    *,
    model: Model | None = None,
    explainers: Explainers = "all",
    window_s: float = 10.0,
    samples: int = 1000,
    seed: int = 0,
    columns: str = "",
    masker: str = "zeros",
    out: str | Path | None = None,
    time_limit_s: float | str | None = None,
    memory_limit: float | str | None = None,
    isolate: bool = False,
    plugin: Files = (),
    progress: Shown = True,
) -> Run:
    """Explain what a model hears at every event of a recording, in windows around the events.

    Only the windows are read, so that a recording may be of any length.

    Parameters
    ----------
    file : str or Path
        An audio file.
    events : str or Path
        Detections or labels of it, in any format that awb reads.
    model : str or model, optional
        As in `awb.explain`. Default: YAMNet if its weights are here, else soundscape-cnn.
    explainers : str, function, or list of them
        As in `awb.run`. Default: all.
    window_s : float
        Length of the windows in seconds. Default: 10.
    samples : int
        Number of drop masks of the shared design. Default: 1000.
    seed : int
        Random seed. Default: 0.
    columns : str
        Columns of a table of events, as in ``onset:start+offset:end``. Default: by their names.
    masker : str
        Name of the masker, which replaces dropped audio. Default: zeros.
    out : str or Path, optional
        Folder of the run. Default: a new one in ``runs``.
    time_limit_s : float or str, optional
        Stop an explainer or metric that takes more seconds; or "off". Default: 1800.
    memory_limit : float or str, optional
        Stop a plugin whose worker needs more memory, as in "8GB"; or "off". Default: 80 % of the
        machine.
    isolate : bool
        Compute in a process that can be stopped; the limits need it. Default: False.
    plugin : str, Path, or list of them
        Python files with plugins that are not installed. Default: none.
    progress : bool or callable
        As in `awb.run`. Default: True.

    Returns
    -------
    Run
        An instance per window and class, with the main metrics.

    Raises
    ------
    AwbError
        If a file cannot be read, a name is unknown, or the model fails.
    """
    same = settings_for_events(file, events, window_s, columns)
    return run(
        datasets=same["datasets"],
        metrics=same["metrics"],
        min_score=same["min_score"],
        max_event_fraction=same["max_event_fraction"],
        models=[model_for_a_file(load()) if model is None else model],
        explainers=explainers,
        masker=masker,
        samples=samples,
        seed=seed,
        out=out,
        time_limit_s=time_limit_s,
        memory_limit=memory_limit,
        isolate=isolate,
        plugin=plugin or None,
        progress=progress,
    )


def settings_for_events(
    file: str | Path, events: str | Path, window_s: float, columns: str = ""
) -> dict[str, Any]:
    """Return the settings of a run that are the same for every recording with events.

    Every event is explained, however long, and whether the model hears it or not.
    """
    path, table = Path(file), Path(events)
    if not path.is_file():
        raise DataError(f"{path} does not exist, or is not a file")
    settings = {
        "path": str(path.resolve()),
        "table": str(table.resolve()),
        "columns": columns,
        "window_s": f"{window_s:g}",
        "events_only": "true",
    }
    given = tuple((name, value) for name, value in settings.items() if value)
    return {
        "datasets": [str(Reference("folder", given))],
        "metrics": [spec.name for spec in load().specs(MetricSpec) if spec.headline],
        "min_score": NO_THRESHOLD,
        "max_event_fraction": 1.0,
    }
