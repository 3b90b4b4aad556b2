"""Training of ``l-mac``: what the mask keeps should have the class, the rest should not.

The loss of a clip x and a class c is ``-log p_c(M x) - log(1 - p_c((1 - M) x)) + w * mean(M)``. The
paper subtracts the cross-entropy of the second term instead, which has no lower bound; and its
decoder explains the first class only, where this one is told which class to explain.

References
----------
Paissan, F., Ravanelli, M., & Subakan, C. (2024). Listenable maps for audio classifiers. ICML.
arXiv:2403.13086
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from awb.errors import NotApplicableError, ParameterError
from awb.protocols import AudioModel, SpectrogramModel
from awb_plugins.explainers.trained.decoder import Decoder, Encoded, MaskedAudio
from awb_plugins.training.explainers import Fitted, Lesson, OnPass

EPOCHS = 12
BATCH = 8
SPARSENESS = 1.0
LEARNING_RATE = 4e-3


def loss_of(
    inside: Tensor, outside: Tensor, masks: Tensor, sparseness: float = SPARSENESS
) -> Tensor:
    """Return the mean loss from the log-odds of what masks keep and of what they leave."""
    softplus = nn.functional.softplus
    kept = masks.mean(dim=(1, 2))
    return (softplus(-inside) + softplus(outside) + sparseness * kept).mean()


def fit(
    model: AudioModel, lesson: Lesson, *, epochs: int | None, seed: int, on_pass: OnPass
) -> Fitted:
    """Train a decoder for a model."""
    if not isinstance(model, SpectrogramModel):
        raise NotApplicableError("l-mac needs a model that implements SpectrogramModel")
    if not model.last_convolution:
        raise NotApplicableError("l-mac needs a model with a convolution to look at")
    encoded = Encoded(model)
    if encoded.device.type != "cpu":
        raise ParameterError("l-mac is trained on the CPU: load the model there (device=cpu)")
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        steps = _Steps(model, encoded, lesson, epochs or EPOCHS)
        for number in range(1, (epochs or EPOCHS) + 1):
            loss = steps.one_pass(rng)
            on_pass(number, epochs or EPOCHS, loss)
    return Fitted(steps.decoder.eval().state_dict(), steps.calls, epochs or EPOCHS, loss)


class _Steps:
    """The decoder, its optimizer, and a pass over the clips."""

    def __init__(
        self, model: SpectrogramModel, encoded: Encoded, lesson: Lesson, epochs: int
    ) -> None:
        self._model, self._encoded, self._lesson = model, encoded, lesson
        with torch.no_grad():
            first = torch.tensor(lesson.waveforms[:BATCH])
            features, hidden, _ = encoded(first)
        self.calls = len(first)
        frames, bins = features.shape[1:]
        self.decoder = Decoder(bins, hidden.shape[1], len(lesson.classes))
        self.decoder.bin_mean.copy_(features.mean(dim=(0, 1)))
        self.decoder.bin_scale.copy_(1 / features.std(dim=(0, 1)).clamp(min=1e-3))
        self._heard = MaskedAudio(model, lesson.waveforms.shape[1], frames, bins)
        self._optimizer = torch.optim.Adam(self.decoder.parameters(), lr=LEARNING_RATE)
        steps = epochs * -(-len(lesson.rows) // BATCH)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.2
        )

    def one_pass(self, rng: np.random.Generator) -> float:
        """Go over all pairs of clip and class once, and return the mean loss."""
        order = rng.permutation(len(self._lesson.rows))
        parts = [order[start : start + BATCH] for start in range(0, order.size, BATCH)]
        return float(
            np.average([self._step(part) for part in parts], weights=list(map(len, parts)))
        )

    def _step(self, chosen: np.ndarray) -> float:
        waveforms = torch.tensor(self._lesson.waveforms[self._lesson.rows[chosen]])
        columns = torch.tensor(self._lesson.columns[chosen])
        targets = torch.tensor(self._lesson.targets[chosen])[:, None]
        with torch.no_grad():
            features, hidden, _ = self._encoded(waveforms)
        masks = self.decoder(features, hidden, columns)
        inside = self._heard(waveforms, masks)
        both = torch.cat([inside, waveforms - inside])
        scores = self._model.back_end(self._model.front_end(both))
        kept, rest = scores.gather(1, targets.repeat(2, 1))[:, 0].chunk(2)
        loss = loss_of(kept, rest, masks)
        self._optimizer.zero_grad()
        gradients = torch.autograd.grad(loss, list(self.decoder.parameters()))
        for parameter, gradient in zip(self.decoder.parameters(), gradients, strict=True):
            parameter.grad = gradient
        nn.utils.clip_grad_norm_(self.decoder.parameters(), 1.0)
        self._optimizer.step()
        self._schedule.step()
        self.calls += 3 * len(waveforms)
        return float(loss.item())
