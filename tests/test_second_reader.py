"""A second reader, written from docs/format alone, gives every golden file back to the byte."""

from __future__ import annotations

import ast
import io
import struct
from pathlib import Path

import harness
import numpy as np
import pytest
import second_reader
import zstandard
from second_reader import frozen, layout, lzf, pack, relations
from second_reader.bytestream import Damaged
from second_reader.grid import network

import lizip
from lizip import pieces, pipeline
from lizip.container import AROUND, Container
from lizip.formats import lzf as formats_lzf
from lizip.formats.packets import FORMAT, Shape
from lizip.relations.order import COLUMN, Key, encode_order
from lizip.simulator.driver_columns import with_columns
from lizip.simulator.drivers import sweep
from lizip.simulator.sensors import SENSORS

FOLDER = Path(__file__).parent
FILES = {path.stem: path for path in sorted((FOLDER / "golden").glob("v*/*.lizip"))}

SLOW = {"argoverse_whole.sweep", "pandaset_part.sweep", "rolled.any"}
"""Those that take more than ten seconds."""

_MODULES = sorted((FOLDER / "second_reader").rglob("*.py"))
_TAKEN = {"numpy", "xxhash", "zstandard", "lzma", "zlib", "struct", "math", "json", "hashlib", "pathlib", "typing"}
_TAKEN |= {"re", "bz2", "lz4", "fractions"}
_TAKEN |= {
    "__future__",
    "bisect",
    "collections",
    "functools",
    "contextlib",
    "copy",
    "itertools",
    "dataclasses",
    "heapq",
    "second_reader",
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in FILES],
)
def test_golden_files_are_read(name):
    """The reader compares what comes with the hash of the original, so reading is the proof."""
    assert second_reader.read(FILES[name].read_bytes()) is not None


@pytest.mark.parametrize("name", ["bin", "fortran", "big-endian", "npz", "text"])
def test_files_in_pieces_are_read(monkeypatch, name):
    for module in (pieces, pipeline):
        monkeypatch.setattr(module, "MAX_WHOLE", 1 << 14)
    monkeypatch.setattr(pieces, "PIECE", 1 << 13)
    monkeypatch.setattr(pieces, "_LITTLE", 1 << 11)
    points = np.cumsum(np.random.default_rng(1).normal(size=(3000, 4)), 0).astype("<f4").round(2)
    content = {
        "bin": points.tobytes(),
        "fortran": harness.npy(np.asfortranarray(points)),
        "big-endian": harness.npy(np.asfortranarray(points.astype(">f4"))) + b"odd",
        "npz": harness.npz(xyz=points[:, :3].copy(), turned=np.asfortranarray(points), i=points[:, 3].copy()),
        "text": b"# x y z i\n" + b"".join(b"%.2f %.2f %.2f %.2f\n" % tuple(row) for row in points),
    }[name]
    packed = lizip.compress(content, level="fast")
    assert lizip.info(packed)["pieces"] > 2
    assert second_reader.read(packed) == content


def test_a_column_of_256_values_and_missing_ones_is_read():
    columns = np.zeros(1200, [("a", "<f4"), ("b", "<i4")])
    columns["a"], columns["b"] = np.arange(1200) * 7 % 256 / 100, np.arange(1200)
    columns["a"][::5] = np.nan
    content = harness.npy(columns)
    packed = lizip.compress(content)
    assert lizip.info(packed)["codec"] == "floats"
    assert second_reader.read(packed) == content


REAL = {
    "kitti/full_b.bin": (4, slice(50_000, 57_000)),
    "kitti_fov/crop_0.bin": (4, slice(7_000)),
    "nuscenes/sweep_a.bin": (5, slice(7_000)),
    "ouster/os1_128_returns.bin": (4, slice(9_000)),
    "argoverse/sweep_01.bin": (5, slice(15_000)),
    "pandaset/world_coradite_000040.bin": (4, slice(9_000)),
}
"""A part of a real sweep for each chain: fields of a record, points."""


