"""docs/metrics.md, from what the built-in metrics say about themselves."""

from __future__ import annotations

import math

from awb.builtins.metrics import METRICS
from awb.specs import MetricSpec
from pages.tables import settings, table

FAMILIES = ("localization", "fidelity", "complexity", "robustness", "sanity")

TEXT = """# The built-in metrics

`awb run --metrics all` (the default) computes all of them; a board shows the first six, and `awb
show DIR --metrics NAME,NAME` any other. The first one ranks. Settings are typed after the name:
`--metrics roc-auc,roc-auc:labels=strict,model-randomization:share=0.25`. Each function's
docstring in [`awb.metrics`](reference/python.md#metrics) has the definition in full, with an
example. Arrows say which way is better; a metric that has no value on an instance says why.

An explanation here is one number a segment. A time-frequency map enters as its marginal along
time, which its explainer's `aggregation` sets, so that maps and segments are scored alike.

## Symbols

| symbol | meaning |
| --- | --- |
| *n* | number of segments of the clip |
| *r*, *r*<sub>i</sub> | the explanation, and its relevance of segment *i* |
| *P*, *N* | the segments inside and outside the target's events; those between are in neither |
| *E*, *e* | the target's events, each as the segments that it touches |
| \\|·\\|, [·] | number of elements; 1 where what stands in brackets is true, else 0 |
| *p*<sub>k</sub> | target's probability without the top *k* segments; *p*<sub>0</sub>: the clip's |
| *q*<sub>k</sub> | the same with only the top *k* segments; *q*<sub>n</sub>: the clip's |
| *p*<sub>in</sub>, *p*<sub>out</sub> | the same with only the segments above the mean, or without |
| *p*<sub>τ</sub> | the probability from which the model is taken to say yes; 0.5 unless it says |
| *m*, *M* | a random set of dropped segments, and how many such sets there are |
| *R*<sub>m</sub> | relevance that *m* drops; a bar is a mean |
| *s*<sub>m</sub>, *d*<sub>m</sub> | log-odds that *m* leaves, and costs; a hat is a forecast |
| *a*<sub>i</sub> | share of segment *i* in the sum of all \\|*r*\\| |
| found(*f*) | best share of the events found with at most *f* false alarms an hour |
| *ρ*, *r*′ | Spearman's rank correlation, and the explanation under the changed condition |

Ties for the last of a number of most relevant segments are shared out, so that no score depends on
the order in which segments are written; along the curves they are broken by a seeded permutation.

## Localization: does it point at the sound?

Against the annotated times. A segment counts as inside when an event covers more than 90 % of it,
as outside when none touches it, and is ignored in between; `labels=strict` splits at 50 %
instead. Among as many segments as are annotated, precision, recall and F1 are one number:
`f1-annotated` is `rank-accuracy` by another name, kept for tables that have it.

{localization}

## Fidelity: does the model agree?

Against the model, by dropping (deletion) or keeping (insertion) segments from the most relevant
one on. The whole curve is computed, with one step a segment, once for all metrics that read it.
`--masker` is what explainers drop with and `--scoring-masker` what these metrics drop with: where
they differ, the mismatch is part of the result. `faithfulness-correlation`, `infidelity` and
`local-accuracy` ask 300 random masks on which no explainer was fitted; the last is defined for
explainers that fit a surrogate model.

Two of them surprise. `monotonicity` is high where little happens: with a random order most steps
change nothing while the model has heard enough, or nothing yet, so that `random` and `constant`
stand above `oracle` on most boards. Read it beside `deletion-area`, never alone. `local-accuracy`
asks about masks of the shared design, which drop 30 % of the clip. A surrogate that was fitted
elsewhere (`adaptive` hears one window at a time, `kernel-shap` weighs the smallest and largest
coalitions) adds up evidence of which the model needs only a part, and may miss by more than the
scores vary: on the embedded board below −2, while its forecasts correlate with the scores nearly
like those of `ridge`.

{fidelity}

## Complexity: how much is there to read?

{complexity}

## Robustness: does it stay what it is?

The same explainer explains the instance again, with one thing changed: the seed, the place in time,
the level, or the noise. As every change costs the explainer's full price again, this is done for
`--robustness N` instances (2 by default, spread over the clips; `all` for all), and the other
instances have no value. Backgrounds are made by awb; `path=FILE` takes a recording instead. Where
masks are drawn at random, the other numbers cannot be expected to exceed `seed-stability` by much.
Stable is not right: `random`, `constant` and `oracle` never listen, and no noise disturbs them.

{robustness}

## Sanity: does it depend on the model at all?

An explanation that survives a model whose weights are in disorder explains the clip and not the
model. `share` is the part of the layers that is put out of order, from the scores backwards:
`share=0.25`, `0.5` and so on make the cascade. Models whose weights awb cannot reach (LiteRT,
SavedModel) are not applicable; so are models without a twin that was trained on random labels,
which soundscape-cnn has. What does not listen is as much like itself as can be (`random`: 1), and
two smooth curves are alike by chance more often than two rough ones: those of
`multiscale-occlusion` for *different* clips have a rank correlation of 0.6 either way, those of
`naive` of 0.1.

{sanity}
"""


def page() -> str:
    """Write the page."""
    return TEXT.format(**{family: _family(family) for family in FAMILIES})


def _family(family: str) -> str:
    specs = [spec for spec in METRICS if spec.facts.family == family]
    rows = (
        [f"`{spec.name}` {spec.facts.arrow}", spec.facts.summary, _range(spec)] for spec in specs
    )
    return "\n\n".join([table(["metric", "what", "range"], rows), *map(_section, specs)])


def _section(spec: MetricSpec) -> str:
    facts = spec.facts
    choices = settings(spec.parameters)
    lines = [
        f"- Unit: {facts.unit}.",
        f"- Range: {_range(spec)}.",
        f"- No value when: {facts.undefined}."
        if facts.undefined != "never"
        else "- Always has a value.",
        f"- Settings: {choices}." if choices else "",
        f"- Source: {facts.citation}.",
    ]
    return "\n\n".join(
        [
            f"### {spec.name} {facts.arrow}",
            f"{facts.summary[0].upper()}{facts.summary[1:]}.",
            f"```math\n{facts.formula}\n```",
            "\n".join(filter(None, lines)),
        ]
    )


def _range(spec: MetricSpec) -> str:
    return f"{_number(spec.facts.lowest)} to {_number(spec.facts.highest)}"


def _number(value: float) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:g}".replace("-", "−")
