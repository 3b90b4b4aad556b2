"""Shell completion: what is offered, how fast, and the scripts that request it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from awb.cli import main
from awb.cli.completion import SHELLS


def _offered(*words: str) -> list[str]:
    complete = ShellComplete(main, {}, "awb", "_AWB_COMPLETE")
    return [item.value for item in complete.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["run", "--explainers", "random-f"], {"random-forest", "random-forest-paper"}),
        (["run", "--explainers", "al"], {"all"}),
        (["run", "--explainers", "energy,earl"], {"energy,earliest"}),
        (["run", "--explainers", "all,ear"], {"all,earliest"}),
        (["run", "--explainers", "lime:seed=3,sham,deepl"], {"lime:seed=3,sham,deeplift"}),
        (["run", "--model", "loud"], {"loudness"}),
        (["run", "--models", "yamnet,loud"], {"yamnet,loudness"}),
        (["run", "--dataset", "drum"], {"drums"}),
        (["run", "--datasets", "kws,drum"], {"kws,drums"}),
        (["run", "--metrics", "roc-a"], {"roc-auc"}),
        (["run", "--masker", "n"], {"noise"}),
        (["run", "--masker", "nothing"], set()),
        (["explain", "a.wav", "--explainers", "oracle,earl"], {"oracle,earliest"}),
        (["config", "show", "--scoring-masker", "z"], {"zeros"}),
        (["data", "describe", "sounds"], {"soundscapes"}),
        (["train", "drums"], {"drums-crnn"}),
        (["res"], {"resume"}),
        (["run", "--segment-h"], {"--segment-hop", "--segment-hop-s"}),
    ],
)  # fmt: skip
def test_names_are_offered(words: list[str], expected: set[str]) -> None:
    assert set(_offered(*words)) == expected


def test_no_name_is_offered_twice() -> None:
    assert "energy,random,energy" not in _offered("run", "--explainers", "energy,random,")
    assert "energy,random,oracle" in _offered("run", "--explainers", "energy,random,")


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for age, (name, file) in enumerate([("old", "run.json"), ("swept", "sweep.json")]):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / file).touch()
        os.utime(folder, (1000 + age, 1000 + age))
    (tmp_path / "runs" / "other").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "run.json").touch()
    (tmp_path / "paper.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", ["mine", "runs/swept", "runs/old"]),
        ("m", ["mine"]),
        ("./m", ["mine"]),
        ("runs/", ["runs/swept", "runs/old"]),
        ("runs/o", ["runs/old"]),
        ("ru", ["runs/swept", "runs/old"]),
    ],
)
@pytest.mark.parametrize("name", ["resume", "show", "export", "report", "publish", "agree", "plot"])
def test_run_folders_are_offered_newest_first(
    name: str, typed: str, expected: list[str], there: Path
) -> None:
    assert _offered(name, typed) == expected


def test_without_runs_the_shell_offers_folders(there: Path) -> None:
    complete = ShellComplete(main, {}, "awb", "_AWB_COMPLETE")
    [item] = complete.get_completions(["show"], "no/such")
    assert (item.type, item.value) == ("dir", "no/such")
    assert _offered("show", f"{there}/runs/o") == [f"{there}/runs/old"]


def test_configuration_files_are_offered(there: Path) -> None:
    assert _offered("run", "pa") == ["paper.toml"]
    complete = ShellComplete(main, {}, "awb", "_AWB_COMPLETE")
    [item] = complete.get_completions(["run"], "no/such")
    assert item.type == "file"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_each_shell_is_printed(shell: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0, result.output
    assert f"_AWB_COMPLETE={shell}_complete" in result.output
    ends = {"bash": "_completion_setup;", "zsh": "fi", "fish": '"(_awb_completion)";'}
    assert result.output.rstrip().endswith(ends[shell])
    assert CliRunner().invoke(main, ["completion", "csh"]).exit_code == 2
    assert (
        f"awb completion {shell} > ~/" in CliRunner().invoke(main, ["completion", "--help"]).output
    )


def test_completion_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, atexit; from awb.cli import main\n"
        "heavy = ['torch', 'tensorflow', 'librosa', 'matplotlib', 'sklearn', 'scipy.signal']\n"
        "atexit.register(lambda: print('loaded:', sorted(set(heavy) & set(sys.modules))))\n"
        "main(prog_name='awb')"
    )
    asked = {"_AWB_COMPLETE": "bash_complete", "COMP_WORDS": "awb run --explainers random-f"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **asked, "COMP_CWORD": "3"},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    offered, loaded = done.stdout.split("loaded:")
    assert offered.split() == ["plain,random-forest", "plain,random-forest-paper"]
    assert loaded.strip() == "[]"
