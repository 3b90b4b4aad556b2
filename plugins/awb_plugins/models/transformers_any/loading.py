"""Which model object suits a checkpoint."""

from __future__ import annotations

from awb.errors import WeightsError
from awb.protocols import AudioModel
from awb_plugins.models.ast.model import Ast
from awb_plugins.models.checkpoint_classifiers import Loaded, load_classifier
from awb_plugins.models.checkpoints import is_local
from awb_plugins.models.transformers_any.extracted import Extracted
from awb_plugins.models.transformers_any.parameters import TransformersParameters
from awb_plugins.models.transformers_any.whisper import Whisper
from awb_plugins.models.wav2vec2.model import Wav2Vec2

NAME = "transformers"


def load(parameters: TransformersParameters) -> AudioModel:
    """Load a checkpoint.

    Parameters
    ----------
    parameters : TransformersParameters
        Which, and where to compute.

    Returns
    -------
    AudioModel
        An `Ast` or a `Whisper`, which can be looked into; a `Wav2Vec2` for networks that hear
        waveforms; and for all others what their own feature extractor gives.

    Raises
    ------
    WeightsError
        If the checkpoint cannot be had, or is not an audio classifier.
    ParameterError
        If there is no such device.
    """
    from transformers import AutoFeatureExtractor, AutoModelForAudioClassification

    families = (AutoModelForAudioClassification, AutoFeatureExtractor)
    try:
        loaded = load_classifier(parameters, NAME, families, offline=not parameters.download)
    except WeightsError as error:
        if parameters.download or is_local(parameters.checkpoint):
            raise
        raise WeightsError(
            f"{NAME}: checkpoint {parameters.checkpoint} is not on this machine, and nothing is"
            f" fetched unless you say so. Type {NAME}:checkpoint={parameters.checkpoint},"
            "download=true"
        ) from error
    return around(loaded)


def around(loaded: Loaded) -> AudioModel:
    """Make the model object for a loaded network.

    Parameters
    ----------
    loaded : Loaded
        Network, extractor, and where to compute.

    Returns
    -------
    AudioModel
        The model.
    """
    network = loaded["network"]
    kind = str(network.config.model_type)
    if kind == "audio-spectrogram-transformer":
        return Ast(**loaded)
    if kind == "whisper":
        return Whisper(**loaded)
    inputs = getattr(loaded["extractor"], "model_input_names", ())
    if getattr(network.config, "conv_kernel", None) and "input_values" in inputs:
        return Wav2Vec2(**loaded)
    return Extracted(**loaded)
