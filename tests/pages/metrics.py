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
reason. A metric that reads magnitudes, or that a null can top, is shown but gives no places: see
[how to be fooled](how-to-be-fooled.md).

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
| *D*, *p*<sup>(d)</sup> | masks moved to other times, and the probability with one of them |
| *p*<sub>τ</sub> | the probability from which the model is taken to say yes; 0.5 unless it says |
| *m*, *M* | a random set of dropped segments, and how many such sets there are |
| *T*<sub>k</sub> | the *k* most relevant segments |
| *R*<sub>m</sub> | sum of the relevance that *m* drops; a bar is a mean |
| *s*<sub>m</sub>, *d*<sub>m</sub> | log-odds with *m* dropped, their fall; a hat: predicted |
| *A*(*p*), *A*(*q*) | area under a curve, as in `deletion-area` |
| *A*<sub>random</sub> | mean area over random orders, the same for deletion and insertion |
| *A*<sub>min</sub>, *A*<sub>max</sub> | the best areas of deletion and insertion known |
| *P*′, *D* | segments of the target alone, and of other labelled sounds alone |
| *a*<sub>i</sub> | share of segment *i* in the sum of all \\|*r*\\| |
| found(*f*) | best share of the events found with at most *f* false alarms per hour |
| *ρ*, *r*′ | Spearman's rank correlation, and the explanation under the changed condition |

Where segments tie for the last places among the most relevant ones, each counts by its share, so
that no score depends on the order of the segments; along the curves ties are broken by a seeded
permutation. Segments, and cells of a map, whose relevance differs by no more than rounding tie as
well: what an explainer spreads evenly over a patch is summed in different ways, and the last digits
that this leaves would otherwise rank its segments, differently on every processor.

## Localization: does it point at the sound?

Measured against the annotated times. A segment counts as inside when events cover more than 90 % of
it, as outside when none touches it, and is ignored otherwise; `labels=strict` splits at 50 %
instead. If as many segments are selected as are annotated, precision, recall and F1 are equal:
`f1-annotated` is the same as `rank-accuracy`, kept for comparison with published tables.

`class-contrast` asks which sound an explanation points at, where two are labelled in one clip: only
segments that hold the target alone or another labelled sound alone count, as those of other classes
are the hardest to tell from the target's. What points at anything that is loud is at chance, 0.5,
or below it where the others are louder: over 160 scenes of `soundscapes`, `energy` scores 0.41.
Clips with a single labelled sound have no value. Explainers never see labels, those of other sounds
included.

The metrics that start with `tf-` ask for the frequencies, too: they score the cells of the
explanation's map, frames by bins, in the boxes of the events. They need events with `low_hz` and
`high_hz` (`soundscapes` has them, `folder` reads them), an explainer with a map, and a model that
knows the frequencies of its bins (`bin_centers_hz`). A cell is inside if it overlaps a box. The
baselines have maps as well: noise, a constant, the magnitudes of a short-time spectrum, all cells
but the quietest, and the boxes.

{localization}

## Fidelity: does the model agree?

Measured against the model, by dropping (deletion) or keeping (insertion) segments, starting with
the most relevant one. The whole curve is computed, one step per segment, once for all metrics that
use it. `--masker` sets how explainers replace audio and `--scoring-masker` how these metrics do: if
they differ, the mismatch is part of the result. `faithfulness-correlation`, `rank-faithfulness`,
`infidelity` and `local-accuracy` use 300 random masks on which no explainer was fitted; the last is
defined only for explainers that fit a surrogate model.

How far a curve can fall depends on the clip: on the embedded board the mean deletion area of random
orders runs from 0.3 to 0.9 over instances. So `deletion-gain` and `insertion-gain` put each area on
its instance's own scale, which no explanation can change. 0 is the mean over random orders,
estimated without bias from 200 random sets of segments of all sizes and their complements. 1 is the
best of three orders: by the score without each segment, by the score of each segment alone, and by
a ridge regression over the 300 random masks. A better order than these also scores 1, and one that
is as much worse than a random order as the best is better, or more, scores −1. This takes at most
8 *n* + 408 model calls per instance, once for all explainers, on no explainer's account, and they
are cached like all others. A greedy search over all segments finds slightly better orders (on the
embedded board the mean of the smallest deletion areas falls from 0.044 to 0.036), at ten times the
calls. `srg` needs no scale: the two areas of one masker are subtracted, so that what the masker
does to all orders alike cancels out.

