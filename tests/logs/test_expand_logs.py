"""Logs whose chunks no library at hand makes again: they stay as they are, said so; --expand gives equal messages."""

import io
import os

import numpy as np
import pytest
import recorders
import zstandard

import lizip
from lizip import simulator
from lizip.cli import cli
from lizip.errors import LizipWarning
from lizip.expand import is_stubborn
from lizip.logs import chunks

ODD = {"window_log": 12, "chain_log": 9, "hash_log": 9, "search_log": 3, "min_match": 5, "strategy": 4}
"""Settings of zstd that no level has."""


@pytest.fixture(scope="module")
def clouds():
    return [recorders.records(np.frombuffer(simulator.nuscenes(s, firings=60), "<f4").reshape(-1, 5)) for s in (1, 2)]


def odd_zstd(data: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters(**ODD)
    return zstandard.ZstdCompressor(compression_params=parameters).compress(data)


def odd_mcap(clouds, monkeypatch) -> bytes:
    writer = pytest.importorskip("mcap.writer")
    name = next(name for name in ("zstandard", "zstd") if hasattr(writer, name))
    monkeypatch.setattr(writer, name, type("odd", (), {"compress": staticmethod(odd_zstd)}))
    return recorders.mcap(clouds, "ZSTD", chunk_size=1 << 14)


def run(*arguments) -> None:
    cli.main(list(map(str, arguments)), standalone_mode=False)


def test_mcap(clouds, monkeypatch, tmp_path):
    from mcap.reader import make_reader

    path = tmp_path / "run.mcap"
    path.write_bytes(odd_mcap(clouds, monkeypatch))
    with pytest.warns(LizipWarning, match="--expand"):
        assert lizip.decompress(lizip.compress(path.read_bytes(), level="fast")) == path.read_bytes()
    assert is_stubborn(str(path))
    run("compress", "--expand", "--fast", "-q", path)
    assert sorted(os.listdir(tmp_path)) == ["run.expanded.mcap.lizip", "run.mcap"]
    run("decompress", "-q", tmp_path / "run.expanded.mcap.lizip")
    with path.open("rb") as one, (tmp_path / "run.expanded.mcap").open("rb") as other:
        readers = make_reader(one), make_reader(other)
        told = [
            [(c.topic, s.name, m.log_time, m.publish_time, m.sequence, m.data) for s, c, m in reader.iter_messages()]
            for reader in readers
        ]
        assert told[0] == told[1]
        for kind in ("iter_attachments", "iter_metadata"):
            assert list(getattr(readers[0], kind)()) == list(getattr(readers[1], kind)())
    assert os.path.getsize(tmp_path / "run.expanded.mcap.lizip") < 0.6 * path.stat().st_size


def test_logs_that_can_be_made_again_keep_their_bytes(clouds, tmp_path):
    path = tmp_path / "run.mcap"
    path.write_bytes(recorders.mcap(clouds, "ZSTD"))
    assert not is_stubborn(str(path))
    run("compress", "--expand", "--fast", "-q", path)
    assert lizip.decompress((tmp_path / "run.mcap.lizip").read_bytes()) == path.read_bytes()


def test_bag(clouds, monkeypatch, tmp_path):
    from rosbags.rosbag1 import Reader

    monkeypatch.setattr(chunks, "_LZ4_LEVELS", (12,))
    path = tmp_path / "run.bag"
    path.write_bytes(recorders.rosbag(clouds, tmp_path, "LZ4"))
    assert is_stubborn(str(path))
    run("compress", "--expand", "--fast", "-q", path, "-o", tmp_path / "out.lizip")
    run("decompress", "-q", tmp_path / "out.lizip", "-o", tmp_path / "again.bag")
    with Reader(path) as one, Reader(tmp_path / "again.bag") as other:
        told = [[(c.topic, c.msgtype, time, bytes(data)) for c, time, data in each.messages()] for each in (one, other)]
    assert told[0] == told[1]


def test_feather(monkeypatch, tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import feather

    x = np.cumsum(np.random.default_rng(1).integers(-9, 10, 4000)).astype("<f4") / 1000
    table, file = pa.table({"x": x, "i": np.arange(4000, dtype="<i4") % 97}), io.BytesIO()
    monkeypatch.setattr(chunks, "_ZSTD_LEVELS", (22,))
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(file, table.schema, options=options) as writer:
        writer.write_table(table)
    path = tmp_path / "table.feather"
    path.write_bytes(file.getvalue())
    assert is_stubborn(str(path))
    run("compress", "--expand", "-q", path)
    run("decompress", "-q", tmp_path / "table.expanded.feather.lizip")
    assert feather.read_table(tmp_path / "table.expanded.feather").equals(table)
