"""The report of a run."""

from __future__ import annotations

from pathlib import Path

from awb.data.instance_kinds import QUESTIONS
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.publishing.titles import title_of
from awb.plugins.discovery import Registry
from awb.report.page import PageFacts, describe, render, write
from awb.report.views.board import read_views
from awb.report.views.clips import Clips, RunClips


def write_report(
    folder: RunFolder,
    registry: Registry,
    path: Path,
    *,
    instances: int,
    clips: Clips | None = None,
    facts: PageFacts | None = None,
) -> None:
    """Write the report of a run as one HTML file."""
    views = read_views(folder, registry)
    board = views[0].board
    model = title_of("model", board.model, registry)
    dataset = title_of("dataset", board.dataset, registry)
    title = f"Where does {model} hear it?"
    lead = f"{QUESTIONS[board.kind].format(model=model)} On {dataset}: {describe(board)}."
    if len(views) > 1:
        title = f"{len(views)} boards"
        lead = "How well do explanations of audio classifiers point at the sounds?"
    created = str(folder.record().get("created", "an unknown time")).partition("T")[0]
    own = facts or PageFacts(title, lead, created, f"awb report {folder.path.name}")
    write(render(views, clips or RunClips(folder, registry), own, instances=instances), path)
