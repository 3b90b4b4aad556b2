"""A board as an HTML table, for notebooks."""

from __future__ import annotations

from awb.leaderboard.boards.board import Board
from awb.leaderboard.formats.text import to_parts

# Colours are the notebook's own, light or dark; rows without a place (baselines) are dimmed.
_STYLE = """<style>
.awb-board { overflow-x: auto; }
.awb-board table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .6em 0; }
.awb-board th, .awb-board td { padding: .3em .9em .3em 0; text-align: left; white-space: nowrap;
  border: 0; border-bottom: 1px solid rgba(128, 128, 128, .3); background: none; }
.awb-board th { border-bottom-color: currentColor; font-weight: 600; }
.awb-board tr.awb-aside td { opacity: .6; font-style: italic; }
.awb-board .awb-notes { font-size: .85em; line-height: 1.45; opacity: .75; margin: .3em 0;
  max-width: 65em; }
</style>"""
_TEMPLATE = (
    _STYLE
    + """
<div class="awb-board">
<p><strong>{{ title }}</strong></p>
{% if lead %}<p>{{ lead | join(" ") }}</p>
{% endif %}<table>
<thead><tr>{% for name in header %}<th>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}<tr{% if not row[0] %} class="awb-aside"{% endif %}>
{%- for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody>
</table>
{% for line in footer %}<p class="awb-notes">{{ line }}</p>
{% endfor %}</div>"""
)


def to_html(board: Board) -> str:
    """Write a board as an HTML table; names and reasons are escaped."""
    from jinja2 import Environment

    parts = to_parts(board)
    environment = Environment(autoescape=True)
    return environment.from_string(_TEMPLATE).render(
        title=parts.title,
        lead=parts.lead,
        header=parts.header,
        rows=parts.rows,
        footer=parts.footer,
    )
