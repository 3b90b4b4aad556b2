"""Write docs/planted-evidence.md: which explainers find evidence that is known to be there.

    python perf/planted_evidence.py [--output FILE]

The models are those of tests/planted.py; it takes two minutes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

TEXT = """# Which explainer finds what

These models are constructed so that it is known what they listen to: clips have {segments} segments
of 100 ms, all equally loud, and the score is a small network of which segments are audible. The
table shows the ROC-AUC with which an explanation ranks the planted segments above the others,
averaged over {places} placements. Masking explainers get {samples} masks in the shared design; all
other settings are the defaults. Bold: found (at least 0.99).

- **additive**: two sounds of 400 ms, one with twice the effect of the other.
- **both needed**: two single segments that have an effect only together.
- **one of two**: two single segments, either of which is enough.
- **either event**: a sound of 400 ms that occurs twice, either of which is enough.
- **for and against**: one sound is evidence for the target, another against it. This column
  measures whether the sound in favour is ranked first, the last column whether the sound against is
  ranked last; an unsigned explanation ranks both first.

Every other segment has a small effect too, for or against the target, at most a twentieth of that
of the planted ones. So an explainer that gives the planted segments a relevance of exactly 0 ranks
them last if it is unsigned (0.00), and in the middle if it is signed.

{table}

What follows from it:

- Dropping one window at a time (`naive`, `occlusion-tf`, partly `multiscale-occlusion`) misses a
  sound that occurs twice, since the other occurrence compensates. Keeping one window at a time
  (`keep-window`) finds it, but misses segments that have an effect only together.
- The `union` of these two (`naive` and `keep-window`) misses neither by much; their `intersection`
  misses what either of them misses.
- Random masks find both, if the surrogate can express them: regressions on log-odds, Shapley and
  Banzhaf values, and forests. A forest's importance has no sign; that of
  `random-forest:attribution=shap` has.
- Plain gradients vanish where the model is saturated ("one of two"), and find only the stronger
  event if the maximum counts ("either event"), since the other has no gradient. Differences from a
  baseline divide the effect in the first case, and solve the second only with several baselines.
- Class activation maps are at chance here by construction: the only convolution of this model
  measures loudness, and the layers after it decide which segments count.
- `extremal-mask` refuses a clip for which its gradient led nowhere, or for which masks half open
  promised what the masks themselves do not keep; `n/a` is a column with such a clip.
- Explainers of attention need a transformer and `listen` a spectrogram; this model has neither.
  `l-mac` and `fast-shap` explain a model that they were trained for; none was trained here.

Made by `python perf/planted_evidence.py`.
"""


def main() -> None:
    """Make the table and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "planted-evidence.md")
    given = parser.parse_args()

    import torch

    import planted
    from awb_plugins.explainers import awb_explainers

    torch.set_num_threads(1)
    explainers = [
        one
        for one in awb_explainers()
        if not one.reference and (one.trainable or one.path_parameter is None)
    ]
    page = TEXT.format(
        segments=planted.N,
        places=len(planted.PLACES),
        samples=planted.SAMPLES,
        table=planted.table(explainers),
    )
    given.output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
