"""Boards of models as people have them: whole, and with a note on what a reader must know."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import awb
import small_data
from awb.conformance.rules import check
from awb.harness.selection.manifest import Kept, Manifest
from awb.leaderboard.boards.remarks import saturated
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from norm_networks import Convolutions, Frames

RATE_HZ = 16_000
CLASSES = ["Loud", "Quiet"]

pytestmark = pytest.mark.usefixtures("added")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"folder:{small_data.build(tmp_path_factory.mktemp('data'), 2)}"


def run(data: str, out: Path, model: Any, explainers: str = "naive", **settings: Any) -> Any:
    return awb.run(
        datasets=data, models=model, explainers=explainers, metrics="deletion-area", samples=40,
        robustness=0, cache="off", min_score=-50, out=out, **settings,
    )  # fmt: skip


def module() -> nn.Module:
    return nn.Sequential(Frames(), Convolutions())


def scripted() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(module())


def quantized() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(module().eval(), {nn.Linear}, torch.qint8)


@pytest.mark.parametrize("make", [module, scripted, quantized])
@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_network_with_batch_norm_has_a_board(
    make: Any, jobs: int, data: str, tmp_path: Path
) -> None:
    model = awb.torch_model(make(), sample_rate_hz=RATE_HZ, classes=CLASSES, output="logits")
    found = run(data, tmp_path / "run", model, "naive,saliency", jobs=jobs)
    assert not found.failed
    text = str(found.boards[0])
    assert "Not applicable, as the model does not implement DifferentiableModel: saliency" in text
    assert "Computed on cpu, float32" in text
    assert "was taken for" not in text
    assert found.boards[0].board.n_instances == 2


def test_a_split_network_in_half_has_gradients_in_float32(data: str, tmp_path: Path) -> None:
    model = awb.torch_model(
        front_end=Frames(), back_end=Convolutions().half(), sample_rate_hz=RATE_HZ,
        classes=CLASSES, name="half",
    )  # fmt: skip
    found = run(data, tmp_path / "run", model, "naive,input-x-gradient")
    assert not found.failed
    board = found.boards[0].board
    assert {row.explainer for row in board.rows if row.coverage == 1} >= {"input-x-gradient"}
    assert any("were taken for logits" in note for note in board.notes)  # output= was not given


def test_precision_is_what_the_run_says(data: str, tmp_path: Path) -> None:
    model = awb.torch_model(module(), sample_rate_hz=RATE_HZ, classes=CLASSES, output="logits")
    found = run(data, tmp_path / "run", model, precision="bfloat16")
    assert not found.failed
    assert "Computed on cpu, bfloat16" in str(found.boards[0])
    assert model.precision == "float32"


def test_a_model_of_this_session_keeps_the_rules(tmp_path: Path) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        "import awb, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_model_boards import scripted\n"
        "@awb.model('mine', citation='me')\n"
        "def mine():\n"
        "    '''A scripted network.'''\n"
        "    return awb.torch_model(scripted(), sample_rate_hz=16000, classes=['Loud', 'Quiet'],"
        " output='logits')\n",
        encoding="utf-8",
    )
    from awb.plugins.session import add_file

    add_file(plugin)
    verdicts = check(resolve(load(), "model", "mine"), slow=False)
    failed = {one.rule for one in verdicts if one.failed}
    assert failed <= {"monotone"}, verdicts  # random weights hear nothing clearly


def confident(waveforms: Any) -> Any:
    """Probabilities in float32 of a sum over a tenth of a second each: 1 for three loud tenths."""
    frames = waveforms[:, : waveforms.shape[1] // 1600 * 1600].reshape(len(waveforms), -1, 1600)
    logit = 100 * np.sqrt(np.square(frames).mean(axis=2)).sum(axis=1) - 50
    p = (1 / (1 + np.exp(-logit))).astype(np.float32)
    return np.stack([p, 1 - p], axis=1)


def test_saturated_scores_are_told_on_the_board(data: str, tmp_path: Path) -> None:
    model = awb.callable_model(confident, RATE_HZ, CLASSES, output="probabilities")
    found = run(data, tmp_path / "run", model)
    assert "Scores of 2 of 2 instances are saturated" in str(found.boards[0])
    path = tmp_path / "bang.wav"
    small_data.write_clip(path, [1.1])
    explained = awb.explain(path, model=model, target="Loud", samples=20, explainers="naive")
    assert "Scores of 1 of 1 instances are saturated" in explained.html
    logits = awb.callable_model(
        lambda waveforms: confident(waveforms) * 3 + 14, RATE_HZ, CLASSES, output="logits",
        name="in-logits",
    )  # fmt: skip
    assert "saturated" not in str(run(data, tmp_path / "other", logits).boards[0])


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ([16.118095651], True),
        ([-16.118095651, 3.0], True),
        ([16.635532, 2.0], True),  # the last float32 below 1
        ([16.2, 17.0, 16.0], False),
        ([], False),
    ],
)
def test_only_the_limits_themselves_are_saturated(scores: list[float], *, told: bool) -> None:
    kept = tuple(Kept("clip", "Loud", 0, (), score, "") for score in scores)
    assert bool(saturated(Manifest("data", "model", "", kept, ()))) == told
