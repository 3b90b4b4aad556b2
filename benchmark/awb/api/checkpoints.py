"""``awb.transformers_model``: a transformers checkpoint as a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from awb.harness.unit.warm_plugins import warm_model
from awb.plugins.discovery import load
from awb.plugins.references import Reference
from awb.plugins.resolve import resolve
from awb.protocols import AudioModel


def transformers_model(checkpoint: str | Path, **settings: Any) -> AudioModel:
    """Load an audio classifier from transformers.

    Parameters
    ----------
    checkpoint : str or Path
        A local folder, or the id of a checkpoint on the Hugging Face Hub.
    **settings
        ``revision``, ``labels``, ``device``, ``precision``, ``batch_size``, and ``download=True``
        to download a checkpoint that is not on this machine.

    Returns
    -------
    AudioModel
        For ``awb.run(models=[...])`` and ``awb.explain(file, model=...)``. Its ``reference`` is
        its name on the command line, by which worker processes load the checkpoint.

    Raises
    ------
    AwbError
        If the checkpoint cannot be loaded, or a setting is invalid.
    """
    given = {"checkpoint": str(checkpoint), **settings}
    typed = tuple((key, str(value)) for key, value in given.items() if value is not None)
    reference = str(Reference("transformers", typed))
    loaded = warm_model(resolve(load(), "model", reference))
    vars(loaded)["reference"] = reference
    return loaded
