"""What users hold: short representations, figures in axes of theirs, frames with times."""

from __future__ import annotations

import gc
import pickle
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import awb
import small_data
from awb.api.frames import cell_edges_s
from awb.api.progress import Bars, shown
from awb.errors import AwbError, ParameterError
from awb.harness.run import silent
from awb.perturbation import Design
from awb.reprs import DescribedModel, line, table
from awb.types import Clip, Event, Explanation, Instance

mpl.use("Agg")
LONGEST_TEXT, LONGEST_HTML = 300, 150_000
KINDS = {"board": 2, "curves": 1, "agreement": 1, "explainers": 2, "cd": 1, "heatmap": 1,
         "instance": 4}  # fmt: skip
EXPLAINERS = ["naive", "correlation", "earliest"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> awb.api.results.Run:  # type: ignore[name-defined]
    folder = tmp_path_factory.mktemp("held")
    data = small_data.build(folder / "data", 3)
    return awb.run(
        datasets=f"folder:{data}", models="loudness", explainers=EXPLAINERS, samples=40,
        metrics="roc-auc,deletion-area", cache="off", out=folder / "run", progress=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("explained") / "bang.wav"
    small_data.write_clip(path, [1.1], seconds=2.95)
    return awb.explain(path, model="loudness", samples=40, explainers="naive", progress=False)


@pytest.fixture(autouse=True)
def _closed() -> Any:
    from matplotlib import pyplot

    yield
    pyplot.close("all")


def _held() -> list[Any]:
    waveform = np.zeros(160_000, dtype=np.float32)
    clip = Clip("dog", waveform, 16_000, (Event(1.0, 2.0, "Bark"),) * 50)
    instance = Instance("mine", clip, "Bark", 0, np.array([[1.0, 2.0]]))
    model = awb.callable_model(
        lambda waveforms: 1 / (1 + np.exp(-waveforms[:, :3])), name="three",
        classes=["a", "b", "c"], sample_rate_hz=16_000, output="probabilities",
    )  # fmt: skip
    return [clip, instance, instance.blind(), model, Explanation(np.arange(5000.0)), Design()]


def test_representations_are_short(run: Any, found: Any) -> None:
    held = [run, run.boards[0], run.boards[0].board, found, found.boards[0], *_held()]
    for one in held:
        assert len(repr(one)) < LONGEST_TEXT, type(one)
        assert " at 0x" not in repr(one)
        assert "\n" not in repr(one)
        assert len(one._repr_html_()) < LONGEST_HTML, type(one)
    assert repr(run).startswith(f"<Run {run.path}: boards 1 (loudness on folder:")
    assert "Bark 1–2 s" in repr(held[5])
    assert repr(held[8]) == "<CallableModel three: classes 3 (a, b, c), rate 16,000 Hz>"
    assert repr(Design()) == "<Design: drop masks 3,000, drawn by pooled>"


def test_names_are_escaped() -> None:
    class Nasty(DescribedModel):
        name, classes, sample_rate_hz = "<script>", ["<b>"], 1

    assert "<script>" not in Nasty()._repr_html_()
    assert "&lt;b&gt;" in table("one", {"two": "<b>"})
    assert len(line("one", {"many": "x" * 1000})) < 100


def test_an_explained_file_shows_a_figure_and_a_table(found: Any) -> None:
    html = found._repr_html_()
    assert "data:image/webp;base64," in html
    assert "<table>" in html
    assert "naive" in html
    assert found.html not in html


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_is_returned_as_axes(run: Any, kind: str) -> None:
    from matplotlib import pyplot
    from matplotlib.axes import Axes

    panels = run.plot(kind)
    assert np.size(panels) == KINDS[kind]
    assert all(isinstance(one, Axes) for one in np.ravel(panels))
    figure = np.ravel(panels)[0].figure
    assert figure.number in pyplot.get_fignums(), "a notebook shows it"


@pytest.mark.parametrize("kind", KINDS)
def test_figures_are_drawn_into_given_axes(run: Any, kind: str) -> None:
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2)
    before, panels = right.get_position(), run.plot(kind, ax=left)
    assert all(one.figure is figure for one in np.ravel(panels))
    assert pyplot.get_fignums() == [figure.number]
    assert right.get_position().bounds == before.bounds
    assert all(one.get_position().x1 < before.x0 + 0.05 for one in np.ravel(panels))
    if KINDS[kind] == 1:
        assert panels is left
    else:
        _, several = pyplot.subplots(1, KINDS[kind])
        assert list(run.plot(kind, ax=several)) == list(several)


def test_axes_that_do_not_fit_are_refused(run: Any) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3)
    with pytest.raises(ParameterError, match=r"this figure has 2 panels; give as many axes"):
        run.plot("board", ax=axes)
    with pytest.raises(ParameterError, match=r"unknown kind of figure 'bord'\. Did you mean board"):
        run.plot("bord")
    assert pyplot.get_fignums() == [figure.number], "what failed leaves no empty figure"


def test_figures_show_the_right_numbers(run: Any) -> None:
    board = run.board().set_index("explainer")
    panels = run.plot("board", explainers=["naive", "earliest"])
    assert [one.get_text() for one in panels[0].get_yticklabels()] == ["naive", "earliest"]
    for panel, metric in zip(panels, ("roc-auc", "deletion-area"), strict=True):
        means = [line.get_xdata()[0] for line in panel.get_lines() if line.get_marker() == "o"]
        assert means == pytest.approx(board.loc[["naive", "earliest"], f"{metric}_mean"])
    heat = run.plot("heatmap", explainers="naive")
    values = run.scores().query("explainer == 'naive' and metric == 'roc-auc'")["value"]
    assert sorted(heat.images[0].get_array().ravel()) == pytest.approx(sorted(values))
    assert run.plot("board", metrics="deletion-area").get_title("left") == "deletion-\narea ↓"


