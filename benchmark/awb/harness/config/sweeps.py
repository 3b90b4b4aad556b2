"""Sweeps: the variants of a configuration in which settings take several values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from awb.errors import ParameterError
from awb.harness.config.run_config import RunConfig
from awb.harness.config.settings import Settled, option_text

MOST_VARIANTS = 1000
_UNSAFE = re.compile(r"[^A-Za-z0-9.@+=,_-]+")


@dataclass(frozen=True, slots=True)
class Variant:
    """One configuration of a sweep."""

    name: str  # of its folder: the values, as in zeros--single-fraction=0.2,run_length=1
    values: Mapping[str, str]  # the settings that vary, as they would be typed
    config: RunConfig


def variants(settled: Settled) -> list[Variant]:
    """List the variants of a sweep: every combination, the last setting varying fastest."""
    count = 1
    for values in settled.sweep.values():
        count *= len(values)
    if count > MOST_VARIANTS:
        raise ParameterError(f"the sweep has {count} variants; at most {MOST_VARIANTS} are allowed")
    found = list(_variants(settled))
    names: dict[str, int] = {}
    for one in found:
        names[one.name] = names.get(one.name, 0) + 1
    if max(names.values()) == 1:
        return found
    return [
        Variant(f"{number}--{one.name}", one.values, one.config) if names[one.name] > 1 else one
        for number, one in enumerate(found, start=1)
    ]


def _variants(settled: Settled) -> Iterator[Variant]:
    for combination in product(*settled.sweep.values()):
        values = dict(zip(settled.sweep, combination, strict=True))
        texts = {name: option_text(value) for name, value in values.items()}
        parts = [_UNSAFE.sub("-", text).strip(".-") or "-" for text in texts.values()]
        yield Variant("--".join(parts)[:120], texts, settled.settings.config(**values))
