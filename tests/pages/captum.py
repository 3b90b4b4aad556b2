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

Every attribution class of [captum](https://captum.ai) is an explainer, by its own name and with its
own settings:

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

A setting that a method does not have is refused, with what was probably meant. What takes part is
read from captum's signatures: a method that a newer captum brings can be typed at once.

## What they look at

- **Segments.** Methods that mask look at which segments are audible (`1` = kept), through the same
  door as awb's own explainers: any model will do, what replaces a segment is the run's `--masker`,
  and masks that somebody asked for before cost nothing again. Where you do not say how many samples
  to draw, the run's `--samples` says so (`ShapleyValueSampling`: so many calls).
- **Features.** Methods of gradients need a model that is split into front end and back end
  (`DifferentiableModel`); they are not applicable to others. Masking methods do the same with
  `on=features`: they mask cells of the spectrogram, `cell_s` long, `bands` of them over the
  frequencies (`Occlusion`: patches of half a second and a quarter of the bins unless
  `sliding_window_shapes=50x16` and `strides` say otherwise).
- **A layer.** Methods of layers look at the model's last convolution, or at `layer=NAME`; relevance
  is summed over its channels and stretched over the features. `LayerFeatureAblation` masks one
  moment of the layer at a time.

`baselines` are features that say nothing: `dropped` (those of a clip that is masked wholly, the
default), `mean`, `zero`, or `quiet`: that clip and {quiet} of quiet noise, from -80 to -40 dB,
which is the default of methods that want several baselines. Maps of features become segments by
`aggregation`; `sign`, `smoothing` and `smoothing_s` are as in [explainers.md](explainers.md).

LRP works on a copy of the network with batch normalizations folded, and the epsilon rule for layers
for which captum has no rule; layers without any (attention) make it not applicable. `KernelShap` of
a clip of one segment is the difference of the clip's score and the masked clip's.

## Methods

Settings with captum's defaults first, then awb's. {common} are everywhere, `aggregation` wherever
there are features.

{methods}

## What cannot be typed

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
