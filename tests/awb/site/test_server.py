"""The local server of a site answers any request, and stays up."""

from __future__ import annotations

import http.client
import threading
from pathlib import Path

import pytest

from awb.site import server


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/%00", 404), ("/a%00b/../%00", 404), ("/../../etc/passwd", 404), ("/none", 404)],
)
def test_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, status: int) -> None:
    (tmp_path / "index.html").write_text("here")
    monkeypatch.setattr(server, "is_site", lambda _: True)
    with server.make_server(tmp_path, 0) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        connection = http.client.HTTPConnection(server.HOST, serving.server_port, timeout=10)
        connection.request("GET", path)
        assert connection.getresponse().status == status
        connection.close()
        serving.shutdown()
