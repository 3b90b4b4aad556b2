"""The runner of documentation pages finds what is wrong with one, and says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from doc_blocks import blocks, command_lines
from doc_runner import WrongPageError, execute

GOOD = """# A page

```python title="made.py"
print("made")
```

```bash
number=$(python3 -c 'print(6 * 7)')
echo "the answer is $number"
python3 made.py
```

```text
the answer is 42
...
```

```python
total = 1
```

Words between.

```python
print(total + 1)
```

```text
2
```

```text title="for example"
3
```
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the place of a page outside of the folder in which it is executed."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return tmp_path / "page.md"


def test_a_page_runs_in_order_in_one_folder_and_namespace(page: Path) -> None:
    page.write_text(GOOD, encoding="utf-8")
    assert execute(page) == 3


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("print(total + 1)", "first = 0\nprint(total / first)", 26, "ZeroDivisionError"),
        ("print(total + 1)", "print(total +)", 25, "SyntaxError"),
        ("```text\n2\n", "```text\n5\n", 29, "prints something else"),
        ("the answer is 42\n", "the answer is 41\n", 14, "prints something else"),
        ("python3 made.py", "python3 lost.py", 8, "shell block failed"),
        ("total = 1", "raise SystemExit(0)", 19, "SystemExit"),
    ],
)
def test_a_failure_is_reported_with_its_line(
    page: Path, old: str, new: str, line: int, reason: str
) -> None:
    page.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(WrongPageError, match=rf"page\.md:{line}: (.|\n)*{reason}"):
        execute(page)


def test_the_line_of_a_shell_block_is_reported(
    page: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    page.write_text(GOOD.replace("python3 made.py", "false"), encoding="utf-8")
    with pytest.raises(WrongPageError):
        execute(page)
    assert f"{page}:10: exit code 1" in capfd.readouterr().err


def test_blocks_know_their_kind_and_place() -> None:
    text = "Type `awb show DIR` or\n\n    awb plugins\n\nIt needs a GPU:\n\n```sh\nawb run\n```\n"
    found = [(one.language, one.line, one.before) for one in blocks(text)]
    assert found == [
        ("inline", 1, ""),
        ("indented", 3, "Type `awb show DIR` or"),
        ("sh", 8, "It needs a GPU:"),
    ]


def test_commands_are_found_in_shell_lines() -> None:
    lines = ["x=1 && awb run --clips \\", "  3 | head", "# awb no", "$ awb show 'my run' > a # why"]
    [block] = blocks("\n".join(["```sh", *lines, "```"]))
    assert list(command_lines(block)) == [(2, ["run", "--clips", "3"]), (5, ["show", "my run"])]
