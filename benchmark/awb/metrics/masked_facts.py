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
    order_form: str = "sufficiency",
    topped_by: str = "keeping nearly all segments scores best, or nearly so",
) -> MetricFacts:
    """Describe a metric of the segments above the mean: nothing limits how many these are."""
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
        reads="magnitudes",
        order_form=order_form,
        topped_by=topped_by,
    )


AVERAGE_INCREASE = _facts(
    "ai",
    "share of instances whose target probability rises with the relevant segments alone",
    _GRAD_CAM_PP,
    r"[p_{\text{in}} > p_0]",
    topped_by="",
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
    topped_by="",
    unit="share of the probability",
)
FID_IN = _facts(
    "fid-in",
    "share of instances still heard as the target with the relevant segments alone",
    _L_MAC,
    r"[p_{\text{in}} \geq p_\tau]",
    undefined=_DEGENERATE + ", or the model does not hear the target in the clip",
    unit="share of instances",
)
FF_OUT = _facts(
    "ff-out",
    "loss of the target's probability without the relevant segments",
    _L_MAC,
    r"p_0 - p_{\text{out}}",
    lowest=-1.0,
    order_form="comprehensiveness",
)
FF_IN = _facts(
    "ff-in",
    "loss of the target's probability with the relevant segments alone",
    _L_MAC,
    r"p_0 - p_{\text{in}}",
    higher_is_better=False,
    lowest=-1.0,
)
KEPT_SHARE = MetricFacts(
    name="kept-share",
    family="complexity",
    summary="share of the segments that the masked-in audio keeps: those above the mean",
    higher_is_better=False,
    lowest=0.0,
    highest=1.0,
    unit="share of segments",
    undefined=_DEGENERATE,
    citation="our own; the mask is that of ad, ai, ag, fid-in, ff-in and ff-out",
    formula=r"\frac{|\{ i : r_i > \bar{r} \}|}{n}",
    reads="magnitudes",
)


def _over_random(base: MetricFacts, gain: str) -> MetricFacts:
    """Describe what an explanation's mask gains over the same mask elsewhere in the clip."""
    return MetricFacts(
        name=f"{base.name}-over-random",
        family="fidelity",
        summary=f"{base.name} compared with masks of the same segments moved to another time",
        higher_is_better=True,
        lowest=-1.0,
        highest=1.0,
        unit=base.unit,
        undefined=base.undefined,
        citation=f"{base.citation}; the comparison is our own, by the toroidal shifts of"
        " Harms et al. 2001, doi:10.2307/2679927",
        formula=gain,
        reads="magnitudes",
        order_form=base.order_form,
    )


_MEAN = r"\frac{1}{D} \sum_{d=1}^{D}"
OVER_RANDOM = {
    base.name: _over_random(
        base,
        rf"{_MEAN} f(p^{{(d)}}_{{\text{{{mask}}}}}) - f(p_{{\text{{{mask}}}}})"
        if not base.higher_is_better
        else rf"f(p_{{\text{{{mask}}}}}) - {_MEAN} f(p^{{(d)}}_{{\text{{{mask}}}}})",
    )
    for base, mask in (
        (AVERAGE_INCREASE, "in"),
        (AVERAGE_DROP, "in"),
        (AVERAGE_GAIN, "in"),
        (FID_IN, "in"),
        (FF_IN, "in"),
        (FF_OUT, "out"),
    )
}
"""Facts by the metric that is compared; f is that metric."""
