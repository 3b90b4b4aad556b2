"""A board as an HTML table, for notebooks."""

from __future__ import annotations

from awb.leaderboard.board import Board
from awb.leaderboard.render import to_parts

_TEMPLATE = """<div class="awb-board">
<p><strong>{{ title }}</strong></p>
<table>
<thead><tr>{% for name in header %}<th>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody>
</table>
{% for line in footer %}<p><small>{{ line }}</small></p>
{% endfor %}</div>"""


def to_html(board: Board) -> str:
    """Write a board as an HTML table; names and reasons are escaped.

    Parameters
    ----------
    board : Board
        The board.

    Returns
    -------
    str
        One ``div``.
    """
    from jinja2 import Environment

    parts = to_parts(board)
    environment = Environment(autoescape=True)
    return environment.from_string(_TEMPLATE).render(
        title=parts.title, header=parts.header, rows=parts.rows, footer=parts.footer
    )
