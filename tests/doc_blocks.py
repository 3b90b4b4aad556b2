"""The code in a Markdown page, and the meaning of each kind of fence.

The first word of a fence determines what the tests do with it:

- ``python`` is executed and ``bash`` is run, all blocks of a page in order and in one folder;
- with ``title="name"``, these, ``toml`` and all other fences are written to a file of that name
  instead, for a later block to use;
- ``text`` right after an executed block is its output (``...`` stands for anything); with
  ``title="for example"`` it is not compared;
- ``sh`` is not run, and the sentence before it says why; its ``awb`` lines must parse.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

EXECUTED = ("python", "bash")
EXAMPLE = "for example"
_COMMAND = re.compile(r"(?:^|[;&|(]\s*|\$ )(awb\s.*)")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced or indented block, or a command within a sentence.

    Attributes
    ----------
    language : str
        First word of the fence; "indented" or "inline" for the other two.
    title : str
        The fence's title, or nothing.
    line : int
        Number of its first line of content, counted from 1.
    content : str
        The text inside.
    follows : int
        Line on which the previous fence ended, if nothing is between the two; else 0.
    before : str
        The paragraph before it.
    """

    language: str
    title: str
    line: int
    content: str
    follows: int = 0
    before: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it is to be written to a file."""
        return bool(self.title) and self.title != EXAMPLE

    @property
    def is_executed(self) -> bool:
        """Whether it is executed or run."""
        return self.language in EXECUTED and not self.title

    @property
    def is_left(self) -> bool:
        """Whether it is shell for the reader to run."""
        return self.language == "sh"


def blocks(text: str) -> Iterator[Block]:
    """Find the blocks of a page, and the commands in its sentences, in order."""
    ended, before = 0, ""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "inline":
            before = token.content
            first = token.map[0] + 1 if token.map else 1
            for child in token.children or ():
                if child.type == "code_inline" and child.content.startswith("awb "):
                    yield Block("inline", "", first, child.content)
        elif token.type in {"fence", "code_block"}:
            assert token.map is not None
            start, end = token.map
            fenced = token.type == "fence"
            word, _, rest = token.info.partition(" ")
            title = re.search(r'title="([^"]*)"', rest)
            near = fenced and ended and start - ended <= 1
            yield Block(
                language=word if fenced else "indented",
                title=title.group(1) if title else "",
                line=start + 1 + fenced,
                content=token.content,
                follows=ended if near else 0,
                before=before,
            )
            ended, before = end, ""
        elif token.block and token.nesting >= 0:
            ended = 0


def command_lines(block: Block) -> Iterator[tuple[int, list[str]]]:
    """Find the ``awb`` commands of a block of shell lines: line, and words after ``awb``."""
    joined = re.sub(r"\\\n", lambda _: "\0", block.content)
    line = block.line
    for text in joined.split("\n"):
        found = _COMMAND.search(text.replace("\0", " ").strip())
        if found:
            yield line, _words(found.group(1))
        line += 1 + text.count("\0")


def _words(command: str) -> list[str]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words: list[str] = []
    for word in lexer:
        if word and set(word) <= set("();<>|&"):
            break
        words.append(word)
    return words[1:]


def pages(root: Path) -> list[Path]:
    """List the Markdown files to test."""
    top = [root / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    return [*filter(Path.is_file, top), *sorted((root / "docs").rglob("*.md"))]
