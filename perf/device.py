"""Masked clips per second on a device: AST-, HuBERT- and Cnn14-shaped networks, random weights.

    python perf/device.py [--device cuda] [--minutes 8] [--seconds 10] [--batch 64]
    python perf/device.py --device cpu --smoke     # tiny networks: does it run?

No network and no checkpoint is needed. It goes through awb's own scorers: a clip is on the device
once, each mask arrives as bits, and rendering and features are computed there. The last row of each
network renders on the host and sends whole waveforms instead. The rate in clips per second is what
`docs/scale.md` needs; what did not fit into the minutes is left out, and said.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from subjects import make_instance
from torch import Tensor, nn

from awb.maskers import zeros
from awb.perturbation.scorers.clips import ClipScorer
from awb.perturbation.scorers.on_device import DeviceClipScorer
from awb.perturbation.scorers.rendering import Renderer
from awb.protocols import ScoreArray
from awb.segments import Segments
from awb.types import AudioArray
from awb_plugins.models.ast.features import FRAME_SAMPLES, HOP_SAMPLES, FilterBank
from awb_plugins.models.cnn14.front_end import LogMel, Spectrogram
from awb_plugins.models.cnn14.network import Cnn14Network
from awb_plugins.models.memory import autocast
from awb_plugins.models.wav2vec2.model import Samples

SECONDS = 10
PRECISIONS = ("float32", "bfloat16", "bfloat16, compiled")
HOST = "bfloat16, rendered on the host"
_SMALL = {
    "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64,
}  # fmt: skip


class _Logits(nn.Module):
    """A network of transformers, features to logits."""

    def __init__(self, network: Any, *, waves: bool) -> None:
        super().__init__()
        self.network, self.waves = network, waves

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.network(features[..., 0] if self.waves else features).logits
        return logits


def _ast(*, small: bool) -> tuple[nn.Module, nn.Module, int]:
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

    config = ASTConfig(num_labels=527, **(_SMALL if small else {}))
    network = _Logits(ASTForAudioClassification(config), waves=False)
    bank = FilterBank(ASTFeatureExtractor())
    frames = (SECONDS * 16_000 - FRAME_SAMPLES) // HOP_SAMPLES + 1
    padded = nn.ConstantPad2d((0, 0, 0, bank.max_frames - frames), bank.padding)
    return nn.Sequential(bank, padded), network, 16_000


def _hubert(*, small: bool) -> tuple[nn.Module, nn.Module, int]:
    from transformers import HubertConfig, HubertForSequenceClassification

    tiny = {**_SMALL, "conv_dim": (8,) * 7, "num_conv_pos_embedding_groups": 2}
    config = HubertConfig(num_labels=8, layerdrop=0.0, **(tiny if small else {}))
    return Samples(True), _Logits(HubertForSequenceClassification(config), waves=True), 16_000


def _cnn14(*, small: bool) -> tuple[nn.Module, nn.Module, int]:
    front = nn.Sequential(Spectrogram(), LogMel(torch.rand(513, 64)))
    return front, Cnn14Network(527, width=4 if small else 64), 32_000


NETWORKS: dict[str, Callable[..., tuple[nn.Module, nn.Module, int]]] = {
    "AST": _ast, "HuBERT base": _hubert, "Cnn14": _cnn14,
}  # fmt: skip


class Subject:
    """A network on a device, as `awb.protocols.TensorModel` wants it."""

    classes = ("target",)

    def __init__(self, front: nn.Module, back: nn.Module, mode: str, device: str, batch: int):
        self.device, self.batch_size = torch.device(device), batch
        self._precision: Any = mode.partition(",")[0]
        self.front_end = front.eval().to(self.device)
        self._back_end = back.eval().to(self.device)
        if mode.endswith("compiled"):
            self._back_end = torch.compile(self._back_end, dynamic=False)  # type: ignore[assignment]

    def tensor_scores(self, waveforms: Tensor) -> Tensor:
        """Score waveforms ``(batch, samples)``, giving the first class ``(batch, 1)``."""
        with autocast(self.device, self._precision):
            scores: Tensor = self._back_end(self.front_end(waveforms))
        return scores[:, :1]

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score waveforms of the host."""
        with torch.inference_mode():
            found = self.tensor_scores(torch.tensor(waveforms, device=self.device))
        return found.float().cpu().numpy()


