"""Things that compute differently have different versions; the same in another process has one."""

from __future__ import annotations

import functools
import logging
import os
import re
import subprocess
import sys
import threading
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import awb
from awb.authoring.fingerprints import fingerprint
from awb.authoring.models import model_name
from awb.plugins.discovery import ADDED

RATE_HZ = 1000
CLASSES = ["A", "B", "C"]
log = logging.getLogger(__name__)


class Gain(nn.Module):
    """A dense layer times a plain number."""

    def __init__(self, gain: Any) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.dense = nn.Linear(1, 3)
        self.gain = gain

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        return self.dense(waveforms.std(1, keepdim=True)) * self.gain


class Scaled:
    """An object with a method that scores."""

    def __init__(self, gain: float) -> None:
        self.gain = gain

    def __call__(self, waveforms: Any) -> Any:
        return self.predict(waveforms)

    def predict(self, waveforms: Any) -> Any:
        log.debug("scoring")
        return np.std(waveforms, axis=-1, keepdims=True) * np.array([1.0, 2.0, 3.0]) * self.gain


@dataclass(slots=True)
class Slotted:
    """An object without a dict."""

    gain: Any

    def predict(self, waveforms: Any) -> Any:
        return waveforms[..., :3] * self.gain


def _closure(gain: Any) -> Any:
    return lambda waveforms: Scaled(1.0)(waveforms) * gain


def _default(gain: float) -> Any:
    def score(waveforms: Any, gain: float = gain) -> Any:
        return Scaled(1.0)(waveforms) * gain

    return score


def _with_global(gain: float) -> Any:
    """Give a function a global of its own, as two sessions of a notebook have."""
    own = {**globals(), "GAIN": gain}
    code = (lambda waveforms: Scaled(1.0)(waveforms) * GAIN).__code__  # type: ignore[name-defined]  # noqa: F821
    return types.FunctionType(code, own)


def _inside(gain: float) -> Any:
    net = Gain(gain)
    return lambda waveforms: net(torch.from_numpy(waveforms))


def _partial(gain: float) -> Any:
    return functools.partial(lambda waveforms, gain: Scaled(1.0)(waveforms) * gain, gain=gain)


FUNCTIONS = {
    "closure": _closure,
    "closure of an array": lambda gain: _closure(np.array([gain, 1.0, 1.0])),
    "closure of a tensor": lambda gain: (lambda held: lambda w: Scaled(1.0)(w) * held.item())(
        torch.tensor(gain)
    ),
    "closure of a list": lambda gain: (lambda held: lambda w: Scaled(1.0)(w) * held[0]["a"])(
        [{"a": gain}]
    ),
    "default": _default,
    "global": _with_global,
    "method": lambda gain: Scaled(gain).predict,
    "callable object": Scaled,
    "slots": lambda gain: Slotted(gain).predict,
    "partial": _partial,
    "network inside": _inside,
}


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_functions_of_other_values_have_another_version(kind: str) -> None:
    make = FUNCTIONS[kind]
    settings: dict[str, Any] = {"output": "logits", "name": "f"}
    one, same, other = (
        awb.callable_model(make(gain), RATE_HZ, CLASSES, **settings) for gain in (1.0, 1.0, 2.0)
    )
    assert one.version() == same.version()
    assert one.version() != other.version()
    if kind in ("slots", "network inside"):  # which take a batch
        return
    windowed = [
        awb.windowed_model(
            make(gain), window_s=1, classes=CLASSES, sample_rate_hz=RATE_HZ, **settings
        ).version()
        for gain in (1.0, 1.0, 2.0)
    ]
    assert windowed[0] == windowed[1] != windowed[2]


def _scripted(gain: float) -> Any:
    return torch.jit.script(Gain(gain))


NETWORKS = {
    "number": Gain,
    "tensor": lambda gain: Gain(torch.tensor([gain])),
    "array": lambda gain: Gain(torch.from_numpy(np.array([gain], dtype=np.float32))),
    "inside": lambda gain: nn.Sequential(Gain(gain)),
    "scripted": _scripted,
}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.filterwarnings("ignore")
def test_networks_of_other_attributes_have_another_version(kind: str) -> None:
    settings: dict[str, Any] = {"sample_rate_hz": RATE_HZ, "classes": CLASSES, "output": "logits"}
    one, same, other = (
        awb.torch_model(NETWORKS[kind](gain), name="net", **settings) for gain in (1.0, 1.0, 2.0)
    )
    assert one.version() == same.version()
    assert one.version() != other.version()


