import asyncio

import numpy as np
import pytest

import lizip
from lizip.container import is_lizip

numcodecs = pytest.importorskip("numcodecs")

POINTS = np.random.default_rng(1).normal(0, 20, (700, 4)).astype("<f4").round(2)


def test_numcodecs():
    from lizip.integrations.numcodecs import Lizip

    codec = Lizip("fast")
    for data in (POINTS, POINTS[:, 0].copy(), POINTS.astype(">f8")):
        coded = codec.encode(data)
        assert is_lizip(coded)
        back = codec.decode(coded)
        assert back.dtype == data.dtype
        assert np.array_equal(back, data)
        out = np.empty_like(data)
        codec.decode(np.frombuffer(coded, "u1"), out)
        assert np.array_equal(out, data)
    numcodecs.register_codec(Lizip)
    again = numcodecs.get_codec(codec.get_config())
    assert (again, again.level) == (codec, "fast")


def entry_points(group: str) -> list[str]:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return [each.name for each in distribution("lizip").entry_points if each.group == group]
    except PackageNotFoundError:
        pytest.skip("lizip is not installed, only imported")


@pytest.mark.parametrize("group", ["numcodecs.codecs", "zarr.codecs"])
def test_entry_points(group):
    assert entry_points(group) == ["lizip"]


def test_zarr_format_3(tmp_path):
    zarr = pytest.importorskip("zarr", "3")
    from zarr.registry import register_codec

    from lizip.integrations.zarr import LizipCodec

    register_codec("lizip", LizipCodec)
    array = zarr.create_array(
        tmp_path / "a.zarr",
        shape=POINTS.shape,
        chunks=(300, 4),
        dtype="f4",
        serializer=LizipCodec("fast"),
        compressors=None,
    )
    array[:] = POINTS
    again = zarr.open_array(tmp_path / "a.zarr", mode="r")
    assert np.array_equal(again[:], POINTS)
    assert np.array_equal(again[250:310, 1], POINTS[250:310, 1])
    assert again.metadata.codecs[0].level == "fast"
    chunk = next(path for path in (tmp_path / "a.zarr").rglob("*") if path.is_file() and path.name != "zarr.json")
    lizip.verify(chunk)
    chunk.write_bytes(lizip.compress(np.zeros((3, 4), "f4")))
    with pytest.raises(lizip.CorruptError):
        again[:]
    asyncio.set_event_loop(None)


def test_zarr_format_2(tmp_path):
    zarr = pytest.importorskip("zarr")
    from lizip.integrations.numcodecs import Lizip

    numcodecs.register_codec(Lizip)
    array = zarr.create_array(
        tmp_path / "a.zarr", shape=POINTS.shape, chunks=(300, 4), dtype="f4", zarr_format=2, compressors=Lizip("fast")
    )
    array[:] = POINTS
    assert np.array_equal(zarr.open_array(tmp_path / "a.zarr", mode="r")[:], POINTS)