@dataclass(frozen=True, slots=True)
class Row:
    """Clips per second of one network in one way, or why there are none."""

    network: str
    mode: str
    per_s: float = 0.0
    bytes_a_clip: int = 0
    features_share: float = 0.0
    reason: str = ""

    def line(self) -> str:
        """Write it as a row of markdown."""
        if self.reason:
            return f"| {self.network} | {self.mode} | {self.reason} | | |"
        return (
            f"| {self.network} | {self.mode} | {self.per_s:,.1f} | {self.bytes_a_clip:,} |"
            f" {self.features_share:.0%} |"
        )


def _seconds_a_call(call: Callable[[], object], seconds: float, device: str) -> float:
    """Time calls that end on the device, after one that warms up."""

    def wait() -> None:
        if device.startswith("cuda"):
            torch.cuda.synchronize()

    call()
    wait()
    started, calls = time.perf_counter(), 0
    while not calls or time.perf_counter() - started < seconds:
        call()
        wait()
        calls += 1
    return (time.perf_counter() - started) / calls


def measure(name: str, mode: str, device: str, batch: int, seconds: float, *, small: bool) -> Row:
    """Measure masked clips per second."""
    front, back, rate_hz = NETWORKS[name](small=small)
    subject = Subject(front, back, mode, device, batch)
    rng = np.random.default_rng(0)
    waveform = np.resize(make_instance().clip.waveform, SECONDS * rate_hz)
    segments = Segments(waveform.size, rate_hz)
    renderer = Renderer(waveform, zeros(waveform, rate_hz, rng), segments.edges_samples)
    masks = rng.random((batch, len(segments.edges_samples) - 1)) < 0.3
    host = mode == HOST
    scorer: Any = (ClipScorer if host else DeviceClipScorer)(subject, renderer, 0)  # type: ignore[arg-type]
    one = _seconds_a_call(lambda: scorer.scores(masks), seconds, device)
    clips = torch.zeros(batch, waveform.size, device=device)
    with torch.inference_mode():
        features = _seconds_a_call(lambda: subject.front_end(clips), seconds / 5, device)
    sent = 4 * waveform.size if host else masks.shape[1]
    return Row(name, mode, batch / one, sent, features / one)


def rows(device: str, batch: int, seconds: float, minutes: float, *, small: bool) -> Iterator[Row]:
    """Measure every network in every way, until the minutes are over."""
    deadline = time.monotonic() + 60 * minutes
    for mode in (*PRECISIONS, HOST):  # the table is whole for the first ways if time runs out
        for name in NETWORKS:
            if time.monotonic() + 2 * seconds > deadline:
                yield Row(name, mode, reason="no time left")
            elif small and mode.endswith("compiled"):
                yield Row(name, mode, reason="not in a smoke test")
            else:
                yield _row(name, mode, device, batch, seconds, small=small)


def _row(name: str, mode: str, device: str, batch: int, seconds: float, *, small: bool) -> Row:
    try:
        return measure(name, mode, device, batch, seconds, small=small)
    except RuntimeError as error:  # out of memory, no compiler
        return Row(name, mode, reason=" ".join(str(error).split())[:80])


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=7.5)
    parser.add_argument("--seconds", type=float, default=10.0, help="per row")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--smoke", action="store_true", help="tiny networks, one batch a row")
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore", UserWarning)
    seconds, batch = (0.0, 1) if given.smoke else (given.seconds, given.batch)
    cuda = given.device.startswith("cuda")
    what = torch.cuda.get_device_name(given.device) if cuda else given.device
    sys.stdout.write(
        f"{what}, torch {torch.__version__}, clips of {SECONDS} s, batches of {batch}\n\n"
        "| network | how | masked clips per second | bytes sent per clip | features |\n"
        "| --- | --- | ---: | ---: | ---: |\n"
    )
    torch.manual_seed(0)
    for row in rows(given.device, batch, seconds, given.minutes, small=given.smoke):
        sys.stdout.write(f"{row.line()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
