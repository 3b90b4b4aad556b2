"""What a plugin must leave alone, and rules that hold for every kind."""

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
from awb.harness.workers.processes import Processes
from awb.plugins.resolve import Resolved
from awb.specs import ExplainerSpec, Parameters

_NO_CITATION = {"", "-", "none", "todo", "tbd", "n/a", "unknown", "you", "?"}


def _torch() -> Any:
    return sys.modules.get("torch")


def _state() -> dict[str, Any]:
    """Take down everything global that a plugin might change."""
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
    """Run something twice, and refuse changes of global state by the second time."""
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
    """Put all global generators into a known state, and back afterwards."""
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
    """Run something under two different global seeds, and refuse different results."""
    results = []
    for seed in (1, 2):
        with disturbed(seed):
            results.append(action())
    if not same(*results):
        raise ConformanceError(f"{what} differs from one time to the next, with the same seed")


def same(one: Any, other: Any) -> bool:
    """Compare arrays, or tuples and lists of them; NaN equals NaN."""
    if isinstance(one, tuple | list):
        pairs = len(one) == len(other)
        return pairs and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, str | bytes):
        return bool(one == other)
    return np.array_equal(np.asarray(one), np.asarray(other), equal_nan=True)


def check_metadata(resolved: Resolved) -> None:
    """Demand a citation and, of an explainer, what it costs."""
    spec = resolved.spec
    if spec.citation.strip().lower() in _NO_CITATION:
        raise ConformanceError(
            f"its citation is {spec.citation!r}: nobody can tell where it is from"
        )
    if isinstance(spec, ExplainerSpec) and not spec.cost.strip():
        raise ConformanceError("its cost is empty: what does it ask of the model?")


def check_settings(resolved: Resolved) -> None:
    """Demand that unknown settings are refused."""
    kind = resolved.spec.parameters
    if not issubclass(kind, Parameters):
        raise ConformanceError(f"its parameters ({kind.__name__}) are no awb.specs.Parameters")
    try:
        kind.model_validate({**resolved.parameters.model_dump(), "no_such_setting": 1})
    except ValidationError:
        return
    raise ConformanceError("it takes a setting that does not exist (no_such_setting=1)")


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
    """Make the rule that a plugin works in a worker process and says the same there."""

    def run(resolved: Resolved) -> None:
        here = probe(resolved)
        try:
            pickle.loads(pickle.dumps(resolved))  # noqa: S301 - what was pickled just here
        except Exception as error:
            text = f"it cannot travel to a worker process: {type(error).__name__}: {error}"
            raise ConformanceError(text) from error
        with Processes(1) as workers:
            [(_, there)] = workers.map(probe, [resolved])
        if isinstance(there, Exception):
            raise ConformanceError(f"in a worker process: {type(there).__name__}: {there}")
        if not same(here, there):
            raise ConformanceError("a worker process comes to another result than this one")

    advice = (
        "Everything must come from the factory and the settings: workers are fresh processes, which"
        " find the plugin by its name."
    )
    return Rule("worker", advice, run, slow=True)
