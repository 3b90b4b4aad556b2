"""Settings of plugins, as `awb info` tells them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from awb.builtins.maskers import MASKERS
from awb.plugins.settings import settings_of
from awb.specs import MaskerSpec, Parameters


class _Base(Parameters):
    """Settings.

    Attributes
    ----------
    level_db : float
        How loud
        it is.
    """

    level_db: float = Field(default=-20.0, ge=-60, lt=0)


class _Mine(_Base):
    """More settings.

    Attributes
    ----------
    shape : str
        ``flat`` or ``round``.

    A sentence that belongs to none.
    """

    shape: Literal["flat", "round"] = "flat"
    wide: bool = False
    count: int


def test_settings_have_types_ranges_defaults_units_and_meanings() -> None:
    spec = MaskerSpec(
        name="mine", summary="Mine.", citation="-", parameters=_Mine, factory=MASKERS[0].factory
    )
    found = {one.name: one for one in settings_of(spec)}
    level = found["level_db"]
    assert (level.type, level.default, level.unit) == ("number from -60 below 0", "-20.0", "dB")
    assert level.meaning == "How loud it is."
    assert found["shape"].type == "one of flat, round"
    assert found["shape"].meaning == "flat or round."
    assert (found["wide"].default, found["wide"].required) == ("false", False)
    assert (found["count"].required, found["count"].meaning) == (True, "")