@pytest.mark.slow
@pytest.mark.parametrize("level", ["fast", "default"])
@pytest.mark.parametrize("name", REAL)
def test_real_sweeps_are_read(data, name, level):
    fields, points = REAL[name]
    part = np.fromfile(data / name, "<f4").reshape(-1, fields)[points].tobytes()
    packed = lizip.compress(part, level=level)
    assert lizip.info(packed)["codec"] == "sweep"
    assert second_reader.read(packed) == part


def test_odd_coordinates_in_a_tree_are_read():
    rng = np.random.default_rng(1)
    points = (np.rint(rng.uniform(-500, 500, (2000, 3))) / 10).astype(np.float32)
    points[[5, 300], [0, 2]] = np.float32(1.2345), np.float32(7e4)
    packed = lizip.compress(harness.npy(points), drop_order=True)
    assert lizip.info(packed)["codec"] == "octree"
    assert second_reader.read(packed) == lizip.decompress(packed)


def test_a_sequence_is_read_in_order_only():
    """Made now: the others are the first one with some returns missing; the second follows it, the third both."""
    first = harness.sample("dual")
    records = np.frombuffer(first, "<f4").reshape(-1, 4)
    others = [records[np.arange(len(records)) % 11 != k].tobytes() for k in (3, 5)]
    ahead, behind = lizip.Sequence(seeds=2), second_reader.Past()
    coded = [lizip.compress(sweep, codec="sweep", sequence=ahead) for sweep in (first, *others)]
    with pytest.raises(Damaged):
        second_reader.read(coded[1])
    assert [second_reader.read(each, behind) for each in coded] == [first, *others]


def test_what_stands_around_a_sensor_is_read():
    """Made now: the eleventh sweep carries what the ten before saw, and the twelfth follows it."""
    sweeps = harness.parked(12)
    ahead, behind = lizip.Sequence(), second_reader.Past()
    coded = [lizip.compress(sweep, sequence=ahead) for sweep in sweeps]
    assert Container(io.BytesIO(coded[10])).entries(AROUND)
    assert [second_reader.read(each, behind) for each in coded[10:]] == sweeps[10:]


@pytest.mark.parametrize("order", [np.arange(300)[::-1], np.roll(np.arange(300), 70), np.arange(300) * 7 % 300])
def test_orders_are_read(order):
    assert np.array_equal(relations._order(encode_order(order), [order]), np.argsort(order))


def test_orders_by_two_keys_are_read():
    columns = [np.arange(300.0) % 7, np.arange(300.0) * 11 % 90, np.zeros(300)]
    order = np.roll(np.arange(300), 5)
    stream = encode_order(order, [(Key(COLUMN), Key(COLUMN, 1, 1))], columns)
    assert np.array_equal(relations._order(stream, columns), np.argsort(order))


TWICE = {"twice": 0.2, "arranged": "blocks"}


@pytest.mark.parametrize(
    ("sensor", "driver", "writer", "options"),
    [
        ("xt32", "nebula Hesai", "nebula", {}),
        ("vlp32c", "nebula Velodyne", "nebula", TWICE),
        ("vlp16", "nebula Velodyne", "nebula", TWICE),
        ("vls128", "nebula Velodyne", "nebula", TWICE),
        ("vlp16", "velodyne_pointcloud", "velodyne_pointcloud", {}),
        ("pandar40 2 mm", "Hesai double", "PCL", TWICE | {"missing": "zeros", "repeated": True}),
    ],
)
def test_drivers_are_read(sensor, driver, writer, options):
    """Made now: all columns of a driver, and second returns."""
    model = SENSORS[sensor]
    span = 0.04 if model.rings < 100 else 0.015
    records = with_columns(sweep(2, model, driver, span=span, **options), model, writer, sensor)
    coded = lizip.compress(harness.pcd_of_records(records))
    assert "driver" in lizip.info(io.BytesIO(coded))["streams"]
    assert second_reader.read(coded) is not None


