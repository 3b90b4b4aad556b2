"""docs/explainers.md, from what the built-in explainers say about themselves."""

from __future__ import annotations

from awb.specs import ExplainerSpec
from awb_plugins.explainers import baselines, captum_adapter, segmentwise, spectrogram
from awb_plugins.explainers.segmentwise.postprocessing import SegmentParameters
from pages import matrix
from pages.tables import settings, table

TEXT = """# The built-in explainers

[Planted evidence](planted-evidence.md) shows what they find, and [model calls](model-calls.md) how
good they get with how many calls. Settings are typed after the name:
`awb run --explainers random-forest:attribution=shap,keep-window:window_s=1,hop_s=0.2`.

Every explainer but the baselines also takes

- `smoothing` (`none`, `moving-average`, `gaussian-process`, `total-variation`) and `smoothing_s`: a
  prior along time. It buys localization and loses fidelity, so it is off by default.
- `sign` (`signed`, `absolute`): part of a forest's lead over regressions comes from its importance
  being unsigned. The default is signed, but for `run-correlation`, which is absolute by definition.

[Smoothing and sign](smoothing-and-sign.md) shows what both do to localization and to fidelity.

## Masking audio: any model

They see the model through masked clips alone. Those whose cost is "the shared design" use the same
masks and scores: together they cost what one of them costs.

{segmentwise}

- `kernel-shap` draws its own coalitions. On masks that all drop equally many segments the Shapley
  kernel weighs all alike, and what is left is a linear regression with a constraint:
  `kernel-shap:coalitions=pool` is that.
- Some are one explainer on most boards, and do not confirm each other: with 3,000 masks `ridge`,
  `linear-regression`, its `-paper` and nearly `lime` are the same least squares; and `rise` and
  `correlation` rank alike, because the design drops every segment about equally often.
- `random-forest:attribution=shap` is the forest's own path-dependent TreeSHAP, in closed form for
  keep indicators; the shap package is not needed.
- The three `-paper` explainers repeat the reference study's procedure, its peculiarities included
  (forest samples weighted by their distance from the clip, so that the far ones count most; Shapley
  kernel weights as if all coalitions had been drawn alike; a general optimizer), so that published
  tables can be compared like with like.
  `kernel-shap-paper` cannot answer "nothing in particular": what its masks score on average has to
  come from the segments, and which masks a segment happened to be in decides how much from each.
  On the embedded board its order has a rank correlation of 0.75 with that of a model to which all
  masks are alike, and so it looks much the same for a model in disorder (`model-randomization`).
- `adaptive` also reports each segment's standard error, and how sure it is of the whole. It says
  what each segment adds, as regressions and Shapley values do, and not what goes with it, as
  windows and correlations do: [the questions](faq.md#why-is-adaptive-behind-run-correlation) show
  what comes of that.

## Looking inside: models with gradients or attention

They need a capability of the model, and are not applicable elsewhere. A map of the spectrogram
becomes segments by `aggregation` (`sum`, `positive-sum`, `max`, `abs-sum`); frames are shared among
the segments they overlap.

{spectrogram}

- Baselines of the features (`baseline=dropped`) are those of a clip that is masked wholly, so that
  gradient methods and masking methods answer the same question.
- `grad-cam` is signed unless `relu=true`.
- LRP, DeepLIFT and guided backprop follow the operations that ran, whether modules or functions
  computed them, and what they wrote in place. A network with an operator that has no rule (sorting,
  complex numbers) is not applicable, nor is a gradient that torch itself cannot find. LRP's note
  says what biases and other constants kept of the score.
- Plain gradients have a sign that says little where a network has heard enough: [smoothing and
  sign](smoothing-and-sign.md#gradients) shows `input-x-gradient` at chance, and its magnitude near
  the best. Its `baseline` is zero, as published; on a logarithmic spectrogram that is full scale
  and no silence.
- `listen` turns a map into a mask (four families), the masked spectrogram into audio with the phase
  of the mixture, and scores both parts again. A mask that keeps everything or nothing is reported
  as degenerate and earns no fidelity. Its segments count what was kept and not how much it weighed:
  a sound that the network hears and dismisses, evidence for and against in it, counts like one that
  decides. So it has a ROC-AUC of 0.92 on the cough that `clever-hans-clean` has learned to ignore,
  where the sums of its own source, `integrated-gradients`, have 0.39.

## By the names of captum

{captum}

[captum.md](captum.md) lists the methods, what they look at and what they take.

## On every kind of network

{matrix}
## Baselines

{baselines}

## Sources

{sources}
"""


def page() -> str:
    """Write the page."""
    asking = [*segmentwise.SPECS, *spectrogram.SPECS, captum_adapter.SPEC]
    return TEXT.format(
        segmentwise=_table(segmentwise.SPECS),
        spectrogram=_table(spectrogram.SPECS),
        captum=_table([captum_adapter.SPEC]),
        matrix=matrix.section(),
        baselines=_table(baselines.SPECS),
        sources="\n".join(f"- `{spec.name}`: {spec.citation}" for spec in asking),
    )


def _table(specs: list[ExplainerSpec]) -> str:
    rows = []
    for spec in specs:
        needs = "".join(f" Needs `{capability.__name__}`." for capability in spec.needs)
        choices = settings(spec.parameters, SegmentParameters)
        rows.append([f"`{spec.name}`", spec.summary + needs, spec.cost, choices])
    return table(["explainer", "what", "cost", "settings"], rows)
