"""docs/captum.md, from captum's own signatures and what awb knows of its methods."""

from __future__ import annotations

from typing import Any

from awb_plugins.explainers.captum_adapter.facts import CAPTUM, CITATIONS, reason_against
from awb_plugins.explainers.captum_adapter.reading import (
    attribution_classes,
    own_names,
    read_method,
    typable,
)
from pages.tables import table

_SPACES = {"segments": "segments", "features": "features", "layer": "a layer"}
_COMMON = {"smoothing", "smoothing_s", "sign", "aggregation"}

TEXT = """# Any method of captum

Every attribution class of [captum](https://captum.ai) is an explainer, under its own name and with
its own settings:

```bash
awb run --clips 3 --samples 100 --metrics roc-auc --jobs 1 \\
    --explainers captum:IntegratedGradients:n_steps=16,captum:KernelShap,random
```

```python
import awb

found = awb.run(
    explainers=["captum:LayerGradCam", "captum:Occlusion:sliding_window_shapes=5"],
    clips=3,
    samples=100,
    metrics="roc-auc",
)
print(found)
```

A setting that a method does not have is refused, with a suggestion of what was probably meant.
Methods and settings are read from captum's signatures, so methods of a newer captum are available
at once.

## What they attribute to

- **Segments.** Masking methods work on a vector of segments (`1` = kept) and score masked clips in
  the same way as awb's own explainers: any model will do, dropped segments are replaced by the
  run's `--masker`, and masks that were scored before cost nothing. Unless you set the number of
  samples, it is the run's `--samples` (for `ShapleyValueSampling`: that many calls).
- **Features.** Gradient methods need a model that is split into front end and back end
  (`DifferentiableModel`); they are not applicable to others. Masking methods do the same with
  `on=features`: they mask cells of the spectrogram that are `cell_s` long, in `bands` frequency
  bands (`Occlusion`: patches of half a second and a quarter of the bins unless
  `sliding_window_shapes=50x16` and `strides` say otherwise).
- **A layer.** Layer methods attribute to the model's last convolution, or to `layer=NAME`;
  relevance is summed over its channels and stretched over the features. `LayerFeatureAblation`
  masks one time step of the layer at a time.

`baselines` are uninformative features: `dropped` (those of the completely masked clip, the
default), `mean`, `zero`, or `quiet`: the masked clip and {quiet} clips of quiet noise, from -80 to
-40 dB, which is the default of methods that use several baselines. Maps of features are reduced to
segments by `aggregation`; `sign`, `smoothing` and `smoothing_s` are as in
[explainers.md](explainers.md).

LRP works on a copy of the network with batch normalizations folded, and uses the epsilon rule for
layers for which captum has no rule; it is not applicable to networks with layers to which no rule
applies (attention). Where a map should sum to the rise of the score, that is checked; with
`multiply_by_inputs=false` the method runs twice to check it. For a clip with one segment,
`KernelShap` is the clip's score minus the masked clip's.

## Methods

Captum's settings are listed first with their defaults, then awb's. All methods have {common}, and
those on features have `aggregation`.

{methods}

## What is not available

{refused}

## Sources

All: {captum}. {sources}
"""


def is_refused(name: str) -> bool:
    """Say whether awb cannot use a class."""
    return bool(reason_against(name, attribution_classes()[name]))


def _settings(name: str, kind: Any) -> str:
    typed = {**typable(kind.__init__), **typable(kind.attribute)}
    theirs = [
        f"`{key}`" if value is None else f"`{key}={str(value).lower()}`"
        for key, value in typed.items()
    ]
    ours = own_names(kind, read_method(name).space) - _COMMON
    return (
        ", ".join(theirs)
        + ("; " if theirs and ours else "")
        + ", ".join(f"`{key}`" for key in sorted(ours))
    )


def page() -> str:
    """Return the page as it should be."""
    rows = []
    known = attribution_classes()
    usable = sorted(name for name in known if not is_refused(name))
    for name in usable:
        place = _SPACES[read_method(name).space]
        rows.append([f"`captum:{name}`", place, _settings(name, known[name])])
    reasons: dict[str, list[str]] = {}
    for name in sorted(known):
        if is_refused(name):
            reasons.setdefault(reason_against(name, known[name]), []).append(f"`{name}`")
    return TEXT.format(
        quiet=7,
        common="`sign`, `smoothing` and `smoothing_s`",
        methods=table(["method", "looks at", "settings"], rows),
        refused="\n".join(f"- {', '.join(names)}: {why}." for why, names in reasons.items()),
        captum=CAPTUM,
        sources=" ".join(f"`{name}`: {CITATIONS[name]}." for name in usable if name in CITATIONS),
    )
