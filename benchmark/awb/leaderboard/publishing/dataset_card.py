"""The leaderboards as a dataset: its card, a long table of all scores, and results per model."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence

from awb.data.instance_kinds import only_hits
from awb.errors import ParameterError
from awb.leaderboard.formats.long_table import write_published
from awb.leaderboard.publishing.board_pages import BEGIN, END
from awb.leaderboard.publishing.comparable_boards import LOCALIZATION, comparable
from awb.leaderboard.publishing.over_models import CHANCE, ModelRow, summarize_models
from awb.leaderboard.publishing.published_board import scores_of
from awb.leaderboard.submissions.files import Submitted
from awb.plugins.discovery import Registry

TABLE = "scores.parquet"
RESULTS = "eval_results"
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

_RESULT = """\
- dataset:
    id: {repo}
    task_id: {task}
  value: {value}
{date}  source:
    url: {url}
    name: "Audio Where Benchmark"
  notes: {notes}
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
- `{results}/`: for each model, what the Hub reads as `.eval_results/awb.yaml` in the model's
  repository.

- `croissant.json`: what the table is, for machines ([Croissant](https://mlcommons.org/croissant)).

To check everything here, without the models:

```sh
{commands}
```
"""


def score_table(submitted: Sequence[Submitted]) -> tuple[bytes, int]:
    """Write every score of every submission as one Parquet file, and count its rows."""
    rows = [(row, one.kind) for one in submitted for row in scores_of(one.record)]
    return write_published([row for row, _ in rows], [kind for _, kind in rows]), len(rows)


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
    boards = {(one.record.dataset.label, one.record.model.label, one.kind) for one in submitted}
    front = _FRONT.format(license=license_id, size=size, table=TABLE)
    body = _BODY.format(
        n_explainers=len({one.record.explainer.label for one in submitted}),
        n_boards=len(boards),
        n_submissions=len(submitted),
        index=index.partition(BEGIN)[2].partition(END)[0].strip(),
        table=TABLE,
        results=RESULTS,
        n_rows=n_rows,
        commands=commands,
    )
    return front + body


def model_results(
    submitted: Sequence[Submitted], registry: Registry, repo: str
) -> dict[str, bytes]:
    """Write what the Hub reads as evaluation results of a model, a file per model.

    The value is the ROC-AUC of the explainers that are most faithful to the model, as in the
    summary over models; its notes say so. See https://huggingface.co/docs/hub/eval-results.
    """
    summary = summarize_models(comparable(submitted, registry))
    dates: dict[tuple[str, str], str] = {}
    for one in only_hits(submitted):
        board = one.record.dataset.label, one.record.model.label
        dates[board] = max(dates.get(board, ""), one.record.environment.created[:10])
    files: dict[str, list[str]] = {}
    rows, n_faithful = (summary.rows, summary.n_faithful) if summary is not None else ((), 0)
    for row in rows:
        if math.isfinite(row.localization.mean):
            name = f"{RESULTS}/{_slug(row.board.model)}.yaml"
            date = dates[row.board.dataset, row.board.model]
            entry = _entry(row, n_faithful, repo, date)
            files.setdefault(name, []).append(entry)
    return {name: "".join(entries).encode() for name, entries in sorted(files.items())}


def _entry(row: ModelRow, n_faithful: int, repo: str, date: str) -> str:
    """Write one result in YAML; quoted as JSON, so that no name can be anything else."""
    found = row.localization
    several = "explainer" if n_faithful == 1 else f"{n_faithful} explainers"
    notes = (
        f"{LOCALIZATION} (0 to 1, chance {CHANCE}) of the {several} most faithful to"
        f" the model, chosen for each clip on the others; 95 % interval {found.low:.3f} to"
        f" {found.high:.3f}; {row.n_instances} instances in {row.n_clips} clips of"
        f" {row.board.dataset}; {row.verdict}"
    )
    return _RESULT.format(
        repo=json.dumps(repo),
        task=json.dumps(_slug(row.board.dataset)),
        value=round(found.mean, 4),
        date=f"  date: {json.dumps(date)}\n" if date else "",
        url=json.dumps(f"https://huggingface.co/datasets/{repo}"),
        notes=json.dumps(notes),
    )


def _slug(label: str) -> str:
    """Write a label as a name of a file or a task."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "unnamed"
