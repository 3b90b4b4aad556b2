"""The units of one dataset and model: their keys, their order, and which have no result yet."""

from __future__ import annotations

from dataclasses import dataclass

from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.selection.repeats import explained_again
from awb.harness.storage.stopped_plugins import stopped
from awb.harness.storage.store import Store
from awb.harness.unit.record import Plan
from awb.harness.work_queue import Culprit


@dataclass(frozen=True, slots=True)
class Board:
    """The units of one dataset and model, and which of them have no stored result."""

    plan: Plan
    instances: dict[str, Kept]  # by the key of the unit
    again: frozenset[Kept]  # to be explained again under variations
    order: list[str]
    remaining: list[str]
    stopped: dict[str, set[Culprit]]

    @classmethod
    def of(cls, plan: Plan, manifest: Manifest, store: Store, *, by_clip: bool = False) -> Board:
        """Compare a manifest with the results."""
        kept, again = manifest.kept, explained_again(manifest.kept, plan)
        keys = plan.unit_keys(
            (one.clip_id, one.target, one.audio_sha256, one in again) for one in kept
        )
        instances = dict(zip(keys, kept, strict=True))
        order = list(instances)
        if not by_clip:  # long units first, so that none of them runs alone at the end
            order.sort(key=lambda key: instances[key] not in again)
        finished = store.finished()
        remaining = [key for key in order if key not in finished]
        return cls(plan, instances, again, order, remaining, stopped(store, instances.keys()))

    @property
    def phase(self) -> str:
        """What is shown while the units run."""
        return f"Explaining {self.plan.model.label} on {self.plan.dataset.label}"
