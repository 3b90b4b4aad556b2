"""docs/explainers.md, from what the built-in explainers say about themselves."""

from __future__ import annotations

from awb.specs import ExplainerSpec
from awb_plugins.explainers import (
    attention,
    baselines,
    captum_adapter,
    components,
    ensembles,
    frame_scores,
    learned_masks,
    segmentwise,
    shapiq_adapter,
    spectrogram,
    trained,
)
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
- Players: `window_s` and `shifts` make the players of a regression or of Shapley and Banzhaf values
  longer than a segment. `kernel-shap` asks what 100 ms add to any others, most of which are silent;
  `window-shap` asks what a second adds ([which estimator for how many
  calls](shapley-estimators.md)). `owen` halves the clip again and again, where the score is.
- `window-shap` hears every window alone and left out alone before it draws others, for which it
  needs two calls a window; with fewer it cuts the clip once instead of twice, and below that it is
  a ridge regression that sums to the score. Clips that would have fewer than ten windows get
  shorter ones. Half of its calls go to a tree of time, as in `owen`, and the answer is the mean of
  both: windows find the sound, and the tree tells which part of a window to drop first ([the
  evidence](model-calls.md)). `window-shap:tree=false` is WindowSHAP's windows alone.
- Some are one explainer on most boards, and do not confirm each other: with 3,000 masks `ridge`,
  `linear-regression`, its `-paper` and nearly `lime` are the same least squares; and `rise` and
  `correlation` rank alike, because the design drops every segment about equally often.
- `random-forest:attribution=shap` is the forest's own path-dependent TreeSHAP, in closed form for
  keep indicators; the shap package is not needed.
