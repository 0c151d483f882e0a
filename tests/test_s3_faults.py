"""Packs on a real S3-compatible server, through a way that answers 500, cuts bodies off, or is gone."""

from __future__ import annotations

import http.client
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from test_s3 import bucket, lizip_of  # noqa: F401

pytest.importorskip("moto.server")
pytest.importorskip("s3fs")

SWEEPS = {f"{k}.txt": bytes(range(256)) * (40 + k) for k in range(6)}


def _length(asked: str) -> int:
    """Bytes of a range as a header asks for it."""
    first, last = asked.removeprefix("bytes=").split("-")
    return int(last) - int(first) + 1


class Way(ThreadingHTTPServer):
    """Hands requests on to a server; `fault` says how it fails, `asked` lists the ranges asked for."""

    daemon_threads = True

    def __init__(self, host: str):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host, self.fault, self.asked = host, "", []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Way

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Range"):
            self.server.asked.append(self.headers["Range"])
        link = http.client.HTTPConnection(self.server.host, timeout=30)
        link.request(self.command, self.path, body, dict(self.headers))
        answer = link.getresponse()
        content = answer.read()
        ranged = self.command == "GET" and answer.status == 206
        status = 500 if ranged and self.server.fault == "500" else answer.status
        self.send_response(status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(content[: len(content) // 2] if ranged and self.server.fault == "cut" else content)
        link.close()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _hand_on

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def way(bucket, monkeypatch):  # noqa: F811
    """A way to the server, which may fail."""
    server = Way(urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    yield server
    server.shutdown()
    server.server_close()


def test_a_sweep_costs_its_own_bytes_and_faults_end_in_one_line(way, bucket, tmp_path):  # noqa: F811
    for name, content in SWEEPS.items():
        (tmp_path / name).write_bytes(content)
    whole = lizip_of("pack", str(tmp_path), "-o", f"{bucket}/faults.lizips", "--level", "fast")
    assert whole.returncode == 0, whole.stderr
    way.asked.clear()
    done = lizip_of("unpack", f"{bucket}/faults.lizips", "3.txt", "-o", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "3.txt").read_bytes() == SWEEPS["3.txt"]
    assert sum(map(_length, way.asked)) < 2 * os.path.getsize(tmp_path / "3.txt") + (1 << 16)
    for way.fault in ("cut", "500"):
        done = lizip_of("unpack", f"{bucket}/faults.lizips", "4.txt", "-o", str(tmp_path / "out"))
        assert done.returncode in (1, 3)
        assert len([line for line in done.stderr.splitlines() if line.startswith("lizip: ")]) >= 1
        assert "Traceback" not in done.stderr
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["3.txt"]
    way.fault = ""
    done = lizip_of("unpack", f"{bucket}/faults.lizips", "4.txt", "-o", str(tmp_path / "out"))
    assert (tmp_path / "out" / "4.txt").read_bytes() == SWEEPS["4.txt"], done.stderr
