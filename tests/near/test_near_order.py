"""Points whose order is given up: the same records, each as often, much smaller, and told truly."""

import io

import harness
import numpy as np
import pytest

import lizip
from lizip import pieces, simulator
from lizip.errors import CorruptError
from lizip.formats import split
from lizip.near import order as orders
from lizip.near.said import DROPPED, KEPT, STAYS, Said


def sheet(count=3000, seed=1, columns=4):
    """Points of a bent surface in no order, with an intensity."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-20, 20, (2, count))
    points = [x, y, 0.2 * np.sin(0.4 * x) + rng.normal(0, 0.01, count), rng.integers(0, 9, count)]
    return np.stack(points[:columns], axis=1).astype("<f4")


def records(data):
    """All records of a file, sorted by their bytes, without the package's own way to do so."""
    columns = split(data).columns.values()
    rows = np.concatenate([np.ascontiguousarray(c)[:, None].view(np.uint8) for c in columns], axis=1)
    return np.sort(rows.view(f"V{rows.shape[1]}").ravel())


def assert_same_records(before, after):
    assert len(before) == len(after)
    assert records(before).tobytes() == records(after).tobytes()


def shuffled(array):
    return array[np.random.default_rng(7).permutation(len(array))]


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


FILES = {
    "bin": lambda count: sheet(count).tobytes(),
    "npy": lambda count: npy(sheet(count)),
    "npy by columns": lambda count: npy(np.asfortranarray(sheet(count))),
    "pcd": lambda count: _pcd(sheet(count, columns=3)),
    "ply": lambda count: _ply(sheet(count, columns=3)),
    "las": lambda count: _las(2 * count // 3),
}
"""Files of about so many points."""


def _pcd(points, rows=1):
    head = "VERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\n"
    size = f"WIDTH {len(points) // rows}\nHEIGHT {rows}\nPOINTS {len(points)}\nDATA binary\n"
    return (head + size).encode() + points.tobytes()


def _ply(points, faces=0):
    head = f"ply\nformat binary_big_endian 1.0\nelement vertex {len(points)}\n"
    head += "".join(f"property float {name}\n" for name in "xyz")
    head += f"element face {faces}\nproperty list uchar int vertex_indices\n" if faces else ""
    triangle = b"\3" + np.array([0, 1, 2], ">i4").tobytes()
    return head.encode() + b"end_header\n" + points.astype(">f4").tobytes() + faces * triangle


def _las(pulses=2000, more=b""):
    data = simulator.airborne_las(1, 1, pulses)
    cloud = split(data)
    body = np.frombuffer(data, np.uint8)[len(cloud.regions[0]) :][: 28 * cloud.count].reshape(-1, 28)
    return bytes(cloud.regions[0]) + shuffled(body).tobytes() + more


@pytest.mark.parametrize("name", FILES)
def test_records_come_back_in_another_order(name):
    data = FILES[name](3000)
    packed = lizip.compress(data, drop_order=True)
    back = lizip.decompress(packed)
    assert back != data
    assert_same_records(data, back)
    info = lizip.info(packed)
    assert not info["exact"]
    assert info["order"] == "not that of the original"
    assert len(packed) < 0.95 * len(lizip.compress(data))
    lizip.verify(packed, data)
    with pytest.raises(CorruptError, match="not made of this"):
        lizip.verify(packed, bytes(back))


def can_be_paired(near: np.ndarray) -> bool:
    """Whether each row can have a column of its own among those that are true for it (augmenting paths)."""
    partners = [-1] * near.shape[1]

    def finds(row: int, seen: set[int]) -> bool:
        for column in np.flatnonzero(near[row]).tolist():
            if column not in seen:
                seen.add(column)
                if partners[column] < 0 or finds(partners[column], seen):
                    partners[column] = row
                    return True
        return False

    return all(finds(row, set()) for row in range(len(near)))


@pytest.mark.parametrize("name", FILES)
def test_order_and_bound_go_together(name):
    """Each record has one within the bound, and everything else of it is the same."""
    data = FILES[name](900)
    packed = lizip.compress(data, drop_order=True, max_error=0.02)
    info = lizip.info(packed)
    assert 0 < info["largest_error"] <= info["max_error"] == 0.02
    assert info["order"] == "not that of the original"
    before, after = split(data), split(bytes(lizip.decompress(packed)))
    scale = np.frombuffer(data, "<f8", 3, 131) if before.format == "las" else np.ones(3)
    one, other = (
        np.stack([c.astype("f8") for c in list(cloud.columns.values())[:3]], axis=1) * scale
        for cloud in (before, after)
    )
    near = np.abs(one[:, None] - other[None]).max(axis=2) <= 0.02 * (1 + 1e-9)
    for name in list(before.columns)[3:]:
        near &= before.columns[name][:, None] == after.columns[name][None]
    assert can_be_paired(near)


def test_shuffled_sweeps_come_back_as_the_sensor_lists_them():
    sweep = np.frombuffer(simulator.kitti(1, firings=500), "<f4").reshape(-1, 4)
    packed = lizip.compress(shuffled(sweep).tobytes(), drop_order=True)
    assert lizip.info(packed)["codec"] == "sweep"
    assert_same_records(sweep.tobytes(), lizip.decompress(packed))
    assert len(packed) < 1.05 * len(lizip.compress(sweep.tobytes()))


def test_sweeps_in_order_stay():
    sweep = simulator.kitti(1, firings=250)
    packed = lizip.compress(sweep, drop_order=True)
    assert lizip.decompress(packed) == sweep
    info = lizip.info(packed)
    assert info["exact"]
    assert info["order"] == "that of the original"


@pytest.mark.parametrize(
    "data",
    [
        npy(sheet().reshape(60, 50, 4)),
        npy(sheet().reshape(2, 5, 300, 4)),
        _pcd(sheet(columns=3), rows=50),
        _ply(sheet(columns=3), faces=2),
        "".join(f"{x:.3f} {y:.3f} {z:.3f}\n" for x, y, z in sheet(columns=3).tolist()).encode(),
        _las(more=b"LAStools LAX index"),
        b"words, and no points" * 40,
        b"",
    ],
    ids=["raster", "stack", "organised", "faces", "text", "index", "bytes", "empty"],
)
def test_where_places_mean_something_the_order_stays(data):
    packed = lizip.compress(data, drop_order=True)
    assert lizip.decompress(packed) == data
    assert lizip.info(packed)["order"] == "that of the original"


def test_arrays_come_back_as_arrays():
    points = sheet()
    back = lizip.decompress(lizip.compress(points, drop_order=True))
    assert back.shape == points.shape
    assert back.dtype == points.dtype
    assert_same_records(points.tobytes(), back.tobytes())


def test_pieces_lose_their_order_each(monkeypatch):
    monkeypatch.setattr(pieces, "MAX_WHOLE", 1 << 16)
    monkeypatch.setattr(pieces, "PIECE", 1 << 15)
    points = sheet(9000)
    packed = lizip.compress(points.tobytes(), fields=4, drop_order=True)
    assert lizip.info(packed)["order"] == "not that of the original"
    assert_same_records(points.tobytes(), lizip.decompress(packed))


def test_logs_are_refused():
    with pytest.raises(lizip.FormatError, match="drop_order"):
        lizip.compress(harness.sample("log"), drop_order=True)


def test_the_bytes_do_not_depend_on_the_order_that_is_given_up():
    """Of points no two of which are equal in place."""
    points = sheet()
    packed = [lizip.compress(each.tobytes(), fields=4, drop_order=True) for each in (points, shuffled(points))]
    assert lizip.decompress(packed[0]) == lizip.decompress(packed[1])


def test_a_codec_alone_can_be_asked_for():
    data = sheet().tobytes()
    assert lizip.info(lizip.compress(data, codec="octree", drop_order=True))["codec"] == "octree"
    with pytest.raises(lizip.FormatError, match="octree has nothing to say"):
        lizip.compress(data, codec="octree")


def test_records_that_differ_are_noticed(monkeypatch):
    """A permutation that is none is never published."""
    monkeypatch.setattr(orders, "of_tree", lambda cloud: np.zeros(cloud.count, np.int64))
    data = sheet().tobytes()
    packed = lizip.compress(data, drop_order=True)
    assert lizip.decompress(packed) == data


def test_what_is_said_comes_back():
    for order in (STAYS, KEPT, DROPPED):
        said = Said(0.5, 0.25, 0.0, 0.0, bytes(16), order)
        assert Said.unpack(said.pack()) == said
        assert said.exact is False
    assert Said(0.5, 0, 0, 0, bytes(16), KEPT).exact
    assert not Said(0.5, 0, 0, 0, bytes(16), DROPPED).exact
    for tail in (b"\0", b"\3", b"\1\1"):
        with pytest.raises(CorruptError):
            Said.unpack(Said(0.5, 0, 0, 0, bytes(16)).pack() + tail)


def test_real_sweeps_shuffled(data):
    for place, width in (("kitti/full_a.bin", 4), ("ouster/os1_128_returns.bin", 4)):
        sweep = np.fromfile(data / place, "<f4").reshape(-1, width)
        packed = lizip.compress(shuffled(sweep).tobytes(), drop_order=True)
        assert_same_records(sweep.tobytes(), lizip.decompress(packed))
        assert 8 * len(packed) / len(sweep) < 11.5
