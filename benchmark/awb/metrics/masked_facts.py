"""Facts about the metrics of masked-in and masked-out audio."""

from __future__ import annotations

from awb.metrics.facts import MetricFacts

_GRAD_CAM_PP = "Chattopadhay et al. 2018, doi:10.1109/WACV.2018.00097"
_OPTI_CAM = "Zhang et al. 2024, arXiv:2301.07002"
_L_MAC = "Paissan et al. 2024, arXiv:2403.13086"
_DEGENERATE = "the relevance is constant"


def _facts(
    name: str,
    summary: str,
    citation: str,
    formula: str,
    *,
    higher_is_better: bool = True,
    lowest: float = 0.0,
    undefined: str = _DEGENERATE,
    unit: str = "probability",
) -> MetricFacts:
    """Describe a fidelity metric whose highest value is 1."""
    return MetricFacts(
        name=name,
        family="fidelity",
        summary=summary,
        higher_is_better=higher_is_better,
        lowest=lowest,
        highest=1.0,
        unit=unit,
        undefined=undefined,
        citation=citation,
        formula=formula,
    )


AVERAGE_INCREASE = _facts(
    "ai",
    "share of instances whose target probability rises with the relevant segments alone",
    _GRAD_CAM_PP,
    r"[p_{\text{in}} > p_0]",
    unit="share of instances",
)
AVERAGE_DROP = _facts(
    "ad",
    "share of the target's probability lost with the relevant segments alone",
    _GRAD_CAM_PP,
    r"\frac{\max(p_0 - p_{\text{in}}, 0)}{p_0}",
    higher_is_better=False,
    undefined=_DEGENERATE + ", or the clip's probability is 0",
    unit="share of the probability",
)
AVERAGE_GAIN = _facts(
    "ag",
    "share of the missing probability gained with the relevant segments alone",
    _OPTI_CAM,
    r"\frac{\max(p_{\text{in}} - p_0, 0)}{1 - p_0}",
    undefined=_DEGENERATE + ", or the clip's probability is 1",
    unit="share of the probability",
)
FID_IN = _facts(
    "fid-in",
    "share of instances still heard as the target with the relevant segments alone",
    _L_MAC,
    r"\left[ [p_{\text{in}} \geq p_\tau] = [p_0 \geq p_\tau] \right]",
    unit="share of instances",
)
FF_OUT = _facts(
    "ff-out",
    "loss of the target's probability without the relevant segments",
    _L_MAC,
    r"p_0 - p_{\text{out}}",
    lowest=-1.0,
)
FF_IN = _facts(
    "ff-in",
    "loss of the target's probability with the relevant segments alone",
    _L_MAC,
    r"p_0 - p_{\text{in}}",
    higher_is_better=False,
    lowest=-1.0,
)
