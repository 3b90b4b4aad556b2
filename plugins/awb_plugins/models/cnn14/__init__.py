"""Cnn14 of PANNs: 527 AudioSet classes, or a transfer head of your own. See CARD.md."""

from __future__ import annotations

from collections.abc import Sequence

from awb.protocols import AudioModel
from awb.specs import ModelSpec
from awb_plugins.models.audioset_labels import audioset_classes
from awb_plugins.models.cnn14.parameters import Cnn14Parameters


def _make(parameters: Cnn14Parameters) -> AudioModel:
    """Load the weights; torch is imported here."""
    from awb_plugins.models.cnn14.model import load

    return load(parameters)


def _class_list(parameters: Cnn14Parameters) -> tuple[Sequence[str], Sequence[str]]:
    """Return the names of the classes: AudioSet's, or those that the head's file names."""
    if parameters.head is not None:
        from awb_plugins.models.cnn14.weights import read_head_classes

        return read_head_classes(parameters.head), ()
    listed = audioset_classes()
    return tuple(listed), tuple(listed.values())


SPEC = ModelSpec(
    name="cnn14",
    title="Cnn14",
    summary="PANNs' Cnn14, a log-mel CNN of 527 AudioSet classes, with a head for ESC-50",
    citation=(
        "Kong, Q., et al. (2020). PANNs: Large-scale pretrained audio neural networks for audio"
        " pattern recognition. IEEE/ACM TASLP 28. doi:10.1109/TASLP.2020.3030497;"
        " weights doi:10.5281/zenodo.3987831"
    ),
    parameters=Cnn14Parameters,
    requires=("torch",),
    factory=_make,
    class_list=_class_list,
    minimum_duration_s=lambda _: 0.31,
)
