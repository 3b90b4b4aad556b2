"""Maskers: what replaces the audio of a dropped segment.

Conventions
-----------
A plain masker makes one replacement waveform for the whole clip, and a dropped segment takes its
samples from it. So the noise of a segment is the same in every mask and batch, and two masks that
agree over a stretch of time give the same audio there. A `ContextMasker` fills a gap from what is
kept around it, so its replacement depends on the whole mask.
"""

from awb.listed import can_be_called
from awb.maskers.fills import Masker, mean, noise, zeros
from awb.maskers.interpolation import Interpolation
from awb.maskers.protocol import ContextMasker, MaskFill

__all__ = ["ContextMasker", "Interpolation", "MaskFill", "Masker", "mean", "noise", "zeros"]

can_be_called(__name__)
