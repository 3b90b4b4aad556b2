"""The options of `awb.run`, by name; made from the settings by make docs-tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypedDict

from awb.authoring.models import Models
from awb.specs import Explainer

Names = str | Sequence[str]
"""One name, several separated by commas, or a list."""

Explainers = str | Explainer | Sequence[str | Explainer]
Files = str | Path | Sequence[str | Path]


class RunOptions(TypedDict, total=False):
    """The options of ``awb run``; None stands for "not given"."""

    datasets: Names | None
    """Datasets, with settings as folder:PATH. Default: soundscapes."""

    models: Models | None
    """Models to explain, on every dataset. Default: each dataset's own, else soundscape-cnn."""

    explainers: Explainers | None
    """Explainers; "all" means every one that is installed. Default: all."""

    baselines: bool | None
    """Add the baselines (oracle and four nulls) to every board. Default: yes."""

    metrics: Names | None
    """Metrics; boards are ranked by the first. "all" means every one that is installed.
    Default: all.
    """

    masker: str | None
    """What replaces the audio of dropped segments. Default: zeros."""

    scoring_masker: str | None
    """What replaces dropped audio for fidelity metrics. Default: the same as masker."""

    design: str | None
    """Which drop masks: pooled, or single:fraction=0.3,run_length=3. Default: pooled."""

    samples: int | None
    """Drop masks per instance. Default: 1000."""

    budgets: str | Sequence[int] | None
    """One board per number of model calls, instead of samples."""

    clips: int | None
    """Use the first N clips of each dataset. Default: all."""

    seed: int | None
    """Seed of every random draw. Default: 0."""

    segment_s: float | None
    """Length of a segment in seconds. Default: 0.1."""

    segment_hop_s: float | None
    """Seconds from one segment to the next. Default: 0.1."""

    segments: str | None
    """What explainers drop as one: segments of one length, or whole segments that follow the
    sound: from onset to onset, or by a table of edges or a folder of TextGrids. Default:
    fixed.
    """

    segments_tier: str | None
    """Tier of the TextGrids: words, phones. Default: words."""

    instances: str | None
    """What to explain: labelled targets that the model hears; classes that it hears and nobody
    labelled; or labelled targets that it misses. Default: hits.
    """

    max_event_fraction: float | None
    """Leave out targets whose events fill a larger part of the clip. Default: 0.2."""

    min_score: float | None
    """Leave out clips that the model scores lower (log-odds). Default: the model's threshold."""

    robustness: int | Literal["all"] | None
    """Explain N instances, or "all", again with other seeds, clips and models; fewer than 5
    clips say nothing. Default: 0.
    """

    robustness_samples: int | None
    """Drop masks per explanation that robustness compares, if samples are more. Default: 300."""

    device: str | None
    """Device of models that can choose one: auto, cpu, cuda or mps. Default: the model's own."""

    precision: str | None
    """Mixed precision of models that can: float32, bfloat16 or float16. Default: float32."""

    within: str | None
    """Time to keep, as in 90s, 10m or 2h: clips, samples and robustness that are not given are
    chosen for it.
    """

    shadow: bool | None
    """Draw new clips of generated datasets; their names show the random seed. Default: no."""

    jobs: int | None
    """Worker processes. Default: one per processor (from Python: 1)."""

    time_limit_s: float | str | None
    """Stop an explainer or metric that takes longer per instance; or "off". Default: 1800."""

    memory_limit: float | str | None
    """Stop a plugin whose worker needs more memory, as in 8GB; or "off". Default: 80 % of the
    machine.
    """

    isolate: bool | None
    """Compute in a process that can be stopped, even with only one job. Default: yes (from
    Python: no).
    """

    scheduler: str | None
    """Compute on a Dask cluster, or start one of N workers here (extra: cluster)."""

    cache: str | Path | None
    """Folder of cached scores that runs share, or "off". Default: the user's cache folder."""

    scores: str | Path | None
    """Scores of whole clips, from awb data scores."""

    out: str | Path | None
    """Run folder. Default: runs/<date>-<time>, or runs/<name of the file>."""

    plugin: Files | None
    """Python files with plugins that are not installed."""
