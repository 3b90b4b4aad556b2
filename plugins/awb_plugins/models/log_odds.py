"""The last step of a softmax model, as a layer through which relevance can be handed back."""

from __future__ import annotations

from torch import Tensor, nn

from awb_plugins.models.checkpoints import log_odds


class LogOdds(nn.Module):
    """Logits of classes that exclude each other to log-odds: ``z_c - logsumexp(z_others)``.

    Attributes
    ----------
    proportional_relevance : bool
        Tells explainers to share relevance among the logits in proportion to logit times gradient.
        As a bare function, this step would hand back its gradient alone, which sums to 0.
    """

    proportional_relevance = True

    def forward(self, logits: Tensor) -> Tensor:
        """Turn logits ``(batch, classes)`` into log-odds of the same shape."""
        return log_odds(logits, "single-label")
