import builtins
import os
import stat
import sys
from pathlib import Path

import fsspec
import pytest

import lizip
from lizip import storage
from lizip.errors import LizipError, StorageError

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def scan(tmp_path) -> Path:
    path = tmp_path / "scan.bin"
    path.write_bytes(CONTENT)
    return path


def compress(source, target=None, **options):
    return lizip.compress_file(source, target, level="fast", codec="opaque", **options)


def publish(target, meanwhile):
    with storage.publishing(target) as file:
        file.write(b"mine")
        meanwhile()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_round_trip_keeps_the_source_its_mode_and_time(scan, tmp_path):
    os.chmod(scan, 0o640)
    os.utime(scan, ns=(10**18, 10**18 + 1))
    assert compress(scan) == f"{scan}.lizip"
    assert names(tmp_path) == ["scan.bin", "scan.bin.lizip"]
    back = tmp_path / "back.bin"
    lizip.decompress_file(f"{scan}.lizip", back)
    assert back.read_bytes() == CONTENT
    for path in (Path(f"{scan}.lizip"), back):
        status = path.stat()
        assert stat.S_IMODE(status.st_mode) == 0o640
        assert status.st_mtime_ns == 10**18 + 1


def test_remove(scan, tmp_path):
    compress(scan, remove=True)
    assert names(tmp_path) == ["scan.bin.lizip"]
    lizip.decompress_file(f"{scan}.lizip", remove=True)
    assert names(tmp_path) == ["scan.bin"]
    assert scan.read_bytes() == CONTENT


def test_no_removal_without_the_check(scan):
    with pytest.raises(ValueError, match="check"):
        compress(scan, remove=True, check=False)
    assert scan.exists()


def test_existing_target(scan):
    target = Path(f"{scan}.lizip")
    target.write_bytes(b"precious")
    with pytest.raises(StorageError, match="exists already"):
        compress(scan)
    assert target.read_bytes() == b"precious"
    compress(scan, force=True)
    lizip.verify(target, scan)


def test_target_that_appears_meanwhile(scan, tmp_path):
    target = tmp_path / "target"
    with pytest.raises(StorageError, match="exists already"):
        publish(target, lambda: target.write_bytes(b"theirs"))
    assert target.read_bytes() == b"theirs"
    assert names(tmp_path) == ["scan.bin", "target"]


def test_same_file_in_and_out(scan, tmp_path):
    link = tmp_path / "link.bin"
    link.symlink_to(scan)
    for target in (scan, link):
        with pytest.raises(StorageError, match="same file"):
            compress(scan, target, force=True)
    assert scan.read_bytes() == CONTENT


def test_folders(scan, tmp_path):
    with pytest.raises(IsADirectoryError):
        compress(tmp_path, tmp_path.parent / "never.lizip")
    with pytest.raises(StorageError, match="folder"):
        compress(scan, tmp_path, force=True)
    with pytest.raises(FileNotFoundError):
        compress(scan, tmp_path / "missing" / "x.lizip")


def test_name_without_suffix(scan, tmp_path):
    compress(scan, tmp_path / "other")
    with pytest.raises(lizip.FormatError, match="does not end in"):
        lizip.decompress_file(tmp_path / "other")
    assert lizip.decompress_file(tmp_path / "other", tmp_path / "back") == str(tmp_path / "back")


@pytest.mark.parametrize("size", [1000, storage.WHOLE + 1])
def test_source_that_changes_is_noticed(tmp_path, size):
    """Cut or overwritten while it is coded: no target, no temporary, the source as it is."""
    scan = tmp_path / "scan.bin"
    with open(scan, "wb") as file:
        file.truncate(size)
    source = storage.Source(scan)
    assert len(source.data) == size
    source.check_unchanged()
    os.utime(scan, ns=(1, 1))
    with pytest.raises(StorageError, match="changed while"):
        source.check_unchanged()


def test_source_that_is_replaced_while_coding(scan, tmp_path, monkeypatch):
    def encode(data, options, sink, *rest):
        scan.write_bytes(CONTENT + b"more")
        sink.write(b"coded")
        return "opaque"

    monkeypatch.setattr("lizip.checked.encode", encode)
    with pytest.raises(StorageError, match="changed while"):
        compress(scan, check=False)
    assert names(tmp_path) == ["scan.bin"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, SystemExit, MemoryError])
def test_no_temporary_stays(tmp_path, error):

    def fail():
        assert len(names(tmp_path)) == 1
        raise error

    with pytest.raises(error):
        publish(tmp_path / "target", fail)
    assert names(tmp_path) == []


def test_long_names(tmp_path):
    target = tmp_path / ("n" * 250)
    with storage.publishing(target) as file:
        file.write(b"x")
    assert target.read_bytes() == b"x"


def test_new_files_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        with storage.publishing(tmp_path / "target") as file:
            file.write(b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "target").stat().st_mode) == 0o640


def test_large_files_are_mapped_and_pages_given_back(tmp_path):
    scan = tmp_path / "scan.bin"
    with open(scan, "wb") as file:
        file.write(b"head")
        file.truncate(storage.WHOLE + 4096)
    with storage.Source(scan) as source:
        assert source.data.obj is source._map
        view = source.data[:4]
        source.release()
        assert bytes(view) == b"head"
    assert bytes(view) == b"head", "views outlive the source"


def test_urls():
    system = fsspec.filesystem("memory")
    system.pipe_file("/bucket/scan.bin", CONTENT)
    url = "memory://bucket/scan.bin"
    assert compress(url) == f"{url}.lizip"
    assert lizip.info(f"{url}.lizip")["bytes"] == len(CONTENT)
    with pytest.raises(StorageError, match="exists already"):
        compress(url)
    with pytest.raises(StorageError, match="same file"):
        compress(url, url, force=True)
    lizip.verify(f"{url}.lizip", url)
    lizip.decompress_file(f"{url}.lizip", "memory://bucket/back.bin", remove=True)
    assert system.cat_file("/bucket/back.bin") == CONTENT
    assert not system.exists("/bucket/scan.bin.lizip")


def test_urls_without_fsspec(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(LizipError, match=r"pip install 'lizip\[remote\]'"):
        lizip.info("s3://bucket/scan.bin.lizip")


def test_failed_upload_leaves_nothing(monkeypatch):
    """A source that changes, or any other error, before the upload: no object."""
    system = fsspec.filesystem("memory")

    def fail():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish("memory://bucket/never", fail)
    assert not system.exists("/bucket/never")


def test_pipe_as_source(tmp_path):
    """A named pipe has no size and no identity to check; its bytes are read to the end."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    if os.fork() == 0:
        with builtins.open(pipe, "wb") as file:
            file.write(CONTENT)
        os._exit(0)
    target = compress(pipe, tmp_path / "x.lizip")
    os.wait()
    assert lizip.decompress(Path(target).read_bytes()) == CONTENT
