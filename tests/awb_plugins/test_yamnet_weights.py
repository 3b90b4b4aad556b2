"""YAMNet's weights: missing, damaged, of another model, downloaded, cached."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from awb.errors import WeightsError
from awb_plugins.models.yamnet import SPEC, YamnetParameters, weights
from awb_plugins.models.yamnet.litert import PATCH_SAMPLES, make_interpreter


@pytest.fixture(scope="module")
def tflite(test_data: Path) -> Path:
    pytest.importorskip("ai_edge_litert", reason="needs the extra yamnet")
    return test_data / "yamnet" / "yamnet.tflite"


def test_missing_weights_say_what_to_type(tmp_path: Path) -> None:
    for path, problem in ((tmp_path / "no.tflite", "does not exist"), (tmp_path, "is a folder")):
        with pytest.raises(WeightsError, match=f"{problem}.* --model yamnet:path=FILE"):
            SPEC.factory(YamnetParameters(path=path))


@pytest.mark.parametrize("part", [0.0, 0.001, 0.5, 0.9999])
def test_truncated_weights(tmp_path: Path, tflite: Path, part: float) -> None:
    content = tflite.read_bytes()
    path = tmp_path / "yamnet.tflite"
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(WeightsError, match="are not a LiteRT model") as caught:
        SPEC.factory(YamnetParameters(path=path))
    assert "\n" not in str(caught.value)


def test_file_that_is_no_model(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs the extra yamnet")
    path = tmp_path / "yamnet.tflite"
    path.write_text("<html>404</html>", encoding="ascii")
    with pytest.raises(WeightsError, match="are not a LiteRT model"):
        SPEC.factory(YamnetParameters(path=path))


def test_model_of_another_shape(tmp_path: Path, tflite: Path) -> None:
    content = tflite.read_bytes()
    input_shape = struct.pack("<ii", 1, PATCH_SAMPLES)  # a vector of one dimension
    assert content.count(input_shape) == 1
    path = tmp_path / "other.tflite"
    path.write_bytes(content.replace(input_shape, struct.pack("<ii", 1, 15_500)))
    with pytest.raises(WeightsError, match=r"not a LiteRT model|of another model"):
        SPEC.factory(YamnetParameters(path=path))


def test_checked_shapes_are_named(monkeypatch: pytest.MonkeyPatch, tflite: Path) -> None:
    monkeypatch.setattr("awb_plugins.models.yamnet.litert.N_CLASSES", 527)
    with pytest.raises(
        WeightsError, match=r"of another model: float32 \(15600,\) to float32 \(1, 521\)"
    ):
        make_interpreter(tflite.read_bytes())


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the cached file's place, in a folder of the test."""
    target = tmp_path / "cache" / "yamnet" / "yamnet.tflite"
    monkeypatch.setattr(weights, "cached_file", lambda: target)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return target


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serve a folder on this machine alone, in the place of the real address."""
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "weights").write_bytes(b"the weights")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}/weights"
    http.shutdown()
    thread.join()
    http.server_close()


def test_download_is_checked_and_cached(server: str, cache: Path) -> None:
    right = weights.sha256(b"the weights")
    assert weights.download(server, right, cache) == b"the weights"
    assert cache.read_bytes() == b"the weights"
    cache.unlink()
    with pytest.raises(WeightsError, match=r"checksum is wrong.*yamnet:path=FILE"):
        weights.download(server, "0" * 64, cache)
    assert not cache.exists()


def test_damaged_cache_is_downloaded_again(
    server: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"damaged")
    monkeypatch.setattr(weights, "URL", server)
    monkeypatch.setattr(weights, "URL_SHA256", weights.sha256(b"the weights"))
    assert weights.read_weights() == b"the weights"


def test_known_weights_in_the_cache_need_no_network(
    cache: Path, tflite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(weights, "download")
    cache.parent.mkdir(parents=True)
    cache.write_bytes(tflite.read_bytes())
    assert weights.read_weights() == tflite.read_bytes()


def test_offline_says_what_to_fetch_and_type(cache: Path) -> None:
    nobody = "http://127.0.0.1:9/weights"  # the discard port: refused at once
    with pytest.raises(WeightsError, match=f"Fetch {nobody}.*type --model yamnet:path=FILE"):
        weights.download(nobody, "0" * 64, cache)
