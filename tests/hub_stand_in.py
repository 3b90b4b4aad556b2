"""A local stand-in for the Hugging Face Hub: what is called to push or read a dataset."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "1" * 40
LARGE = (".relevance", ".parquet")  # the Hub keeps binary files apart from the commit


@dataclass
class Hub:
    """What the stand-in was told.

    Attributes
    ----------
    token : str
        The only one that it lets in.
    datasets : dict
        Files by name, by name of the dataset.
    private : dict
        Visibility that was asked for, by name of the dataset.
    calls : list of (method, path, headers, body)
        Every request.
    refusals : dict of str to (int, str)
        Status and message for paths that start so.
    """

    token: str
    address: str = ""
    datasets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    private: dict[str, Any] = field(default_factory=dict)
    cards: list[str] = field(default_factory=list)
    large: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    calls: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)
    converts: list[dict[str, str]] = field(default_factory=list)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Do what the Hub would do with a request that it lets in."""
        path = path.partition("?")[0]
        if (method, path) == ("POST", "/api/repos/create"):
            return self._create(json.loads(body))
        if (method, path) == ("POST", "/api/validate-yaml"):
            self.cards.append(json.loads(body)["content"])
            return 200, {"errors": [], "warnings": []}
        found = re.fullmatch(r"/(?:api/)?datasets/([^/]+/[^/]+?)(?:\.git)?/(.+)", path)
        if not found or found[1] not in self.datasets:
            return 404, {"error": "Repository not found"}
        name, rest = found[1], found[2]
        if method in ("GET", "HEAD"):
            return self._read(name, rest)
        if rest == "preupload/main":
            return 200, {"files": [self._mode(name, one) for one in json.loads(body)["files"]]}
        if rest == "info/lfs/objects/batch":
            return 200, {"transfer": "basic", "objects": list(self._batch(json.loads(body)))}
        if rest == "commit/main":
            return self._commit(name, body)
        return 404, {"error": f"nothing is known of {rest}"}

    def _read(self, name: str, rest: str) -> tuple[int, Any]:
        """Answer for the only commit, or its branch; a file is answered as bytes."""
        files = self.datasets[name]
        what, _, place = rest.partition("/")
        if what == "refs":
            branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": COMMIT}
            return 200, {"branches": [branch], "converts": self.converts, "tags": []}
        revision, _, path = place.partition("/")
        if revision not in (COMMIT, "main", "refs%2Fconvert%2Fparquet"):
            return 404, {"error": "Invalid rev id"}
        if what == "revision":
            siblings = [{"rfilename": one} for one in files]
            return 200, {"id": name, "sha": COMMIT, "siblings": siblings}
        if what == "tree":
            entries = [
                {"type": "file", "path": one, "size": len(content), "oid": "2" * 40}
                for one, content in files.items()
                if not path or one.startswith(f"{path}/")
            ]
            return 200, entries
        if what == "resolve" and path in files:
            return 200, files[path]
        return 404, {"error": f"Entry not found: {rest}"}

    def _create(self, asked: dict[str, Any]) -> tuple[int, Any]:
        name = f"{asked['organization']}/{asked['name']}"
        if asked["type"] != "dataset":
            return 400, {"error": "not a dataset"}
        answer = {"url": f"{self.address}/datasets/{name}"}
        if name in self.datasets:
            return 409, {**answer, "error": "You already created this dataset repo"}
        self.datasets[name], self.private[name] = {}, asked.get("visibility")
        return 200, answer

    def _mode(self, name: str, one: dict[str, Any]) -> dict[str, Any]:
        there = self.datasets[name].get(one["path"])
        is_large = one["path"].endswith(LARGE)
        git = None if there is None else b"blob %d\0" % len(there) + there
        oid = None
        if there is not None and git is not None:
            sha = hashlib.sha256(there) if is_large else hashlib.sha1(git)
            oid = sha.hexdigest()
        mode = "lfs" if is_large else "regular"
        return {"path": one["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid}

    def _batch(self, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for one in asked["objects"]:
            answer = {"oid": one["oid"], "size": one["size"]}
            if one["oid"] not in self.large:
                store = {"href": f"{self.address}/storage/{one['oid']}"}
                answer["actions"] = {"upload": store, "verify": {"href": f"{self.address}/verify"}}
            yield answer

    def _commit(self, name: str, body: bytes) -> tuple[int, Any]:
        new = dict(self.datasets[name])
        for line in body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "header":
                self.commits.append(value["summary"])
            elif entry["key"] == "file":
                new[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile" and value["oid"] in self.large:
                new[value["path"]] = self.large[value["oid"]]
            else:
                return 400, {"error": f"cannot commit {entry['key']}"}
        self.datasets[name] = new
        return 200, {
            "commitUrl": f"{self.address}/datasets/{name}/commit/{'1' * 40}",
            "commitOid": "1" * 40,
        }


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self._body()
            headers = {key.lower(): value for key, value in self.headers.items()}
            hub.calls.append((self.command, self.path, headers, body))
            self._send(*self._decide(headers, body))

        do_GET = do_POST = do_PUT = do_HEAD = _take  # noqa: N815

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def _decide(self, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
            for start, (status, message) in hub.refusals.items():
                if self.path.startswith(start):
                    return status, {"error": message}
            if self.command == "PUT":
                oid = self.path.removeprefix("/storage/")
                if hashlib.sha256(body).hexdigest() != oid:
                    return 400, {"error": "not what was announced"}
                hub.large[oid] = body
                return 200, {}
            if headers.get("authorization") != f"Bearer {hub.token}":
                return 401, {"error": "Invalid username or password."}
            if self.path == "/verify":
                return (200 if json.loads(body)["oid"] in hub.large else 404), {}
            return hub.answer(self.command, self.path, body)

        def _send(self, status: int, answer: Any) -> None:
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if asked and isinstance(answer, bytes):
                whole, start, end = len(content), int(asked[1]), asked[2]
                content = content[start : int(end) + 1 if end else None]
                status = 206
            self.send_response(status)
            if status == 206:
                last = start + len(content) - 1
                self.send_header("Content-Range", f"bytes {start}-{last}/{whole}")
            if isinstance(answer, bytes):
                self.send_header("ETag", f'"{hashlib.sha256(answer).hexdigest()}"')
                self.send_header("X-Repo-Commit", COMMIT)
            if status == 404 and isinstance(answer, dict):
                codes = {"Rep": "RepoNotFound", "Inv": "RevisionNotFound", "Ent": "EntryNotFound"}
                self.send_header("X-Error-Code", codes.get(answer["error"][:3], ""))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            """Say nothing."""

    return Handler


@contextmanager
def serving(token: str) -> Iterator[Hub]:
    """Run a stand-in until the block ends."""
    hub = Hub(token)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
