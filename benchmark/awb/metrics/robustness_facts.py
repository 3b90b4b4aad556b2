"""Facts about the metrics that compare two explanations."""

from __future__ import annotations

import math

from awb.metrics.facts import Family, MetricFacts

_CONSTANT = "an explanation is constant"
_DEAF = "an explainer that ignores the audio is perfectly stable"
_SPEARMAN = "rank correlation: Spearman 1904, doi:10.2307/1412159"
_SANITY = "Adebayo et al. 2018, arXiv:1810.03292"


def _similarity(
    name: str,
    summary: str,
    *,
    citation: str = _SPEARMAN,
    family: Family = "robustness",
    higher_is_better: bool = True,
    lowest: float = -1.0,
    unit: str = "rank correlation",
    undefined: str = _CONSTANT,
    formula: str = r"\rho(r, r')",
    topped_by: str = _DEAF,
) -> MetricFacts:
    """Describe a similarity of two explanations, 1 if they are the same."""
    return MetricFacts(
        name=name,
        family=family,
        summary=summary,
        higher_is_better=higher_is_better,
        lowest=lowest,
        highest=1.0,
        unit=unit,
        undefined=undefined,
        citation=citation,
        formula=formula,
        topped_by="" if family == "sanity" else topped_by,
    )


SEED_STABILITY = _similarity(
    "seed-stability", "rank correlation of the explanations made with two seeds"
)
SEED_OVERLAP = _similarity(
    "seed-overlap",
    "share of the most relevant segments that two seeds have in common",
    citation="overlap at k; ties by share are our own",
    lowest=0.0,
    unit="share of segments",
    undefined="never",
    formula=r"\frac{|T(r) \cap T(r')|}{|T(r)|},"
    r" \quad T = \text{the top } 10\,\% \text{ of the segments}",
)
SHIFT_EQUIVARIANCE = _similarity(
    "shift-equivariance",
    "rank correlation with the explanation of the clip rolled in time",
    topped_by="an explainer that follows loudness is perfectly equivariant",
    formula=r"\rho(\mathrm{roll}(r), r')",
)
GAIN_INVARIANCE = _similarity(
    "gain-invariance", "rank correlation with the explanation of the clip at another level"
)
NOISE_STABILITY = [
    _similarity(
        f"noise-stability-{condition}",
        f"rank correlation with the explanation of the clip with {what} in the background",
        citation="conditions of Paissan et al. 2024, arXiv:2403.13086; " + _SPEARMAN,
    )
    for condition, what in (
        ("natural", "wind and rain"),
        ("room", "room tone"),
        ("white", "white noise"),
    )
]
MAX_SENSITIVITY = MetricFacts(
    name="max-sensitivity",
    family="robustness",
    summary="largest relative change of the relevance when a little noise is added to the clip",
    higher_is_better=False,
    lowest=0.0,
    highest=math.inf,
    unit="norm of the relevance",
    undefined="the relevance is zero everywhere, or nearly so beside the other",
    reads="magnitudes",
    order_form="noise-stability-white",
    topped_by=_DEAF,
    formula=r"\max_d \frac{\| r^{(d)} - r \|_2}{\| r \|_2}",
    citation="Yeh et al. 2019, arXiv:1901.09392",
)
MODEL_RANDOMIZATION = _similarity(
    "model-randomization",
    "similarity to the explanation of a model with random weights",
    citation=_SANITY,
    family="sanity",
    higher_is_better=False,
    lowest=0.0,
    formula=r"|\rho(r, r')|",
)
LABEL_RANDOMIZATION = _similarity(
    "label-randomization",
    "similarity to the explanation of a model trained on random labels",
    citation=_SANITY,
    family="sanity",
    higher_is_better=False,
    lowest=0.0,
    formula=r"|\rho(r, r')|",
)
RANDOM_LOGIT = _similarity(
    "random-logit",
    "similarity to the explanation of another class in the same clip",
    citation="Sixt et al. 2020, arXiv:1912.09818; as Random Logit in Hedström et al. 2023,"
    " arXiv:2202.06861",
    family="sanity",
    higher_is_better=False,
    lowest=0.0,
    formula=r"\max(0, \rho(r, r'))",
)
