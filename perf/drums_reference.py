"""Write docs/drums-reference.md: the reference study's table of designs, on awb's drums.

    python perf/drums_reference.py [--clips N] [--samples N] [--work DIR] [--output FILE]

Twenty runs, one per masker and design, are stored in the work folder, so that the script may be
stopped and started again. With the defaults it takes about ten minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import fmean

ROOT = Path(__file__).resolve().parents[1]

MASKERS = ("noise", "zeros")
EXPLAINERS = {
    "RF": "random-forest",
    "LR": "linear-regression",
    "SHAP": "kernel-shap:coalitions=pool",
}
POOLED = "pooled"
DESIGNS = {
    **{
        f"{fraction}, {run}": f"single:fraction={fraction},run_length={run}"
        for fraction in (0.2, 0.3, 0.4)
        for run in (1, 3, 5)
    },
    POOLED: POOLED,
}
REFERENCE = {
    ("RF", "noise"): 0.89,
    ("RF", "zeros"): 0.78,
    ("LR", "noise"): 0.82,
    ("LR", "zeros"): 0.79,
    ("SHAP", "noise"): 0.78,
    ("SHAP", "zeros"): 0.73,
}

TEXT = """# Drums: the reference study's table of designs

[Bolaños et al. (2025)](https://arxiv.org/abs/2506.04391) count kicks among ten drum hits and ask
how well explanations localize them, for a random forest (RF), a linear regression (LR) and SHAP,
with dropped audio replaced by noise or zeros, and with drop masks of one kind or of all kinds
pooled. This is the same table for the dataset `drums` and the model `drums-crnn`: mean ROC-AUC over
{instances} instances from {clips} test clips, {samples} masks each, segments of 100 ms. SHAP is
`kernel-shap:coalitions=pool`, which explains from the same masks as the others. The 95 % intervals
over clips reach {least:.2f} to {most:.2f} to either side.

{table}

The reference's figures are those published for its pooled designs. It uses recorded hits, another
model and other clips, so only the order of the numbers can be compared, not the numbers themselves.

## Which differences are more than chance

On the pooled design, paired over instances, with 95 % intervals over clips:

{differences}

Labels are exact, hits are synthesized, and a clip is explained only where the model counts right.

## Runs of three

At a fraction of 0.3 in runs of 3, the number of segments to drop, 24 of 80, is a multiple of 3, as
in no other design with runs of 3. Every mask is then a sum of windows of three, in which a pattern
with a period of three segments nearly vanishes (the circulant matrix of such a window has
eigenvalues of 1 + 2 cos(2 pi k / 80), of which the smallest in magnitude is 0.05). A regression has
to invert that matrix, and amplifies noise in this pattern; a forest does not, and a shorter last
run or a pool of run lengths avoids it.

The variants of the paper's own SHAP are compared in
[paper.md](paper.md#which-shap-is-the-papers).

Made by `python perf/drums_reference.py --clips {clips} --samples {samples}`.
"""

Column = dict[tuple[str, str], float]
"""ROC-AUC by clip and target."""

Found = dict[tuple[str, str, str], Column]
"""By design, masker and explainer, as the table calls them."""


def aucs(work: Path, clips: int, samples: int) -> Iterator[tuple[tuple[str, str, str], Column]]:
    """Run every masker and design, or read earlier runs.

    Parameters
    ----------
    work : Path
        Folder of the runs.
    clips, samples : int
        Clips of the dataset, and drop masks.

    Yields
    ------
    place : tuple of str
        Design, masker and explainer, as in the table.
    column : dict
        ROC-AUC of each instance.
    """
    from awb.harness.config.resources import Resources
    from awb.harness.config.run_config import make_config
    from awb.harness.run import resume, run
    from awb.harness.storage.run_folder import RunFolder

    for design, reference in reversed(DESIGNS.items()):
        for masker in MASKERS:
            path = work / f"{masker} {design}".replace(", ", "-").replace(" ", "-")
            config = make_config(
                datasets=[f"drums:clips={clips}"],
                explainers=list(EXPLAINERS.values()),
                baselines=False,
                metrics=["roc-auc"],
                masker=masker,
                design=reference,
                samples=samples,
            )
            if path.exists():
                resume(path, Resources(jobs=1))
            else:
                run(config, path, Resources(jobs=1))
            rows = list(RunFolder.open(path).store().scores())
            for name, label in EXPLAINERS.items():
                own = [row for row in rows if row.explainer == label]
                yield (
                    (design, masker, name),
                    {(row.clip_id, row.target): row.value for row in own},
                )


def comparisons() -> Iterator[tuple[str, tuple[str, str], tuple[str, str]]]:
    """List what is compared on the pooled design: a title, and two columns."""
    names = list(EXPLAINERS)
    for masker in MASKERS:
        for first, second in pairwise(names):
            yield f"{first} over {second}, {masker}", (masker, first), (masker, second)
    for name in names:
        yield f"noise over zeros, {name}", ("noise", name), ("zeros", name)


def differences(found: Found) -> str:
    """Make the table of paired differences on the pooled design."""
    from awb.randomness import RandomKey
    from awb.statistics import difference_intervals

    places = sorted(found[POOLED, MASKERS[0], next(iter(EXPLAINERS))])
    columns = [(masker, name) for masker in MASKERS for name in EXPLAINERS]
    values = [[found[POOLED, *column][place] for column in columns] for place in places]
    wanted = list(comparisons())
    intervals = difference_intervals(
        values,
        [(columns.index(first), columns.index(second)) for _, first, second in wanted],
        [clip for clip, _ in places],
        lowest=0,
        highest=1,
        rng=RandomKey((0, "drums reference")).generator(),
    )
    reference = {(masker, name): value for (name, masker), value in REFERENCE.items()}
    lines = ["| | awb | the study |", "| --- | ---: | ---: |"]
    for (title, first, second), one in zip(wanted, intervals, strict=True):
        there = reference[first] - reference[second]
        own = f"{one.mean:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
        lines.append(f"| {title} | {own} | {there:+.2f} |")
    return "\n".join(lines)


def reaches(found: Found) -> list[float]:
    """Return how far the interval of each mean reaches to its farther side."""
    from awb.randomness import RandomKey
    from awb.statistics import mean_interval

    rng = RandomKey((0, "drums reference", "means")).generator()
    ends = [
        mean_interval(
            list(column.values()), [clip for clip, _ in column], lowest=0, highest=1, rng=rng
        )
        for column in found.values()
    ]
    return [max(one.mean - one.low, one.high - one.mean) for one in ends]


def table(found: Found) -> str:
    """Make the table: designs as rows, explainers and maskers as columns."""
    columns = [(name, masker) for name in EXPLAINERS for masker in MASKERS]
    lines = [
        "| fraction, run | " + " | ".join(f"{name}, {masker}" for name, masker in columns) + " |",
        "| --- |" + " ---: |" * len(columns),
    ]
    for design in DESIGNS:
        values = [f"{fmean(found[design, masker, name].values()):.2f}" for name, masker in columns]
        lines.append(f"| {design} | {' | '.join(values)} |")
    values = [f"{REFERENCE[column]:.2f}" for column in columns]
    lines.append(f"| *reference, pooled* | {' | '.join(f'*{value}*' for value in values)} |")
    return "\n".join(lines)


def main() -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--samples", type=int, default=3000)
    parser.add_argument("--work", type=Path, default=Path("runs", "drums-reference"))
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "drums-reference.md")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    found = dict(aucs(given.work, given.clips, given.samples))
    ends = reaches(found)
    page = TEXT.format(
        instances=len(next(iter(found.values()))),
        clips=given.clips,
        samples=given.samples,
        table=table(found),
        differences=differences(found),
        least=min(ends),
        most=max(ends),
    )
    given.output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
