"""A torch module as a model: waveforms in, log-odds out."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from awb.authoring.callables import (
    check_batch_size,
    check_classes,
    check_rate,
    check_threshold,
    failure,
    probe_waveforms,
)
from awb.authoring.fingerprints import fingerprint
from awb.authoring.meaning import meaning_of
from awb.authoring.outputs import Output, check_output, checked_output, to_log_odds
from awb.authoring.repeats import Advice, check_repeats
from awb.authoring.scaffold import check_name
from awb.authoring.torch_meaning import last_operation
from awb.authoring.torch_modules.graphs import UnsuitableError
from awb.authoring.torch_modules.moments import TracedMoments
from awb.authoring.torch_modules.networks import (
    computing,
    device_of,
    evaluating,
    is_dynamically_quantized,
    prepared,
)
from awb.authoring.torch_modules.parts import Pool, Pooling, picking, pooled
from awb.authoring.torch_modules.trials import misfit
from awb.errors import ParameterError, PluginError
from awb.perturbation.scorers.batches import is_out_of_memory
from awb.protocols import LocalModel, ScoreArray
from awb.types import AudioArray

_ADVICE = Advice(
    random="Is there dropout that .eval() does not reach: F.dropout without"
    " training=self.training, or a module that was traced before .eval()?",
    depends="Does a layer take the batch for time (batch_first=False), or a batch norm keep no"
    " statistics? If it must be so, type batch_size=1",
)


class TorchModel:
    """A model around a torch module; made by `torch_model`.

    Attributes
    ----------
    name : str
        Its name on boards.
    module : torch.nn.Module
        The whole network, in evaluation mode, where its weights are; a float32 copy where they are
        of another type.
    device : torch.device
        Where it computes.
    precision : str
        What it computes in.
    batch_size : int
        Waveforms in a batch; 1 for dynamically quantized networks, which round by the whole batch.
    decision_threshold : float
        Log-odds from which it is taken to say yes.
    notes : tuple of str
        What a reader of its boards must know.
    """

    precision: str = "float32"

    def __init__(
        self,
        module: nn.Module,
        *,
        sample_rate_hz: int,
        classes: Sequence[str],
        output: Output | None,
        name: str,
        channel: bool,
        batch_size: int,
        pick: str | int | None = None,
        pooling: Pooling | None = None,
        decision_threshold: float = 0.0,
    ) -> None:
        self.sample_rate_hz = check_rate(sample_rate_hz)
        self.classes: Sequence[str] = check_classes(classes)
        check_output(output, len(self.classes))
        check_name(name)
        check_batch_size(batch_size)
        self.name = name
        self.decision_threshold = check_threshold(decision_threshold)
        self.module = prepared(module, name)
        self.device = device_of(self.module, name)
        self.batch_size = 1 if is_dynamically_quantized(self.module) else batch_size
        self._channel = channel
        self._output: Output | None = output
        self._tail: nn.Sequential = nn.Sequential()
        self._understand(pick, pooling)

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score waveforms; see `awb.protocols.AudioModel`."""
        return self.log_odds(self._raw(waveforms))

    def log_odds(self, values: ScoreArray) -> ScoreArray:
        """Turn what the network gives into log-odds."""
        return to_log_odds(values, self._output or "logits")

    def trace_moments(self, n_samples: int, longest_samples: int) -> LocalModel | str:
        """Find out what the network judges locally; see `awb.protocols.TraceableModel`."""
        try:
            evaluating(self.module)
            return TracedMoments(self, n_samples, longest_samples)
        except UnsuitableError as error:
            return str(error)

    def version(self) -> str:
        """Return a hash of the network's code, attributes and weights, and of the settings."""
        settings = (self._output, self._channel, self.decision_threshold, tuple(self.classes))
        return fingerprint(self.module, settings, self._tail)

    def in_precision(self, precision: str) -> Self:
        """Return the same model, computing in ``float32``, ``bfloat16`` or ``float16``."""
        twin = copy.copy(self)
        twin.precision = precision
        return twin

    def _understand(self, pick: str | int | None, pooling: Pooling | None) -> None:
        """Try the network, and find out what it returns and what that means."""
        waveforms = probe_waveforms(self.sample_rate_hz)
        found = self._tried(waveforms)
        n_classes = len(self.classes)
        picked = picking(found, pick, n_classes, self.name)
        self._tail = nn.Sequential(*([picked] if picked else []))
        values = self._tail(found)
        pool = self._pool(waveforms, values, pooling)
        self._tail = nn.Sequential(*self._tail, *([pool] if pool else []))
        probe = self._raw(waveforms)
        together = self.batch_size > 1
        check_repeats(self._raw, waveforms, probe, self.name, together=together, advice=_ADVICE)
        given = torch.from_numpy(waveforms)
        last = last_operation(lambda: self._computed(given))
        meaning = meaning_of(self._output, last, probe, self.name, "logits")
        self._output = meaning.output
        self.notes: tuple[str, ...] = (meaning.note,) if meaning.note else ()

    def _pool(self, waveforms: AudioArray, values: Tensor, pooling: Pooling | None) -> Pool | None:
        longer = values
        if values.ndim == 3 and values.shape[1] == values.shape[2]:
            longer = self._tail(self._tried(np.concatenate([waveforms, waveforms], axis=1)))
        return pooled(values, longer, pooling, len(self.classes), self.name)

    def _tried(self, waveforms: AudioArray) -> Any:
        """Run the network on a second of noise and one of silence, or say what is wrong with it."""
        try:
            return self._whole(torch.tensor(waveforms))  # a copy: it may write into it
        except Exception as error:  # the plugin boundary: it may raise anything
            given = torch.from_numpy(waveforms).to(self.device)
            with computing(self.device, self.precision):
                advice = misfit(self.module, given, self.sample_rate_hz, channel=self._channel)
            text = failure(self.name, waveforms, self.sample_rate_hz, error, f" ({advice})")
            raise ParameterError(text) from error

    def _raw(self, waveforms: AudioArray) -> ScoreArray:
        """Run the network a batch at a time, in evaluation mode, without gradients."""
        evaluating(self.module)  # whoever trained it further may have left it in training mode
        given = torch.from_numpy(np.array(waveforms, dtype=np.float32))
        parts = [self._part(part) for part in torch.split(given, self.batch_size)]
        return np.concatenate(parts)

    def _part(self, waveforms: Tensor) -> ScoreArray:
        found = self._computed(waveforms)
        values = found.detach()
        values = values.float() if values.is_floating_point() else values
        shape = (len(waveforms), len(self.classes))
        try:
            return checked_output(values.cpu().numpy(), shape, self._output, self.name)
        except PluginError as error:
            seconds = waveforms.shape[1] / self.sample_rate_hz
            raise PluginError(f"{error} (on {seconds:g} s of audio)") from error

    def _computed(self, waveforms: Tensor) -> Tensor:
        """Return what the network gives for a batch, picked and pooled."""
        try:
            return self.network(waveforms)
        except Exception as error:  # the plugin boundary: a network may raise anything
            if is_out_of_memory(error):
                raise
            advice = " (for a network of windows of one length type awb.windowed_model)"
            text = failure(self.name, waveforms.numpy(), self.sample_rate_hz, error, advice)
            raise PluginError(text) from error

    def network(self, waveforms: Tensor) -> Tensor:
        """Run the network on a batch, and pick and pool what it gives."""
        found: Tensor = self._tail(self._whole(waveforms))
        return found

    def _whole(self, waveforms: Tensor) -> Any:
        placed = waveforms.to(self.device)
        with computing(self.device, self.precision):
            return self.module(placed[:, None] if self._channel else placed)
