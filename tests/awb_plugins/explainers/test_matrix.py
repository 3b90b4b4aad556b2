"""Every explainer on every kind of network: a value that an oracle confirms, or a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs transformers (extra ast)")

from awb.intervals import FloatArray
from awb.plugins.discovery import load
from awb.types import Explanation
from awb_plugins.explainers.captum_adapter.facts import reason_against
from awb_plugins.explainers.captum_adapter.reading import attribution_classes
from matrix.cases import Case, case_of, varied
from matrix.judging import EVERY, ORACLES, Oracle, asked, cell_of, judged, row_of
from matrix.written import anywhere, known
from networks import SUBJECTS

pytestmark = pytest.mark.usefixtures("one_thread")


QUICK = {"plain-cnn", "cnn-batch-norm", "resnet", "crnn-gru", "panns", "ast", "perceptron"}
"""One network of each family; the whole sweep is slow."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=() if one in QUICK else pytest.mark.slow) for one in SUBJECTS]
)
def test_no_cell_is_wrong_or_empty(name: str) -> None:
    row = row_of(name)
    assert list(row) == EVERY
    assert not {one: str(cell) for one, cell in row.items() if not cell.sound}
    written = {one: cell.text for one, cell in row.items()}
    told = "run: python -m matrix.written && make docs-tables"
    assert anywhere(name, written) == anywhere(name, known()[name]), told


def test_every_explainer_is_in_the_matrix() -> None:
    built_in = {
        entry.spec.name
        for entry in load()
        if entry.kind == "explainer" and entry.origin.distribution == "audio-where-benchmark"
        if not entry.spec.reference
    }
    methods = {
        f"captum:{name}"
        for name, kind in attribution_classes().items()
        if not reason_against(name, kind)
    }
    assert (built_in - {"captum", "shapiq"}) | methods == set(EVERY) - {"door"}


def test_the_matrix_covers_the_kinds_that_people_use() -> None:
    assert len(SUBJECTS) >= 30
    assert len({one.title for one in SUBJECTS.values()}) == len(SUBJECTS)
    assert set(SUBJECTS) >= QUICK


CHANGES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "zero": np.zeros_like,
    "half": lambda relevance: relevance / 2,
    "negated": np.negative,
    "reversed": lambda relevance: relevance[::-1],
    "mean": lambda relevance: np.full_like(relevance, relevance.mean()),
}
"""What is done to an explanation; the oracle is to see it."""

SUBJECT_OF = {
    "attention-rollout": "ast",
    "attention-gradients": "encoder-class-token",
    "attn-lrp": "encoder-class-token",
    "listen": "kws-cnn",
    "smoothgrad": "resnet",
    "deeplift": "cnn-batch-norm",
    "deep-shap": "cnn-batch-norm",
    "captum:DeepLift": "perceptron",
    "captum:DeepLiftShap": "perceptron",
    "captum:GradientShap": "half",
    "captum:GuidedGradCam": "panns",
    "captum:InternalInfluence": "panns",
    "captum:LayerDeepLift": "cnn-batch-norm",
    "captum:LayerDeepLiftShap": "cnn-batch-norm",
}
"""Networks on which an oracle knows the map, which is neither zero nor the same everywhere."""
SUMMING = ("lrp-epsilon", "lrp-flat", "deeplift", "captum:LayerLRP", "captum:LayerDeepLift")
PAIRS = [
    *((one, SUBJECT_OF.get(one, "plain-cnn")) for one in [*ORACLES, "lime-tf"]),
    *((one, "crnn-gru") for one in SUMMING),
    *(("deeplift", "plain-cnn"), ("deep-shap", "plain-cnn")),
    *(("smoothgrad", "plain-cnn"), ("captum:GradientShap", "plain-cnn")),
]
BLIND = {
    **{
        ("attn-lrp", "encoder-class-token", change): "the account knows sums; the order is judged"
        " in test_attention_gradients"
        for change in ("reversed", "mean")
    },
    **{
        (one, "crnn-gru", change): "nobody else has such rules for a GRU: only the sum is known"
        for one in SUMMING
        for change in ("reversed", "mean")
    },
    **{
        (one, "plain-cnn", change): "DeepLIFT's paper has no rule for maxima: only the sum is known"
        for one in ("deeplift", "deep-shap")
        for change in ("reversed", "mean")
    },
    ("smoothgrad", "plain-cnn", "mean"): "the map is lost in the noise of 25 draws",
    ("captum:GradientShap", "plain-cnn", "half"): "half is within the noise of 5 draws",
    ("captum:GradientShap", "plain-cnn", "mean"): "the map is lost in the noise of 5 draws",
}
"""What an oracle cannot see, and why."""


def _changed(found: Explanation, change: str) -> Explanation:
    """Change an explanation, its segments and its map alike."""
    given = found.time_frequency
    return replace(
        found,
        relevance=CHANGES[change](found.relevance),
        time_frequency=None if given is None else CHANGES[change](given),
    )


@lru_cache(maxsize=1)
def _asked(explainer: str, subject: str) -> tuple[Case, Explanation, Oracle]:
    case = case_of(SUBJECTS[subject], varied)
    found, oracle = asked(case, explainer)
    assert cell_of(lambda: judged(case, found, oracle)).status == "value"
    return case, found, oracle


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("explainer", "subject"), PAIRS)
def test_every_oracle_can_say_no(explainer: str, subject: str, change: str) -> None:
    case, found, oracle = _asked(explainer, subject)
    cell = cell_of(lambda: judged(case, _changed(found, change), oracle))
    blind = (explainer, subject, change) in BLIND
    assert cell.status == ("value" if blind else "wrong"), cell
