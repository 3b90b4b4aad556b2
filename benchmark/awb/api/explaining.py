"""``awb.explain``: explain a model's decision about one audio file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from awb.api.results import ShownBoard
from awb.authoring.functions import name_of
from awb.authoring.models import Model, model_name
from awb.data.annotations.columns import parse_columns
from awb.data.annotations.rows import Choices
from awb.harness.config.limits import make_limits
from awb.harness.explain_file import FILE, Explained, explain_file
from awb.harness.file_labels import LabelsOfFile
from awb.intervals import FloatArray
from awb.leaderboard.boards.construction import boards
from awb.plugins.discovery import load
from awb.plugins.references import parse_list
from awb.plugins.session import add_file
from awb.report.page import PageFacts, short_label
from awb.report.run_report import write_report
from awb.report.views.clips import GivenClips, RunSound
from awb.specs import Explainer


@dataclass(frozen=True, slots=True)
class ExplainedFile:
    """Explanations of one file; a notebook shows them with an audio player.

    Attributes
    ----------
    model, target : str
        Label of the model, and the class that was explained.
    score : float
        The model's log-odds for the target.
    relevance : dict of str to np.ndarray, shape=(cells,)
        Relevance of each cell, by explainer; failed explainers are missing.
    boards : tuple of ShownBoard
        How faithful the explanations are to the model.
    page : Path or None
        The HTML page, if it was written to a file.
    html : str
        The content of the page.
    unheard : str
        Which part of the file the model does not use, as a sentence; empty if it uses all of it.
    """

    model: str
    target: str
    score: float
    relevance: dict[str, FloatArray]
    boards: tuple[ShownBoard, ...]
    page: Path | None
    html: str
    unheard: str = ""

    @property
    def failed(self) -> bool:
        """Whether an explainer or a metric failed."""
        return any(shown.board.failed for shown in self.boards)

    def _repr_html_(self) -> str:
        content = escape(self.html, quote=True)
        style = "width:100%;height:720px;border:0"
        return f'<iframe title="awb" style="{style}" srcdoc="{content}"></iframe>'


def explain(
    file: str | Path,
    *,
    model: Model = "soundscape-cnn",
    target: str | None = None,
    labels: str | Path | None = None,
    columns: str = "",
    explainers: str | Sequence[str | Explainer] = "all",
    masker: str = "zeros",
    samples: int = 1000,
    seed: int = 0,
    out: str | Path | None = None,
    time_limit_s: float | str | None = None,
    memory_limit: float | str | None = None,
    isolate: bool = False,
    plugin: str | Path | Sequence[str | Path] = (),
) -> ExplainedFile:
    """Explain a model's decision about one audio file, as ``awb explain`` does.

    Parameters
    ----------
    file : str or Path
        An audio file; it needs no labels.
    model : str or model
        Name of the model, or a model from `awb.torch_model` or a similar function.
    target : str, optional
        A class of the model; None for the one with the highest score.
    labels : str or Path, optional
        A file of labels in any format that awb reads; explanations are scored against them, too,
        and the target is by default the labelled class with the highest score.
    columns : str
        Columns of a table of labels, as in ``onset:start,offset:end``.
    explainers : str, or a list of names and functions
        ``all`` selects every explainer that does not need labels.
    masker : str
        Name of the masker, which replaces dropped audio.
    samples : int
        Number of drop masks of the shared design.
    seed : int
        Random seed.
    out : str or Path, optional
        File to write the HTML page to; None to write none.
    time_limit_s, memory_limit, isolate, plugin : optional
        As in `awb.run`; with `isolate`, plugins that exceed the limits are stopped.

    Returns
    -------
    ExplainedFile
        Relevance, boards and the page.

    Raises
    ------
    AwbError
        If the file cannot be read, a name is unknown, or the model fails.
    """
    path = Path(file)
    for one in [plugin] if isinstance(plugin, str | Path) else plugin:
        add_file(Path(one))
    names = (
        [str(reference) for reference in parse_list(explainers)]
        if isinstance(explainers, str)
        else [one if isinstance(one, str) else name_of(one) for one in explainers]
    )
    reference = model_name(model)  # registers the model
    registry = load()
    with TemporaryDirectory(prefix="awb-explain-") as scratch:
        found = explain_file(
            path,
            registry,
            Path(scratch) / "run",
            model=reference,
            target=target,
            labels=None if labels is None else LabelsOfFile(Path(labels), _choices(columns)),
            explainers=names,
            masker=masker,
            samples=samples,
            seed=seed,
            limits=make_limits(time_limit_s, memory_limit),
            isolate=isolate,
        )
        page = Path(out) if out is not None else Path(scratch) / "page.html"
        clips = GivenClips([found.clip], RunSound.of(found.folder, registry), FILE)
        facts = page_facts(found, path)
        write_report(found.folder, registry, page, instances=1, clips=clips, facts=facts)
        every = found.folder.store().relevances(FILE, found.model)
        return ExplainedFile(
            found.model,
            found.target,
            found.score,
            {name: row for rows in every.values() for name, row in rows.items()},
            tuple(ShownBoard(board) for board in boards(found.folder, registry)),
            page if out is not None else None,
            page.read_text(encoding="utf-8"),
            found.unheard,
        )


def _choices(columns: str) -> Choices:
    return Choices(parse_columns(columns))


def page_facts(found: Explained, path: Path) -> PageFacts:
    """Write the head of the page: what was explained, and how.

    Parameters
    ----------
    found : Explained
        The explained file.
    path : Path
        Its path, as the user gave it.

    Returns
    -------
    PageFacts
        Title, lead and command.
    """
    doubt = (
        f" (below its threshold of {found.threshold:g}, so it would not report the class)"
        if found.score < found.threshold
        else ""
    )
    return PageFacts(
        title=f"Where does {short_label(found.model)} hear “{found.target}” in {path.name}?",
        lead=(
            f"The model gives it log-odds of {found.score:.2f}{doubt}. {_compared(found)}"
            f" {found.unheard}"
        ),
        created=str(found.folder.record()["created"]).partition("T")[0],
        command=f"awb explain {path.name} --model {found.model} --target '{found.target}'",
    )


def _compared(found: Explained) -> str:
    """Say what explanations are compared by."""
    change = "how the model's score changes without the segments that they point at"
    [kept] = found.folder.manifests()[0].kept
    if kept.intervals_s:
        return f"Explanations are compared by the labels, and by {change}."
    why = "does not label it" if found.clip.events else "has no labels"
    return f"The file {why}: explanations are compared by {change}."
