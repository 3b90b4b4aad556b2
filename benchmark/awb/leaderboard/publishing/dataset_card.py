"""The leaderboards as a dataset: its card, and one long table of all scores."""

from __future__ import annotations

from collections.abc import Sequence

from awb.errors import ParameterError
from awb.harness.storage.store import ScoreRow
from awb.leaderboard.formats.long_table import write
from awb.leaderboard.publishing.board_pages import BEGIN, END
from awb.leaderboard.publishing.published_board import scores_of
from awb.leaderboard.submissions.files import Submitted

TABLE = "scores.parquet"
_LICENSE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-")
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"))
_LARGEST = "1M<n<10M"

_FRONT = """\
---
license: {license}
pretty_name: Audio Where Benchmark leaderboards
tags:
- audio
- explainability
- interpretability
- attribution
- benchmark
- leaderboard
size_categories:
- {size}
configs:
- config_name: scores
  data_files: {table}
  default: true
---
"""

_BODY = """\
# Audio Where Benchmark: leaderboards

When an audio classifier says "dog", does an explanation point at the bark? Scores of {n_explainers}
explainers on {n_boards} boards, in {n_submissions} submissions: every score of every instance, and
the relevance that it was computed from.

{index}

- `{table}`: every score, one row per instance, explainer and metric ({n_rows:,} rows).
- `submissions/`: one folder per board, with the selection of instances (`_manifest.json`), and for
  each explainer its scores, settings and versions (`.json`) and its relevance (`.relevance`).
- `*.md`: the boards, generated from the submissions.

- `croissant.json`: what the table is, for machines ([Croissant](https://mlcommons.org/croissant)).

To check everything here, without the models:

```sh
{commands}
```
"""


def rows_of(submitted: Sequence[Submitted]) -> list[ScoreRow]:
    """List every score of every submission, in order."""
    return [row for one in submitted for row in scores_of(one.record)]


def score_table(rows: Sequence[ScoreRow]) -> bytes:
    """Write all scores as one Parquet file."""
    return write(rows, "parquet")


def checked_license(text: str) -> str:
    """Check a licence identifier, as it appears in the front matter of a card."""
    if not text or not set(text) <= _LICENSE:
        raise ParameterError(
            f"--license {text!r} is not a licence identifier; type one such as apache-2.0 or"
            " cc-by-4.0"
        )
    return text


def card(
    submitted: Sequence[Submitted], index: str, *, commands: str, license_id: str, n_rows: int
) -> str:
    """Write the card: front matter for the Hub, a text for readers, and how to check it."""
    size = next((name for limit, name in _SIZES if n_rows < limit), _LARGEST)
    boards = {(one.record.dataset.label, one.record.model.label) for one in submitted}
    front = _FRONT.format(license=license_id, size=size, table=TABLE)
    body = _BODY.format(
        n_explainers=len({one.record.explainer.label for one in submitted}),
        n_boards=len(boards),
        n_submissions=len(submitted),
        index=index.partition(BEGIN)[2].partition(END)[0].strip(),
        table=TABLE,
        n_rows=n_rows,
        commands=commands,
    )
    return front + body
