"""Every explainer on every kind of network: a value that an oracle confirms, or a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("transformers", reason="needs transformers (extra ast)")

from awb.plugins.discovery import load
from awb.types import Explanation
from awb_plugins.explainers.captum_adapter.facts import reason_against
from awb_plugins.explainers.captum_adapter.reading import attribution_classes
from matrix.cases import Case, case_of, varied
from matrix.judging import EVERY, ORACLES, cell_of, looked_into, row_of
from matrix.written import known
from networks import SUBJECTS

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SUBJECTS)
def test_no_cell_is_wrong_or_empty(name: str) -> None:
    row = row_of(name)
    assert list(row) == EVERY
    assert not {one: str(cell) for one, cell in row.items() if not cell.sound}
    written = {one: cell.text for one, cell in row.items()}
    assert written == known()[name], "run: python -m matrix.written && make docs-tables"


def test_every_explainer_is_in_the_matrix() -> None:
    built_in = {
        entry.spec.name
        for entry in load()
        if entry.kind == "explainer" and entry.origin.distribution == "audio-where-benchmark"
    }
    methods = {
        f"captum:{name}"
        for name, kind in attribution_classes().items()
        if not reason_against(name, kind)
    }
    assert (built_in - {"captum"}) | methods == set(EVERY) - {"door"}


def test_the_matrix_covers_the_kinds_that_people_use() -> None:
    assert len(SUBJECTS) >= 30
    assert len({one.title for one in SUBJECTS.values()}) == len(SUBJECTS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("explainer", [*ORACLES, "lime-tf"])
def test_every_oracle_can_say_no(explainer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    able = {"attention-rollout": "ast", "listen": "kws-cnn", "captum:DeepLiftShap": "perceptron"}
    subject = able.get(explainer, "plain-cnn")
    case = case_of(SUBJECTS[subject], varied)
    ask = Case.ask

    def other(self: Case, reference: str) -> Explanation:
        found = ask(self, reference)
        given = found.time_frequency
        turned = None if given is None else 0.5 - given[::-1] * 1.4
        return replace(found, relevance=1.0 - found.relevance, time_frequency=turned)

    monkeypatch.setattr(Case, "ask", other)
    monkeypatch.setattr("matrix.judging.sums", lambda found: None)
    assert cell_of(lambda: looked_into(case, explainer)).status == "wrong"
