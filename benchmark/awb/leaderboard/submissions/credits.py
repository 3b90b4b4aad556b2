"""Who submitted what, as Markdown: submissions with the same origin are listed together."""

from __future__ import annotations

from collections.abc import Sequence

from awb.leaderboard.formats.escaping import markdown
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.names import slug
from awb.leaderboard.submissions.schema import Submission

SUBMISSIONS = "submissions"


def credits_of(folder: str, group: Sequence[Submitted]) -> str:
    """List submissions by origin, and say how to check them."""
    found: dict[str, list[str]] = {}
    for one in sorted(group, key=lambda each: each.record.name):
        record = one.record
        link = f"[{markdown(record.name)}]({SUBMISSIONS}/{folder}/{slug(record.name)}.json)"
        found.setdefault(_origin(record), []).append(link)
    order = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    items = [f"- {_counted(links)} {origin}\n  {', '.join(links)}" for origin, links in order]
    check = f"To check: `awb verify leaderboards/{SUBMISSIONS}/{folder}`"
    return "\n".join(["### Submissions", "", *items, "", check, ""])


def _counted(links: Sequence[str]) -> str:
    return f"{len(links)} submissions" if len(links) > 1 else "One submission"


def _origin(record: Submission) -> str:
    """Describe who made a submission, with what, when and where, as far as it is known."""
    text = f"by {markdown(record.credit.author)}" if record.credit.author else "without an author"
    text += f", with {markdown(f'{record.explainer.distribution} {record.explainer.version}')}"
    if record.environment.created:
        text += f", computed {markdown(record.environment.created[:10])}"
    processor = record.environment.hardware.get("processor", "")
    if processor:
        text += f" on {markdown(processor)}"
    said = [part.rstrip(".") for part in (record.credit.note, record.credit.citation) if part]
    return " ".join([f"{text}.", *(f"{markdown(part)}." for part in said)])
