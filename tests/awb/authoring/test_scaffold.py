"""``awb new``: what is written installs, works and is refused where it must be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner

import small_data
from awb.authoring.contributing import registered
from awb.authoring.scaffold import NewKind, check_name, new_package
from awb.cli import main
from awb.errors import ParameterError

ROOT = Path(__file__).resolve().parents[3]


def _new(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["new", *map(str, words)])
    return result.exit_code, result.output


@pytest.mark.parametrize("kind", get_args(NewKind))
def test_the_module_is_short_and_the_package_complete(kind: NewKind, tmp_path: Path) -> None:
    code, output = _new(kind, "my-thing", "--into", tmp_path)
    assert code == 0, output
    module = tmp_path / "awb-my-thing" / "awb_my_thing" / "__init__.py"
    assert len(module.read_text(encoding="utf-8").splitlines()) < 40
    compile(module.read_text(encoding="utf-8"), str(module), "exec")
    names = {path.name for path in (tmp_path / "awb-my-thing").rglob("*") if path.is_file()}
    assert names == {"pyproject.toml", "README.md", "__init__.py", "test_awb_my_thing.py"}


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    new_package("explainer", "mine", tmp_path)
    with pytest.raises(ParameterError, match="there already"):
        new_package("model", "mine", tmp_path)


@pytest.mark.parametrize(
    ("name", "better"),
    [("MyMethod", "my-method"), ("my_method", "my-method"), ("../x", "x"), ("9", "my-method")],
)
def test_names_are_checked_and_a_better_one_is_shown(name: str, better: str) -> None:
    with pytest.raises(ParameterError, match=f"Type for example: {better}$"):
        check_name(name)


def test_words_of_python_are_refused() -> None:
    with pytest.raises(ParameterError, match="word of Python"):
        check_name("class")


def test_here_adds_an_explainer_to_a_checkout(tmp_path: Path) -> None:
    folder = Path("plugins", "awb_plugins", "explainers", "segmentwise")
    (tmp_path / folder).mkdir(parents=True)
    source = (ROOT / folder / "__init__.py").read_text(encoding="utf-8")
    (tmp_path / folder / "__init__.py").write_text(source, encoding="utf-8")
    code, output = _new("explainer", "my-method", "--here", "--into", tmp_path)
    assert code == 0, output
    made = (tmp_path / folder / "__init__.py").read_text(encoding="utf-8")
    before, after = source.splitlines(), made.splitlines()
    assert [line for line in after if line not in before] == [
        "    my_method,",
        "    my_method.SPEC,",
    ]
    assert after.index("    my_method,") == after.index("    naive,") - 1
    assert (tmp_path / folder / "my_method.py").is_file()
    assert "there already" in _new("explainer", "my-method", "--here", "--into", tmp_path)[1]


def test_here_needs_a_checkout_and_an_explainer(tmp_path: Path) -> None:
    assert "no checkout" in _new("explainer", "mine", "--here", "--into", tmp_path)[1]
    assert "--here is for explainers" in _new("model", "mine", "--here", "--into", tmp_path)[1]
    with pytest.raises(ParameterError, match="cannot find where"):
        registered("SPECS = []\n", "mine")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a newcomer who has written and installed an explainer."""
    folder = tmp_path_factory.mktemp("newcomer")
    new_package("explainer", "my-first", folder)
    target = folder / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    command += [str(target), "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([*command, str(folder / "awb-my-first")], check=True)
    path = os.pathsep.join(filter(None, [str(target), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "HOME": str(folder)}


def test_an_installed_one_runs(installed: dict[str, str], tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "data")
    command = [sys.executable, "-m", "awb", "run", "--dataset", f"folder:{data}", "--model"]
    command += ["loudness", "--explainers", "my-first,oracle", "--metrics", "roc-auc"]
    command += ["--samples", "200", "--jobs", "1", "--out", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=installed)
    assert done.returncode == 0, done.stderr
    [row] = [line for line in done.stdout.splitlines() if "my-first" in line]
    assert float(row.split("my-first")[1].split()[0]) > 0.8


def test_an_installed_one_keeps_every_rule(installed: dict[str, str]) -> None:
    command = [sys.executable, "-m", "awb", "check", "my-first"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=installed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("12 of 12 rules are followed")
