"""What runs inside a worker: models and plugins kept warm, one thread, one plugin boundary."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from awb.errors import AwbError, PluginError, RunError
from awb.harness.caching import shelf_for
from awb.harness.resolve import Resolved
from awb.harness.tidying import untouched
from awb.harness.units import Unit, UnitResult
from awb.harness.working import decision_threshold, run_unit
from awb.protocols import AudioModel, ScoreArray
from awb.specs import AnySpec, Parameters
from awb.types import Clip
from awb.watching import MODEL, Suspect, at_work

_WARM: dict[tuple[AnySpec, Parameters], Any] = {}


def start_worker(cwd: str) -> None:
    """Work where the main process does, and end when it is gone, however it went."""
    os.chdir(cwd)
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)  # with what plugins have started
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute in one thread, so that results do not depend on the number of workers."""
    with threadpool_limits(limits=1):
        torch = _torch()
        before = torch.get_num_threads() if torch else 0
        if torch:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)


def _torch() -> Any:
    return sys.modules.get("torch")


def warm_model(resolved: Resolved) -> AudioModel:
    """Load a model once a process.

    Parameters
    ----------
    resolved : Resolved
        The model.

    Returns
    -------
    AudioModel
        The loaded model.

    Raises
    ------
    AwbError
        If its weights are missing or wrong.
    PluginError
        If what its factory returns is no `AudioModel`, or it fails in another way.
    """
    model = warm(resolved)
    if not isinstance(model, AudioModel):
        raise PluginError(f"model {resolved.label} has no sample_rate_hz, classes and scores")
    return model


def warm(resolved: Resolved) -> Any:
    """Build a plugin once a process; see `build`."""
    key = (resolved.spec, resolved.parameters)
    if key not in _WARM:
        _WARM[key] = build(resolved)
    return _WARM[key]


def build(resolved: Resolved) -> Any:
    """Call a plugin's factory, turning foreign exceptions into errors that name the plugin.

    Parameters
    ----------
    resolved : Resolved
        The plugin.

    Returns
    -------
    object
        What its factory makes.

    Raises
    ------
    PluginError
        If the factory fails with something that is no `AwbError`.
    """
    try:
        return resolved.build()
    except AwbError:
        raise
    except Exception as error:
        raise PluginError(
            f"{resolved.label} ({resolved.origin.distribution}) could not be made:"
            f" {type(error).__name__}: {' '.join(str(error).split())}"
        ) from error


def _built(unit: Unit) -> dict[tuple[str, str], Any]:
    """Build explainers, metrics and the masker of a plan; a broken explainer stays its own row."""
    plan = unit.plan
    built: dict[tuple[str, str], Any] = {}
    for resolved in (*plan.explainers, *plan.metrics):
        suspect = Suspect(resolved.kind, resolved.label)
        try:
            unit.check(suspect)
            with at_work(suspect), untouched():
                built[resolved.kind, resolved.label] = warm(resolved)
        except AwbError as error:
            built[resolved.kind, resolved.label] = error
    for masker in plan.maskers:
        with at_work(Suspect("masker", masker.label)), untouched():
            built["masker", masker.label] = warm(masker)
    return built


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the main process must know of a model without loading it.

    Attributes
    ----------
    sample_rate_hz : int
        Rate of the audio that it hears.
    classes, mids : tuple of str
        Its classes.
    weights_sha256 : str
        Hash of its weights; empty if it has none.
    computed_on : str
        Device and precision, such as ``cuda, bfloat16``; empty if the model does not say.
    hears_s : float
        How much of the beginning of a clip it hears, in seconds; infinite where it hears all.
    decision_threshold : float
        Log-odds from which it is taken to say yes.
    notes : tuple of str
        What a reader of its boards must know, a sentence each.
    """

    sample_rate_hz: int
    classes: tuple[str, ...]
    mids: tuple[str, ...]
    weights_sha256: str
    computed_on: str = ""
    hears_s: float = math.inf
    decision_threshold: float = 0.0
    notes: tuple[str, ...] = ()


def computed_on(model: AudioModel) -> str:
    """Say on which device and in which precision a model computes, where it tells."""
    device, precision = getattr(model, "device", None), getattr(model, "precision", None)
    kind = None if device is None else str(device).partition(":")[0]
    return ", ".join(str(one) for one in (kind, precision) if one is not None)


def model_facts(model: Resolved) -> ModelFacts:
    """Load a model in this process and say what it is."""
    loaded = warm_model(model)
    return ModelFacts(
        int(loaded.sample_rate_hz),
        tuple(loaded.classes),
        tuple(getattr(loaded, "mids", ())),
        str(getattr(loaded, "weights_sha256", "")),
        computed_on(loaded),
        float(getattr(loaded, "hears_s", math.inf)),
        decision_threshold(model.spec, loaded),
        tuple(getattr(loaded, "notes", ())),
    )


def score_clip(model: Resolved, clip: Clip) -> ScoreArray:
    """Score a clip as it is.

    Parameters
    ----------
    model : Resolved
        The model.
    clip : Clip
        A clip at the model's sample rate.

    Returns
    -------
    np.ndarray, shape=(classes,), dtype=float32
        Log-odds of every class.
    """
    loaded = warm_model(model)
    with one_thread(), at_work(MODEL), untouched():
        batch = np.array(clip.waveform[np.newaxis], dtype=np.float32)
        scores: ScoreArray = np.asarray(loaded.scores(batch))[0]
        return scores


def explain_unit(unit: Unit) -> UnitResult:
    """Run one unit with this process's warm model.

    Parameters
    ----------
    unit : Unit
        What to do.

    Returns
    -------
    UnitResult
        Its rows.

    Raises
    ------
    RunError
        If this worker would compute on another kind of device than the rest of the run.
    WorkerDiedError
        If the model, or the masker, was stopped on other instances.
    """
    unit.check(MODEL, *(Suspect("masker", one.label) for one in unit.plan.maskers))
    model, built = warm_model(unit.plan.model), _built(unit)
    here, there = computed_on(model), unit.plan.computed_on
    if here != there:
        raise RunError(
            f"a worker computes {unit.plan.model.label} on {here}, the run on {there};"
            " name one that all workers have with --device"
        )
    with one_thread():
        shelf = shelf_for(unit.plan.cache, unit.plan.model, model)
        return run_unit(unit, model, built, shelf=shelf)
