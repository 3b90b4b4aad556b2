"""Hashes of functions and objects of a session: their code, and all values that it can reach.

Two things with one fingerprint compute the same. Code is hashed as it was compiled, with the values
of its closure, of its defaults and of the globals that it names; an object as its class and its
attributes; arrays, tensors and networks by their numbers. What comes from an installed library is
hashed by its name and version, or its file. Whatever cannot be looked into, such as the session of
another framework, makes the fingerprint one that no other object and no other process has.
"""

from __future__ import annotations

import dis
import hashlib
import sys
import types
import typing
import weakref
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cached_property, partial
from logging import Logger
from pathlib import Path, PurePath
from typing import Any
from uuid import uuid4

import numpy as np

_PLAIN = (type(None), bool, int, float, complex, str, bytes, bytearray, range, type(...))
_OUR_OWN = frozenset(("awb", "awb_plugins", "awb_datasets"))
_MOST = 200_000  # values, beyond which a thing counts as one that cannot be looked into
_MANAGED_DICT = 1 << 4  # flag of classes whose attributes are all in a dict
_BUILTINS = (types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
             types.MethodWrapperType, types.ClassMethodDescriptorType)  # fmt: skip

_known: dict[int, tuple[Callable[[], object], str]] = {}


def fingerprint(*things: object) -> str:
    """Hash functions and objects by what they are.

    Parameters
    ----------
    *things : object
        Functions, methods, classes, networks, models, settings.

    Returns
    -------
    str
        SHA-256 in hexadecimal.

    Examples
    --------
    >>> def scaled(gain):
    ...     return lambda waveforms: gain * waveforms
    >>> fingerprint(scaled(1.0)) == fingerprint(scaled(1.0))
    True
    >>> fingerprint(scaled(1.0)) == fingerprint(scaled(2.0))
    False
    """
    walk = _Walk()
    try:
        walk.feed(things)
    except (_TooManyError, RecursionError):
        return hashlib.sha256("".join(map(_only_this, things)).encode()).hexdigest()
    return walk.digest.hexdigest()


class _TooManyError(Exception):
    """There is more behind a thing than is worth hashing."""


