"""`awb.run` and `awb.recommend`, with every option; made by make docs-tables."""

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


@overload
def run(
    file: None = None,
    *,
    datasets: Names | None = None,
    models: Models | None = None,
    explainers: Explainers | None = None,
    baselines: bool | None = None,
    metrics: Names | None = None,
    masker: str | None = None,
    scoring_masker: str | None = None,
    design: str | None = None,
    samples: int | None = None,
    budgets: str | Sequence[int] | None = None,
    clips: int | None = None,
    among_first: int | None = None,
    seed: int | None = None,
    segment_s: float | None = None,
    segment_hop_s: float | None = None,
    segments: str | None = None,
    segments_tier: str | None = None,
    instances: Literal["hits", "false-alarms", "misses"] | None = None,
    max_event_fraction: float | None = None,
    min_score: float | None = None,
    robustness: int | Literal["all"] | None = None,
    robustness_samples: int | None = None,
    device: str | None = None,
    precision: Literal["float32", "bfloat16", "float16"] | None = None,
    within: str | None = None,
    shadow: bool | None = None,
    jobs: int | None = None,
    time_limit_s: float | str | None = None,
    memory_limit: float | str | None = None,
    isolate: bool | None = None,
    scheduler: str | None = None,
    cache: str | Path | None = None,
    scores: str | Path | None = None,
    out: str | Path | None = None,
    plugin: Files | None = None,
    progress: Shown = ...,
) -> Run: ...


@overload
def run(
    file: str | Path,
    *,
    datasets: Names | None = None,
    models: Models | None = None,
    explainers: Explainers | None = None,
    baselines: bool | None = None,
    metrics: Names | None = None,
    masker: str | None = None,
    scoring_masker: str | None = None,
    design: str | None = None,
    samples: int | None = None,
    budgets: str | Sequence[int] | None = None,
    clips: int | None = None,
    among_first: int | None = None,
    seed: int | None = None,
    segment_s: float | None = None,
    segment_hop_s: float | None = None,
    segments: str | None = None,
    segments_tier: str | None = None,
    instances: Literal["hits", "false-alarms", "misses"] | None = None,
    max_event_fraction: float | None = None,
    min_score: float | None = None,
    robustness: int | Literal["all"] | None = None,
    robustness_samples: int | None = None,
    device: str | None = None,
    precision: Literal["float32", "bfloat16", "float16"] | None = None,
    within: str | None = None,
    shadow: bool | None = None,
    jobs: int | None = None,
    time_limit_s: float | str | None = None,
    memory_limit: float | str | None = None,
    isolate: bool | None = None,
    scheduler: str | None = None,
    cache: str | Path | None = None,
    scores: str | Path | None = None,
    out: str | Path | None = None,
    plugin: Files | None = None,
    progress: Shown = ...,
) -> Run | Sweep: ...


