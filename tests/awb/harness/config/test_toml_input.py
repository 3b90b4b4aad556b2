"""Configuration files: reading, error messages, and writing."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awb.errors import ParameterError
from awb.harness.config.settings import RunSettings, settle
from awb.harness.config.sweeps import MOST_VARIANTS, variants
from awb.harness.config.toml_input import read_settings
from awb.harness.config.toml_output import example_toml, settings_toml, to_toml


def _file(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_what_options_say(tmp_path: Path) -> None:
    text = """
    datasets = "folder:my/data,kws"
    explainers = ["naive:window_s=0.5,hop_s=0.1", "random"]
    scoring-masker = "noise"
    segment_s = 1
    budgets = [300, 100]
    robustness = "all"
    plugin = "my.py"
    """
    settings = read_settings(_file(tmp_path, text), {}).settings
    assert settings.datasets == ["folder:my/data", "kws"]
    assert settings.explainers == ["naive:window_s=0.5,hop_s=0.1", "random"]
    assert settings.plugin == ["my.py"]
    config = settings.config()
    assert (config.scoring_masker, config.segment_s, config.robustness) == ("noise", 1.0, "all")
    assert (config.budgets, config.samples) == ((100, 300), 300)
    typed = {"datasets": "folder:my/data,kws", "budgets": "300,100", "robustness": "all"}
    assert settle({**typed, "segment_s": 1, "scoring_masker": "noise", "explainers":
                   "naive:window_s=0.5,hop_s=0.1,random"}).settings.config() == config  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sampels = 3", "unknown setting 'sampels'. Did you mean samples"),
        ("dataset = 'kws'", "Did you mean datasets"),
        ("[sweeps]", "Did you mean sweep"),
        ("samples = '3'", "samples: Input should be a valid integer (got '3')"),
        ("samples = true", "samples: Input should be a valid integer (got True)"),
        ("seed = 1.5", "seed: Input should be a valid integer"),
        ("clips = 1979-05-27", "clips: Input should be a valid integer"),
        ("explainers = [1]", "explainers: Input should be a valid string (got 1)"),
        ("explainers = []", "explainers: "),
        ("robustness = 'most'", "robustness: Input should be a valid integer or 'all'"),
        ("precision = 'float8'", "'float32', 'bfloat16' or 'float16'"),
        ("jobs = 0", "jobs: Input should be greater than or equal to 1"),
        ("design = 'pold'", "unknown design 'pold'. Did you mean pooled?"),
        ("samples = 3\nbudgets = [3]", "give --samples or --budgets"),
        ("seed = 1\nmasker = zeros", "(at line 2, column 10)"),
        ("seed = 1\nseed = 2", "(at line 2, column 9"),
        ("explainers = [", "(at line 1, column 15, the end)"),
        ("segment_s = 1.0\nsegment-s = 2.0", "given twice"),
        ("sweep = 3", "write [sweep]"),
        ("[sweep]\nmask = ['zeros']", "[sweep] unknown setting 'mask'. Did you mean masker?"),
        ("[sweep]\nmasker = 'zeros'", "[sweep] masker: expected a list of values"),
        ("[sweep]\nseed = [1, 'a']", "[sweep] seed: Input should be a valid integer (got 'a')"),
        ("[sweep]\ndesign = ['pooled', 'pold']", "[sweep] unknown design 'pold'"),
        ("[sweep]\nseed = []", "expected a list of values"),
        ("[sweep]\nmasker = ['zeros', 'zeros']", "'zeros' is listed twice"),
        ("[sweep]\njobs = [1, 2]", "jobs cannot vary"),
        ("masker = 'zeros'\n[sweep]\nmasker = ['noise']", "set both outside and inside [sweep]"),
        ("budgets = [100]\n[sweep]\nsamples = [5, 6]", "samples varies in [sweep], and budgets is"),
    ],
)
def test_errors_name_the_file(text: str, message: str, tmp_path: Path) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(ParameterError) as error:
        read_settings(path, {})
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="awb config example > "):
        read_settings(tmp_path / "no.toml", {})
    with pytest.raises(ParameterError, match="awb resume"):
        read_settings(tmp_path, {})
    (tmp_path / "bytes.toml").write_bytes(b"seed = 1 # \xff")
    with pytest.raises(ParameterError, match="not UTF-8 text: byte 11"):
        read_settings(tmp_path / "bytes.toml", {})


def test_typed_options_override_the_file_and_are_reported(tmp_path: Path) -> None:
    path = _file(tmp_path, "samples = 100\nseed = 1\nclips = 4\nplugin = ['a.py']")
    typed = {"samples": 50, "seed": 1, "masker": "noise", "clips": None, "plugin": ("b.py",)}
    settled = read_settings(path, typed)
    assert settled.overridden == ("samples = 50 instead of 100",)
    settings = settled.settings
    assert (settings.samples, settings.clips, settings.masker) == (50, 4, "noise")
    assert settings.plugin == ["a.py", "b.py"]


def test_samples_and_budgets_replace_each_other(tmp_path: Path) -> None:
    budgets = read_settings(_file(tmp_path, "samples = 100"), {"budgets": "10,20"})
    assert budgets.settings.config().budgets == (10, 20)
    assert budgets.overridden == ("budgets = 10,20 instead of samples",)
    samples = read_settings(_file(tmp_path, "budgets = [10, 20]"), {"samples": 5})
    assert (samples.settings.config().budgets, samples.settings.config().samples) == (None, 5)


def test_a_sweep_is_the_product_of_its_values(tmp_path: Path) -> None:
    text = "[sweep]\nmasker = ['zeros', 'noise']\nseed = [0, 1]\nexplainers = [['naive', 'random']]"
    found = variants(read_settings(_file(tmp_path, text), {}))
    assert [one.name for one in found] == [
        f"{masker}--{seed}--naive,random" for masker in ("zeros", "noise") for seed in (0, 1)
    ]
    assert found[1].values == {"masker": "zeros", "seed": "1", "explainers": "naive,random"}
    assert (found[2].config.masker, found[2].config.seed) == ("noise", 0)
    assert found[0].config.explainers == ["naive", "random"]


def test_an_option_replaces_a_sweep(tmp_path: Path) -> None:
    text = "[sweep]\nmasker = ['zeros', 'noise']\nsamples = [10, 20]"
    settled = read_settings(_file(tmp_path, text), {"masker": "mean", "budgets": "7"})
    assert settled.sweep == {}
    assert settled.overridden == (
        "budgets = 7 instead of samples",
        "masker = mean instead of a sweep over 2 values",
    )
    assert [one.name for one in variants(settled)] == [""]


def test_variants_have_unique_folder_names(tmp_path: Path) -> None:
    text = "[sweep]\ndatasets = ['folder:a/b', 'folder:a:b', 'folder:../c']"
    names = [one.name for one in variants(read_settings(_file(tmp_path, text), {}))]
    assert len(set(names)) == 3
    assert all(Path(name).name == name for name in names)


def test_too_many_variants_are_refused(tmp_path: Path) -> None:
    text = f"[sweep]\nseed = {list(range(MOST_VARIANTS + 1))}"
    with pytest.raises(ParameterError, match=f"{MOST_VARIANTS + 1} variants"):
        variants(read_settings(_file(tmp_path, text), {}))


def test_the_example_is_a_file_and_shows_every_setting(tmp_path: Path) -> None:
    text = example_toml()
    read_settings(_file(tmp_path, text), {})
    for name in RunSettings.model_fields:
        assert text.count(f"\n{name} = ") + text.count(f"\n# {name} = ") >= 1, name
    whole = text.replace("\n# One run per", "\n").splitlines()
    settings = [line.removeprefix("# ") for line in whole if " = " in line]
    free = [line for line in settings if not line.startswith(("samples", "masker", "design"))]
    read_settings(_file(tmp_path, "\n".join(free)), {})  # the examples are valid, too


_VALUES: dict[str, Any] = {
    "datasets": st.lists(st.text(min_size=1), min_size=1, max_size=12),
    "masker": st.text(),
    "samples": st.integers(1, 1_000_000),
    "segment_s": st.floats(0.001, 10),
    "min_score": st.floats(allow_nan=False),
    "robustness": st.integers(0, 9) | st.just("all"),
    "clips": st.integers(1, 9),
}


@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional=_VALUES))
def test_written_settings_are_read_back(values: dict[str, Any]) -> None:
    text = to_toml(values, header="A head\nof two lines")
    assert tomllib.loads(text) == values


@settings(deadline=None)
@given(st.fixed_dictionaries({}, optional={**_VALUES, "masker": st.just("noise")}))
def test_settings_that_are_shown_are_the_same_settings(values: dict[str, Any]) -> None:
    settled = settle(values)
    again = settle(tomllib.loads(settings_toml(settled.settings, {})))
    assert again.settings == settled.settings


def test_infinite_and_long_values_are_toml() -> None:
    names = [f"random-forest:smoothing_s={number}" for number in range(20)]
    text = to_toml({"min_score": -math.inf, "explainers": names})
    assert tomllib.loads(text) == {"min_score": -math.inf, "explainers": names}
    assert max(map(len, text.splitlines())) <= 100
