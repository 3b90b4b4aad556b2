"""``awb.explain``: explain a model's decision about one audio file."""

from __future__ import annotations

from pathlib import Path

from awb.api.explained import ExplainedFile, Scratch
from awb.api.progress import Shown, shown
from awb.api.results import Run
from awb.api.starting import Explainers, Files
from awb.authoring.functions import name_of
from awb.authoring.models import Model, model_name
from awb.data.annotations.columns import parse_columns
from awb.data.annotations.rows import Choices
from awb.harness.config.choice import model_for_a_file
from awb.harness.config.limits import make_limits
from awb.harness.explain_file import FILE, Explained, explain_file
from awb.harness.file_labels import LabelsOfFile
from awb.plugins.discovery import load
from awb.plugins.references import parse_list
from awb.plugins.session import add_file
from awb.report.page import PageFacts, render, short_label, write
from awb.report.views.board import read_views
from awb.report.views.clips import GivenClips, RunSound


def explain(
    file: str | Path,
    *,
    model: Model | None = None,
    target: str | None = None,
    labels: str | Path | None = None,
    columns: str = "",
    explainers: Explainers = "all",
    masker: str = "zeros",
    samples: int = 1000,
    seed: int = 0,
    out: str | Path | None = None,
    time_limit_s: float | str | None = None,
    memory_limit: float | str | None = None,
    isolate: bool = False,
    plugin: Files = (),
    progress: Shown = True,
) -> ExplainedFile:
    """Explain a model's decision about one audio file, as ``awb explain`` does.

    Parameters
    ----------
    file : str or Path
        An audio file; it needs no labels.
    model : str or model, optional
        Name of the model, or a model from `awb.torch_model` or a similar function. Default: YAMNet
        if its weights are here, else soundscape-cnn.
    target : str, optional
        A class of the model. Default: the one with the highest score.
    labels : str or Path, optional
        A file of labels in any format that awb reads; explanations are scored against them, too,
        and the target is by default the labelled class with the highest score. Default: none.
    columns : str
        Columns of a table of labels, as in ``onset:start,offset:end``. Default: by their names.
    explainers : str, function, or list of them
        ``all`` selects every explainer that does not need labels. Default: all.
    masker : str
        Name of the masker, which replaces dropped audio. Default: zeros.
    samples : int
        Number of drop masks of the shared design. Default: 1000.
    seed : int
        Random seed. Default: 0.
    out : str or Path, optional
        File to write the HTML page to; a name without an ending gets ``.html``. Default: none is
        written.
    time_limit_s : float or str, optional
        Stop an explainer or metric that takes more seconds; or "off". Default: 1800.
    memory_limit : float or str, optional
        Stop a plugin whose worker needs more memory, as in "8GB"; or "off". Default: 80 % of the
        machine.
    isolate : bool
        Compute in a process that can be stopped; the limits need it. Default: False.
    plugin : str, Path, or list of them
        Python files with plugins that are not installed. Default: none.
    progress : bool or callable
        Show a bar in a notebook or terminal, and lines in a log; False for none. A function
        ``(phase, done, total)`` is called as work finishes. Default: True.

    Returns
    -------
    ExplainedFile
        Relevance, boards, figures and the page.

    Raises
    ------
    AwbError
        If the file cannot be read, a name is unknown, or the model fails.
    """
    path = Path(file)
    for one in [plugin] if isinstance(plugin, str | Path) else plugin:
        add_file(Path(one))
    if isinstance(explainers, str):
        names = [str(reference) for reference in parse_list(explainers)]
    else:
        several = [explainers] if callable(explainers) else explainers
        names = [one if isinstance(one, str) else name_of(one) for one in several]
    chosen = model_for_a_file(load()) if model is None else model
    reference = model_name(chosen)  # registers the model
    scratch = Scratch()
    with shown(progress) as report:
        found = explain_file(
            path,
            load(),
            scratch.path / "run",
            model=reference,
            target=target,
            labels=None if labels is None else LabelsOfFile(Path(labels), _choices(columns)),
            explainers=names,
            masker=masker,
            samples=samples,
            seed=seed,
            limits=make_limits(time_limit_s, memory_limit),
            isolate=isolate,
            progress=report,
        )
    return _explained(found, path, scratch, None if out is None else page_path(out))


def page_path(out: str | Path) -> Path:
    """Return where a page is written: a name without an ending gets ``.html``.

    Examples
    --------
    >>> page_path("dog").name, page_path("dog.htm").name, page_path("v1.2").name
    ('dog.html', 'dog.htm', 'v1.2.html')
    """
    path = Path(out)
    return path if path.suffix.lower() in {".html", ".htm"} else path.with_name(f"{path.name}.html")


def _explained(found: Explained, path: Path, scratch: Scratch, page: Path | None) -> ExplainedFile:
    """Read what was stored about a file, and write its page."""
    registry = load()
    clips = GivenClips([found.clip], RunSound.of(found.folder, registry), FILE)
    views = read_views(found.folder, registry)
    html = render(views, clips, page_facts(found, path), instances=1)
    if page is not None:
        write(html, page)
    return ExplainedFile(
        found.model,
        found.target,
        found.score,
        Run(found.folder, clips=clips),
        page,
        html,
        found.unheard,
        found.threshold,
        file=path.name,
        duration_s=found.clip.duration_s,
        scratch=scratch,
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
            f"The model gives it log-odds of {found.score:z.2f}{doubt}. {_compared(found)}"
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