class _Walk:
    """Visits all values behind a thing, each once."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self._seen: dict[int, int] = {}
        self._kept: list[object] = []  # an id means nothing once its object is gone

    def feed(self, thing: Any) -> None:
        """Hash a value and what is behind it."""
        if isinstance(thing, _PLAIN) and type(thing) in _PLAIN:
            self._say(type(thing).__name__, repr(thing))
            return
        if id(thing) in self._seen:
            self._say("again", str(self._seen[id(thing)]))
            return
        self._seen[id(thing)] = len(self._seen)
        self._kept.append(thing)
        if len(self._kept) > _MOST:
            raise _TooManyError
        if not (self._values(thing) or self._named(thing) or self._code(thing)):
            self._object(thing)

    def _say(self, *words: str) -> None:
        self.digest.update(repr(words).encode())

    def _each(self, kind: str, things: Any) -> None:
        several = list(things)
        self._say(kind, str(len(several)))
        for one in several:
            self.feed(one)

    def _values(self, thing: Any) -> bool:
        """Hash numbers, arrays, tensors and networks."""
        if (
            isinstance(thing, np.ndarray)
            and type(thing) is np.ndarray
            and not thing.dtype.hasobject
        ):
            self._say("array", str(thing.dtype), str(thing.shape))
            self.digest.update(np.ascontiguousarray(thing).tobytes())
        elif isinstance(thing, np.generic | np.dtype | PurePath):
            self._say(type(thing).__name__, repr(thing))
        elif isinstance(thing, Enum):
            self._say("enum", _name(type(thing)), thing.name)
        elif "torch" in sys.modules:
            from awb.authoring.weights import facts_of

            facts = facts_of(thing)
            if facts is None:
                return False
            for fact in facts:
                self.digest.update(fact) if isinstance(fact, bytes) else self.feed(fact)
        else:
            return False
        return True

    def _named(self, thing: Any) -> bool:
        """Hash what a name says all about: modules, what libraries hold, builtins."""
        if isinstance(thing, types.ModuleType):
            self._say("module", thing.__name__, _version_of(thing.__name__))
            file = getattr(thing, "__file__", None)
            if file and not _is_library(thing.__name__) and Path(file).is_file():
                self.digest.update(Path(file).read_bytes())
        elif isinstance(thing, Logger):
            self._say("logger", thing.name)
        elif _is_of_library(thing):
            self._say("library", _name(thing), _version_of(thing.__module__))
        elif type(thing).__module__ == "typing" or isinstance(
            thing, types.GenericAlias | types.UnionType | typing.TypeVar
        ):
            self._say("type", repr(thing))
        elif isinstance(thing, np.ufunc) and _ufunc_module(thing):
            self._say("ufunc", _ufunc_module(thing), thing.__name__)
        elif isinstance(thing, _BUILTINS):
            self._say("builtin", thing.__qualname__)
            owner = getattr(thing, "__self__", None)
            if not isinstance(owner, type | types.ModuleType):
                self.feed(owner)
        else:
            return False
        return True

    def _code(self, thing: Any) -> bool:
        """Hash functions and what they name, methods with their object, and classes."""
        if isinstance(thing, types.FunctionType):
            self._function(thing)
        elif isinstance(thing, types.CodeType):
            self._say("code", thing.co_name, str(thing.co_flags), str(thing.co_varnames))
            self._each("bytes", (thing.co_code, getattr(thing, "co_exceptiontable", b"")))
            self._each("names", (thing.co_names, thing.co_freevars, thing.co_consts))
        elif isinstance(thing, types.MethodType):
            self._each("method", (thing.__func__, thing.__self__))
        elif isinstance(thing, partial):
            self._each("partial", (thing.func, thing.args, thing.keywords))
        elif isinstance(thing, staticmethod | classmethod):
            self._each(type(thing).__name__, (thing.__func__,))
        elif isinstance(thing, property):
            self._each("property", (thing.fget, thing.fset, thing.fdel))
        elif isinstance(thing, cached_property):
            self._each("cached_property", (thing.func,))
        elif hasattr(thing, "cache_parameters") and hasattr(thing, "__wrapped__"):
            self._each("cache", (thing.__wrapped__,))
        elif isinstance(thing, type):
            self._class(thing)
        else:
            return False
        return True

    def _function(self, function: types.FunctionType) -> None:
        self._say("function", function.__name__)
        self.feed(function.__code__)
        self._each("defaults", (function.__defaults__, function.__kwdefaults__))
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            self._say("closure", name)
            self.feed(_held(cell))
        if _is_library(function.__module__ or ""):
            self._say(_version_of(function.__module__))
            return
        for name in sorted(set(_globals_of(function.__code__))):
            if name in function.__globals__:
                self._say("global", name)
                self.feed(function.__globals__[name])
        wrapped = getattr(function, "__wrapped__", None)
        if wrapped is not None:
            self.feed(wrapped)

    def _class(self, kind: type) -> None:
        self._say("class", _name(kind))
        self._each("bases", kind.__bases__)
        skipped = (types.MemberDescriptorType, types.GetSetDescriptorType)
        for key, value in sorted(vars(kind).items()):
            code = isinstance(value, types.FunctionType | staticmethod | classmethod)
            if isinstance(value, skipped) or key == "_abc_impl":
                continue
            if code or not (key.startswith("__") and key.endswith("__")):
                self._say("attribute", key)
                self.feed(value)

    def _object(self, thing: Any) -> None:
        """Hash a container by what it holds, and any other object by its class and attributes."""
        if isinstance(thing, dict):
            self._each("dict", (one for pair in dict.items(thing) for one in pair))
        elif isinstance(thing, list | tuple):
            self._each("list" if isinstance(thing, list) else "tuple", iter(thing))
        elif isinstance(thing, set | frozenset):
            self._each("set", sorted(fingerprint(one) for one in thing))
        elif isinstance(thing, np.ndarray) and type(thing) is np.ndarray:
            self._each(f"objects {thing.shape}", thing.ravel().tolist())
        elif not _shows_all(type(thing)):
            self._say("only", _only_this(thing))
            return
        if type(thing) not in (dict, list, tuple, set, frozenset, np.ndarray):
            self.feed(type(thing))
            self._say("attributes")
            for key, value in _attributes(thing):
                self._say(key)
                self.feed(value)


def _only_this(thing: object) -> str:
    """Return a word that means this object in this process, and nothing else."""
    held, word = _known.get(id(thing), (None, ""))
    if held is None or held() is not thing:
        word = uuid4().hex
        try:
            _known[id(thing)] = (weakref.ref(thing), word)
        except TypeError:  # it can only be kept alive
            _known[id(thing)] = (lambda: thing, word)
    return word


def _shows_all(kind: type) -> bool:
    """Say whether all that objects of a class hold is in their attributes, and nothing in C."""
    parents = kind.__mro__[:-1]
    slots = sum(
        isinstance(one, types.MemberDescriptorType)
        for each in parents
        for one in vars(each).values()
    )
    rest = kind.__basicsize__ - object.__basicsize__ - 8 * slots
    written = all("__slots__" in vars(each) for each in parents)
    return rest in (0, 8) and bool(parents) and (written or bool(kind.__flags__ & _MANAGED_DICT))


def _attributes(thing: object) -> Iterator[tuple[str, object]]:
    yield from sorted(getattr(thing, "__dict__", {}).items(), key=lambda pair: str(pair[0]))
    for kind in type(thing).__mro__:
        for key, one in sorted(vars(kind).items()):
            if isinstance(one, types.MemberDescriptorType) and hasattr(thing, key):
                yield key, one.__get__(thing)


def _held(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # a name that is not bound yet
        return "an empty cell"


def _globals_of(code: types.CodeType) -> Iterator[str]:
    """List the globals that code names, and the code inside of it."""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(step.argval)
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            yield from _globals_of(one)


def _name(thing: Any) -> str:
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', '')}"


def _is_library(module: str) -> bool:
    """Say whether a module comes from Python, from awb or from an installed package."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in _OUR_OWN:
        return True
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return bool({"site-packages", "dist-packages"} & set(Path(file).parts))


def _is_of_library(thing: Any) -> bool:
    """Say whether a thing is what a library's module holds under its name."""
    module = getattr(thing, "__module__", None)
    path = getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(path, str) or not _is_library(module):
        return False
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found is thing


def _ufunc_module(ufunc: np.ufunc) -> str:
    """Name the module that has a ufunc; empty for those that a user made."""
    for module in ("numpy", "scipy.special"):
        if getattr(sys.modules.get(module), ufunc.__name__, None) is ufunc:
            return module
    return ""


def _version_of(module: str | None) -> str:
    """Return the version of a module's library, or a hash of its file where none is told."""
    name = module or ""
    top = name.partition(".")[0]
    told = getattr(sys.modules.get(top), "__version__", "")
    file = Path(getattr(sys.modules.get(name), "__file__", None) or "")
    if told or top in sys.stdlib_module_names or not file.is_file():
        return str(told)
    return hashlib.sha256(file.read_bytes()).hexdigest()
