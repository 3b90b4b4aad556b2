"""Every explainer on every kind of network: a value that an oracle confirms, or a reason."""

from __future__ import annotations

import pytest

pytest.importorskip("transformers", reason="needs transformers (extra ast)")

from awb.plugins import load
from awb_plugins.explainers.captum_adapter.facts import reason_against
from awb_plugins.explainers.captum_adapter.reading import attribution_classes
from matrix.judging import EVERY, row_of
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
