"""From what was typed to a class of captum and its settings: read, checked, nothing run.

What a method takes is read from its signatures, so that whatever captum adds is there at once.
Arguments that awb fills in (inputs, target, masks) cannot be typed, nor those that are functions.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from pydantic import Field, ValidationError

from awb.errors import ParameterError, UnknownNameError, did_you_mean
from awb.plugins.references import parse_reference
from awb_plugins.explainers.captum_adapter.facts import FILLED_IN, SIZES, reason_against
from awb_plugins.explainers.spectrogram.background import Baseline
from awb_plugins.explainers.spectrogram.hearing import MapParameters

Space = Literal["segments", "features", "layer"]
"""What a method looks at: which segments are audible, the features, or a layer of the network."""

_EVERYWHERE = {"smoothing", "smoothing_s", "sign"}
_WANTED: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    type(None): "like 5 or 5x3",
}


class OwnSettings(MapParameters):
    """What awb adds to the settings of captum's methods.

    Attributes
    ----------
    on : str
        What a method that masks looks at: ``segments`` of audio, for any model, or ``features``.
    layer : str
        Layer of the back end; empty for the model's last convolution.
    baselines : str
        Features to compare with, see `awb_plugins.explainers.spectrogram.background`: ``dropped``
        (those of the masked clip), ``silence``, ``median``, ``mean``, ``zero``; or several, for
        methods that want several: ``quiet``, which is what they get, and ``scenes``.
    n_baselines : int
        How many clips ``quiet`` and ``scenes`` stand for.
    cell_s, bands : float, int
        Cells of the features that are masked together: their length, and how many span the bins.
    """

    on: Literal["segments", "features"] = "segments"
    layer: str = ""
    baselines: Baseline = "dropped"
    n_baselines: int = Field(default=8, ge=2)
    cell_s: float = Field(default=0.5, gt=0)
    bands: int = Field(default=4, ge=1)


@dataclass(frozen=True, slots=True)
class Method:
    """A class of captum with checked settings.

    Attributes
    ----------
    name : str
        Its name.
    kind : type
        The class.
    space : str
        What it looks at.
    making, asking : mapping
        Keywords for its constructor and for ``attribute``, as typed.
    own : OwnSettings
        awb's settings.
    """

    name: str
    kind: Any
    space: Space
    making: Mapping[str, Any]
    asking: Mapping[str, Any]
    own: OwnSettings

    def takes(self, argument: str) -> bool:
        """Say whether ``attribute`` has an argument of this name."""
        return argument in inspect.signature(self.kind.attribute).parameters

    def needs(self, argument: str) -> bool:
        """Say whether ``attribute`` has an argument of this name and no default for it."""
        found = inspect.signature(self.kind.attribute).parameters.get(argument)
        return found is not None and found.default is inspect.Parameter.empty


def attribution_classes() -> dict[str, Any]:
    """Return every class of captum that attributes, by name; captum is imported here."""
    import captum.attr

    named = {name: getattr(captum.attr, name) for name in captum.attr.__all__}
    return {
        name: kind
        for name, kind in named.items()
        if inspect.isclass(kind)
        and issubclass(kind, captum.attr.Attribution)
        and hasattr(kind, "attribute")
    }


def space_of(kind: Any) -> Space:
    """Say what a class looks at, unless it is told otherwise."""
    import captum.attr

    if issubclass(kind, captum.attr.LayerAttribution):
        return "layer"
    return "segments" if issubclass(kind, captum.attr.PerturbationAttribution) else "features"


@lru_cache(maxsize=256)
def read_method(text: str) -> Method:
    """Read a class of captum and its settings.

    Parameters
    ----------
    text : str
        ``CLASS`` or ``CLASS:key=value,...``.

    Returns
    -------
    Method
        Ready to be made.

    Raises
    ------
    UnknownNameError
        If captum has no such class.
    ParameterError
        If awb cannot use the class, or a setting is unknown or wrong.
    """
    reference = parse_reference(text)
    known = attribution_classes()
    usable = [name for name, kind in known.items() if not reason_against(name, kind)]
    if reference.name not in known:
        hint = did_you_mean(reference.name, usable)
        raise UnknownNameError(f"captum has no attribution class {reference.name!r}.{hint}")
    if reference.path is not None:
        raise ParameterError(
            f"captum:{reference.name} takes settings as captum:{reference.name}:key=value,"
            f" not {reference.path!r}"
        )
    kind = known[reference.name]
    against = reason_against(reference.name, kind)
    if against:
        raise ParameterError(f"captum:{reference.name} cannot be used here: {against}")
    return _with_settings(reference.name, kind, dict(reference.settings))


def _with_settings(name: str, kind: Any, typed: dict[str, str]) -> Method:
    """Sort what was typed into captum's settings and awb's."""
    space = space_of(kind)
    if space == "segments" and typed.get("on") == "features":
        space = "features"
    making, asking = typable(kind.__init__), typable(kind.attribute)
    ours = own_names(kind, space)
    for key in typed:
        if key not in making and key not in asking and key not in ours:
            hint = did_you_mean(key, {*making, *asking, *ours})
            raise ParameterError(f"captum:{name} has no setting {key!r}.{hint}")
    try:
        own = OwnSettings.model_validate({key: typed[key] for key in typed if key in ours})
    except ValidationError as error:
        first = error.errors()[0]
        raise ParameterError(
            f"captum:{name}: {first['loc'][0]}: {first['msg']} (got {first['input']!r})"
        ) from None

    def chosen(arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: _value(f"captum:{name}: {key}", arguments[key], typed[key])
            for key in typed
            if key in arguments
        }

    return Method(name, kind, space, chosen(making), chosen(asking), own)


def typable(function: Any) -> dict[str, Any]:
    """List the arguments of a function of captum that can be typed.

    Parameters
    ----------
    function : callable
        A constructor or ``attribute``.

    Returns
    -------
    dict of str to object
        Defaults by name; None for sizes that have none.
    """
    found: dict[str, Any] = {}
    for name, argument in list(inspect.signature(function).parameters.items())[1:]:
        if name in SIZES:
            found[name] = None
        elif name not in FILLED_IN and isinstance(argument.default, bool | int | float | str):
            found[name] = argument.default
    return found


def own_names(kind: Any, space: Space) -> set[str]:
    """List awb's settings that mean something for a class."""
    names, takes = set(_EVERYWHERE), inspect.signature(kind.attribute).parameters
    if space_of(kind) == "segments":
        names.add("on")
    if space != "segments":
        names.add("aggregation")
        if "baselines" in takes:
            names |= {"baselines", "n_baselines"}
        if "feature_mask" in takes:
            names |= {"cell_s", "bands"}
        if "layer" in inspect.signature(kind.__init__).parameters:
            names.add("layer")
    return names


def _value(where: str, default: Any, text: str) -> Any:
    """Read a value of the type of its default; a size is ``5`` or ``5x3``."""
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[text.lower()]
        if default is None:
            sizes = tuple(int(part) for part in text.split("x"))
            if min(sizes) < 1:
                raise ValueError
            return sizes
        return type(default)(text)
    except (KeyError, ValueError):
        wanted = _WANTED[type(default)]
        raise ParameterError(f"{where} must be {wanted}, got {text!r}") from None