def test_the_golden_pack_is_read():
    files = pack.read((FOLDER / "golden/packs/v1.lizips").read_bytes())
    assert list(files) == [f"drive/{number}.bin" for number in range(6)]
    assert [len(content) for content in files.values()] == [0, 50, 100, 0, 50, 100]


def test_what_files_and_packs_carry_is_enough(monkeypatch, tmp_path):
    monkeypatch.setattr(frozen, "FOLDER", tmp_path)
    (tmp_path / "models.json").write_text("[]", encoding="utf-8")
    network.load.cache_clear()
    sweep, packed = harness.sample("nuscenes_part"), FILES["nuscenes_part.sweep.embedded"].read_bytes()
    with lizip.PackWriter(tmp_path / "x.lizips") as writer:
        writer.add_packed("a.bin", packed)
    assert second_reader.read(packed) == sweep
    assert pack.read((tmp_path / "x.lizips").read_bytes()) == {"a.bin": sweep}
    network.load.cache_clear()
    with pytest.raises(Damaged, match="is not there"):
        second_reader.read(FILES["nuscenes_part.sweep"].read_bytes())


@pytest.mark.parametrize("kind", ["zstd", "lz4"])
def test_chunks_of_logs_are_compressed_again(kind):
    """By the library at hand, and so are made now."""
    lz4 = pytest.importorskip("lz4.frame")
    content = harness.mcap(harness.numbers(60), harness.numbers(70))
    begin = content[: len(b"\x89MCAP0\r\n")]
    body = content[len(begin) :]
    if kind == "zstd":
        packed = zstandard.ZstdCompressor(level=3, write_checksum=True).compress(body)
    else:
        packed = lz4.compress(body, store_size=False)
    chunk = struct.pack("<QQQI", 0, 1, len(body), 0) + struct.pack("<I", len(kind)) + kind.encode()
    chunk += struct.pack("<Q", len(packed)) + packed
    log = begin + struct.pack("<BQ", 6, len(chunk)) + chunk
    coded = lizip.compress(log, codec="floats")
    assert lizip.info(coded)["format"] == "log"
    assert second_reader.read(coded) == log


def test_big_endian_packets_of_nobody_are_read():
    packets = [bytes(8) + b"".join(i.to_bytes(2, "big") for i in range(250 + k, 274 + k)) for k in range(2000)]
    content = memoryview(b"".join(packets))
    shape = Shape(56, 8, 1, 0, 24, 0, bytes(range(24)), (("range", "u2"),), big=True)
    cloud = FORMAT.cloud(content, shape)
    assert np.array_equal(cloud.columns["range"][:2000], np.arange(250, 2250))
    joined = layout.join(
        layout.PACKETS, cloud.layout, [bytes(each) for each in cloud.regions], list(cloud.columns.values())
    )
    assert joined == content


def test_pcl_streams_of_bytes_that_repeat():
    """Runs, far repetitions, and none: as the kernel packs them."""
    draws = np.random.default_rng(1)
    for size in (0, 1, 2, 3, 19, 40, 300, 5000, 20000):
        for most in (1, 2, 40, 256):
            data = draws.integers(0, most, size, np.uint8)
            data[size // 2 :] = data[: size - size // 2]
            assert lzf.pack(data.tobytes()) == formats_lzf.pack(data)
            operations = formats_lzf.script(formats_lzf.pack(data))
            assert lzf.replay(operations, data.tobytes()) == formats_lzf.pack(data)


@pytest.mark.parametrize("name", ["kitti.floats", "npy.opaque"])
def test_damage_is_noticed(name):
    data = FILES[name].read_bytes()
    for at in range(8, len(data), 97):
        with pytest.raises(Damaged):
            second_reader.read(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_it_takes_nothing_from_lizip(path):
    """Nor from numba, or anything else that would decide for it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert {name.split(".")[0] for name in names} <= _TAKEN
    assert len(path.read_text(encoding="utf-8").splitlines()) < 300
