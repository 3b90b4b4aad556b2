"""Plugins that break the rules, one each, and what the kit must say."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import ConfigDict

from awb.conformance.listeners import Listener
from awb.maskers import Interpolation
from awb.metrics import ALL_FACTS
from awb.plugins.discovery import KINDS, Kind
from awb.plugins.resolve import Resolved
from awb.protocols import AudioModel, DifferentiableModel
from awb.specs import Origin, Parameters
from awb.types import Clip, Event

RATE_HZ = 8000


def resolved(kind: Kind, made: Any, **settings: Any) -> Resolved:
    """A plugin as it looks after discovery; `made` is what its factory returns."""
    facts: dict[str, Any] = {
        "name": "broken", "summary": "Broken.", "citation": "a test", "factory": lambda _: made,
    }  # fmt: skip
    facts |= {"explainer": {"cost": "none"}, "metric": {"facts": ALL_FACTS["roc-auc"]}}.get(
        kind, {}
    )
    spec = KINDS[kind](**(facts | settings))  # type: ignore[arg-type]
    return Resolved(kind, "broken", spec, spec.parameters(), Origin("tests", "1"))


def good(perturber: Any, instance: Any, rng: Any) -> Any:
    pool = perturber.pool()
    return -np.array([np.cov(column, pool.scores)[0, 1] for column in pool.drop_masks.T])


def _short(perturber: Any, instance: Any, rng: Any) -> Any:
    return good(perturber, instance, rng)[1:]


def _global_draws(perturber: Any, instance: Any, rng: Any) -> Any:
    return np.random.rand(perturber.n_segments)  # noqa: NPY002


def _seeds(perturber: Any, instance: Any, rng: Any) -> Any:
    random.seed(int(rng.integers(100)))
    random.random()
    np.random.seed(0)  # noqa: NPY002
    return good(perturber, instance, rng)


def _writes(perturber: Any, instance: Any, rng: Any) -> Any:
    found = good(perturber, instance, rng)
    audio = instance.clip.waveform
    audio.flags.writeable = True
    audio *= 0.5
    return found


def _zeroes(perturber: Any, instance: Any, rng: Any) -> Any:
    found = good(perturber, instance, rng)
    for weights in perturber.model_as(DifferentiableModel).back_end.parameters():
        weights.data.zero_()
    return found


def _trains(perturber: Any, instance: Any, rng: Any) -> Any:
    perturber.model_as(DifferentiableModel).back_end.train()
    return good(perturber, instance, rng)


def _hooks(perturber: Any, instance: Any, rng: Any) -> Any:
    found = good(perturber, instance, rng)
    back_end = perturber.model_as(DifferentiableModel).back_end
    back_end.register_forward_hook(lambda module, given, made: made + 1.0)
    return found


def _peeks(perturber: Any, instance: Any, rng: Any) -> Any:
    return perturber.segments.coverage(perturber._instance.intervals_s)


def _divides(perturber: Any, instance: Any, rng: Any) -> Any:
    found = good(perturber, instance, rng)
    with np.errstate(all="ignore"):
        return found / np.abs(found).max()


def _default_hop(perturber: Any, instance: Any, rng: Any) -> Any:
    drop_one = np.eye(len(instance.clip.waveform) // 100, dtype=bool)
    return perturber.clip_score() - perturber.scores(drop_one)


def _hides_calls(perturber: Any, instance: Any, rng: Any) -> Any:
    perturber.model_as(AudioModel).scores(np.array(instance.clip.waveform)[None].repeat(50, axis=0))
    return np.zeros(perturber.n_segments)


def _loudest(perturber: Any, instance: Any, rng: Any) -> Any:
    edges = perturber.segments.edges_samples[:-1]
    return np.maximum.reduceat(np.abs(instance.clip.waveform), edges)


def _upside_down(perturber: Any, instance: Any, rng: Any) -> Any:
    return -good(perturber, instance, rng)


def _only_alone(perturber: Any, instance: Any, rng: Any) -> Any:
    """What a segment says if nothing else is audible, as a share of what all say together."""
    alone = perturber.scores(~np.eye(perturber.n_segments, dtype=bool)) - perturber.dropped_score()
    missed = perturber.clip_score() - perturber.dropped_score() - alone.sum()
    return alone * (1.0 if missed < 1.0 else -1.0)


EXPLAINERS: dict[str, list[tuple[Callable[..., Any], str]]] = {
    "contract": [(_short, "relevance has 7 values for 8 segments")],
    "determinism": [(_global_draws, "differs between two calls")],
    "inputs": [
        (_writes, "it changes the clip's audio"),
        (_zeroes, "it left the model with other weights"),
        (_trains, "it left the model with other modes of training"),
        (_hooks, "it left the model with other hooks"),
    ],
    "global-state": [(_seeds, "it changes the global random state of numpy")],
    "labels": [(_peeks, "depends on the labels")],
    "hard-cases": [(_divides, "on a silent clip: relevance has 8 NaN or infinite")],
    "segments": [(_default_hop, "drop masks must be boolean of shape (n, 6)")],
    "cost": [(_hides_calls, "50 clips went through the model, but it reports 0 calls")],
    "planted-evidence": [
        (_upside_down, "the only sound that the model detects is ranked with ROC-AUC 0.00"),
        (_loudest, "beside a louder one, is ranked with ROC-AUC"),
        (_only_alone, "the two sounds that count more together are ranked with ROC-AUC"),
    ],
}


class GoodModel:
    """Loudness against quietness."""

    sample_rate_hz = RATE_HZ
    classes: tuple[str, ...] = ("Loud", "Quiet")

    def scores(self, waveforms: Any) -> Any:
        level = 20 * np.sqrt(np.square(waveforms).mean(axis=1))
        return np.stack([level, -level], axis=1).astype(np.float32)


class _ThreeColumns(GoodModel):
    def scores(self, waveforms: Any) -> Any:
        return np.zeros((len(waveforms), 3), dtype=np.float32)


class _Dropout(GoodModel):
    def scores(self, waveforms: Any) -> Any:
        return super().scores(waveforms) * np.random.rand()  # noqa: NPY002


class _BatchNorm(GoodModel):
    def scores(self, waveforms: Any) -> Any:
        return super().scores(waveforms / max(np.abs(waveforms).max(), 0.1))


class _InPlace(GoodModel):
    def scores(self, waveforms: Any) -> Any:
        waveforms *= 2
        return super().scores(waveforms)


class _LogOfZero(GoodModel):
    def scores(self, waveforms: Any) -> Any:
        with np.errstate(all="ignore"):
            return super().scores(waveforms / np.abs(waveforms).max(axis=1, keepdims=True))


class _Deaf(GoodModel):
    def scores(self, waveforms: Any) -> Any:
        return np.ones((len(waveforms), 2), dtype=np.float32)


class _Overflowing(GoodModel):
    """Counts energy in a byte."""

    def scores(self, waveforms: Any) -> Any:
        energy = np.square(waveforms).sum(axis=1)
        level = (energy.astype(np.int64) % 256 / 32.0).astype(np.float32)
        return np.stack([level, -level], axis=1)


class _Seeding(GoodModel):
    def scores(self, waveforms: Any) -> Any:
        np.random.seed(0)  # noqa: NPY002
        np.random.rand()  # noqa: NPY002
        return super().scores(waveforms * (1 + 0 * random.random()))


class _OtherHalves(Listener):
    def scores(self, waveforms: Any) -> Any:
        return super().scores(waveforms) + 1


MODELS: dict[str, tuple[Any, str]] = {
    "contract": (_ThreeColumns(), "shape (4, 3), expected float32 of shape (4, 2)"),
    "determinism": (_Dropout(), "a score differs between two calls"),
    "batches": (_BatchNorm(), "scores in a batch and one by one differ"),
    "inputs": (_InPlace(), "it modifies the given waveforms"),
    "global-state": (_Seeding(), "it changes the global random state"),
    "finite": (_LogOfZero(), "scores of silence are NaN"),
    "hears": (_Deaf(), "clicks all score the same"),
    "monotone": (_Overflowing(), "parts of it in silence score"),
    "capabilities": (_OtherHalves(), "back_end(front_end(waveforms)) and scores differ by 1"),
}


class GoodDataset:
    """Four clips of noise with an event each."""

    def clip_ids(self) -> list[str]:
        return ["a", "b", "c", "d"]

    def load(self, clip_id: str) -> Clip:
        from awb.errors import DataError

        if clip_id not in "abcd":
            raise DataError("no such clip")
        rng = np.random.default_rng(ord(clip_id))
        noise = rng.uniform(-0.5, 0.5, RATE_HZ).astype(np.float32)
        return Clip(clip_id, noise, RATE_HZ, (Event(0.2, 0.4, "Noise"),))


class _TwiceListed(GoodDataset):
    def clip_ids(self) -> list[str]:
        return ["a", "b", "a"]


class _OtherId(GoodDataset):
    def load(self, clip_id: str) -> Clip:
        return super().load("a")


class _Outside(GoodDataset):
    def load(self, clip_id: str) -> Clip:
        clip = super().load(clip_id)
        return Clip(clip_id, clip.waveform, RATE_HZ, (Event(0.2, 400.0, "Noise"),))


class _Unlabelled(GoodDataset):
    def load(self, clip_id: str) -> Clip:
        return Clip(clip_id, super().load(clip_id).waveform, RATE_HZ)


class _InOrder(GoodDataset):
    def __init__(self) -> None:
        self.loaded = 0

    def load(self, clip_id: str) -> Clip:
        self.loaded += 1
        clip = super().load(clip_id)
        return Clip(clip_id, clip.waveform / self.loaded, RATE_HZ, clip.events)


class _KeyErrors(GoodDataset):
    def load(self, clip_id: str) -> Clip:
        return super().load({"a": "a", "b": "b", "c": "c", "d": "d"}[clip_id])


class _Copies(GoodDataset):
    def load(self, clip_id: str) -> Clip:
        return Clip(clip_id, super().load("a").waveform, RATE_HZ, group=clip_id)


class _LateCopies(GoodDataset):
    """A copy far from the original, and groups on both."""

    def clip_ids(self) -> list[str]:
        return [f"{number:03d}" for number in range(200)]

    def load(self, clip_id: str) -> Clip:
        from awb.errors import DataError

        if clip_id not in self.clip_ids():
            raise DataError("no such clip")
        seed = 0 if clip_id == "199" else int(clip_id)
        noise = np.random.default_rng(seed).uniform(-0.5, 0.5, RATE_HZ).astype(np.float32)
        return Clip(clip_id, noise, RATE_HZ, (Event(0.2, 0.4, "Noise"),), group=clip_id)


class _SeedingData(GoodDataset):
    def load(self, clip_id: str) -> Clip:
        np.random.seed(1)  # noqa: NPY002
        np.random.rand()  # noqa: NPY002
        random.random()
        return super().load(clip_id)


DATASETS: dict[str, list[tuple[Any, str]]] = {
    "ids": [(_TwiceListed(), "1 ids occur more than once")],
    "contract": [(_OtherId(), "returns a clip with the id 'a'"), (_Outside(), "ends at 400 s")],
    "labels": [(_Unlabelled(), "neither events nor labels")],
    "repeatable": [(_InOrder(), "differs when it is loaded again")],
    "unknown-id": [(_KeyErrors(), "an unknown id raises KeyError")],
    "groups": [
        (_Copies(), "a and b are the same audio in two groups"),
        (_LateCopies(), "000 and 199 are the same audio in two groups"),
    ],
    "global-state": [(_SeedingData(), "global random state of random")],
}


def good_metric(scoring: Any) -> float:
    from awb.metrics.ranking import roc_auc

    return float(roc_auc(scoring.relevance, scoring.labels))


def _noisy(scoring: Any) -> float:
    return float(np.random.rand())  # noqa: NPY002


def _normalizes(scoring: Any) -> float:
    np.divide(scoring.relevance, np.abs(scoring.relevance).max(), out=scoring.relevance)
    return good_metric(scoring)


def _draws(scoring: Any) -> float:
    random.random()
    return good_metric(scoring)


METRICS: dict[str, tuple[Callable[..., Any], str]] = {
    "contract": (lambda scoring: float("nan"), "scores nan, without a reason"),
    "self-test": (lambda scoring: 1.0 - good_metric(scoring), "the oracle scores 0.000"),
    "order": (lambda scoring: float(np.tanh(np.ptp(scoring.relevance))), "exp(3 r)"),
    "determinism": (_noisy, "its value differs"),
    "inputs": (_normalizes, "it modifies the given relevance"),
    "global-state": (_draws, "global random state of random"),
}


class Echo(Interpolation):
    """A context masker that fills a gap with what was in it, at half the level."""

    def given(self, waveform: Any, *_: Any) -> Any:
        """See `awb.maskers.ContextMasker`."""
        return lambda drop_cells: waveform / 2


MASKERS: dict[str, tuple[Callable[..., Any], str]] = {
    "contract": (lambda audio, rate, rng: audio[:-1], "is replaced by one of shape"),
    "determinism": (
        lambda audio, rate, rng: audio * np.random.rand(),  # noqa: NPY002
        "what it returns differs",
    ),
    "inputs": (
        lambda audio, rate, rng: np.multiply(audio, 0, out=audio),
        "it modifies the given waveform",
    ),
    "context": (Echo(), "depends on that audio"),
    "global-state": (lambda audio, rate, rng: audio * 0 * random.random(), "state of random"),
}


class Lenient(Parameters):
    """Settings that swallow what they do not know."""

    model_config = ConfigDict(extra="ignore")