Two of them may surprise. `monotonicity` is high when little changes: with a random order most steps
change nothing, either because the model has heard enough already or because it has heard nothing
yet, so `random` and `constant` are above `oracle` on most boards. Read it together with
`deletion-area`, never alone. `local-accuracy` uses masks like those of the shared design, which
drop 30 % of the clip. A surrogate that was fitted to other masks (`adaptive` hears one window at a
time, `kernel-shap` gives most weight to the smallest and largest coalitions) adds up evidence of
which the model needs only a part, and its errors may exceed the variance of the scores: on the
embedded board it reaches values below −2, although its predictions correlate with the scores nearly
as well as those of `ridge`.

`ad`, `ai`, `ag`, `fid-in`, `ff-in` and `ff-out` keep the segments above the mean of the relevance,
and nothing limits how many these are: `keep-nearly-all` scores near the best in most of them.
`kept-share` says how many. `ad-over-random` and the like compare an explanation's mask with the
same mask moved to eight other times of the clip, so that size and runs are the same and only the
position differs; the times are the same for all explainers. `fid-in` asks whether the model still
hears the target, at its own decision threshold; where it does not hear it in the clip, there is no
value. To rank by what is kept, take `sufficiency` or `insertion-area`, whose sizes are fixed.

`ad` cannot be compared with tables made by SpeechBrain. Its `compute_AD` (recipes/ESC50/interpret)
takes a softmax of values that its own AI and AG take for probabilities, and after a second softmax
a probability that falls from 1 to 0 counts as a drop of about 1 − 1/e = 63 %, a smaller one as
less than its share. Here `ad` is that of the papers.

`infidelity` and both correlations are centred among masks of equal size: larger masks lose more
score whatever the explanation, and a constant would explain that.

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
time, the level, or the noise. As every repetition costs as many model calls as an
explanation, this is done for `--robustness N` instances (none by default, one of each of the first
clips; `all` for all), with at most 300 masks (`--robustness-samples`), and the others have no
value. awb synthesizes the backgrounds; `path=FILE` uses a recording instead. If an explainer draws
random masks, the other values cannot be expected to exceed `seed-stability` by much. Stable does
not mean right: `random`, `constant` and `oracle` do not use the audio, so noise does not affect
them.

{robustness}

## Sanity: does it depend on the model and the class at all?

An explanation that stays the same when the model's weights are randomized explains the clip and not
the model. `share` is the part of the layers that is randomized, counted backwards from the output:
`share=0.25`, `0.5` and so on give the cascading randomization. These metrics are not applicable to
models whose weights awb cannot change (LiteRT, SavedModel), nor `label-randomization` to models
without a copy trained on random labels; soundscape-cnn has one. An explainer that does not use the
model always agrees with itself (`random`: 1), and two smooth curves are similar by chance more
often than two rough ones: explanations of *different* clips by `multiscale-occlusion` have a rank
correlation with a magnitude of 0.6, those by `naive` of 0.1.

`random-logit` keeps the model and changes the class: the same clip is explained for any other class
of the model, under the same masks and random draws. `other=labelled` takes the class of another
labelled sound of the clip. What finds any sound, or does not ask the model (`energy`, `random`),
explains all classes alike and scores 1. So does what mostly reflects the masks that were drawn:
with 1,000 masks on the embedded model, `kernel-shap` has a correlation of 0.6 between two classes
under the same masks, 0.1 under different ones, and only 0.3 between two seeds for one class. A
negative correlation counts as 0, since with two classes that exclude each other the evidence for
one is evidence against the other. Classes that mean nearly the same, as some of AudioSet's do, have
similar explanations for good reasons.

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
        f"- Gives no places: {facts.no_rank_reason.partition(': ')[2]}." if not facts.ranks else "",
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
