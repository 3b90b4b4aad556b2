"""The Python interface: functions as explainers, plugin files, and the options of the command."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner

import awb
import commands
import small_data
from awb.cli import main
from awb.errors import AwbError, ParameterError, PluginError, RunError
from awb.harness.config.settings import RunSettings
from awb.harness.config.toml_input import read_settings
from awb.plugins import discovery

FILE = """
import numpy as np
import awb

@awb.explainer("from-file", citation="a file", cost="none")
def loud(perturber, instance, rng):
    "Loudness."
    edges = perturber.segments.edges_samples[:-1]
    return np.add.reduceat(np.square(instance.clip.waveform), edges) + {number}
"""


pytestmark = pytest.mark.usefixtures("added")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"folder:{small_data.build(tmp_path_factory.mktemp('data'), 2)}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my_file.py"
    path.write_text(FILE.format(number=0), encoding="utf-8")
    return path


def _run(data: str, out: Path, **settings: Any) -> Any:
    return awb.run(
        datasets=data, models="loudness", metrics="roc-auc", samples=50, out=out, cache="off",
        baselines=False, **settings,
    )  # fmt: skip


def _backwards(perturber: Any, instance: Any, rng: Any) -> Any:
    return -np.arange(perturber.n_segments)


def test_a_decorated_function_runs_by_name_and_as_a_function(data: str, tmp_path: Path) -> None:
    @awb.explainer("my-method", citation="me", cost="none")
    def mine(perturber: Any, instance: Any, rng: Any) -> Any:
        """Later is better."""
        return np.arange(perturber.n_segments)

    found = _run(data, tmp_path / "run", explainers=[mine, _backwards, "random"])
    assert not found.failed
    frame = found.board()
    assert set(frame["explainer"]) == {"my-method", "backwards", "random"}
    assert discovery.load().get("explainer", "my-method").spec.summary == "Later is better."
    [first, second] = (
        frame.set_index("explainer").loc[name, "roc-auc_mean"]
        for name in ("my-method", "backwards")
    )
    assert first + second == pytest.approx(1.0)
    named = _run(data, tmp_path / "named", explainers="my-method")
    assert list(named.board()["explainer"]) == ["my-method"]


def test_functions_of_this_process_are_sent_to_workers(data: str, tmp_path: Path) -> None:
    offset = 3

    @awb.explainer("closure")
    def mine(perturber: Any, instance: Any, rng: Any) -> Any:
        return np.arange(perturber.n_segments) + offset

    found = _run(data, tmp_path / "run", explainers=[mine], jobs=2)
    assert set(found.explanations()["status"]) == {"ok"}


def test_a_run_is_not_resumed_with_a_changed_function(
    data: str, tmp_path: Path, added: Any
) -> None:
    @awb.explainer("mine")
    def one(perturber: Any, instance: Any, rng: Any) -> Any:
        return np.arange(perturber.n_segments)

    _run(data, tmp_path / "run", explainers=[one])

    @awb.explainer("mine")
    def other(perturber: Any, instance: Any, rng: Any) -> Any:
        return -np.arange(perturber.n_segments)

    with pytest.raises(RunError, match="another version of this session"):
        awb.resume(tmp_path / "run")
    added.clear()
    with pytest.raises(RunError, match="define it again"):
        awb.resume(tmp_path / "run")


def test_taken_names_and_unsuitable_functions_are_refused() -> None:
    with pytest.raises(PluginError, match="already taken by audio-where-benchmark"):
        awb.explainer("naive")(_backwards)
    with pytest.raises(PluginError, match="three arguments"):
        awb.explainer("mine")(lambda perturber: None)
    with pytest.raises(ParameterError, match="kebab-case"):
        awb.explainer("My Method")
    with pytest.raises(PluginError, match="without a name"):
        awb.run(explainers=_nameless())


def _nameless() -> Any:
    function = lambda perturber, instance, rng: None  # noqa: E731
    function.__name__ = "_"
    return function


def test_a_plugin_file_is_loaded_by_workers_and_its_hash_is_stored(
    data: str, file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    words = ["run", "--plugin", file, "--dataset", data, "--model", "loudness", "--jobs", "2"]
    words += ["--metrics", "roc-auc", "--explainers", "from-file,random", "--out", out]
    done = commands.awb(*words)
    assert done.returncode == 0, done.stderr
    assert "from-file" in done.stdout
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    [entry] = [one for one in record["plugins"] if one["name"] == "from-file"]
    assert entry["distribution"] == "my_file.py"
    assert len(entry["version"]) == 64

    with pytest.raises(RunError, match=r"--plugin my_file\.py"):
        awb.resume(out)
    awb.resume(out, plugin=file)
    file.write_text(FILE.format(number=1), encoding="utf-8")
    with pytest.raises(RunError, match="has changed since"):
        awb.resume(out, plugin=file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("number = 1\n", "contains no plugin"),
        ("import no_such_library\n", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("import awb\nawb.run()\n", "below if __name__"),
    ],
)
def test_files_without_a_plugin_are_refused_with_the_reason(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.py"
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["run", "--plugin", str(path)])
    assert result.exit_code == 2
    assert message in result.output


def test_a_missing_plugin_file_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["plugins", "--plugin", str(tmp_path / "no.py")])
    assert result.exit_code == 2
    assert "cannot read the plugin file" in result.output


ONLY_TYPED = {
    "run": {"dataset", "model", "dry_run"},
    "resume": set(),
    "explain": {"show", "events", "window", "dry_run"},
}
"""Command line only: a repeatable list, whether a browser opens, `explain_events`, estimates."""

ONLY_PYTHON = {"progress"}


@pytest.mark.parametrize("name", ["run", "resume", "explain"])
def test_functions_have_the_options_of_the_commands(name: str) -> None:
    command = main.commands[name]
    parameters = command.get_params(click.Context(command))
    options = {str(one.name) for one in parameters if "--help" not in one.opts}
    ours = set(inspect.signature(getattr(awb, name)).parameters) - ONLY_PYTHON
    assert options - ONLY_TYPED[name] == ours


def test_configuration_files_have_the_options_of_run() -> None:
    command = main.commands["run"]
    parameters = command.get_params(click.Context(command))
    options = {str(one.name) for one in parameters if "--help" not in one.opts}
    assert options - ONLY_TYPED["run"] - {"file"} == set(RunSettings.model_fields)
    for option in parameters:
        if option.name in RunSettings.model_fields:
            assert f"--{option.name.replace('_', '-')}" in option.opts


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"jobs": 0}, "greater than or equal to 1"),
        ({"jobs": "two"}, "jobs"),
        ({"memory_limit": b"x"}, "not a size"),
        ({"isolate": "perhaps"}, "isolate"),
        ({"plugin": "nowhere.py"}, "nowhere.py"),
    ],
)
def test_options_of_resume_are_checked_as_those_of_run(
    data: str, tmp_path: Path, option: dict[str, Any], said: str
) -> None:
    _run(data, tmp_path / "run", explainers="random")
    for call in (
        lambda: awb.resume(tmp_path / "run", **option),
        lambda: _run(data, tmp_path / "other", explainers="random", **option),
    ):
        with pytest.raises(AwbError, match=said):
            call()


def test_what_is_no_explainer_is_refused(data: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"explainers: expected names or functions \(got 3\)"):
        _run(data, tmp_path / "run", explainers=3)


def test_scores_that_are_not_there_are_refused(data: str, tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.sqlite"
    with pytest.raises(ParameterError, match=r"scores: there is no file .*nowhere\.sqlite"):
        _run(data, tmp_path / "run", explainers="random", scores=missing)
    assert not missing.exists()


def test_the_environment_stands_for_the_option_that_is_left_out(
    data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        f"datasets = [{data!r}]\nmodels = ['soundscape-cnn']\nexplainers = ['naive']\n"
        f"cache = 'off'\nmin_score = -100.0\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("AWB_CACHE", str(tmp_path / "kept"))
    settled = read_settings(file, {})
    assert settled.settings.cache == str(tmp_path / "kept")
    assert settled.overridden == (f"cache = {tmp_path / 'kept'} instead of off",)
    assert read_settings(file, {"cache": "off"}).settings.cache == "off"
    monkeypatch.setenv("AWB_CACHE", "")
    assert read_settings(file, {}).settings.cache == "off"


def test_an_unknown_option_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'sampels'"):
        awb.run(sampels=3)  # type: ignore[call-overload]


def test_a_run_is_shown_and_converted_to_frames(data: str, tmp_path: Path) -> None:
    made = _run(data, tmp_path / "run", explainers="oracle,random")
    found = awb.load_run(tmp_path / "run", metrics=["roc-auc"])
    assert str(found) == str(made)
    assert "<table>" in found._repr_html_()
    assert "oracle" in found.boards[0]._repr_html_()
    scores = found.scores()
    assert len(scores) == 2 * 2
    assert scores.groupby("explainer")["value"].mean()["oracle"] == 1.0
    first = scores.iloc[0]
    relevance = found.relevance(first["clip_id"], first["target"], "random")
    assert relevance is not None
    assert relevance.shape == (30,)


def test_explaining_a_file_returns_relevance_and_a_page(tmp_path: Path) -> None:
    path = tmp_path / "bang.wav"
    small_data.write_clip(path, [1.1])
    found = awb.explain(path, model="loudness", samples=60, explainers=["naive", _backwards])
    assert (found.target, found.page, found.failed) == ("Loud", None, False)
    assert set(found.relevance) == {"naive", "backwards"}
    assert 10 <= int(found.relevance["naive"].argmax()) <= 15
    assert "srcdoc=" in found.listen()._repr_html_()
    assert "&lt;html" in found.listen()._repr_html_()


def test_only_listed_names_exist() -> None:
    assert set(awb.__all__) <= set(dir(awb))
    with pytest.raises(AttributeError, match="no attribute 'runs'"):
        _ = awb.runs  # type: ignore[attr-defined]
