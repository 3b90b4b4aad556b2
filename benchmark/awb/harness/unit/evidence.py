"""What a metric that needs labels is given, in a process that has them and runs no explainer.

The process that explains computes what needs no labels, and notes which metrics asked for some.
These get the relevance, and what they ask of the explainer, in the other process. A metric that is
not part of awb is rehearsed first, with times that mean nothing, so that what it asks of the
explainer is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from awb.errors import (
    AwbError,
    NotApplicableError,
    PluginError,
    UndefinedScoreError,
    UnsteadyModelError,
    described,
)
from awb.intervals import FloatArray
from awb.scoring import Scoring
from awb.types import BoolArray, Event, Surrogate
from awb.variations import Variation

Told = FloatArray | AwbError
"""What an explainer answered, or why it did not."""

Again = Callable[[Variation], FloatArray]


@dataclass(frozen=True, slots=True)
class Evidence:
    """An explanation as another process scores it."""

    relevance: FloatArray  # shape=(cells,)
    time_frequency: FloatArray | None
    variations: dict[Variation, Told]  # relevance of the varied instances
    fits_surrogate: bool
    forecasts: tuple[Told, ...]  # of the surrogate for the held-out masks; at most one

    def again(self, variation: Variation) -> FloatArray:
        """Return the relevance of a varied instance."""
        if variation not in self.variations:
            raise NotApplicableError(
                "a metric that takes labels must always ask for the same variations"
            )
        return _given(self.variations[variation])

    @property
    def surrogate(self) -> Surrogate | None:
        """What forecasts the held-out masks, if the explainer fits a surrogate."""
        return self._forecast if self.fits_surrogate else None

    def _forecast(self, drop_masks: BoolArray) -> FloatArray:
        if not self.forecasts:
            raise NotApplicableError(
                "a metric that takes labels must always ask for the surrogate's forecasts"
            )
        found = _given(self.forecasts[0])
        if len(found) != len(drop_masks):
            raise NotApplicableError("the surrogate forecasts only the held-out masks")
        return found


def _given(told: Told) -> FloatArray:
    if isinstance(told, AwbError):
        raise told
    return told


class Recorder:
    """Keeps what metrics ask of an explainer, for the other process."""

    def __init__(self, again: Again, surrogate: Surrogate | None) -> None:
        self._again = again
        self._surrogate = surrogate
        self._variations: dict[Variation, Told] = {}
        self._forecasts: list[Told] = []

    def again(self, variation: Variation) -> FloatArray:
        """Explain a variation once."""
        if variation not in self._variations:
            self._variations[variation] = _told(self._again, variation)
        return _given(self._variations[variation])

    @property
    def surrogate(self) -> Surrogate | None:
        """The surrogate, if there is one; its last forecasts are kept."""
        return None if self._surrogate is None else self._forecast

    def _forecast(self, drop_masks: BoolArray) -> FloatArray:
        if self._surrogate is None:
            raise NotApplicableError("the explainer fits no surrogate model")
        self._forecasts[:] = [_told(self._surrogate, drop_masks)]
        return _given(self._forecasts[0])

    def evidence(self, relevance: FloatArray, time_frequency: FloatArray | None) -> Evidence:
        """Return what was asked so far, with the explanation itself."""
        return Evidence(
            relevance,
            time_frequency,
            dict(self._variations),
            self._surrogate is not None,
            tuple(self._forecasts),
        )


def _told(ask: Callable[[Any], FloatArray], about: Any) -> Told:
    """Ask an explainer; what it raises becomes an error that can be pickled."""
    try:
        return np.asarray(ask(about), dtype=np.float64)
    except UnsteadyModelError:
        raise
    except (UndefinedScoreError, NotApplicableError) as error:
        return type(error)(described(error))
    except Exception as error:  # noqa: BLE001 - the plugin boundary: the metric has no value
        return PluginError(described(error))


class BlindScoring(Scoring):
    """A scoring whose labels are in another process; it notes whether a metric asks for them."""

    def __init__(self, recorder: Recorder, **settings: Any) -> None:
        self._asked: list[bool] = []
        self._recorder = recorder
        settings |= {"again": recorder.again, "surrogate": recorder.surrogate}
        self._settings = settings
        super().__init__(**settings)

    def asked(self) -> bool:
        """Say whether labels were asked for since the last call."""
        found = bool(self._asked)
        self._asked.clear()
        return found

    def rehearsal(self) -> Scoring:
        """Return the same with labels that mean nothing."""
        length_s = self.segments.n_samples / self.segments.sample_rate_hz
        event = Event(0.45 * length_s, 0.55 * length_s, "rehearsal")
        decoys = {
            "intervals_s": np.array([[event.onset_s, event.offset_s]]),
            "other_intervals_s": np.array([[0.0, event.onset_s]]),
            "events": (event,),
        }
        return Scoring(**{**self._settings, **decoys})

    def evidence(self) -> Evidence:
        """Return the explanation, with what was asked of the explainer so far."""
        return self._recorder.evidence(self.relevance, self._time_frequency)

    def _refuse(self) -> NoReturn:
        self._asked.append(True)
        raise UndefinedScoreError("the labels are in another process")

    @property
    def intervals_s(self) -> NoReturn:
        """The target's events, which are not here."""
        self._refuse()

    @property
    def others_coverage(self) -> NoReturn:
        """Events of other classes, which are not here."""
        self._refuse()
