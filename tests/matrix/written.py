"""The matrix as it is written down; python -m matrix.written judges all networks again."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "matrix.json"
REFUSED = "not applicable: "
EITHER = frozenset({("relu-instance-norm", "extremal-mask")})
"""Networks and explainers whose search ends at the planted time on one processor, and in what the
explainer itself refuses on another."""

_NUMBER = re.compile(r"-?\d[\d.]*(e[-+]\d+)?")

Row = Mapping[str, str]


def known() -> dict[str, Row]:
    """Read what was written: of each network what became of each explainer."""
    found: dict[str, Row] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return found


def anywhere(network: str, row: Row) -> Row:
    """Keep of a row what no processor changes: reasons without their numbers."""
    return {
        name: _NUMBER.sub("#", text) for name, text in row.items() if (network, name) not in EITHER
    }


def main() -> None:
    """Judge every network, or those that are named, and write what was found."""
    from matrix.judging import row_of
    from networks import SUBJECTS

    names = sys.argv[1:] or list(SUBJECTS)
    rows = known() if GOLDEN.exists() else {}
    for name in names:
        rows[name] = {one: cell.text for one, cell in row_of(name).items()}
    kept = {name: rows[name] for name in SUBJECTS if name in rows}
    GOLDEN.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
