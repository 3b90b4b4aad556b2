"""Execute a page of the documentation in the current folder, as a reader would.

python tests/doc_runner.py PAGE

Blocks of Python share one namespace, lines of shell one folder; see `doc_blocks`. Stops at the
first block that fails, or prints something other than the page shows, and reports its line.
"""

from __future__ import annotations

import contextlib
import difflib
import doctest
import io
import subprocess
import sys
import traceback
from pathlib import Path

from doc_blocks import EXAMPLE, Block, blocks

_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_TRAP = """set -euo pipefail
trap 'echo "{page}:$((LINENO - 3 + {line})): exit code $?" >&2' ERR
"""


class WrongPageError(Exception):
    """A block failed, or printed something other than the page shows."""


def execute(page: Path) -> int:
    """Execute the blocks of a page, and return their number."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    printed, done = "", 0
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.is_file:
            Path(block.title).write_text(block.content, encoding="utf-8")
        elif block.is_executed:
            if block.language == "python":
                printed = _python(block, page, namespace)
            else:
                printed = _shell(block, page)
            done += 1
        elif block.language == "text" and block.follows and block.title != EXAMPLE:
            _compare(block, printed, page)
    return done


def _python(block: Block, page: Path, namespace: dict[str, object]) -> str:
    # The blank lines make tracebacks, and inspect.getsource, name the page's own lines.
    source = "\n" * (block.line - 1) + block.content
    stream = io.StringIO()
    try:
        with contextlib.redirect_stdout(stream):
            exec(compile(source, str(page), "exec"), namespace)  # noqa: S102
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        mine = [frame.lineno for frame in frames if frame.filename == str(page)]
        line = mine[-1] if mine else getattr(error, "lineno", None) or block.line
        raise WrongPageError(f"{page}:{line}: {type(error).__name__}: {error}") from error
    return stream.getvalue()


def _shell(block: Block, page: Path) -> str:
    script = _TRAP.format(page=page, line=block.line) + block.content
    done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.stdout.write(done.stdout)
        raise WrongPageError(f"{page}:{block.line}: a line of this shell block failed")
    return done.stdout


def _compare(block: Block, printed: str, page: Path) -> None:
    if not doctest.OutputChecker().check_output(block.content, printed, _FLAGS):
        said, done = block.content.splitlines(), printed.splitlines()
        difference = difflib.unified_diff(said, done, "the page", "what it does", lineterm="")
        raise WrongPageError(
            f"{page}:{block.line}: the block before it prints something else\n"
            + "\n".join(difference)
        )


if __name__ == "__main__":
    sys.path.insert(0, "")
    try:
        count = execute(Path(sys.argv[1]))
    except WrongPageError as error:
        traceback.print_exception(error.__cause__)
        sys.exit(f"\n{error}")
    sys.stdout.write(f"{count} blocks\n")