- The three `-paper` explainers repeat the reference study's procedure, its peculiarities included
  (forest samples weighted by their distance from the clip, so that the far ones count most; Shapley
  kernel weights as if all coalitions had been drawn alike; a general optimizer), so that published
  tables can be compared like with like.
  `kernel-shap-paper` has two constraints, the score of everything dropped and the clip's. The
  public code has such a branch, and its drivers do not call it: they fit the intercept and hold it
  and the values together to the score of the first masked clip, which is `variant=first`.
  `variant=sum` holds them to the clip's score and `variant=free` to nothing
  ([which is the paper's](paper.md#which-shap-is-the-papers)).
  `kernel-shap-paper` cannot answer "nothing in particular": what its masks score on average has to
  come from the segments, and which masks a segment happened to be in decides how much from each.
  On the embedded board its order has a rank correlation of 0.75 with that of a model to which all
  masks are alike, and so it looks much the same for a model in disorder (`model-randomization`).
- `adaptive` also reports each segment's standard error, and how sure it is of the whole. It says
  what each segment adds, as regressions and Shapley values do, and not what goes with it, as
  windows and correlations do: [the questions](faq.md#why-is-adaptive-behind-run-correlation) show
  what comes of that.

## Parts that people hear: any model

Their players are components of the sound, cut into stretches of time, and not segments: what is
dropped is left out of the sum of what is heard, so nothing takes its place.

{components}

- `components=hpss` is the harmonic and the percussive part (median filters, as in librosa), `nmf`
  a factorization of the spectrum into `count` parts, `bands` as many bands of equal width in mel,
  and `clip` the whole sound: then only time is left. All are soft masks of one spectrum that sum to
  one; what they leave is part of the last component, and so they add up to the clip.
- `cut` says where components are cut. `windows` is every `window_s`; `onsets` is where sounds begin
  and where silence begins and ends. A table with the columns `clip` and `edge_s` (tabs or commas)
  gives edges of your own, and a folder of TextGrids named after the clips gives words or phones
  (`tier=phones`; extra `textgrid`): `part-shap:components=clip,cut=alignments` explains speech word
  by word, which held up best for speech in [2505.16406](https://arxiv.org/abs/2505.16406). Results
  are computed again when such a file changes.
- Metrics do not see the parts: they score the relevance of the usual segments of 100 ms, so that
  explainers of parts appear on the same board as all others.
- A part's value is shared among the segments by its energy there, as
  [Parekh et al. (2022)](https://arxiv.org/abs/2202.11479) place a component's relevance where it is
  active. The sum is kept: `part-shap` sums to the score's rise over that of silence.
- The row's note says what each component is worth over all of the clip.
- Separated sources are better parts than these. An explainer of your own gets a door for them with
  `perturber.parts(sources)`: see [write an explainer](write-an-explainer.md#audible-parts).
## Learning a mask

They look for the smallest part of the clip that keeps the evidence, or without which it is gone:
one mask for each of several areas. A segment's relevance is its mean over the masks. It is never
negative, and says nothing about evidence against the target: no mask wants it.

{learned_masks}

- `direction=keep` scores what a mask shows alone, `remove` what is left without it, and `both`, the
  default, takes the difference: a mask that only has to keep the score may take some of the
  evidence and leave the rest.
- `extremal-mask` needs a gradient and mixes the features of the clip with those of the masker's
  replacement. In the end its masks are heard, with whole segments of audio replaced, and a note
  says what they gain. A network that normalizes over time takes a hundredth of a sound for all of
  it; what half a mask promises is not kept there, and it is not applicable.
- `mask-search` places windows of `window_s` and moves them until none moves, for any model. In a
  long clip the places lie farther apart, so that the calls suffice.
- Both are slower to find what `run-correlation` finds, and tell something else: what suffices.

## Looking inside: models with gradients or attention

They need a capability of the model, and are not applicable elsewhere. A map of the spectrogram
becomes segments by `aggregation` (`sum`, `positive-sum`, `max`, `abs-sum`); frames are shared among
the segments they overlap.

{spectrogram}

- `baseline` is what differences and integrals start from: `dropped`, the features of a clip that is
  masked wholly, so that gradient methods and masking methods answer the same question; `silence`,
  whatever the masker; `median` or `mean`, the clip's own median or mean frame all the time; `zero`.
  Those of differences also take `quiet` (silence and quiet noise) and `scenes` (the clip in pieces
  of half a second, in random order), `baselines` of each. An explainer sees no clip but its own.
  [Where a gradient starts](#where-a-gradient-starts) compares them.
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

### Transformers

- `attention-gradients` and `attn-lrp` find the attention among the operations that ran, whoever
  wrote it, and are not applicable to a network without self-attention. Relevance of tokens is
  spread over the frames (and, for AST, the bins) that a token was made of, overlapping patches
  adding up. Where tokens are frames, that needs nothing; else the model says it by `token_cells`,
  as AST, Whisper and the wav2vec 2.0 family do.
- `attention-gradients` reads the class token's row where the scores come from it, and the mean of
  all rows where they come from all tokens (GATR). `weighting=relevance` weighs the relevance of the
  attention instead, by `attn-lrp`.
- `attn-lrp` hands half of a product of attention and values to the attention, and on to queries and
  keys; `lrp-epsilon` takes attention for a constant. The constant of the softmax's expansion keeps
  its share, so that it conserves less of the score; the note says how much.
- `grad-cam`, `grad-cam++` and `score-cam` look at the tokens of the last block (for AST, of the one
  before it: in the last, the class token has looked at the others already).
- The last token of `soundscape-ast`, at 9.92 to 10.08 s, is half padding. As transformers do with
  tokens that tell little ([Darcet et al. 2024](https://arxiv.org/abs/2309.16588)), the network
  seems to keep there what belongs to no sound: on 106 of the 108 published instances `grad-cam++`
  is strongest at the clip's end (`grad-cam` on 64, `score-cam` on 55), though dropping it moves the
  score by 5 % of the largest change (median of `naive`). So its pointing game is 0 on that board.

### Where a gradient starts

{backgrounds}

The clip's own median frame as the baseline is better on both networks, for all four methods, where
the map is summed with its sign: a network has learned what a scene is like, and hardly what silence
is. Without the sign (`aggregation=abs-sum`) little is left of the difference. The defaults stay:
the median says nothing where all of a clip is equally loud and alike (in
[planted evidence](planted-evidence.md) every segment is, and all relevance is zero), and it is not
what maskers put in the place of audio. On scenes with a background, type `baseline=median`.

## Trained once: models with hashed weights

These learn beforehand what a model does, from its scores of clips and from no label
([how to train one](train.md#explainers)). Each file is for one model, which is known by the hash of
its weights and by its scores of a fixed noise: for another it is not applicable, and so is every
class that the model did not find in the training clips. Boards say on what each was trained, and
for how long.

{trained}

- `l-mac` is a decoder from the model's features and its last convolution's maps to a mask of the
  features: what the mask keeps is heard by the model again in training, and so is the rest.
  It differs from the paper in three points: the decoder is told which class to explain; the mask
  lies on the model's own bins; and the term of what is masked out is `-log(1 - p)`, which has a
  lower bound. `listen` cites the same paper, but trains nothing: its masks are other explainers'.
- `fast-shap` gives windows of 1 s the values that `kernel-shap` would estimate for them from
  coalitions; they are put right to sum to the score's rise. It has learned what silence does, and
  so it needs `--masker zeros`.

## By the names of captum

{captum}

[captum.md](captum.md) lists the methods, what they look at and what they take.

## By the names of shapiq

{shapiq}

An approximator's settings, `window_s`, `shifts` and `samples` follow its name:
`shapiq:RegressionFSII:window_s=0.5,samples=200`. Players are windows of a second, at least ten.
Approximators of interactions (`max_order=2`) give a segment its own effect and half of each effect
that it has with another, and keep those in `Explanation.interactions`. `SPEX` needs far more calls
than there are here, and `ProxySPEX` needs lightgbm: they say so. It needs the extra `shapiq`.

## Several explainers as one

{ensembles}

- `of` names the members: `mean-rank:of=random-forest+naive+grad-cam++`. A member's settings follow
  it, separated by semicolons: `"union:of=naive:window_s=1;hop_s=0.2+lime"` (quote it in a shell).
- Members differ in scale, so their relevance is replaced by ranks from 0 to 1 first. What is left
  is an order: the sign and the size of the relevance are lost, and metrics that read them
  (`mass-accuracy`, `event-margin`) say little. A member whose relevance is constant finds nothing,
  and has a rank of 0 everywhere. What differs by a hundred-thousandth of a member's largest
  relevance shares a rank: it is the rounding of scores in float32, in which processors differ.
- Each member is asked exactly as if it stood on the board itself: with the same masks, scores and
  random draws. So an ensemble of explainers that are on the board costs nothing new. Its `calls`
  are the sum of theirs.
- Where a member is not applicable, so is the ensemble, with that member's reason.
- The default members of `union` and `intersection` fail in opposite ways
  ([planted evidence](planted-evidence.md)): dropping a window misses a sound that occurs twice,
  keeping one misses sounds that count only together; and they need no masks but those of `naive`
  and `keep-window`. On 40 instances of the embedded dataset their `union` has a ROC-AUC of 0.967,
  `keep-window` 0.962, and their `intersection` 0.873. No ensemble of two or three out of nine
  masking explainers was better there than the best one by itself, `run-correlation` with 0.989.
- The default members of `mean-rank` are cheap: windows of 1 s kept one by one, and `owen` with 60
  calls. On the 66 instances of the embedded dataset they have a ROC-AUC of 0.976 [0.95, 0.99] and a
  deletion area of 0.086 [0.07, 0.10] with 114 calls; `naive+keep-window`, the default before, had
  0.920 [0.89, 0.94] and 0.135 [0.10, 0.17] with 199, and no more of the planted evidence.
  `keep-window+keep-window:window_s=1;hop_s=0.2` had 0.984 and 0.073 with 154 calls (the test does
  not tell the ROC-AUC from the default's), but both members miss what counts only together.
- `mean-rank` keeps the disagreement of its members as `Explanation.uncertainty`: the standard error
  of each segment's mean rank, over members. With two members, that is half the difference of
  their ranks. `adaptive` keeps the deviation of what it believes. Figures and pages draw it as a
  bar over every segment, and `awb.explain(...).frame()` has it as a column.

`awb agree RUN --explainers` shows which explainers say the same: an ensemble of those adds nothing.

## On every kind of network

{matrix}
## Baselines

{baselines}

## For reference

{references}

It runs only where it is named: `--explainers all,frame-scores`. See [rows without a
place](reading-a-board.md#rows-without-a-place).

## Sources

{sources}
"""


BACKGROUNDS = """| method | baseline | ROC-AUC ↑ | deletion ↓ | ROC-AUC ↑ | deletion ↓ |
| --- | --- | ---: | ---: | ---: | ---: |
| | | `soundscape-cnn` | 15 instances | `kws-cnn` | 6 instances |
| `integrated-gradients` | `dropped` (default) | 0.594 | 0.479 | 0.694 | 0.272 |
| | `median` | **0.646** | **0.234** | 0.791 | 0.158 |
| | `mean` | 0.640 | 0.244 | **0.832** | **0.151** |
| | `quiet` (4) | 0.606 | 0.292 | | |
| | `scenes` (4) | 0.597 | 0.425 | | |
| `deeplift` | `dropped` (default) | 0.489 | 0.359 | 0.756 | 0.231 |
| | `median` | 0.628 | 0.285 | 0.792 | 0.169 |
| | `mean` | 0.619 | **0.265** | 0.793 | 0.151 |
| | `quiet` (4) | 0.530 | 0.315 | 0.806 | 0.179 |
| | `scenes` (4) | **0.694** | 0.280 | **0.854** | **0.099** |
| `gradient-shap` | `quiet` (default) | 0.616 | 0.324 | 0.752 | 0.256 |
| | `median` | **0.633** | **0.276** | 0.791 | **0.168** |
| | `scenes` | 0.582 | 0.434 | **0.860** | 0.177 |
| `deep-shap` | `quiet` (default) | 0.548 | 0.327 | 0.752 | 0.243 |
| | `median` | 0.628 | **0.285** | 0.792 | 0.169 |
| | `scenes` | **0.732** | 0.350 | **0.836** | **0.162** |

With `aggregation=abs-sum` (dropped, then median): `integrated-gradients` 0.811 and 0.847 on
`soundscape-cnn`, 0.997 and 0.998 on `kws-cnn`; `deeplift` 0.905 and 0.912, 0.998 and 0.999.
The values of `kws-cnn` are of earlier weights, on clips of `kws` with pauses between words."""


def page() -> str:
    """Write the page."""
    inside = [*spectrogram.SPECS, *attention.SPECS]
    masking = [*segmentwise.SPECS, *components.SPECS, *learned_masks.SPECS]
    adapters = [captum_adapter.SPEC, shapiq_adapter.SPEC]
    named = [*ensembles.SPECS, frame_scores.SPEC]
    asking = [*masking, *inside, *trained.SPECS, *adapters, *named]
    return TEXT.format(
        learned_masks=_table(learned_masks.SPECS),
        backgrounds=BACKGROUNDS,
        segmentwise=_table(segmentwise.SPECS),
        components=_table(components.SPECS),
        spectrogram=_table(inside),
        trained=_table(trained.SPECS),
        captum=_table([captum_adapter.SPEC]),
        shapiq=_table([shapiq_adapter.SPEC]),
        matrix=matrix.section(),
        ensembles=_table(ensembles.SPECS),
        references=_table([frame_scores.SPEC]),
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
