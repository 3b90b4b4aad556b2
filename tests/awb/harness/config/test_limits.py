"""Limits as they are typed, and the global state that plugins change."""

from __future__ import annotations

import math
import os
import random
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from awb.errors import ParameterError, RelevanceError
from awb.harness.config.limits import how_it_ended, make_limits
from awb.harness.unit.process_state import untouched
from awb.types import Explanation, immutable


def test_limits_are_read_as_typed() -> None:
    assert make_limits().time_s == 1800
    assert 1e8 < make_limits().most_bytes() < math.inf
    assert make_limits("2.5", "8GB").most_bytes() == 8e9
    assert make_limits(60, 10**9).time_s == 60
    assert make_limits("off", "off").most_bytes() == math.inf
    assert make_limits("off").record() == {"time_s": "off", "memory_bytes": None}


@pytest.mark.parametrize(
    ("time_s", "memory", "message"),
    [
        ("soon", None, "--time-limit takes seconds, or off"),
        ("0", None, "--time-limit must be above 0"),
        ("nan", None, "--time-limit must be above 0"),
        (None, "much", "'much' is not a size"),
        (None, "0", "--memory-limit must be above 0"),
    ],
)
def test_wrong_limits_are_refused(time_s: str | None, memory: str | None, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        make_limits(time_s, memory)


@pytest.mark.parametrize(
    ("exit_code", "text"),
    [
        (-9, "signal SIGKILL, as when memory runs out"),
        (-999, "signal 999"),
        (0, "exit code 0"),
    ],
)
def test_the_end_of_a_process_is_described(exit_code: int, text: str) -> None:
    assert how_it_ended(exit_code) == f"its process ended: {text}"


def _litter() -> None:
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    torch.set_num_threads(2)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    torch.set_float32_matmul_precision("medium")
    np.seterr(all="raise")
    warnings.simplefilter("error")
    os.environ["AWB_LITTER"] = "1"
    os.chdir("/")
    sys.stdout = None  # type: ignore[assignment]


def _state() -> list[object]:
    return [
        random.getstate(),
        [np.asarray(part).tobytes() for part in np.random.get_state(legacy=True)],  # noqa: NPY002
        torch.get_rng_state().numpy().tobytes(),
        torch.get_num_threads(),
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_float32_matmul_precision(),
        np.geterr(),
        list(warnings.filters),
        dict(os.environ),
        Path.cwd(),
        sys.stdout,
    ]


@pytest.mark.parametrize("fails", [False, True])
def test_global_state_is_restored_after_a_plugin(fails: bool) -> None:
    before = _state()
    try:
        with untouched():
            _litter()
            if fails:
                raise ValueError
    except ValueError:
        pass
    assert _state() == before


def test_a_deleted_current_folder_is_tolerated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with untouched():
        os.chdir(tmp_path)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("shape", [(5,), (2, 3), (0,), (0, 4)])
def test_immutable_arrays_cannot_be_made_writable(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    sealed = immutable(array)
    assert np.array_equal(sealed, array)
    assert sealed.shape == shape
    if array.size:
        with pytest.raises(ValueError, match="WRITEABLE"):
            sealed.flags.writeable = True


@pytest.mark.parametrize(
    "relevance",
    [np.array([1j]), np.array(["1.0"]), np.array(["2020-01-01"], dtype="datetime64[D]"), [None]],
)
def test_relevance_must_be_real_numbers(relevance: np.ndarray) -> None:
    with pytest.raises(RelevanceError):
        Explanation(relevance)
