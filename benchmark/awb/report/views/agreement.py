"""Agreement of the explainers of a run, from the relevance that it stores."""

from __future__ import annotations

from awb.errors import RunError
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.construction import read_boards
from awb.leaderboard.boards.explainer_agreement import ExplainerAgreement, explainer_agreement
from awb.plugins.discovery import Registry
from awb.report.views.board import under_board_names


def read_explainer_agreements(
    folder: RunFolder, registry: Registry
) -> tuple[list[ExplainerAgreement], list[str]]:
    """Compare the explainers of every board of a run, and say why some cannot be compared.

    Raises
    ------
    RunError
        If that is so on every board.
    """
    store = folder.store()
    found, refused = [], []
    for data in read_boards(folder, registry):
        stored = store.relevances(data.manifest.dataset, data.manifest.model)
        try:
            found.append(explainer_agreement(data, under_board_names(stored, data)))
        except RunError as error:
            refused.append(str(error))
    if not found:
        raise RunError(refused[0])
    return found, refused
