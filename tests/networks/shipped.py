"""The models that awb ships with weights of their own."""

from __future__ import annotations

from dataclasses import dataclass

from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.protocols import AudioModel


@dataclass(frozen=True)
class Shipped:
    """A model that is opened by its name.

    Attributes
    ----------
    name, title : str
        Its reference, and what the table calls it.
    maps : str
        The module inside of the back end from which the maps come that a CAM should look at.
    """

    name: str
    title: str
    maps: str = "convolutions"

    def model(self) -> AudioModel:
        """Open it as a run does."""
        found: AudioModel = resolve(load(), "model", self.name).build()
        return found


SHIPPED = [
    Shipped("soundscape-cnn", "`soundscape-cnn`"),
    Shipped("kws-cnn", "`kws-cnn`"),
    Shipped("clever-hans-biased", "`clever-hans-biased`"),
    Shipped("drums-crnn", "`drums-crnn`"),
]
