"""Facts about the metrics that use a deletion or an insertion curve."""

from __future__ import annotations

from awb.metrics.facts import MetricFacts

_RISE = "Petsiuk et al. 2018, arXiv:1806.07421"
_ERASER = "DeYoung et al. 2020, doi:10.18653/v1/2020.acl-main.408"
_SRG = "Blücher et al. 2024, arXiv:2401.06654"
_L2I = "Parekh et al. 2022, arXiv:2202.11479"

DELETION_AREA = MetricFacts(
    name="deletion-area",
    family="fidelity",
    summary="area under the target's probability as the most relevant segments are dropped",
    higher_is_better=False,
    lowest=0.0,
    highest=1.0,
    unit="probability",
    undefined="never",
    formula=r"\frac{1}{n} \sum_{k=1}^{n} \frac{p_{k-1} + p_k}{2}",
    citation=_RISE,
)

INSERTION_AREA = MetricFacts(
    name="insertion-area",
    family="fidelity",
    summary="area under the target's probability as the most relevant segments are restored",
    higher_is_better=True,
    lowest=0.0,
    highest=1.0,
    unit="probability",
    undefined="never",
    formula=r"\frac{1}{n} \sum_{k=1}^{n} \frac{q_{k-1} + q_k}{2}",
    citation=_RISE,
)

COMPREHENSIVENESS = MetricFacts(
    name="comprehensiveness",
    family="fidelity",
    summary="mean loss of probability without the top 1, 5, 10, 20 and 50 % of the segments",
    higher_is_better=True,
    lowest=-1.0,
    highest=1.0,
    unit="probability",
    undefined="never",
    formula=r"\frac{1}{5} \sum_{b \in \{1, 5, 10, 20, 50\}}"
    r" \left( p_0 - p_{\lceil bn/100 \rceil} \right)",
    citation=_ERASER,
)

SUFFICIENCY = MetricFacts(
    name="sufficiency",
    family="fidelity",
    summary="mean loss of probability with only the top 1, 5, 10, 20 and 50 % of the segments",
    higher_is_better=False,
    lowest=-1.0,
    highest=1.0,
    unit="probability",
    undefined="never",
    formula=r"\frac{1}{5} \sum_{b \in \{1, 5, 10, 20, 50\}}"
    r" \left( q_n - q_{\lceil bn/100 \rceil} \right)",
    citation=_ERASER,
)


def _ff_facts(at: str, share: str, count: str, undefined: str = "never") -> MetricFacts:
    """Describe faithfulness at one share of the segments."""
    return MetricFacts(
        name=f"ff@{at}",
        family="fidelity",
        summary=f"loss of the target's probability without {share}",
        higher_is_better=True,
        lowest=-1.0,
        highest=1.0,
        unit="probability",
        undefined=undefined,
        formula=f"p_0 - p_{{{count}}}",
        citation=_L2I,
    )


FF_PERCENTS = (1, 5, 10, 20, 50)

FF_AT = {
    percent: _ff_facts(
        str(percent),
        f"the top {percent} % of the segments",
        rf"\lceil {percent / 100:g}\,n \rceil",
    )
    for percent in FF_PERCENTS
}
"""Facts by percent of the segments dropped; the fraction for `ff` is ``percent / 100``."""

FF_ANNOTATED = _ff_facts(
    "annotated",
    "the most relevant segments, taking as many as lie inside the events",
    "|P|",
    "no segment lies inside the events",
)

MONOTONICITY = MetricFacts(
    name="monotonicity",
    family="fidelity",
    summary="share of the steps at which the probability does not fall as segments are restored, "
    "least relevant first",
    higher_is_better=True,
    lowest=0.0,
    highest=1.0,
    unit="share of steps",
    undefined="never",
    formula=r"\frac{1}{n} \sum_{k=1}^{n} [p_{k-1} \geq p_k]",
    citation="Arya et al. 2019, arXiv:1909.03012",
    topped_by="a random order scores high, as most single segments change nothing",
)


def _gain_facts(kind: str, what: str, formula: str) -> MetricFacts:
    """Describe an area on the instance's own scale."""
    return MetricFacts(
        name=f"{kind}-gain",
        family="fidelity",
        summary=f"area as the most relevant segments are {what}, from 0 for a random order to 1 for"
        " the best one known",
        higher_is_better=True,
        lowest=-1.0,
        highest=1.0,
        unit="share of what the best order gains over a random one",
        undefined="the best order known is better than a random one by less than 0.05",
        formula=formula,
        citation=f"areas: {_RISE}; the scale is our own",
    )


DELETION_GAIN = _gain_facts(
    "deletion", "dropped", r"\frac{A_{\text{random}} - A(p)}{A_{\text{random}} - A_{\min}}"
)
INSERTION_GAIN = _gain_facts(
    "insertion", "restored", r"\frac{A(q) - A_{\text{random}}}{A_{\max} - A_{\text{random}}}"
)

SRG = MetricFacts(
    name="srg",
    family="fidelity",
    summary="symmetric relevance gain: area as the least relevant segments are dropped first, minus"
    " that as the most relevant are",
    higher_is_better=True,
    lowest=-1.0,
    highest=1.0,
    unit="probability",
    undefined="never",
    formula="A(q) - A(p)",
    citation=_SRG,
)