def run(
    file: str | Path | None = None,
    *,
    datasets: Names | None = None,
    models: Models | None = None,
    explainers: Explainers | None = None,
    baselines: bool | None = None,
    metrics: Names | None = None,
    masker: str | None = None,
    scoring_masker: str | None = None,
    design: str | None = None,
    samples: int | None = None,
    budgets: str | Sequence[int] | None = None,
    clips: int | None = None,
    among_first: int | None = None,
    seed: int | None = None,
    segment_s: float | None = None,
    segment_hop_s: float | None = None,
    segments: str | None = None,
    segments_tier: str | None = None,
    instances: Literal["hits", "false-alarms", "misses"] | None = None,
    max_event_fraction: float | None = None,
    min_score: float | None = None,
    robustness: int | Literal["all"] | None = None,
    robustness_samples: int | None = None,
    device: str | None = None,
    precision: Literal["float32", "bfloat16", "float16"] | None = None,
    within: str | None = None,
    shadow: bool | None = None,
    jobs: int | None = None,
    time_limit_s: float | str | None = None,
    memory_limit: float | str | None = None,
    isolate: bool | None = None,
    scheduler: str | None = None,
    cache: str | Path | None = None,
    scores: str | Path | None = None,
    out: str | Path | None = None,
    plugin: Files | None = None,
    progress: Shown = True,
) -> Run | Sweep:
    """Run explainers on models over datasets, as ``awb run`` does.

    With `jobs` above 1, a script must call this below ``if __name__ == "__main__":``, since every
    worker imports the script.

    Parameters
    ----------
    file : str or Path, optional
        A configuration file; options override its settings.
    datasets : str or list of str, optional
        Datasets, with settings as folder:PATH. Default: soundscapes.
    models : str, model, or list of them, optional
        Models to explain, on every dataset. Also what `awb.torch_model` and its like make.
        Default: each dataset's own, else soundscape-cnn.
    explainers : str, function, or list of them, optional
        Explainers; "all" means every one that is installed. A function ``(perturber, instance,
        rng) -> relevance`` is an explainer, too. Default: all.
    baselines : bool, optional
        Add the baselines (oracle and four nulls) to every board. Default: True.
    metrics : str or list of str, optional
        Metrics; boards are ranked by the first. "all" means every one that is installed.
        Default: all.
    masker : str, optional
        What replaces the audio of dropped segments. Default: zeros.
    scoring_masker : str, optional
        What replaces dropped audio for fidelity metrics. Default: the same as masker.
    design : str, optional
        Which drop masks: pooled, or single:fraction=0.3,run_length=3. Default: pooled.
    samples : int, optional
        Drop masks per instance. Default: 1000.
    budgets : str or list of int, optional
        One board per number of model calls, instead of samples. Separated by commas, or a list.
        Default: None.
    clips : int, optional
        Use the first N clips of each dataset that have an instance to explain. Default: all.
    among_first : int, optional
        Look for instances in the first N clips of each dataset only. Default: 20 for each of
        --clips, at least 100; else all.
    seed : int, optional
        Seed of every random draw. Default: 0.
    segment_s : float, optional
        Length of a segment in seconds. Default: 0.1.
    segment_hop_s : float, optional
        Seconds from one segment to the next. Default: 0.1.
    segments : str, optional
        What explainers drop as one: segments of one length, or whole segments that follow the
        sound: from onset to onset, words or phones of TextGrids beside the clips of a folder,
        or by a table of edges or another folder of TextGrids. Default: fixed.
    segments_tier : str, optional
        Tier of the TextGrids: words, phones. Default: words.
    instances : {"hits", "false-alarms", "misses"}, optional
        What to explain: labelled targets that the model hears; classes that it hears and nobody
        labelled; or labelled targets that it misses. Default: hits.
    max_event_fraction : float, optional
        Leave out targets whose events fill a larger part of the clip. Default: 0.2.
    min_score : float, optional
        Leave out clips that the model scores lower (log-odds). Default: the model's threshold.
    robustness : int or "all", optional
        Explain N instances, or "all", again with other seeds, clips and models; fewer than 5
        clips say nothing. Default: 0.
    robustness_samples : int, optional
        Drop masks per explanation that robustness compares, if samples are more. Default: 300.
    device : str, optional
        Device of models that can choose one: auto, cpu, cuda or mps. Default: the model's own.
    precision : {"float32", "bfloat16", "float16"}, optional
        Mixed precision of models that can: float32, bfloat16 or float16. Default: float32.
    within : str, optional
        Time to keep, as in 90s, 10m or 2h: clips, samples and robustness that are not given are
        chosen for it. Default: None.
    shadow : bool, optional
        Draw new clips of generated datasets; their names show the random seed. Default: False.
    jobs : int, optional
        Worker processes. Default: 1.
    time_limit_s : float or str, optional
        Stop an explainer or metric that takes longer per instance; or "off". In seconds.
        Default: 1800.
    memory_limit : float or str, optional
        Stop a plugin whose worker needs more memory, as in 8GB; or "off". Default: 80 % of the
        machine.
    isolate : bool, optional
        Compute in a process that can be stopped, even with only one job. Default: False.
    scheduler : str, optional
        Compute on a Dask cluster, or start one of N workers here (extra: cluster). Default:
        None.
    cache : str or Path, optional
        Folder of cached scores that runs share, or "off". Default: the user's cache folder.
    scores : str or Path, optional
        Scores of whole clips, from awb data scores. Default: None.
    out : str or Path, optional
        Run folder. Default: runs/<date>-<time>, or runs/<name of the file>.
    plugin : str, Path, or list of them, optional
        Python files with plugins that are not installed. Default: None.
    progress : bool or callable
        Show a bar in a notebook or terminal, and lines in a log; False for none. A function
        ``(phase, done, total)`` is called as work finishes. Default: True.

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


def recommend(
    *,
    datasets: Names | None = None,
    models: Models | None = None,
    explainers: Explainers | None = None,
    baselines: bool | None = None,
    masker: str | None = None,
    scoring_masker: str | None = None,
    design: str | None = None,
    budgets: str | Sequence[int] | None = None,
    clips: int | None = None,
    among_first: int | None = None,
    seed: int | None = None,
    segment_s: float | None = None,
    segment_hop_s: float | None = None,
    segments: str | None = None,
    segments_tier: str | None = None,
    instances: Literal["hits", "false-alarms", "misses"] | None = None,
    max_event_fraction: float | None = None,
    min_score: float | None = None,
    robustness_samples: int | None = None,
    device: str | None = None,
    precision: Literal["float32", "bfloat16", "float16"] | None = None,
    within: str | None = None,
    shadow: bool | None = None,
    jobs: int | None = None,
    time_limit_s: float | str | None = None,
    memory_limit: float | str | None = None,
    isolate: bool | None = None,
    scheduler: str | None = None,
    cache: str | Path | None = None,
    scores: str | Path | None = None,
    out: str | Path | None = None,
    plugin: Files | None = None,
    progress: Shown = True,
) -> Recommended:
    """Try cheap explainers on a few clips, and say which to take: ``awb recommend``.

    It is a run of a list of cheap explainers at budgets of 60, 300 and 1,000 model calls, within 5
    minutes; `explainers`, `budgets` and `within` (or `clips`) change that.

    Parameters
    ----------
    datasets : str or list of str, optional
        Datasets, with settings as folder:PATH. Default: soundscapes.
    models : str, model, or list of them, optional
        Models to explain, on every dataset. Also what `awb.torch_model` and its like make.
        Default: each dataset's own, else soundscape-cnn.
    explainers : str, function, or list of them, optional
        Explainers; "all" means every one that is installed. A function ``(perturber, instance,
        rng) -> relevance`` is an explainer, too. Default: all.
    baselines : bool, optional
        Add the baselines (oracle and four nulls) to every board. Default: True.
    masker : str, optional
        What replaces the audio of dropped segments. Default: zeros.
    scoring_masker : str, optional
        What replaces dropped audio for fidelity metrics. Default: the same as masker.
    design : str, optional
        Which drop masks: pooled, or single:fraction=0.3,run_length=3. Default: pooled.
    budgets : str or list of int, optional
        One board per number of model calls, instead of samples. Separated by commas, or a list.
        Default: None.
    clips : int, optional
        Use the first N clips of each dataset that have an instance to explain. Default: all.
    among_first : int, optional
        Look for instances in the first N clips of each dataset only. Default: 20 for each of
        --clips, at least 100; else all.
    seed : int, optional
        Seed of every random draw. Default: 0.
    segment_s : float, optional
        Length of a segment in seconds. Default: 0.1.
    segment_hop_s : float, optional
        Seconds from one segment to the next. Default: 0.1.
    segments : str, optional
        What explainers drop as one: segments of one length, or whole segments that follow the
        sound: from onset to onset, words or phones of TextGrids beside the clips of a folder,
        or by a table of edges or another folder of TextGrids. Default: fixed.
    segments_tier : str, optional
        Tier of the TextGrids: words, phones. Default: words.
    instances : {"hits", "false-alarms", "misses"}, optional
        What to explain: labelled targets that the model hears; classes that it hears and nobody
        labelled; or labelled targets that it misses. Default: hits.
    max_event_fraction : float, optional
        Leave out targets whose events fill a larger part of the clip. Default: 0.2.
    min_score : float, optional
        Leave out clips that the model scores lower (log-odds). Default: the model's threshold.
    robustness_samples : int, optional
        Drop masks per explanation that robustness compares, if samples are more. Default: 300.
    device : str, optional
        Device of models that can choose one: auto, cpu, cuda or mps. Default: the model's own.
    precision : {"float32", "bfloat16", "float16"}, optional
        Mixed precision of models that can: float32, bfloat16 or float16. Default: float32.
    within : str, optional
        Time to keep, as in 90s, 10m or 2h: clips, samples and robustness that are not given are
        chosen for it. Default: None.
    shadow : bool, optional
        Draw new clips of generated datasets; their names show the random seed. Default: False.
    jobs : int, optional
        Worker processes. Default: 1.
    time_limit_s : float or str, optional
        Stop an explainer or metric that takes longer per instance; or "off". In seconds.
        Default: 1800.
    memory_limit : float or str, optional
        Stop a plugin whose worker needs more memory, as in 8GB; or "off". Default: 80 % of the
        machine.
    isolate : bool, optional
        Compute in a process that can be stopped, even with only one job. Default: False.
    scheduler : str, optional
        Compute on a Dask cluster, or start one of N workers here (extra: cluster). Default:
        None.
    cache : str or Path, optional
        Folder of cached scores that runs share, or "off". Default: the user's cache folder.
    scores : str or Path, optional
        Scores of whole clips, from awb data scores. Default: None.
    out : str or Path, optional
        Run folder. Default: runs/<date>-<time>, or runs/<name of the file>.
    plugin : str, Path, or list of them, optional
        Python files with plugins that are not installed. Default: None.
    progress : bool or callable
        Show a bar in a notebook or terminal, and lines in a log; False for none. A function
        ``(phase, done, total)`` is called as work finishes. Default: True.

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
