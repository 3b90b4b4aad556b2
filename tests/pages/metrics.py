"""docs/metrics.md, from the facts of the built-in metrics."""

from __future__ import annotations

import math

from awb.builtins.metrics import METRICS
from awb.specs import MetricSpec
from pages.tables import settings, table

FAMILIES = ("localization", "fidelity", "complexity", "robustness", "sanity")

TEXT = """# The built-in metrics

`awb run --metrics all` (the default) computes all of them; a board shows the first six, and `awb
show DIR --metrics NAME,NAME` any others. The first one determines the places. Settings follow the
name: `--metrics roc-auc,roc-auc:labels=strict,model-randomization:share=0.25`. The docstring of
each function in [`awb.metrics`](reference/python.md#metrics) has the full definition, with an
example. Arrows say which direction is better; a metric that is undefined on an instance gives a
reason.

An explanation here is one number per segment. A time-frequency map is first reduced to segments, by
its explainer's `aggregation`, so that maps and segments are scored in the same way. Only the
metrics whose names start with `tf-`, and `band-deletion-area`, read the map itself.

## Symbols

| symbol | meaning |
| --- | --- |
| *n* | number of segments of the clip |
| *r*, *r*<sub>i</sub> | the explanation, and its relevance of segment *i* |
| *P*, *N* | the segments inside and outside the target's events; ignored segments are in neither |
| *E*, *e* | the target's events, each as the segments that it touches |
| \\|·\\|, [·] | number of elements; 1 if the condition in brackets is true, else 0 |
| *p*<sub>k</sub> | target's probability without the top *k* segments; *p*<sub>0</sub>: the clip's |
| *q*<sub>k</sub> | the same with only the top *k* segments; *q*<sub>n</sub>: the clip's |
| *p*<sub>in</sub>, *p*<sub>out</sub> | the same with only the segments above the mean, or without |
| *p*<sub>τ</sub> | the probability from which the model is taken to say yes; 0.5 unless it says |
| *m*, *M* | a random set of dropped segments, and how many such sets there are |
| *R*<sub>m</sub> | sum of the relevance that *m* drops; a bar is a mean |
| *s*<sub>m</sub>, *d*<sub>m</sub> | log-odds with *m* dropped, their fall; a hat: predicted |
| *a*<sub>i</sub> | share of segment *i* in the sum of all \\|*r*\\| |
| found(*f*) | best share of the events found with at most *f* false alarms per hour |
| *ρ*, *r*′ | Spearman's rank correlation, and the explanation under the changed condition |

Where segments tie for the last places among the most relevant ones, each counts by its share, so
that no score depends on the order of the segments; along the curves ties are broken by a seeded
permutation.

## Localization: does it point at the sound?

Measured against the annotated times. A segment counts as inside when events cover more than 90 % of
it, as outside when none touches it, and is ignored otherwise; `labels=strict` splits at 50 %
instead. If as many segments are selected as are annotated, precision, recall and F1 are equal:
`f1-annotated` is the same as `rank-accuracy`, kept for comparison with published tables.

The metrics that start with `tf-` ask for the frequencies, too: they score the cells of the
explanation's map, frames by bins, in the boxes of the events. They need events with `low_hz` and
`high_hz` (`soundscapes` has them, `folder` reads them), an explainer with a map, and a model that
knows the frequencies of its bins (`bin_centers_hz`). A cell is inside if it overlaps a box. The
baselines have maps as well: noise, a constant, the magnitudes of a short-time spectrum, and the
boxes.

{localization}

## Fidelity: does the model agree?

Measured against the model, by dropping (deletion) or keeping (insertion) segments, starting with
the most relevant one. The whole curve is computed, one step per segment, once for all metrics that
use it. `--masker` sets how explainers replace audio and `--scoring-masker` how these metrics do: if
they differ, the mismatch is part of the result. `faithfulness-correlation`, `infidelity` and
`local-accuracy` use 300 random masks on which no explainer was fitted; the last is defined only for
explainers that fit a surrogate model.

Two of them may surprise. `monotonicity` is high when little changes: with a random order most steps
change nothing, either because the model has heard enough already or because it has heard nothing
yet, so `random` and `constant` are above `oracle` on most boards. Read it together with
`deletion-area`, never alone. `local-accuracy` uses masks like those of the shared design, which
drop 30 % of the clip. A surrogate that was fitted to other masks (`adaptive` hears one window at a
time, `kernel-shap` gives most weight to the smallest and largest coalitions) adds up evidence of
which the model needs only a part, and its errors may exceed the variance of the scores: on the
embedded board it reaches values below −2, although its predictions correlate with the scores nearly
as well as those of `ridge`.

`band-deletion-area` drops frequencies instead of segments. The bins of the model form eight bands
(`bands=N`), equally wide in mel; their relevance is the sum of the map over them and all frames.
They are replaced one after the other in the whole clip, by a short-time Fourier transform, with
what the scoring masker puts there. That costs at most seven model calls per explanation, and bands
that were dropped for another explanation cost none.

{fidelity}

## Complexity: on how few segments does it concentrate?

{complexity}

## Robustness: is it stable?

The same explainer explains the instance again, with one thing changed: the seed, the position in
time, the level, or the noise. As every repetition costs as many model calls as the first
explanation, this is done for `--robustness N` instances (2 by default, spread over the clips; `all`
for all), and the others have no value. awb synthesizes the backgrounds; `path=FILE` uses a
recording instead. If an explainer draws random masks, the other values cannot be expected to exceed
`seed-stability` by much. Stable does not mean right: `random`, `constant` and `oracle` do not use
the audio, so noise does not affect them.

{robustness}

## Sanity: does it depend on the model at all?

An explanation that stays the same when the model's weights are randomized explains the clip and not
the model. `share` is the part of the layers that is randomized, counted backwards from the output:
`share=0.25`, `0.5` and so on give the cascading randomization. These metrics are not applicable to
models whose weights awb cannot change (LiteRT, SavedModel), nor `label-randomization` to models
without a copy trained on random labels; soundscape-cnn has one. An explainer that does not use the
model always agrees with itself (`random`: 1), and two smooth curves are similar by chance more
often than two rough ones: explanations of *different* clips by `multiscale-occlusion` have a rank
correlation with a magnitude of 0.6, those by `naive` of 0.1.

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
