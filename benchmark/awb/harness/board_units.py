"""The units of one dataset and model: their keys, their order, and which have no result yet."""

from __future__ import annotations

from dataclasses import dataclass

from awb.harness.config.choice import Chosen
from awb.harness.config.run_config import RunConfig
from awb.harness.selection.manifest import Kept, Manifest
from awb.harness.selection.repeats import explained_again
from awb.harness.storage.stopped_plugins import stopped
from awb.harness.storage.store import Store
from awb.harness.unit.record import Plan
from awb.harness.work_queue import Culprit
from awb.plugins.resolve import Resolved
from awb.specs import DatasetSpec, ModelSpec


def plan_of(
    config: RunConfig,
    chosen: Chosen,
    dataset: Resolved[DatasetSpec],
    model: Resolved[ModelSpec],
    weights_sha256: str,
) -> Plan:
    """Make the plan of a dataset and a model that a configuration names."""
    return Plan(
        dataset=dataset,
        model=model,
        weights_sha256=weights_sha256,
        explainers=chosen.explainers,
        metrics=chosen.metrics,
        masker=chosen.masker,
        scoring_masker=chosen.scoring_masker,
        config=config,
    )


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
    def of(cls, plan: Plan, manifest: Manifest, store: Store) -> Board:
        """Compare a manifest with the results."""
        kept, again = manifest.kept, explained_again(manifest.kept, plan)
        keys = plan.unit_keys(
            (one.clip_id, one.target, one.audio_sha256, one in again) for one in kept
        )
        instances = dict(zip(keys, kept, strict=True))
        # Long units first, so that none of them runs alone at the end.
        order = sorted(instances, key=lambda key: instances[key] not in again)
        finished = store.finished()
        remaining = [key for key in order if key not in finished]
        return cls(plan, instances, again, order, remaining, stopped(store, instances.keys()))

    @property
    def phase(self) -> str:
        """What is shown while the units run."""
        return f"Explaining {self.plan.model.label} on {self.plan.dataset.label}"
