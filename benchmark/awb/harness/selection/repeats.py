"""Which instances are explained again under variations, for robustness and sanity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from awb.harness.selection.manifest import Kept
from awb.harness.unit.record import AGAIN, Plan


def explained_again(kept: Sequence[Kept], plan: Plan) -> frozenset[Kept]:
    """Choose the configured number of instances: one of each of the first clips, where these do.

    So a run with more clips chooses the same. Submissions from before `robustness_samples` state
    none; their instances are spread over the clips.
    """
    wanted = plan.config.robustness
    specs = [one.spec for one in plan.metrics]
    if wanted == 0 or not any(spec.facts.family in AGAIN for spec in specs):
        return frozenset()
    if wanted == "all" or wanted >= len(kept):
        return frozenset(kept)
    one_per_clip = list({one.clip_id: one for one in reversed(kept)}.values())[::-1]
    pool = one_per_clip if wanted <= len(one_per_clip) else list(kept)
    if plan.config.robustness_samples is not None:
        return frozenset(pool[:wanted])
    places = np.linspace(0, len(pool) - 1, wanted).round().astype(int)
    return frozenset(pool[place] for place in places)