def test_an_explanation_is_drawn_at_its_times(found: Any) -> None:
    panels = found.plot("naive")
    assert len(panels) == 2
    assert panels[1].get_title("left") == "naive"
    steps = panels[1].patches[-1].get_data()
    frame = found.frame()
    assert steps.edges == pytest.approx([*frame["onset"], frame["offset"].iloc[-1]], abs=1e-4)
    assert steps.values == pytest.approx(frame["relevance"] / frame["relevance"].abs().max())
    with pytest.raises(AwbError, match="Did you mean naive"):
        found.plot("naiv")


def test_relevance_comes_with_times(run: Any, found: Any) -> None:
    frame = found.frame()
    assert list(frame.columns) == ["explainer", "onset", "offset", "relevance", "uncertainty"]
    assert frame["uncertainty"].isna().all(), "naive does not know it"
    assert frame["offset"].iloc[-1] == pytest.approx(2.95), "the last segment ends with the file"
    peak = frame.loc[frame["relevance"].idxmax()]
    assert 1.0 <= peak["onset"] < peak["offset"] <= 1.6
    every = run.relevances()
    assert list(every.columns[-4:]) == ["onset", "offset", "relevance", "uncertainty"]
    assert len(every) == 3 * 30 * len(run.board())
    one = run.relevances(explainer="naive", clip_id="clip-0.wav")
    assert len(one) == 30
    assert one["relevance"].to_numpy() == pytest.approx(
        run.relevance("clip-0.wav", "Loud", "naive")
    )
    assert run.relevances(explainer="nobody").empty


def test_uncertainty_is_kept_and_drawn(tmp_path: Path) -> None:
    def unsure(perturber: Any, instance: Instance, rng: np.random.Generator) -> Explanation:
        ramp = np.arange(perturber.n_segments, dtype=float)
        return Explanation(ramp, uncertainty=ramp / 10)

    path = tmp_path / "bang.wav"
    small_data.write_clip(path, [1.1], seconds=2.95)
    found = awb.explain(path, model="loudness", samples=10, explainers=unsure, progress=False)
    frame = found.frame()
    assert frame["uncertainty"].to_numpy() == pytest.approx(np.arange(30) / 10)
    [bars] = found.plot()[1].collections
    lengths = [float(np.ptp(one[:, 1])) for one in bars.get_segments()]
    assert lengths == pytest.approx(2 * np.arange(30) / 10 / 29)
    assert '"uncertainty"' in found.html


def test_edges_of_cells() -> None:
    assert cell_edges_s(3, 0.1, None) == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert cell_edges_s(3, 0.1, 9.0) == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_frames_hold_numbers(run: Any, found: Any) -> None:
    board = run.board()
    assert isinstance(board, pd.DataFrame)
    assert str(board["rank"].dtype) == "Int64"
    assert list(found.scores().index) == ["naive"]
    assert found.scores().loc["naive", "deletion-area"] == pytest.approx(
        found.boards[0].board.rows[0].cells[0].mean
    )


def test_progress_can_be_shown_hidden_or_taken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []
    with shown(lambda *state: heard.append(state)) as report:
        report("explain", 1, 2)
    assert heard == [("explain", 1, 2)]
    with shown(False) as report:
        assert report is silent
    with shown(True) as report:
        report("explain", 0, 2)
        report("explain", 2, 2)
    assert capsys.readouterr().err == "explain: 0 of 2\nexplain: 2 of 2\n"
    monkeypatch.setattr("awb.api.progress.in_notebook", lambda: True)
    with shown(True) as report:
        assert isinstance(report, Bars)
        for done in range(3):
            report("explain", done, 2)
    assert "100%" in capsys.readouterr().err


def test_explaining_reports_every_explainer(tmp_path: Path) -> None:
    path, heard = tmp_path / "bang.wav", []
    small_data.write_clip(path, [1.1])
    awb.explain(
        path, model="loudness", samples=40, explainers="naive,correlation",
        progress=lambda *state: heard.append(state), out=tmp_path / "page",
    )  # fmt: skip
    assert [state for place, state in enumerate(heard) if state not in heard[:place]] == [
        ("Explaining bang.wav", 0, 2), ("Explaining bang.wav", 1, 2), ("Explaining bang.wav", 2, 2),
    ]  # fmt: skip
    assert (tmp_path / "page.html").is_file()


def test_what_was_computed_stays_while_it_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "bang.wav"
    small_data.write_clip(path, [1.1], seconds=1.5)
    found = awb.explain(path, model="loudness", samples=10, explainers="earliest", progress=False)
    folder = found.run.path
    assert pickle.loads(pickle.dumps(found)).frame().equals(found.frame())  # noqa: S301
    del found
    gc.collect()
    assert not folder.exists()


def test_the_model_of_a_file_is_the_one_that_the_command_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("awb.api.explaining.model_for_a_file", lambda registry: "loudness")
    path = tmp_path / "bang.wav"
    small_data.write_clip(path, [1.1], seconds=2.95)
    found = awb.explain(path, samples=10, explainers="naive", progress=False)
    assert found.model == "loudness"
