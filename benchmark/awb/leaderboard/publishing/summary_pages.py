"""The summary pages in Markdown: one over models, one over datasets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from awb.leaderboard.boards.ranking import group_letters
from awb.leaderboard.formats.escaping import markdown
from awb.leaderboard.publishing.comparable_boards import (
    DELETION,
    LOCALIZATION,
    MARGIN,
    NEARLY_FULL,
    Comparable,
    comparable,
)
from awb.leaderboard.publishing.over_datasets import DatasetSummary, summarize_datasets
from awb.leaderboard.publishing.over_models import ModelRow, ModelSummary, summarize_models
from awb.leaderboard.submissions.files import Submitted
from awb.plugins.discovery import Registry
from awb.statistics import Interval

MODELS_PAGE, DATASETS_PAGE = "summary-models.md", "summary-datasets.md"
FIGURE = "summary-datasets-{metric}.svg"
RANKED_BY = (LOCALIZATION, MARGIN, DELETION)

_MODELS_READING = """\
Where does each model look? A model is judged by the explainers that are faithful to it, so that a
poor explainer is not held against the model: the {n_faithful} of {n_common} common explainers with
the lowest deletion area, chosen for each clip on the other clips.

- *looks*: "at the events" if the ROC-AUC of the faithful explainers is above chance (0.5), they
  are more faithful than `random`, and the target's probability falls further without the events
  than without as many random segments; each with its whole interval.
- *ROC-AUC* and *margin* of the faithful explainers; the rank margin (`event-rank-margin`) is 1 if
  every event's peak is above the peaks of all equally long stretches outside, and 0 if the peak of
  the weakest event is above half of them. *all common*: mean ROC-AUC of all common
  explainers. *energy*: the ROC-AUC that loudness alone reaches.
- *deletion area*: lower is more faithful; *of random*: that of `random`, for comparison.
- *without events*: how far the target's probability falls without the labelled segments, and
  without as many random ones. *events alone*: how far it falls with only the labelled segments;
  0 means that they are sufficient. Neither needs an explainer.
- *recognised*: explained instances, out of these and the ones that the model missed, which are not
  explained. *probability*: mean probability of the target over the explained instances.
