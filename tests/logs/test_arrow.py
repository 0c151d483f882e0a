"""Feather files: columns through the codecs, and the same bytes again, compressed buffers too."""

import io
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lizip
from lizip import simulator
from lizip.logs import find_log
from lizip.logs.parts import REST

ARGOVERSE = "other/315966265259836000.feather"


def feather(compression: str, rows: int = 5000, chunk: int = 2000, **more) -> bytes:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import feather as writer

    xyz = np.frombuffer(simulator.kitti(1, firings=140), "<f4").reshape(-1, 4)[:rows]
    table = {name: xyz[:, i].astype("<f2") for i, name in enumerate("xyz")}
    table |= {"intensity": (100 * xyz[:, 3]).astype("u1"), "offset_ns": np.arange(len(xyz), dtype="<i4") * 2304}
    file = io.BytesIO()
    writer.write_feather(pa.table(table | more), file, compression=compression, chunksize=chunk)
    return file.getvalue()


def parts_of(data: bytes) -> list:
    return [part for span in find_log(memoryview(data)).spans for part in span.parts]


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_tables_come_back(compression):
    data = feather(compression)
    coded = lizip.compress(data)
    assert lizip.decompress(coded) == data
    info = lizip.info(coded)
    assert info["points"] == 5000
    assert [name for name, _ in info["fields"]] == ["x", "y", "z", "intensity", "offset_ns"]
    assert len(lizip.read(coded)["offset_ns"]) == 5000
    assert np.array_equal(lizip.read(coded, "offset_ns")["offset_ns"], np.arange(5000) * 2304)
    assert len(coded) < len(lizip.compress(data, codec="opaque"))


def test_other_columns_are_rest():
    """Text, truth values and missing numbers stay, beside columns that are coded."""
    pa = pytest.importorskip("pyarrow")
    words = [f"w{i % 7}" for i in range(5000)]
    some = pa.array([None if i % 3 == 0 else i for i in range(5000)], pa.int16())
    data = feather("zstd", word=words, even=[i % 2 == 0 for i in range(5000)], some=some)
    coded = lizip.compress(data, level="fast")
    assert lizip.decompress(coded) == data
    assert "some" in dict(lizip.info(coded)["fields"])


def test_nested_tables_are_rest_altogether():
    pytest.importorskip("pyarrow")
    data = feather("uncompressed", pair=[[i, i] for i in range(5000)])
    assert all(part.stream == REST for part in parts_of(data))
    assert lizip.decompress(lizip.compress(data, level="fast")) == data


kept = cache(feather)


@given(st.data())
@settings(max_examples=60)
def test_any_bytes_are_taken_apart_and_put_together(data):
    log: Any = bytearray(kept(data.draw(st.sampled_from(["uncompressed", "lz4", "zstd"])), 600, 300))
    for _ in range(data.draw(st.integers(0, 6))):
        log[data.draw(st.integers(8, len(log) - 1))] = data.draw(st.integers(0, 255))
    log = bytes(log[: data.draw(st.integers(8, len(log)))])
    joined = b""
    for span in find_log(memoryview(log)).spans:
        content = b"".join(part.data for part in span.parts)
        joined += content if span.method is None else span.method.compress(content)
    assert joined == log


@given(st.binary(max_size=200))
def test_what_only_begins_like_a_table(tail):
    data = b"ARROW1\0\0" + tail
    assert b"".join(part.data for part in parts_of(data)) == data


def test_argoverse(data):
    """x, y, z as float16, number of the laser, time: 52 bits a point as plain bytes, 81.7 in the file."""
    file = (data / ARGOVERSE).read_bytes()
    coded = lizip.compress(file)
    assert lizip.decompress(coded) == file
    info = lizip.info(coded)
    assert info["points"] == 99229
    assert info["bits_per_point"] < 24
