"""A trained network that an explainer keeps for the model that it explains."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from awb.errors import NotApplicableError, WeightsError
from awb.perturbation import Perturber
from awb.protocols import AudioModel
from awb_plugins.training.explainer_files import Facts, advice, file_of, load, weights_of


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A network that is ready to explain one model.

    Attributes
    ----------
    network : torch.nn.Module
        In evaluation mode.
    facts : Facts
        How it was trained.
    sha256 : str
        Hash of its file.
    """

    network: Any
    facts: Facts
    sha256: str

    def column(self, name: str) -> int:
        """Return the output that explains a class."""
        if name not in self.facts.classes:
            raise NotApplicableError(
                f"{self.facts.explainer} was not trained on the class {name!r}, which the model did"
                " not find in its training clips"
            )
        return self.facts.classes.index(name)

    @property
    def note(self) -> str:
        """Training data and time, as boards report them."""
        return self.facts.note(self.sha256)


class Trained:
    """Loads the network of an explainer when it first meets a model."""

    def __init__(
        self,
        explainer: str,
        given: Path | None,
        make: Callable[[dict[str, Any]], Any],
    ) -> None:
        self._explainer = explainer
        self._given = given
        self._make = make
        self._ready: dict[int, tuple[AudioModel, Ready]] = {}

    def for_model(self, model: AudioModel, perturber: Perturber) -> Ready:
        """Return the network for a model, or say why there is none.

        The scores that tell the model apart are computed once, and count as a call for every
        instance alike: a cost does not depend on which instance came first.
        """
        known = self._ready.get(id(model))
        if known is not None and known[0] is model:
            perturber.charge(calls=1, forwards=0)
            return known[1]
        weights_sha256 = weights_of(model, self._explainer)
        path = file_of(self._explainer, weights_sha256, self._given)
        state, facts = load(path, self._explainer, model, weights_sha256)
        perturber.charge(calls=1)
        try:
            with torch.random.fork_rng(devices=[]):  # layers draw weights when they are made
                network = self._make(state)
            network.load_state_dict(state)
        except (RuntimeError, KeyError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise WeightsError(
                f"{path} does not fit {self._explainer}: {reason}; {advice(self._explainer)}"
            ) from error
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        ready = Ready(network.eval().requires_grad_(False), facts, sha256)
        self._ready = {id(model): (model, ready)}
        return ready
