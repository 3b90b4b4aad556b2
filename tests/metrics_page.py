"""Write docs/metrics.md from what the built-in metrics say about themselves.

python tests/metrics_page.py
"""

from __future__ import annotations

import math
from pathlib import Path

from awb.builtins.metrics import METRICS
from awb.metrics.facts import MetricFacts
from awb.specs import MetricSpec
from explainers_page import settings_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"

TEXT = """# The built-in metrics

`awb run --metrics all` (the default) computes all of them; a board shows the first six, and `awb
show DIR --metrics NAME,NAME` any other. The first one ranks. Settings are typed after the name:
`--metrics roc-auc,roc-auc:labels=strict,model-randomization:share=0.25`. Each function's
docstring in `awb.metrics` has the definition in full, with an example.

An explanation here is one number a segment. A time-frequency map enters as its marginal along
time, which its explainer's `aggregation` sets, so that maps and segments are scored alike.

## Localization: does it point at the sound?

Against the annotated times. A segment counts as inside when an event covers more than 90 % of it,
as outside when none touches it, and is ignored in between; `labels=strict` splits at 50 %
instead.

{localization}

## Fidelity: does the model agree?

Against the model, by dropping (deletion) or keeping (insertion) segments from the most relevant
one on. The whole curve is computed, with one step a segment, once for all metrics that read it.
`--masker` is what explainers drop with and `--scoring-masker` what these metrics drop with: where
they differ, the mismatch is part of the result. `faithfulness-correlation`, `infidelity` and
`local-accuracy` ask 300 random masks on which no explainer was fitted; the last is defined for
explainers that fit a surrogate model.

{fidelity}

## Complexity: how much is there to read?

{complexity}

## Robustness: does it stay what it is?

The same explainer explains the instance again, with one thing changed: the seed, the place in
time, the level, or the noise. As every change costs the explainer's full price again, this is
done for `--robustness N` instances (3 by default, spread over the clips; `all` for all), and the
other instances have no value. Backgrounds are made by awb; `path=FILE` takes a recording instead.
Where masks are drawn at random, the other numbers cannot be expected to exceed `seed-stability`
by much.

{robustness}

## Sanity: does it depend on the model at all?

An explanation that survives a model whose weights are in disorder explains the clip and not the
model. `share` is the part of the layers that is put out of order, from the scores backwards:
`share=0.25`, `0.5` and so on make the cascade. Models whose weights awb cannot reach (LiteRT,
SavedModel) are not applicable; so are models without a twin that was trained on random labels,
which soundscape-cnn has.

{sanity}

## Sources

{sources}
"""


def _range(facts: MetricFacts) -> str:
    low, high = (_number(value) for value in (facts.lowest, facts.highest))
    return f"{low} to {high}"


def _number(value: float) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:g}".replace("-", "−")


def table(specs: list[MetricSpec]) -> str:
    lines = [
        "| metric | what | range | unit | no value when | settings |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for spec in specs:
        facts = spec.facts
        cells = [
            f"`{spec.name}` {facts.arrow}",
            facts.summary,
            _range(facts),
            facts.unit,
            facts.undefined,
            settings_of(spec),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def page() -> str:
    """Return the page as it should be."""
    families = ("localization", "fidelity", "complexity", "robustness", "sanity")
    tables = {
        family: table([spec for spec in METRICS if spec.facts.family == family])
        for family in families
    }
    sources = "\n".join(f"- `{spec.name}`: {spec.citation}" for spec in METRICS)
    return TEXT.format(**tables, sources=sources)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
