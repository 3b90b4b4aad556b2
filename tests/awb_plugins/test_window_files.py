"""``tflite:FILE`` and ``onnx:FILE``: scores against the network run by hand, and wrong settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from awb.errors import AwbError, ParameterError, WeightsError
from awb.protocols import AudioModel, ScoreArray, TargetPatchModel
from awb.types import AudioArray
from awb_plugins.models import onnx as onnx_room
from awb_plugins.models import tflite as tflite_room
from awb_plugins.models import yamnet
from awb_plugins.models.window_files import (
    End,
    WindowFile,
    WindowFileParameters,
    read_classes,
    windowed,
)
from commands import awb

RATE_HZ = 1000
WINDOW = 300
WEIGHTS = np.random.default_rng(0).normal(size=(WINDOW, 3)).astype(np.float32)


def noise(n_samples: int, rows: int = 2) -> AudioArray:
    return np.random.default_rng(1).uniform(-0.5, 0.5, (rows, n_samples)).astype(np.float32)


@pytest.fixture
def names(tmp_path: Path) -> Path:
    path = tmp_path / "classes.txt"
    path.write_text("Dog\nCat, feline\nCow\n")
    return path


def saved_onnx(
    folder: Path, shape: Sequence[int | str] = (1, WINDOW), kind: str = "float", outputs: int = 1
) -> Path:
    """Save a network of one matrix and a sigmoid."""
    onnx = pytest.importorskip("onnx", reason="needs onnx, to write a network")
    pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    helper, types = onnx.helper, onnx.TensorProto
    given = {"float": types.FLOAT, "int16": types.INT16}[kind]
    nodes = [
        helper.make_node("Cast", ["samples"], ["x"], to=types.FLOAT),
        helper.make_node("Reshape", ["x", "flat"], ["rows"]),
        helper.make_node("MatMul", ["rows", "weights"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["probabilities"]),
    ]
    ends = [helper.make_tensor_value_info("probabilities", types.FLOAT, [1, 3])]
    if outputs == 2:
        ends.append(helper.make_tensor_value_info("logits", types.FLOAT, [1, 3]))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("samples", given, list(shape))],
        ends,
        [
            helper.make_tensor("weights", types.FLOAT, WEIGHTS.shape, WEIGHTS.ravel().tolist()),
            helper.make_tensor("flat", types.INT64, [2], [1, -1]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)
    path = folder / "tiny.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def opened(path: Path, names: Path, **given: Any) -> AudioModel:
    settings = {"path": path, "classes": names, "sample_rate_hz": RATE_HZ, **given}
    return onnx_room.SPEC.factory(WindowFileParameters.model_validate(settings))


@pytest.mark.parametrize(
    "shape", [(1, WINDOW), (WINDOW,), (1, 1, WINDOW), ("batch", WINDOW), (1, "time")]
)
def test_onnx_scores_are_those_of_its_matrix(
    tmp_path: Path, names: Path, shape: Sequence[int | str]
) -> None:
    model = opened(saved_onnx(tmp_path, shape), names, window_s=0.3, output="probabilities")
    assert isinstance(model, TargetPatchModel)
    assert list(model.classes) == ["Dog", "Cat, feline", "Cow"]
    clips = noise(700)
    starts = (0, 300, 400)
    logits = np.stack([clips[:, start : start + WINDOW] @ WEIGHTS for start in starts], axis=1)
    expected = np.clip(logits.max(axis=1), -16.118, 16.118)
    sure = np.abs(expected) < 10  # a float32 probability of more says less
    assert sure.any()
    np.testing.assert_allclose(model.scores(clips)[sure], expected[sure], rtol=1e-2)


def test_one_of_several_outputs_is_named(tmp_path: Path, names: Path) -> None:
    path = saved_onnx(tmp_path, outputs=2)
    with pytest.raises(ParameterError, match=r"2 outputs.*'probabilities'.*'logits'.*scores=NAME"):
        opened(path, names, output="logits")
    with pytest.raises(ParameterError, match=r"no output 'logit'\. Did you mean logits"):
        opened(path, names, output="logits", scores="logit")
    model = opened(path, names, output="logits", scores="logits")
    clips = noise(WINDOW)
    np.testing.assert_allclose(model.scores(clips), clips @ WEIGHTS, rtol=1e-4, atol=1e-4)


def test_wrong_windows_and_types_are_told(tmp_path: Path, names: Path) -> None:
    fixed = saved_onnx(tmp_path)
    with pytest.raises(
        ParameterError, match=r"window_s=0.5 at 1000 Hz is 500.*takes 300 \(window_s=0.3\)"
    ):
        opened(fixed, names, window_s=0.5)
    names.write_text("Dog\nCat\n")
    with pytest.raises(ParameterError, match="are 3 classes, but 2 are named"):
        opened(fixed, names)
    names.write_text("Dog\nCat\nCow\n")
    free = saved_onnx(tmp_path, (1, "time"))
    with pytest.raises(ParameterError, match="windows of any length: type window_s=SECONDS"):
        opened(free, names)
    with pytest.raises(AwbError, match=r"fails on 0\.2 s of audio"):
        opened(free, names, window_s=0.2)
    with pytest.raises(WeightsError, match=r"takes 'samples' \(int16.*expected float32"):
        opened(saved_onnx(tmp_path, kind="int16"), names)
    with pytest.raises(WeightsError, match="not a window of samples"):
        opened(saved_onnx(tmp_path, (1, 30, 10)), names)


def test_files_that_are_no_networks_are_told(tmp_path: Path, names: Path) -> None:
    path = tmp_path / "tiny.onnx"
    with pytest.raises(WeightsError, match="does not exist"):
        opened(path, names)
    with pytest.raises(WeightsError, match="is a folder"):
        opened(tmp_path, names)
    path.write_bytes(b"nonsense")
    pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    with pytest.raises(WeightsError, match="the file is not an ONNX network"):
        opened(path, names)
    pytest.importorskip("ai_edge_litert", reason="needs the extra yamnet")
    settings = {"path": path, "classes": names, "sample_rate_hz": RATE_HZ}
    with pytest.raises(WeightsError, match="the file is not a LiteRT network"):
        tflite_room.SPEC.factory(WindowFileParameters.model_validate(settings))


class Fake(WindowFile):
    """A file with the ends that a test wants."""

    def __init__(self, inputs: Sequence[End], outputs: Sequence[End]) -> None:
        self.inputs, self.outputs = inputs, outputs

    def run(self, given: AudioArray, output: int) -> ScoreArray:
        return np.zeros((1, 3), dtype=np.float32)


ONE = End("samples", (1, WINDOW), "float32")
SCORES = End("scores", (1, 3), "float32")


@pytest.mark.parametrize(
    ("inputs", "outputs", "words"),
    [
        (
            [ONE, End("state", (2, 1, 128), "float32")],
            [SCORES],
            r"2 inputs.*'state'.*windowed_model",
        ),
        ([End("samples", (1, WINDOW), "int8")], [SCORES], "takes 'samples' .int8"),
        ([ONE], [End("scores", (1, 3), "uint8")], r"not float32 \(quantized\?\)"),
        ([End("samples", (), "float32")], [SCORES], "not a window of samples"),
    ],
)
def test_other_ends_are_told(
    tmp_path: Path, names: Path, inputs: list[End], outputs: list[End], words: str
) -> None:
    path = tmp_path / "file"
    path.touch()
    parameters = WindowFileParameters(path=path, classes=names, sample_rate_hz=RATE_HZ)
    with pytest.raises(WeightsError, match=words):
        windowed(parameters, "fake", lambda content: Fake(inputs, outputs))


def test_classes_come_from_lines_or_tables(tmp_path: Path) -> None:
    lines = tmp_path / "classes.txt"
    lines.write_text("\ufeffDog\n\nBow-wow\n", encoding="utf-8")
    assert read_classes(lines) == (("Dog", "Bow-wow"), ("/m/0bt9lr", "/m/07rc7d9"))
    table = tmp_path / "classes.csv"
    table.write_text('index,mid,display_name\n0,/m/1,"Dog, hound"\n1,/m/2,Cat\n')
    assert read_classes(table) == (("Dog, hound", "Cat"), ("/m/1", "/m/2"))
    table.write_text("index,text\n0,Dog\n")
    with pytest.raises(ParameterError, match=r"a column display_name.*it has index, text"):
        read_classes(table)
    with pytest.raises(ParameterError, match="cannot be read"):
        read_classes(tmp_path / "none.txt")


@pytest.fixture
def yamnet_file(test_data: Path) -> Path:
    pytest.importorskip("ai_edge_litert", reason="needs the extra yamnet")
    return test_data / "yamnet" / "yamnet.tflite"


@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_yamnets_file_gives_yamnets_scores(yamnet_file: Path, pooling: str) -> None:
    settings = {
        "path": yamnet_file, "classes": yamnet_file.with_name("yamnet_class_map.csv"),
        "sample_rate_hz": 16_000, "hop_s": 0.48, "pooling": pooling, "output": "probabilities",
    }  # fmt: skip
    by_path = tflite_room.SPEC.factory(WindowFileParameters.model_validate(settings))
    own = yamnet.SPEC.factory(
        yamnet.YamnetParameters.model_validate({"path": yamnet_file, "pooling": pooling})
    )
    assert list(by_path.classes) == list(own.classes)
    assert list(getattr(by_path, "mids", ())) == list(getattr(own, "mids", ()))
    clips = noise(40_000, rows=1)
    expected = own.scores(clips)
    sure = np.abs(expected) < 8.0  # the two keep another distance from 0 and 1
    assert sure.sum() > 20
    np.testing.assert_allclose(by_path.scores(clips)[sure], expected[sure], atol=1e-4)
    assert np.abs(expit(by_path.scores(clips)) - expit(expected)).max() < 1e-5


def test_a_board_from_the_command_line(tmp_path: Path, yamnet_file: Path) -> None:
    names = yamnet_file.with_name("yamnet_class_map.csv")
    reference = f"tflite:{yamnet_file},classes={names},sample_rate_hz=16000,hop_s=0.48"
    done = awb(
        "run", "--model", f"{reference},output=probabilities", "--clips", "4", "--samples", "20",
        "--min-score", "-50", "--explainers", "naive", "--metrics", "roc-auc", "--jobs", "1",
        "--robustness", "0", "--cache", "off", "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "naive" in done.stdout
    wrong = awb("run", "--model", f"{reference},window_s=1", "--out", tmp_path / "wrong")
    assert wrong.returncode == 2
    assert "takes 15600 (window_s=0.975)" in " ".join(wrong.stderr.split())
    assert "Traceback" not in wrong.stderr
