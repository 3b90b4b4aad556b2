"""Sweeps in Python: one run per variant, and a frame over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from awb.api.frames import as_frame
from awb.api.results import Run
from awb.harness.storage.sweep_folder import SweepFolder
from awb.leaderboard.formats.sweep_table import sweep_boards, sweep_records, sweep_text
from awb.plugins.discovery import load
from awb.reprs import Described, some

if TYPE_CHECKING:
    import pandas

MOST_ROWS = 40
"""Rows that a notebook shows of a sweep."""


@dataclass(frozen=True, repr=False)
class Sweep(Described):
    """A sweep on disk, finished or not.

    Attributes
    ----------
    folder : SweepFolder
        The folder of the sweep.
    """

    folder: SweepFolder

    @property
    def path(self) -> Path:
        """The folder of the sweep."""
        return self.folder.path

    @property
    def runs(self) -> dict[str, Run]:
        """The runs that were started, by the name of the variant."""
        return {variant.name: Run(run) for variant, run in self.folder.runs()}

    @property
    def failed(self) -> bool:
        """Whether something failed, nothing was selected, or a variant was not run."""
        return sweep_boards(self.folder, load()).failed

    def frame(self) -> pandas.DataFrame:
        """Return one row per variant and explainer, with the mean and interval of each main metric.

        Returns
        -------
        pandas.DataFrame
            The variant, the settings that vary, and the columns of `ShownBoard.frame`.
        """
        return as_frame(sweep_records(sweep_boards(self.folder, load())))

    def _described(self) -> tuple[str, Mapping[str, str]]:
        names = list(self.runs)
        return f"Sweep {self.path}", {"runs": f"{len(names)} ({some(names)})"}

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(index=False, max_rows=MOST_ROWS, float_format="%.3f"))

    def __str__(self) -> str:
        """Write one table per metric, with variants as rows and explainers as columns."""
        return sweep_text(sweep_boards(self.folder, load()))


def load_sweep(path: str | Path) -> Sweep:
    """Open the folder of a sweep.

    Parameters
    ----------
    path : str or Path
        The folder that ``awb run FILE`` or `awb.run` wrote for a file with a table ``[sweep]``.

    Returns
    -------
    Sweep
        Runs and tables.

    Raises
    ------
    RunError
        If the folder does not contain a sweep.
    """
    return Sweep(SweepFolder.open(Path(path)))
