"""Progress of functions: a bar in a notebook or terminal, and a line now and then in a log."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from awb.harness.planning.estimate import Estimates, progress_lines
from awb.harness.run import silent
from awb.harness.selection.selector import Progress

Shown = bool | Progress
"""Whether to show progress, or a function ``(phase, done, total)`` that shows it."""

_BAR = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{postfix}"


@contextmanager
def shown(progress: Shown) -> Iterator[Progress]:
    """Give what to call as work finishes; bars are closed at the end."""
    if callable(progress):
        yield progress
    elif not progress:
        yield silent
    elif sys.stderr.isatty() or in_notebook():
        bars = Bars()
        try:
            yield bars
        finally:
            bars.close()
    else:
        yield progress_lines(_to_stderr)


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def in_notebook() -> bool:
    """Tell whether this is the kernel of a notebook."""
    get_ipython: Any = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython is not None and hasattr(get_ipython(), "kernel")


class Bars:
    """One bar per phase, with an estimate as soon as there is an honest one."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without ipywidgets, a bar of text will do
            from tqdm.auto import tqdm
        self._make: Any = tqdm
        self._bars: dict[str, Any] = {}
        self._estimates = Estimates()

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Show how far a phase is."""
        if phase not in self._bars:
            self._bars[phase] = self._make(desc=phase, total=total, bar_format=_BAR)
        bar, left = self._bars[phase], self._estimates.left(phase, done, total)
        bar.total = total
        bar.set_postfix_str(left, refresh=False)
        bar.update(done - bar.n)
        if done >= total:
            self._bars.pop(phase).close()

    def close(self) -> None:
        """Leave the bars as they are."""
        for bar in self._bars.values():
            bar.close()
