"""The built-in models, each with a card."""

from __future__ import annotations

from awb.hookspecs import hookimpl
from awb.specs import ExtractorSpec, ModelSpec
from awb_plugins.models import (
    ast,
    clap,
    clever_hans,
    cnn14,
    drums_crnn,
    extractors,
    kws_cnn,
    onnx,
    ser_cnn,
    silero_vad,
    sklearn_classifier,
    soundscape_ast,
    soundscape_cnn,
    soundscape_mean,
    soundscape_wave,
    tflite,
    transformers_any,
    urbansound_cnn,
    vggish,
    wav2vec2,
    yamnet,
)


@hookimpl
def awb_models() -> list[ModelSpec]:
    """Return the built-in models."""
    return [
        soundscape_cnn.SPEC,
        yamnet.SPEC,
        ast.SPEC,
        wav2vec2.SPEC,
        transformers_any.SPEC,
        drums_crnn.SPEC,
        clever_hans.BIASED,
        clever_hans.CLEAN,
        kws_cnn.SPEC,
        cnn14.SPEC,
        vggish.SPEC,
        ser_cnn.SPEC,
        urbansound_cnn.SPEC,
        sklearn_classifier.SPEC,
        clap.SPEC,
        silero_vad.SPEC,
        tflite.SPEC,
        onnx.SPEC,
        soundscape_mean.SPEC,
        soundscape_ast.SPEC,
        soundscape_wave.SPEC,
    ]


@hookimpl
def awb_extractors() -> list[ExtractorSpec]:
    """Return the built-in extractors of features."""
    return list(extractors.SPECS)
