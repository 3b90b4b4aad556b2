"""The narrow waist: the only door from explainers and fidelity metrics to the model."""

from awb.perturbation.design import Design, Pool
from awb.perturbation.parts import Parts
from awb.perturbation.perturber import Perturber

__all__ = ["Design", "Parts", "Perturber", "Pool"]
