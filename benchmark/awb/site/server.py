"""A local server for a built site, with the standard library."""

from __future__ import annotations

import errno
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from awb.errors import ParameterError, SubmissionError
from awb.site.builder import is_site

HOST = "127.0.0.1"


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files without logging requests."""

    extensions_map = {  # noqa: RUF012 - as in the base class
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".xml": "application/atom+xml",
    }

    def translate_path(self, path: str) -> str:
        """Find the file of a request; a path that no file can have leads nowhere."""
        found = super().translate_path(path)
        return f"{self.directory}/404" if "\0" in found else found

    def log_message(self, *_: object) -> None:
        """Write nothing."""

    def end_headers(self) -> None:
        """Make the browser revalidate files, which a new build may have changed."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def make_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """Open a port on the loopback interface."""
    if not is_site(folder):
        raise SubmissionError(f"{folder} is not a built site. Type: awb site build --into {folder}")
    try:
        return ThreadingHTTPServer((HOST, port), partial(_Quiet, directory=str(folder)))
    except OSError as error:
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be opened: {error}"
        raise ParameterError(
            f"port {port} {why}. Choose another, or any that is free: awb site serve --port 0"
        ) from error