def test_buffers_that_are_not_saved_and_hooks_count() -> None:
    def made(value: float, hook: Any = None) -> str:
        net = nn.Linear(2, 2)
        nn.init.zeros_(net.weight)
        nn.init.zeros_(net.bias)
        net.register_buffer("window", torch.tensor([value]), persistent=False)
        if hook is not None:
            net.register_forward_hook(hook)
        return fingerprint(net)

    doubled, halved = (lambda _, __, found: 2 * found), (lambda _, __, found: found / 2)
    versions = [made(1.0), made(2.0), made(1.0, doubled), made(1.0, halved)]
    assert len(set(versions)) == 4
    assert versions == [made(1.0), made(2.0), made(1.0, doubled), made(1.0, halved)]


def test_what_cannot_be_looked_into_is_never_shared() -> None:
    lock, other = threading.Lock(), threading.Lock()
    assert fingerprint(_closure(lock)) == fingerprint(_closure(lock))
    assert fingerprint(_closure(lock)) != fingerprint(_closure(other))
    drawn = np.frompyfunc(lambda value: value, 1, 1), np.frompyfunc(lambda value: -value, 1, 1)
    assert fingerprint(drawn[0]) != fingerprint(drawn[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda: 1, lambda: 2),
        (np.abs, np.square),
        (np.mean, np.median),
        (torch.sigmoid, torch.tanh),
        ("ab".join, "cd".join),
        (re.compile("a").match, re.compile("b").match),
        ({"a": 1}, {"a": 2}),
        ({1, 2}, {1, 3}),
        (1, True),
        ((1, 2), [1, 2]),
        (np.float32(1), np.float64(1)),
        (np.array([None, 1]), np.array([None, 2])),
        (Slotted(1), Slotted(2)),
        (type("A", (), {"f": lambda self: 1}), type("A", (), {"f": lambda self: 2})),
        (type("A", (), {"gain": 1}), type("A", (), {"gain": 2})),
        (functools.lru_cache(lambda: 1), functools.lru_cache(lambda: 2)),
    ],
)
def test_different_things_differ(one: Any, other: Any) -> None:
    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(one) == fingerprint(one)


def test_things_that_hold_themselves_end() -> None:
    held: list[Any] = [1]
    held.append(held)
    other: list[Any] = [1]
    other.append(other)
    assert fingerprint(held) == fingerprint(other)


LIBRARY = """
import sys
sys.path.insert(0, sys.argv[1])
import tagger
from awb.authoring.fingerprints import fingerprint
print(fingerprint(tagger.score, tagger.Tagger()))
"""


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("", "", True),
        ("", "# it computes otherwise", False),
        ("__version__ = '1'", "__version__ = '1'", True),
        ("__version__ = '1'", "__version__ = '2'", False),
    ],
)
def test_an_upgraded_library_is_another(
    before: str, after: str, *, same: bool, tmp_path: Path
) -> None:
    found = []
    for text in (before, after):
        file = tmp_path / "site-packages" / "tagger.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{text}\ndef score(w): return w\nclass Tagger: pass\n")
        found.append(
            subprocess.run(  # -B: bytecode of the same second and size would be taken for its own
                [sys.executable, "-B", "-c", LIBRARY, str(file.parent)],
                capture_output=True, text=True, check=True,
            ).stdout
        )  # fmt: skip
    assert (found[0] == found[1]) == same


SCRIPT = """
import numpy as np, torch
from awb.authoring.fingerprints import fingerprint
gain, names = np.ones(3), {"b", "a"}
class Model:
    def __init__(self):
        self.net = torch.nn.Linear(2, 2)
        torch.nn.init.ones_(self.net.weight), torch.nn.init.ones_(self.net.bias)
    def scores(self, waveforms):
        return np.abs(self.net(torch.sigmoid(torch.from_numpy(waveforms))).numpy()) * gain, names
print(fingerprint(Model().scores), fingerprint(Model()))
"""


def test_another_process_finds_the_same() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1


@pytest.mark.usefixtures("added")
def test_given_objects_and_explainers_are_told_apart_by_their_values() -> None:
    class Given(Scaled):
        sample_rate_hz, classes, name = RATE_HZ, CLASSES, "given"

        def scores(self, waveforms: Any) -> Any:
            return self.predict(waveforms).astype(np.float32)

    versions = []
    for gain in (1.0, 1.0, 2.0):
        model_name(Given(gain))

        @awb.explainer("mine")
        def mine(perturber: Any, instance: Any, rng: Any, gain: float = gain) -> Any:
            return np.arange(perturber.n_segments) * gain

        versions.append(
            [ADDED[key].origin.version for key in (("model", "given"), ("explainer", "mine"))]
        )
    assert versions[0] == versions[1]
    for before, after in zip(versions[0], versions[2], strict=True):
        assert before != after
