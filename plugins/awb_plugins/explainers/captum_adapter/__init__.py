"""``captum:CLASS``: any attribution class of captum, by its own name and with its own settings."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from awb.specs import Explainer, ExplainerSpec, Parameters


class CaptumParameters(Parameters):
    """Settings of `captum`: the class, with settings of captum's and of awb's behind a colon."""

    method: str = Field(
        description="Class, such as Saliency or IntegratedGradients:n_steps=16,sign=absolute."
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        """Look class and settings up in captum, which is imported here."""
        from awb_plugins.explainers.captum_adapter.reading import read_method

        read_method(self.method)
        return self


def _make(parameters: CaptumParameters) -> Explainer:
    """Make the explainer; captum and torch are imported here."""
    from awb_plugins.explainers.captum_adapter.making import make

    return make(parameters.method)


SPEC = ExplainerSpec(
    name="captum",
    summary="Any attribution class of captum by its name, as captum:IntegratedGradients:n_steps=16",
    citation="Kokhlikyan et al. (2020), arXiv:2009.07896; of each method, see docs/captum.md",
    cost="what the method asks for, counted",
    parameters=CaptumParameters,
    factory=_make,
    path_parameter="method",
)
