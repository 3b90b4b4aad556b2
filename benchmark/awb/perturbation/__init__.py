"""The narrow waist: the only door from explainers and fidelity metrics to the model."""

from awb.perturbation.perturber import Design, Perturber, Pool

__all__ = ["Design", "Perturber", "Pool"]
