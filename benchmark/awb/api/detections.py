"""Explain a model's decisions at the events of a long recording, as ``awb explain --events``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from awb.api.results import Run
from awb.api.running import run
from awb.authoring.models import Model
from awb.errors import DataError
from awb.harness.run import silent
from awb.harness.selection.selector import Progress
from awb.plugins.discovery import load
from awb.plugins.references import Reference
from awb.specs import Explainer, MetricSpec

NO_THRESHOLD = -1e6
"""Log-odds below every score: an event is explained whether the model hears it or not."""


def explain_events(
    file: str | Path,
    events: str | Path,
    *,
    model: Model = "soundscape-cnn",
    explainers: str | Sequence[str | Explainer] = "all",
    window_s: float = 10.0,
    samples: int = 1000,
    seed: int = 0,
    columns: str = "",
    masker: str = "zeros",
    out: str | Path | None = None,
    time_limit_s: float | str | None = None,
    memory_limit: float | str | None = None,
    isolate: bool = False,
    progress: Progress = silent,
) -> Run:
    """Explain what a model hears at every event of a recording, in windows around the events.

    Only the windows are read, so that a recording may be of any length.

    Parameters
    ----------
    file : str or Path
        An audio file.
    events : str or Path
        Detections or labels of it, in any format that awb reads.
    model : str or model
        As in `awb.explain`.
    explainers : str, or a list of names and functions
        As in `awb.run`.
    window_s : float
        Length of the windows in seconds.
    samples, seed, masker, time_limit_s, memory_limit, isolate
        As in `awb.explain`.
    columns : str
        Columns of a table of events, as in ``onset:start+offset:end``.
    out : str or Path, optional
        Folder of the run.
    progress : callable
        ``progress(phase, done, total)`` is called as work finishes.

    Returns
    -------
    Run
        An instance per window and class, with the main metrics.

    Raises
    ------
    AwbError
        If a file cannot be read, a name is unknown, or the model fails.
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
    return run(
        progress=progress,
        datasets=[str(Reference("folder", given))],
        models=[model],
        metrics=[spec.name for spec in load().specs(MetricSpec) if spec.headline],
        explainers=explainers if isinstance(explainers, str) else list(explainers),
        masker=masker,
        samples=samples,
        seed=seed,
        min_score=NO_THRESHOLD,
        max_event_fraction=1.0,
        out=None if out is None else Path(out),
        time_limit_s=time_limit_s,
        memory_limit=memory_limit,
        isolate=isolate,
    )