"""

_DATASETS_READING = (
    "Each board ranks the explainers that all boards rank, by their means over the instances that"
    " all of them have; the mean rank is over boards. Its 95 % interval is over clips: clips are"
    " resampled within each board, and every board is ranked again. Letters are over boards:"
    " explainers that share a letter do not differ (Wilcoxon over the boards' means, Holm, 5 %)."
    " Each board's column gives the rank and the mean there."
)

_PLANTED = (
    "‡ The events of this dataset were planted next to the sound that the label refers to, and this"
    " model has learned them: looking at them is being right for the wrong reason."
)
_CONTROL = (
    "† This model has not learned what was planted there: faithful explainers should *not* point at"
    " the events, and if they do not, the model is right for the right reason."
)

_FEW = (
    "With {n} boards, the tests over boards cannot separate any two explainers, however clear the"
    " difference: that takes {needed} boards for {k} explainers. So all share a letter, and the"
    " intervals only reflect what other clips of *these* boards would have changed."
)


@dataclass(frozen=True, slots=True)
class Summaries:
    """The summaries over all boards."""

    models: ModelSummary | None  # None if too little is published for it
    datasets: tuple[DatasetSummary, ...]  # one per metric of RANKED_BY that enough boards have


def summarize(submitted: Iterable[Submitted], registry: Registry) -> Summaries:
    """Summarize everything that is published."""
    return summarize_boards(comparable(submitted, registry), registry)


def summarize_boards(found: Comparable, registry: Registry) -> Summaries:
    """Summarize the boards that can be compared."""
    full, datasets = found.ranking(NEARLY_FULL), []
    for name in RANKED_BY:
        spec = registry.get("metric", name).spec
        one = summarize_datasets(full, spec.facts)
        if one is not None:
            datasets.append(one)
    return Summaries(summarize_models(found), tuple(datasets))


def number(value: float, digits: int = 2) -> str:
    """Write a number, or a dash for NaN."""
    return "–" if math.isnan(value) else f"{value:z.{digits}f}"


def interval(found: Interval) -> str:
    """Write a mean with its interval, or a dash."""
    if math.isnan(found.mean):
        return "–"
    if math.isnan(found.low):
        return number(found.mean)
    return f"{number(found.mean)} [{number(found.low)}, {number(found.high)}]"


def _table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> str:
    from tabulate import tabulate

    return str(tabulate(rows, header, tablefmt="github", disable_numparse=True))


def models_page(summary: ModelSummary, told: str = "") -> str:
    """Write the page over models, and what its numbers rest on."""
    header = [
        "model on dataset", "looks", "ROC-AUC ↑", "margin ↑", "all common", "energy",
        "deletion area ↓", "of random", "without events", "without as many random",
        "events alone", "recognised", "probability",
    ]  # fmt: skip
    table = _table([_model_cells(row) for row in summary.rows], header)
    notes = [_PLANTED] if any(row.board.planted for row in summary.rows) else []
    notes += [_CONTROL] if any(row.board.control for row in summary.rows) else []
    notes += [f"Not compared: {markdown(text)}." for text in summary.left_out]
    reading = _MODELS_READING.format(
        n_faithful=summary.n_faithful, n_common=len(summary.explainers)
    )
    parts = [
        "# Over models: right for the right reasons?",
        reading.rstrip(),
        *([told] if told else []),
        table,
        *notes,
        *(_explainer_table(summary, metric) for metric in summary.means),
    ]
    return "\n\n".join(parts) + "\n"


def _named(row: ModelRow) -> str:
    mark = " ‡" if row.board.planted else " †" if row.board.control else ""
    return f"[{markdown(row.board.title)}]({row.board.name}.md){mark}"


def _model_cells(row: ModelRow) -> list[str]:
    kept = len(row.board.manifest.kept)
    return [
        _named(row),
        row.verdict,
        *(
            interval(one)
            for one in (
                row.localization, row.margin, row.typical, row.energy, row.deletion,
                row.deletion_random, row.without_events, row.without_random, row.events_alone,
            )
        ),
        f"{kept} of {kept + row.n_missed}",
        number(row.probability),
    ]  # fmt: skip


def _explainer_table(summary: ModelSummary, metric: str) -> str:
    """Write one metric of every common explainer and model, the best on average first."""
    means = summary.means[metric]
    # The mean over boards only orders the rows; it is not shown.
    order = sorted(means, key=lambda name: (-sum(one.mean for one in means[name]), name))
    rows = [
        [f"*{markdown(name)}*" if name not in summary.explainers else markdown(name)]
        + [interval(one) for one in means[name]]
        for name in order
    ]
    table = _table(rows, ["explainer", *(_named(row) for row in summary.rows)])
    counts = ", ".join(f"{row.n_instances} ({row.n_clips} clips)" for row in summary.rows)
    return (
        f"## {metric} of the common explainers\n\n{table}\n\n"
        f"Instances that all of them explain, in the order of the columns: {counts}. Italics:"
        " baselines."
    )


def datasets_page(
    summaries: Sequence[DatasetSummary], figures: Sequence[str] = (), told: str = ""
) -> str:
    """Write the page over datasets, and what its numbers rest on."""
    parts = [
        "# Over datasets: mean ranks",
        _DATASETS_READING,
        *([told] if told else []),
    ]
    for place, one in enumerate(summaries):
        parts.append(f"## By {one.metric.name} {one.metric.arrow}")
        parts += [
            f"![Mean ranks by {one.metric.name}]({file})" for file in figures[place : place + 1]
        ]
        parts.append(_ranks(one))
        parts += _tests(one)
        parts += _partial(one)
        parts += [f"Not ranked here: {markdown(text)}." for text in one.left_out]
    return "\n\n".join(parts) + "\n"


def letters(summary: DatasetSummary) -> list[str]:
    """Return the group letters of each explainer, in the order of the columns."""
    return group_letters(summary.found.groups, len(summary.explainers))


def _ranks(summary: DatasetSummary) -> str:
    groups, rows = letters(summary), []
    for column in summary.order:
        rank = summary.found.mean_ranks[column]
        cells = [
            f"{summary.found.ranks[board, column]:g} ({summary.means[board, column]:z.3f})"
            for board in range(len(summary.boards))
        ]
        span = f"{rank.rank:.1f} [{rank.low:.1f}, {rank.high:.1f}]"
        rows.append([span, groups[column], markdown(summary.explainers[column]), *cells])
    names = [f"[{markdown(board.title)}]({board.name}.md)" for board in summary.boards]
    return _table(rows, ["mean rank", "", "explainer", *names])


def _tests(summary: DatasetSummary) -> list[str]:
    """Say what the tests over boards found, or that they cannot find anything."""
    n_boards, count = len(summary.boards), len(summary.explainers)
    texts = []
    if not math.isnan(summary.found.friedman_p):
        texts.append(
            f"Friedman's test over {n_boards} boards, that all {count} explainers are equal:"
            f" p = {summary.found.friedman_p:.2g} (chi-square approximation"
            f"{', rough for so few boards' if n_boards < 10 else ''})."
        )
    needed = summary.found.boards_needed
    if n_boards < needed:
        texts.append(_FEW.format(n=n_boards, needed=needed, k=count))
    return texts


def _partial(summary: DatasetSummary) -> list[str]:
    """List the explainers without a mean rank, with their means on the boards that rank them."""
    if not summary.partial:
        return []
    rows = [
        [
            markdown(one.explainer),
            f"{sum(not math.isnan(mean) for mean in one.means)} of {len(one.means)}",
            *(number(mean, 3) for mean in one.means),
        ]
        for one in summary.partial
    ]
    header = ["explainer", "boards", *(markdown(board.title) for board in summary.boards)]
    return ["Ranked on some boards only, and therefore without a mean rank:", _table(rows, header)]
