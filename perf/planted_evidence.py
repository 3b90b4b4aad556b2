"""Write docs/planted-evidence.md: which explainer finds what is known to be there.

    python perf/planted_evidence.py [--output FILE]

The models are those of tests/planted.py; it takes about a minute.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

TEXT = """# Which explainer finds what

Models of which it is known what they listen to: {segments} segments of 100 ms, every one as loud
as the next, and a score that is a small network of which segments are audible. The table shows the
ROC-AUC with which an explanation ranks the planted segments above the rest, the mean over {places}
placements. Explainers that mask get {samples} masks in the shared design; everything else is at its
defaults. Bold: found (at least 0.99).

- **additive**: two sounds of 400 ms, one twice as telling as the other.
- **both needed**: two single segments that count only together.
- **one of two**: two single segments of which one is enough.
- **either event**: a sound of 400 ms that occurs twice, either of which is enough.
- **for and against**: one sound speaks for the target, another against it. The first of these
  columns asks whether the sound that speaks for it is ranked first, the last one whether the sound
  that speaks against it is ranked last; an unsigned explanation ranks both first.

Every other segment counts a little too, for the target or against it, a twentieth of what the
planted ones do or less. So an explainer that gives the planted segments exactly nothing ranks them
last if it has no sign (0.00), and in the middle if it has one.

{table}

What to take from it:

- Dropping one window at a time (`naive`, `occlusion-tf`, partly `multiscale-occlusion`) is blind to
  what occurs twice: the other one stands in. Hearing one window at a time (`keep-window`) finds it,
  and is blind to what counts only together.
- Random masks see both, if the surrogate does: regressions on log-odds, Shapley and Banzhaf values,
  and forests. A forest's importance has no sign; `random-forest:attribution=shap` has one.
- Plain gradients see nothing where the model is saturated ("one of two"), and only the winner where
  the better event counts ("either event"): the other has no gradient. Differences from a baseline
  share the first out, and find the second only with several baselines.
- Class activation maps are at chance here by construction: the one convolution of this model hears
  loudness alone, and which segment counts is decided after it.
- `attention-rollout` needs a transformer and `listen` a spectrogram, which this model has not.

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
    page = TEXT.format(
        segments=planted.N,
        places=len(planted.PLACES),
        samples=planted.SAMPLES,
        table=planted.table([one for one in awb_explainers() if one.path_parameter is None]),
    )
    given.output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
