"""Audio files: reading, containers, sample rates."""

from awb.audio.files import SUFFIXES, duration_s, read_audio, resample

__all__ = ["SUFFIXES", "duration_s", "read_audio", "resample"]
