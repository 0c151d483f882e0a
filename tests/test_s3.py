"""URLs against a real S3-compatible server on loopback (moto's, where it is installed)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

import lizip

pytest.importorskip("moto.server")
pytest.importorskip("s3fs")

CONTENT = bytes(range(256)) * 30


@pytest.fixture(scope="module")
def bucket():
    """URL of an empty bucket, with the environment set for it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            place = f"http://127.0.0.1:{port}"
            _put(f"{place}/bucket", server)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("AWS_ACCESS_KEY_ID", "anybody")
                patch.setenv("AWS_SECRET_ACCESS_KEY", "anything")
                patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
                patch.setenv("AWS_ENDPOINT_URL", place)
                yield "s3://bucket"
        finally:
            server.kill()


def _put(url: str, server: subprocess.Popen) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=10).close()
            return
        except (urllib.error.URLError, ConnectionError):
            assert server.poll() is None, "the server did not start"
            time.sleep(0.2)
    pytest.fail("the server does not answer")


def lizip_of(*arguments: str) -> subprocess.CompletedProcess:
    """A process of its own: the loops of s3fs and of the tests have nothing to do with each other."""
    environment = os.environ | {"PYTHONPATH": os.path.dirname(os.path.dirname(lizip.__file__))}
    command = [sys.executable, "-m", "lizip", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)


def test_there_and_back(bucket, tmp_path):
    scan, back = tmp_path / "scan.bin", tmp_path / "back.bin"
    scan.write_bytes(CONTENT)
    assert lizip_of("compress", str(scan), "-o", f"{bucket}/scan.bin.lizip").returncode == 0
    assert lizip_of("verify", f"{bucket}/scan.bin.lizip", "--against", str(scan)).returncode == 0
    done = lizip_of("compress", str(scan), "-o", f"{bucket}/scan.bin.lizip")
    assert done.stderr.startswith(f"lizip: {bucket}/scan.bin.lizip: exists already")
    assert lizip_of("decompress", "--rm", f"{bucket}/scan.bin.lizip", "-o", str(back)).returncode == 0
    assert back.read_bytes() == CONTENT
    done = lizip_of("info", f"{bucket}/scan.bin.lizip")
    assert done.stderr == f"lizip: {bucket}/scan.bin.lizip: No such file or directory\n"
    assert lizip_of("pack", str(scan), "-o", f"{bucket}/x.lizips").returncode == 0
    assert "scan.bin" in lizip_of("ls", f"{bucket}/x.lizips").stdout


def test_nobody_there(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    done = lizip_of("info", f"{bucket}/scan.bin.lizip")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"lizip: {bucket}/scan.bin.lizip: ")
