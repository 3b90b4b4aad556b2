"""The built-in datasets, each with a card, registered with awb like anyone's."""

from __future__ import annotations

from awb.hookspecs import hookimpl
from awb.specs import DatasetSpec
from awb_datasets import (
    audb_adapter,
    audioset,
    clever_hans,
    cremad,
    drums,
    emodb,
    esc50,
    folder,
    hugging_face,
    iemocap,
    kws,
    kws_aligned,
    kws_librispeech,
    noisy,
    ravdess,
    soundata_adapter,
    soundscapes,
    urbansound8k,
)


@hookimpl
def awb_datasets() -> list[DatasetSpec]:
    """Return the built-in datasets."""
    return [
        soundscapes.SPEC,
        folder.SPEC,
        audioset.SPEC,
        drums.SPEC,
        clever_hans.SPEC,
        kws.SPEC,
        kws_librispeech.SPEC,
        kws_aligned.SPEC,
        esc50.SPEC,
        urbansound8k.SPEC,
        ravdess.SPEC,
        emodb.SPEC,
        iemocap.SPEC,
        cremad.SPEC,
        hugging_face.SPEC,
        soundata_adapter.SPEC,
        audb_adapter.SPEC,
        noisy.SPEC,
    ]
