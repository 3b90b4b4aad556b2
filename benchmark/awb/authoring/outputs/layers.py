"""Log-odds in torch, as a function and as a layer through which relevance can be handed back."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from awb.authoring.outputs import SURE, Output
from awb.errors import ParameterError


def against_the_others(logits: Tensor) -> Tensor:
    """Compute the log-odds of a softmax: ``z_c - logsumexp(z_others)``.

    Parameters
    ----------
    logits : torch.Tensor, shape=(..., classes)
        Of classes that exclude each other.

    Returns
    -------
    torch.Tensor, shape=(..., classes)
        Log-odds.

    Raises
    ------
    ParameterError
        If there is a single class, which is then certain.

    Examples
    --------
    >>> against_the_others(torch.tensor([[1.0, 3.0]])).tolist()
    [[-2.0, 2.0]]
    """
    if logits.shape[-1] < 2:
        raise ParameterError("a softmax needs two classes at least: a single one is certain")
    itself = torch.eye(logits.shape[-1], dtype=torch.bool, device=logits.device)
    others = logits.unsqueeze(-2).masked_fill(itself, -torch.inf)
    return logits - torch.logsumexp(others, dim=-1)


class LogOdds(nn.Module):
    """The last step: what a network gives, to log-odds.

    Parameters
    ----------
    output : str
        What it gives.

    Attributes
    ----------
    proportional_relevance : bool
        Tells explainers to share relevance among the logits in proportion to logit times gradient.
        As a bare function, the step behind a softmax would hand back its gradient alone, which sums
        to 0.
    """

    proportional_relevance = True

    def __init__(self, output: Output = "softmax-logits") -> None:
        super().__init__()
        self._output = output

    def forward(self, values: Tensor) -> Tensor:
        """Turn values ``(batch, classes)`` into log-odds of the same shape."""
        if self._output == "probabilities":
            return torch.logit(values, eps=SURE)
        if self._output == "log-probabilities":
            kept = values.clamp(max=math.log1p(-SURE))
            return kept - torch.log(-torch.expm1(kept))
        return against_the_others(values) if self._output == "softmax-logits" else values
