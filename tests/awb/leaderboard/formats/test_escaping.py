"""Hostile texts in every format: shown literally, never obeyed."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from awb.leaderboard.formats.escaping import csv_cell, csv_text, latex, markdown
from golden.strategies import quick

HOSTILE = [
    "[a](https://evil.example)",
    "![a](//evil.example/p.png)",
    "<img src=x onerror=alert(1)>",
    "</td></table><script>alert(1)</script>",
    "https://evil.example/_a_*b*",
    "see www.evil.example now",
    "mail me@evil.example.org",
    "javascript:alert(1)",
    "<https://evil.example>",
    "[ref]: https://evil.example",
    "a | b | c",
    "`code`",
    "\\`code\\`",
    "# heading",
    "1. list",
    "- list",
    "---",
    "***",
    "&lt;b&gt; &#60;b&#62;",
    "$\\href{javascript:alert(1)}{x}$",
    "~~gone~~ **bold** __bold__",
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "+1+1",
    "-1+1",
    "\\input{/etc/passwd}",
    "\\write18{rm}",
    "100% & {more} #1 ~ ^ _",
    "`https://evil.example`",
    "http://a`b|c.example",
]

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_LIVE = {"link_open", "image", "html_inline", "html_block", "em_open", "strong_open", "s_open"}


def _tokens(text: str) -> list[tuple[str, str]]:
    return [
        (inner.type, inner.content)
        for token in _PARSER.parse(text)
        for inner in (token.children or [token])
    ]


def _seen(text: str) -> str:
    return "".join(content for kind, content in _tokens(text) if kind in {"text", "code_inline"})


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_shows_the_text_in_sentences_and_cells(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| {markdown(text)} | end |\n"
    for page, around in ((f"- {markdown(text)}\n", ""), (table, "abend"), (markdown(text), "")):
        found = _tokens(page)
        assert not {kind for kind, _ in found} & _LIVE
        assert not [kind for kind, _ in found if kind.startswith("heading")]
        bare = " ".join(content for kind, content in found if kind == "text")
        assert not re.search(r"://|\bwww\.|@\w+\.\w|javascript:", bare), "an autolink"
        seen = _seen(page)
        if around:
            assert seen.startswith("ab")
            assert seen.endswith("end")
            seen = seen[2:-3]
        assert seen == text


@quick
@given(
    st.text(
        st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" |`[]()!*_<>:/@."),
        max_size=30,
    )
)
def test_markdown_is_never_live(text: str) -> None:
    plain = " ".join(text.split())
    found = _tokens(f"x {markdown(plain)} y")
    assert not {kind for kind, _ in found} & _LIVE
    assert _seen(f"x {markdown(plain)} y") == f"x {plain} y"


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_cells_are_no_formulas_and_read_back(text: str) -> None:
    [header, row] = list(csv.reader(io.StringIO(csv_text([{"a": text, "b": -1.5}], ["a", "b"]))))
    assert header == ["a", "b"]
    assert row[0].removeprefix("'") == text
    assert not row[0].startswith(("=", "+", "-", "@"))
    assert row[1] == "-1.5", "numbers stay numbers"


@pytest.mark.parametrize("text", ["\t=1", "\r=1", " =1", "\n@a"])
def test_csv_formulas_behind_white_space(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_has_no_command_of_the_text(text: str) -> None:
    plain = re.sub(r"\\(text\w+\{\}|[&%$#_{}])", "", latex(text))
    assert not set(plain) & set('\\&%$#_{}~^<>|"')


def test_figures_draw_a_dollar_as_a_dollar() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    from awb.report.figures.style import new_figure, styled

    @styled
    def drawn() -> bool:
        return bool(new_figure(2, 2).text(0, 0, r"$\frac{1}{0}$").get_parse_math())

    assert matplotlib.rcParams["text.parse_math"]
    assert not drawn()
