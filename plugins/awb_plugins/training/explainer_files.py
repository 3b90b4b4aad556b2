"""Files of trained explainers: safetensors whose header says for which model each was made.

A file is found again by the explainer's name and the hash of the model's weights. The header also
holds the model's scores of a fixed noise: weights that are used otherwise (another pooling, other
classes) are another model, and are refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from awb.errors import NotApplicableError, WeightsError
from awb.protocols import AudioModel, DifferentiableModel
from awb.randomness import RandomKey
from awb.training import TRAINED_ON

FOLDER_VARIABLE = "AWB_TRAINED"
_TOLERANCE = 0.05
"""Log-odds by which scores of one model may differ between machines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the header of a file says.

    Attributes
    ----------
    explainer : str
        Name of the explainer.
    model : str
        Reference of the model.
    weights_sha256 : str
        Hash of the model's weights.
    probe : list of float
        The model's scores of a fixed noise.
    classes : list of str
        The classes that it has learned to explain, in the order of its outputs.
    dataset : str
        Reference of the training data.
    clips, calls, epochs, seed : int
        Training clips, model calls, passes over the clips, seed.
    seconds : float
        How long the training took.
    loss : float
        Of the last pass.
    """

    explainer: str
    model: str
    weights_sha256: str
    probe: list[float]
    classes: list[str]
    dataset: str
    clips: int
    calls: int
    epochs: int
    seed: int
    seconds: float
    loss: float

    def note(self, sha256: str) -> str:
        """Say for a board what it was trained on, and for how long."""
        return (
            f"{TRAINED_ON}{self.clips} clips of {self.dataset} in {self.seconds:.0f} s with"
            f" {self.calls:,} model calls (seed {self.seed}, file {sha256[:12]})"
        )


def default_folder() -> Path:
    """Return the folder in the user's data, which ``AWB_TRAINED`` may override."""
    own = os.environ.get(FOLDER_VARIABLE)
    return Path(own).expanduser() if own else platformdirs.user_data_path("awb") / "trained"


def file_of(explainer: str, weights_sha256: str, given: Path | None = None) -> Path:
    """Return where the file of an explainer for a model lies, or would."""
    if given is not None:
        return given.expanduser()
    return default_folder() / f"{explainer}-{weights_sha256[:16]}.safetensors"


def learned(explainer: str, weights_sha256: str, given: Path | None) -> str:
    """Hash the file that is used with a model; all of them where the model has no hash."""
    paths = [file_of(explainer, weights_sha256, given)]
    if given is None and not weights_sha256:
        paths = sorted(default_folder().glob(f"{explainer}-*.safetensors"))
    found = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()]
    return found[0] if len(found) == 1 else "".join(found)


def weights_of(model: AudioModel, explainer: str) -> str:
    """Return the hash of a model's weights, by which it is known again."""
    found = str(getattr(model, "weights_sha256", ""))
    if not found and isinstance(model, DifferentiableModel):
        from awb.authoring.weights import weights_sha256

        found = weights_sha256(model.back_end)
    if not found:
        raise NotApplicableError(
            f"{explainer} is trained for one model, and nothing tells this one from others: it has"
            " no weights_sha256"
        )
    return found


def probe(model: AudioModel) -> list[float]:
    """Score a second of noise, which tells models apart that share their weights."""
    rng = RandomKey((0, "probe")).generator("noise")
    noise = rng.uniform(-0.5, 0.5, (1, int(model.sample_rate_hz))).astype(np.float32)
    return [float(one) for one in np.asarray(model.scores(noise))[0]]


def save(path: Path, state: Mapping[str, Any], facts: Facts) -> None:
    """Write weights and header."""
    from safetensors.torch import save_file

    tensors = {name: tensor.detach().contiguous() for name, tensor in state.items()}
    header = {"awb_explainer": json.dumps(asdict(facts), sort_keys=True)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, path, metadata=header)
    except OSError as error:
        raise WeightsError(f"cannot write {path}: {error.strerror or error}") from error


def advice(explainer: str) -> str:
    """Say what to type for a file."""
    return f"type: awb train explainer:{explainer} --model MODEL --dataset DATASET"


def load(
    path: Path, explainer: str, model: AudioModel, weights_sha256: str
) -> tuple[dict[str, Any], Facts]:
    """Read the weights of an explainer for a model, or say why they are not for it."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise NotApplicableError(f"{explainer} is not trained for this model ({advice(explainer)})")
    try:
        with safe_open(path, framework="pt") as handle:
            facts = Facts(**json.loads((handle.metadata() or {})["awb_explainer"]))
            state = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{path} is not the file of a trained explainer ({error}); {advice(explainer)}"
        ) from error
    if facts.explainer != explainer:
        raise WeightsError(f"{path} belongs to {facts.explainer}, not to {explainer}")
    own = probe(model)
    if facts.weights_sha256 != weights_sha256 or not _alike(own, facts.probe):
        raise NotApplicableError(
            f"{explainer} was trained for another model, {facts.model} ({advice(explainer)})"
        )
    if not all(bool(tensor.isfinite().all()) for tensor in state.values()):
        raise WeightsError(f"{path} holds numbers that are not finite; {advice(explainer)}")
    return state, facts


def _alike(one: list[float], other: list[float]) -> bool:
    return len(one) == len(other) and bool(np.allclose(one, other, rtol=1e-3, atol=_TOLERANCE))
