"""Checks of global state, and rules for every kind of plugin."""

from __future__ import annotations

import pickle
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from pydantic import ValidationError

from awb.conformance.rules import ConformanceError, Rule
from awb.errors import described
from awb.harness.workers.processes import Processes
from awb.plugins.resolve import Resolved
from awb.specs import ExplainerSpec, Parameters

_NO_CITATION = {"", "-", "none", "todo", "tbd", "n/a", "unknown", "you", "?"}


def _torch() -> Any:
    return sys.modules.get("torch")


def _state() -> dict[str, Any]:
    """Record the global state that a plugin might change."""
    kind, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002 - it is what is watched
    state: dict[str, Any] = {
        "the global random state of numpy": (kind, np.asarray(keys).tobytes(), *rest),
        "the global random state of random": random.getstate(),
        "numpy's handling of floating-point errors": np.geterr(),
    }
    torch = _torch()
    if torch is not None:
        state["the global random state of torch"] = torch.get_rng_state().numpy().tobytes()
        state["whether torch records gradients"] = torch.is_grad_enabled()
        state["the default dtype of torch"] = torch.get_default_dtype()
    return state


def leaves_globals(action: Callable[[], Any]) -> None:
    """Run an action twice, and raise if the second time changes global state."""
    with disturbed(0):
        action()
    with disturbed(1):
        before = _state()
        action()
        after = _state()
    changed = [name for name in before if before[name] != after[name]]
    if changed:
        raise ConformanceError(f"it changes {', '.join(changed)}")


@contextmanager
def disturbed(seed: int) -> Iterator[None]:
    """Seed all global generators, and restore them afterwards."""
    numpy_state, state = np.random.get_state(), random.getstate()  # noqa: NPY002
    torch = _torch()
    torch_state = torch.get_rng_state() if torch else None
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    if torch:
        torch.manual_seed(seed)
    try:
        yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(state)
        if torch:
            torch.set_rng_state(torch_state)


def repeats(action: Callable[[], Any], what: str) -> None:
    """Run an action with two different global seeds, and raise if the results differ."""
    results = []
    for seed in (1, 2):
        with disturbed(seed):
            results.append(action())
    if not same(*results):
        raise ConformanceError(f"{what} differs between two calls with the same seed")


def same(one: Any, other: Any) -> bool:
    """Compare arrays, or tuples and lists of them; NaN equals NaN."""
    if isinstance(one, tuple | list):
        pairs = len(one) == len(other)
        return pairs and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, str | bytes):
        return bool(one == other)
    return np.array_equal(np.asarray(one), np.asarray(other), equal_nan=True)


def check_metadata(resolved: Resolved) -> None:
    """Require a citation and, for an explainer, a description of its cost."""
    spec = resolved.spec
    if spec.citation.strip().lower() in _NO_CITATION:
        raise ConformanceError(
            f"its citation is {spec.citation!r}, which does not identify a source"
        )
    if isinstance(spec, ExplainerSpec) and not spec.cost.strip():
        raise ConformanceError("its cost is empty: how many model calls does it need?")


def check_settings(resolved: Resolved) -> None:
    """Require that unknown settings are rejected."""
    kind = resolved.spec.parameters
    if not issubclass(kind, Parameters):
        raise ConformanceError(
            f"its parameters ({kind.__name__}) do not derive from awb.specs.Parameters"
        )
    try:
        kind.model_validate({**resolved.parameters.model_dump(), "no_such_setting": 1})
    except ValidationError:
        return
    raise ConformanceError("it accepts a setting that does not exist (no_such_setting=1)")


METADATA = Rule(
    "metadata",
    "Write citation= (a paper, a URL, or the package and its version) and cost= into the spec.",
    check_metadata,
)
SETTINGS = Rule(
    "settings",
    "Derive the parameters from awb.specs.Parameters and leave its extra='forbid' as it is.",
    check_settings,
)


def worker_rule(probe: Callable[[Resolved], Any]) -> Rule:
    """Make the rule that a plugin gives the same results in a worker process."""

    def run(resolved: Resolved) -> None:
        here = probe(resolved)
        try:
            pickle.loads(pickle.dumps(resolved))  # noqa: S301 - pickled on the same line
        except Exception as error:
            text = f"it cannot be pickled for a worker process: {described(error)}"
            raise ConformanceError(text) from error
        with Processes(1) as workers:
            [(_, there)] = workers.map(probe, [resolved])
        if isinstance(there, Exception):
            raise ConformanceError(f"in a worker process: {type(there).__name__}: {there}")
        if not same(here, there):
            raise ConformanceError(
                "its result in a worker process differs from that in this process"
            )

    advice = (
        "Create everything in the factory from the settings: workers are new processes, which look"
        " up the plugin by its name."
    )
    return Rule("worker", advice, run, slow=True)
