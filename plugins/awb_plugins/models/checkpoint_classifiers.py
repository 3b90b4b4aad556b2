"""Classifiers of transformers: what every model object around a checkpoint is and needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NotRequired, Protocol, Self, TypedDict

import numpy as np
import torch
from torch import nn

from awb.authoring.weights import weights_sha256
from awb.protocols import ScoreArray
from awb.types import AudioArray
from awb_plugins.models import checkpoints
from awb_plugins.models.audioset_labels import audioset_classes
from awb_plugins.models.checkpoints import Problem
from awb_plugins.models.memory import FittingBatches, Precision, autocast
from awb_plugins.models.randomizing import randomized_twin

_BATCH = {"cpu": 4}
_BATCH_ELSEWHERE = 32


class CheckpointParameters(Protocol):
    """What every model by checkpoint can be told."""

    checkpoint: str
    revision: str | None
    labels: Problem
    device: str
    precision: Precision
    batch_size: int | None


class Computing(TypedDict):
    """Where and how a checkpoint computes, as `CheckpointModel` describes it."""

    device: torch.device
    batch_size: int | None
    precision: NotRequired[Precision]
    notes: NotRequired[tuple[str, ...]]


class Loaded(Computing):
    """What the model objects around a checkpoint are made of."""

    network: Any
    extractor: Any
    problem: Problem


class CheckpointModel:
    """A network of transformers that scores waveforms in batches that fit the memory.

    Parameters
    ----------
    name : str
        Name of awb's model, for messages.
    network : transformers.PreTrainedModel
        The network with its weights, on the CPU.
    extractor : transformers.SequenceFeatureExtractor
        Says the rate.
    classes : sequence of str
        Names, in the order of the scores.
    device : torch.device
        Where the network computes.
    batch_size : int or None
        Clips in a batch; None for what suits the device.
    precision : str
        ``float32``, or what the network computes in under torch's autocast.
    notes : tuple of str
        What a reader of the board must know.

    Attributes
    ----------
    device : torch.device
        Where it computes.
    revision : str or None
        Commit of the checkpoint, where it came from the hub.
    """

    front_end: nn.Module
    back_end: nn.Module

    def __init__(
        self,
        name: str,
        network: Any,
        extractor: Any,
        *,
        classes: Sequence[str],
        device: torch.device,
        batch_size: int | None,
        precision: Precision = "float32",
        notes: tuple[str, ...] = (),
    ) -> None:
        self.sample_rate_hz = int(extractor.sampling_rate)
        self.classes: Sequence[str] = classes
        self.mids: Sequence[str] = checkpoints.mids_of(classes, audioset_classes())
        self.weights_sha256 = weights_sha256(network)
        self.revision = getattr(network.config, "_commit_hash", None)
        self.batch_size = batch_size or _BATCH.get(device.type, _BATCH_ELSEWHERE)
        self._batches = FittingBatches(self.batch_size, name)
        self.device = device
        self.precision = precision
        self.notes = notes

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score clips of one length.

        Parameters
        ----------
        waveforms : np.ndarray, shape=(batch, samples), dtype=float32
            Samples in [-1, 1]; what lies beyond the seconds that the network hears is not heard.

        Returns
        -------
        np.ndarray, shape=(batch, classes), dtype=float32
            Log-odds.
        """
        return self._batches.scores(waveforms, self._forward)

    def randomized(self, share: float, rng: np.random.Generator) -> Self:
        """Return a twin with randomized layers; see `awb.protocols.RandomizableModel`."""
        return randomized_twin(self, share, rng)

    def attentions(self, waveform: AudioArray) -> Iterator[ScoreArray]:
        """Return the attention of each layer; see `awb.protocols.AttentionModel`.

        Parameters
        ----------
        waveform : np.ndarray, shape=(samples,), dtype=float32
            One clip.

        Yields
        ------
        np.ndarray, shape=(heads, tokens, tokens), dtype=float32
            First layer first.
        """
        network: Any = self.back_end.network
        told: list[Any] = []
        handle = network.register_forward_hook(lambda *parts: told.append(parts[2]))
        before = network.config._attn_implementation
        network.set_attn_implementation("eager")  # the others do not tell their attention
        network.config.output_attentions = True
        try:
            self._forward(waveform[np.newaxis])
        finally:
            handle.remove()
            network.config.output_attentions = False
            network.set_attn_implementation(before)
        for layer in told[0].attentions:
            yield layer[0].float().cpu().numpy()

    def _forward(self, waveforms: AudioArray) -> torch.Tensor:
        with torch.inference_mode(), autocast(self.device, self.precision):
            features = self.front_end(torch.tensor(waveforms)).to(self.device)
            scores: torch.Tensor = self.back_end(features)
        return scores


def load_classifier(
    parameters: CheckpointParameters,
    name: str,
    families: tuple[Any, Any],
    *,
    revision: str | None = None,
    offline: bool = False,
) -> Loaded:
    """Load a network and its feature extractor, and settle where and how they compute.

    Parameters
    ----------
    parameters : CheckpointParameters
        Which checkpoint, and where to compute.
    name : str
        Name of awb's model, for messages.
    families : (type, type)
        Classes of transformers for the network and for the extractor.
    revision : str or None
        Commit, where the parameters name none.
    offline : bool
        Whether to look on this machine only.

    Returns
    -------
    Loaded
        Keywords for the model object.

    Raises
    ------
    WeightsError
        If the checkpoint cannot be had, or lacks weights.
    ParameterError
        If there is no such device.
    """
    device = checkpoints.device_named(parameters.device)
    given = (parameters.checkpoint, parameters.revision or revision, name)
    network = checkpoints.load_model(families[0], *given, offline=offline)
    problem, note = checkpoints.problem_of(network.config, parameters.labels, name)
    return {
        "network": network,
        "extractor": checkpoints.load_extractor(families[1], *given, offline=offline),
        "problem": problem,
        "notes": (note,) if note else (),
        "device": device,
        "batch_size": parameters.batch_size,
        "precision": parameters.precision,
    }
