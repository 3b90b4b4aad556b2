"""Loading classifiers of transformers: the same for every model object around a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from awb_plugins.models import checkpoints
from awb_plugins.models.checkpoints import Problem
from awb_plugins.models.memory import Precision

if TYPE_CHECKING:
    import torch


class CheckpointParameters(Protocol):
    """What every model by checkpoint can be told."""

    checkpoint: str
    revision: str | None
    labels: Problem
    device: str
    precision: Precision
    batch_size: int | None


class Loaded(TypedDict):
    """What the model objects around a checkpoint are made of."""

    network: Any
    extractor: Any
    problem: Problem
    notes: tuple[str, ...]
    device: torch.device
    batch_size: int | None
    precision: Precision


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
