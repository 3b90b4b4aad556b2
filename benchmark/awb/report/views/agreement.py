"""Agreement of the explainers of a run, from the relevance that it stores."""

from __future__ import annotations

from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.construction import read_boards
from awb.leaderboard.boards.explainer_agreement import ExplainerAgreement, explainer_agreement
from awb.plugins.discovery import Registry
from awb.report.views.board import under_board_names


def read_explainer_agreements(folder: RunFolder, registry: Registry) -> list[ExplainerAgreement]:
    """Compare the explainers of every board of a run."""
    store = folder.store()
    return [
        explainer_agreement(
            data,
            under_board_names(store.relevances(data.manifest.dataset, data.manifest.model), data),
        )
        for data in read_boards(folder, registry)
    ]
