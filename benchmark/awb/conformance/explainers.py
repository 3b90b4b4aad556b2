"""The rules for explainers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from awb.activity import PluginCall
from awb.conformance.asking import ask, question, relevance
from awb.conformance.guards import (
    METADATA,
    SETTINGS,
    disturbed,
    leaves_globals,
    repeats,
    same,
    worker_rule,
)
from awb.conformance.listeners import CELL, RATE_HZ, Certain, Constant, Listener, clip_with
from awb.conformance.rules import ConformanceError, Rule
from awb.errors import NotApplicableError, described
from awb.harness.unit.model_guard import ModelGuard
from awb.intervals import FloatArray
from awb.plugins.resolve import Resolved
from awb.specs import ExplainerSpec
from awb.types import BoolArray, Clip

N = 8
_N_PLANTED, _SAMPLES_PLANTED = 20, 300
FOUND = 0.7
"""Minimum ROC-AUC for a planted sound; some explainers use coarse windows of half a second."""


@dataclass(frozen=True, slots=True)
class Game:
    """A clip of sounds whose effect on the model is known."""

    what: str  # what an explanation should find, for the message
    starts: tuple[int, ...]  # first segments of the sounds
    length: int  # of each sound, in segments
    together: float = 0.0  # see `awb.conformance.listeners.PatternNet`
    distractor: int | None = None  # first segment of a louder sound that is not evidence

    @property
    def labels(self) -> BoolArray:
        """Mask of the segments with evidence, ``shape=(20,)``."""
        place = np.arange(_N_PLANTED)
        found: BoolArray = np.any(
            [(place >= start) & (place < start + self.length) for start in self.starts], axis=0
        )
        return found

    def clip(self) -> Clip:
        """Synthesize the clip."""
        first, *rest = self.starts
        return clip_with(
            first,
            self.length,
            _N_PLANTED,
            again=rest[0] if rest else None,
            distractor=self.distractor,
        )


GAMES = (
    Game("the only sound that the model detects", (3,), 4),
    Game("the only sound that the model detects", (11,), 4),
    Game("the only sound that the model detects, beside a louder one,", (4,), 4, distractor=12),
    Game("the two sounds that the model detects", (2, 13), 3),
    Game("the two sounds that count more together", (3, 12), 3, together=20.0),
    Game("the two sounds of which one almost suffices", (2, 14), 3, together=-8.0),
)


def _clip() -> Clip:
    return clip_with(3, 2, N, clip_id="ordinary")


def probe(resolved: Resolved) -> FloatArray:
    """Explain an ordinary clip."""
    return relevance(resolved, Listener(), _clip())


def _contract(resolved: Resolved) -> None:
    probe(resolved)


def _determinism(resolved: Resolved) -> None:
    repeats(lambda: probe(resolved), "its relevance")


def _inputs(resolved: Resolved) -> None:
    """Check that the audio, the shared design and the model are unchanged."""
    model, clip = Listener(), _clip()
    asked = question(model, clip)
    pool = asked.perturber.pool()
    arrays = {
        "the clip's audio": clip.waveform,
        "the masks of the shared design": pool.drop_masks,
        "the scores of the shared design": pool.scores,
    }
    before, guard = {name: np.array(array) for name, array in arrays.items()}, ModelGuard(model)
    with guard.watch(PluginCall("explainer", resolved.label)):
        ask(resolved, asked)
    changed = [name for name, array in before.items() if not same(array, arrays[name])]
    found = [f"it changes {', '.join(changed)}"] if changed else []
    found += [reason for _, reason in guard.corrupters]
    if found:
        raise ConformanceError("; ".join(found))


def _globals(resolved: Resolved) -> None:
    leaves_globals(lambda: probe(resolved))


def _labels(resolved: Resolved) -> None:
    """Check that relevance does not change when the labels are moved."""
    if isinstance(resolved.spec, ExplainerSpec) and resolved.spec.sees_labels:
        raise NotApplicableError("it declares that it uses the labels")
    found = []
    for event_s in ((0.0, 0.2), (0.5, 0.8)):
        with disturbed(0):
            found.append(relevance(resolved, Listener(), _clip(), event_s=event_s))
    early, late = found
    if not same(early, late):
        raise ConformanceError("its relevance depends on the labels, which it must not use")


def _hard_cases(resolved: Resolved) -> None:
    """Try silence, very short clips, and models with constant or infinite scores."""
    noise = clip_with(0, 1, N).waveform
    cases = {
        "a silent clip": (Listener(), np.zeros(N * CELL, dtype=np.float32)),
        "a clip of one segment": (Listener(), noise[:CELL]),
        "a clip shorter than a segment": (Listener(), noise[:40]),
        "a model with constant scores": (Constant(), noise),
        "a model with infinite log-odds": (Certain(), noise),
    }
    for name, (model, waveform) in cases.items():
        try:
            relevance(resolved, model, Clip(name, waveform, RATE_HZ))
        except NotApplicableError:
            raise
        except Exception as error:
            text = f"on {name}: {described(error)}"
            raise ConformanceError(text) from error


def _segments(resolved: Resolved) -> None:
    relevance(resolved, Listener(), _clip(), segment_s=0.3)


def _cost(resolved: Resolved) -> None:
    """Compare the reported cost with the clips that went through the model directly."""
    model = Listener()
    cost = ask(resolved, question(Listener(), _clip(), lent=model)).cost
    if cost.calls < model.rows:
        raise ConformanceError(
            f"{model.rows} clips went through the model, but it reports {cost.calls} calls"
        )


def _planted(resolved: Resolved) -> None:
    """Check that the segments of sounds that the model detects rank first."""
    if isinstance(resolved.spec, ExplainerSpec) and resolved.spec.baseline:
        raise NotApplicableError("it is a baseline")
    for game in GAMES:
        model = Listener(game.together)
        row = relevance(resolved, model, game.clip(), samples=_SAMPLES_PLANTED)
        found = float(roc_auc_score(game.labels, row))
        if found < FOUND:
            raise ConformanceError(
                f"{game.what} {'is' if len(game.starts) == 1 else 'are'} ranked with ROC-AUC"
                f" {found:.2f} (chance 0.5, expected at least {FOUND})"
            )


RULES = [
    METADATA,
    SETTINGS,
    Rule(
        "contract",
        "Return one finite number per segment: an array of perturber.n_segments, or an"
        " Explanation.",
        _contract,
    ),
    Rule(
        "determinism",
        "Draw only from the given generator, rng; pass integers drawn from it to libraries as"
        " random_state.",
        _determinism,
    ),
    Rule("inputs", "Copy before you modify: np.array(instance.clip.waveform).", _inputs),
    Rule(
        "global-state",
        "Do not seed or draw from global generators; torch: use a torch.Generator, or"
        " torch.random.fork_rng.",
        _globals,
    ),
    Rule("labels", "Use only the given instance; its labels are hidden.", _labels),
    Rule(
        "hard-cases",
        "Check for divisions by zero (all scores equal), for windows longer than the clip, and for"
        " scores of +-100 (to which infinite log-odds are clipped).",
        _hard_cases,
    ),
    Rule(
        "segments", "Segments may overlap: use perturber.n_segments, not the duration.", _segments
    ),
    Rule(
        "cost",
        "Score through perturber.scores, or report calls of perturber.model_as with"
        " perturber.charge(calls=...).",
        _cost,
    ),
    Rule(
        "planted-evidence",
        "Higher relevance means more evidence for the target: is a sign inverted, or are segments"
        " off by one?",
        _planted,
    ),
    worker_rule(probe),
]
