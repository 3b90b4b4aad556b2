"""The matrix of docs/explainers.md: every explainer on every kind of network."""

from __future__ import annotations

from collections.abc import Mapping

from awb_plugins.explainers import (
    attention,
    components,
    learned_masks,
    segmentwise,
    spectrogram,
)
from matrix.written import REFUSED, Row, known
from networks import SUBJECTS
from pages.tables import table

_SIGNS: Mapping[str, str] = {
    "finite differences": "d",
    "completeness": "s",
    "conservation": "s",
    "accounts": "s",
    "expectation": "e",
    "twin": "m",
    "captum": "m",
    "plain": "p",
    "planted": "p",
}
_SHORT: Mapping[str, str] = {
    "input-x-gradient": "input×grad",
    "integrated-gradients": "int-grad",
    "gradient-shap": "grad-shap",
    "attention-rollout": "rollout",
    "attention-gradients": "attn-grad",
    "guided-backprop": "guided",
    "extremal-mask": "mask",
}

TEXT = """A test builds {networks} small networks of the kinds that people use, runs every explainer
on each, and accepts a value only where something that is not awb confirms it. Of {cells} cells
{values} are values, and {refusals} say "not applicable" and why.

`d`: finite differences of the score; `s`: it sums to what it should (the rise of the score, or the
score of the network without biases); `e`: the expectation, within its standard error; `m`: the same
function spelled in modules, explained by captum; `p`: a plain implementation, in loops or without
hooks; a number: not applicable, for the reason below. "masking" are all that only mask audio, on a
clip of which one segment is all there is to hear; "captum" counts the values among the {methods}
methods of captum.

{rows}

Not applicable:

{reasons}
"""


def section() -> str:
    """Write the section."""
    rows = known()
    deep = [spec.name for spec in learned_masks.SPECS if spec.needs]
    inside = [*(spec.name for spec in (*spectrogram.SPECS, *attention.SPECS)), *deep]
    reasons: dict[str, int] = {}
    every = [text for row in rows.values() for one, text in row.items() if one != "door"]
    refused = sum(text.startswith(REFUSED) for text in every)
    lines = [_line(name, row, inside, reasons) for name, row in rows.items()]
    head = ["network", "masking", *(_SHORT.get(one, one) for one in inside), "captum"]
    methods = sum(one.startswith("captum:") for one in next(iter(rows.values())))
    return TEXT.format(
        networks=len(rows),
        cells=len(every),
        values=len(every) - refused,
        refusals=refused,
        methods=methods,
        rows=table(head, lines),
        reasons="\n".join(f"{number}. {reason}" for reason, number in reasons.items()),
    )


def _line(name: str, row: Row, inside: list[str], reasons: dict[str, int]) -> list[str]:
    captum = {one: text for one, text in row.items() if one.startswith("captum:")}
    values = sum(not text.startswith(REFUSED) for text in captum.values())
    masks = [spec for spec in learned_masks.SPECS if not spec.needs]
    masking = [*segmentwise.SPECS, *components.SPECS, *masks]
    outside = {_cell(row[spec.name], reasons) for spec in masking}
    return [
        SUBJECTS[name].title,
        ", ".join(sorted(outside)),
        *(_cell(row[one], reasons) for one in inside),
        str(values),
    ]


def _cell(text: str, reasons: dict[str, int]) -> str:
    if not text.startswith(REFUSED):
        return _SIGNS.get(text, "**wrong**")
    reason = text.removeprefix(REFUSED)
    return str(reasons.setdefault(reason, len(reasons) + 1))
