"""Plugins that another plugin is made of, looked up as the command line does."""

from __future__ import annotations

from awb.plugins.discovery import load
from awb.plugins.resolve import Resolved, resolve
from awb.specs import DatasetSpec, ExplainerSpec


def find_explainer(text: str) -> Resolved[ExplainerSpec]:
    """Look up an installed explainer by its name and settings.

    Parameters
    ----------
    text : str
        As typed after ``--explainers``: ``naive``, ``naive:window_s=1``.

    Returns
    -------
    Resolved
        Its ``label``, its ``spec``, and ``build()``, which makes the explainer.

    Raises
    ------
    AwbError
        If there is no such explainer, a setting is invalid, or a library that it needs is missing.
    """
    return resolve(load(), "explainer", text)


def find_dataset(text: str) -> Resolved[DatasetSpec]:
    """Look up an installed dataset by its name and settings.

    Parameters
    ----------
    text : str
        As typed after ``--dataset``: ``soundscapes``, ``soundscapes:clips=9``.

    Returns
    -------
    Resolved
        Its ``label``, its ``spec``, and ``build()``, which opens the dataset.

    Raises
    ------
    AwbError
        If there is no such dataset, a setting is invalid, or a library that it needs is missing.
    """
    return resolve(load(), "dataset", text)
