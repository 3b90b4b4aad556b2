"""A headless Chromium for tests of pages, and a run worth looking at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import small_data
from awb.cli import main

NASTY = '</script><script>window.hacked=1</script><img src=x onerror="window.hacked=2">'
NASTY_CLIP = '<b>it\'s & "quoted" %20 ~.wav'
EXPLAINERS = "oracle,random,constant,naive,correlation,earliest,saliency"


def awb(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def nasty_data(folder: Path) -> Path:
    """Build a dataset with names that break out of whatever is not escaped."""
    small_data.build(folder, 3)
    small_data.write_clip(folder / "audio" / NASTY_CLIP, [1.0, 2.2], seed=9)
    with (folder / "events.tsv").open("a", encoding="utf-8") as stream:
        stream.write(f"{NASTY_CLIP}\t1.0\t1.3\tLoud\n")
        stream.write(f"{NASTY_CLIP}\t2.2\t2.6\t{NASTY}\n")
    return folder


METRICS = "roc-auc,deletion-area,sparseness"


def make_run(out: Path, *datasets: Path, masker: str = "zeros", metrics: str = METRICS) -> Path:
    """Run the test model over folders, and return the run's folder."""
    options = [word for data in datasets for word in ("--dataset", f"folder:{data}")]
    result = awb(
        "run", *options, "--model", "loudness", "--samples", "60", "--jobs", "1",
        "--no-baselines",
        "--explainers", EXPLAINERS, "--metrics", metrics, "--out", out,
        "--masker", masker,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return out


def chromium() -> str:
    """Find Debian's Chromium, or skip."""
    found = os.environ.get("AWB_CHROMIUM") or shutil.which("chromium")
    if found is None:
        pytest.skip("needs chromium (apt-get install chromium, or set AWB_CHROMIUM)")
    return found


@contextmanager
def launched() -> Iterator[Any]:
    """Launch the browser."""
    api = pytest.importorskip("playwright.sync_api", reason="needs the extra browser")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield browser
        browser.close()


class Watched:
    """A page that notes what must not happen.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
        The browser.
    width, height : int
        Size of the window in pixels.
    scheme : str
        light or dark.
    """

    def __init__(
        self, browser: Any, *, width: int = 1280, height: int = 900, scheme: str = "light"
    ) -> None:
        size = {"width": width, "height": height}
        self._context = browser.new_context(viewport=size, color_scheme=scheme)
        self.page = self._context.new_page()
        self.page.set_default_timeout(30_000)
        self.trouble: list[str] = []
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        self.page.on("request", lambda request: self._request(request.url))

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.trouble.append(f"{kind}: {text}")

    def _request(self, url: str) -> None:
        if not url.startswith(("file:", "data:", "blob:")):
            self.trouble.append(f"request: {url}")

    def open(self, path: Path, fragment: str = "") -> Any:
        """Open a file, and return the page once it has drawn."""
        self.page.goto(path.as_uri() + fragment)
        self.page.locator("#theme").wait_for()  # the last thing that the scripts show
        return self.page

    def close(self) -> None:
        """Close the page; fail if there was trouble."""
        self._context.close()
        assert not self.trouble, self.trouble


def axe_violations(page: Any) -> list[str]:
    """Check accessibility with axe-core, and describe every violation."""
    import axe_playwright_python

    [script] = Path(axe_playwright_python.__file__).parent.glob("**/axe.min.js")
    page.evaluate(script.read_text(encoding="utf-8") + "\n;0")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']} {node['html'][:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
