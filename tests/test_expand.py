"""LAZ -> LAS before compression: nothing of the content is lost on the way."""

import io
import os
import struct

import laspy
import numpy as np
import pytest

import lizip
from lizip import simulator, storage
from lizip.batch import Job
from lizip.batch.perform import perform
from lizip.expand import expand


@pytest.fixture
def laz(tmp_path):
    """A LAZ 1.4 file with VLRs, EVLRs and a time of its own, readable to its owner only."""
    tile = laspy.read(io.BytesIO(simulator.airborne_las(1, 6, 300)))
    tile.vlrs.append(laspy.VLR("lizip", 7, "a note", b"in front of the points"))
    tile.evlrs = laspy.vlrs.vlrlist.VLRList([laspy.VLR("lizip", 8, "another", b"behind the points" * 99)])
    path = tmp_path / "tile.laz"
    tile.write(path)
    os.chmod(path, 0o640)
    os.utime(path, (1_500_000_000, 1_500_000_000))
    return path


def test_points_records_mode_and_time(laz, tmp_path):
    target = tmp_path / "tile.las.lizip"
    outcome = perform(Job("compress", str(laz), str(target), expand=True))
    assert outcome.status == "done", outcome.error
    status = target.stat()
    assert status.st_mode & 0o777 == 0o640
    assert status.st_mtime == 1_500_000_000
    before, after = laspy.read(laz), laspy.read(lizip.open(target))
    assert np.array_equal(before.points.array, after.points.array)
    notes = [(each.user_id, each.record_id, each.record_data) for each in after.vlrs if each.user_id == "lizip"]
    assert notes == [("lizip", 7, b"in front of the points")]
    notes = [(each.user_id, each.record_id, each.record_data) for each in after.evlrs]
    assert notes == [("lizip", 8, b"behind the points" * 99)]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["tile.las.lizip", "tile.laz"]


@pytest.fixture
def copc(tmp_path):
    """A .laz with the records of COPC, and a record of somebody else's in each list."""
    las = laspy.LasData(laspy.LasHeader(point_format=6, version="1.4"))
    las.X, las.Y, las.Z = np.random.default_rng(1).integers(0, 9000, (3, 500))
    las.vlrs.append(laspy.VLR("copc", 1, "info", struct.pack("<5d", 50, 50, 50, 50, 1) + bytes(120)))
    las.vlrs.append(laspy.VLR("somebody", 7, "else", b"kept"))
    las.evlrs = laspy.vlrs.vlrlist.VLRList(
        [laspy.VLR("copc", 1000, "hierarchy", bytes(32)), laspy.VLR("somebody", 8, "else", b"kept too")]
    )
    path = tmp_path / "cloud.copc.laz"
    with path.open("wb") as file:
        las.write(file, do_compress=True)
    return path


def test_copc(copc):
    sink = io.BytesIO()
    expand(str(copc), sink)
    las, laz = laspy.read(io.BytesIO(sink.getvalue())), laspy.read(copc)
    assert np.array_equal(las.points.array, laz.points.array)
    assert [(record.user_id, record.record_data) for record in las.vlrs] == [("somebody", b"kept")]
    assert [(record.user_id, record.record_data) for record in las.evlrs] == [("somebody", b"kept too")]


def test_errors_name_the_laz_file(laz):
    target = laz.with_name("tile.las.lizip")
    target.write_bytes(b"in the way")
    outcome = perform(Job("compress", str(laz), str(target), resume=True, expand=True))
    assert outcome.cause().startswith(f"{target}: exists already and is not what {laz} becomes")
    laz.write_bytes(laz.read_bytes()[:400])
    outcome = perform(Job("compress", str(laz), str(target), expand=True, options={"force": True}))
    assert outcome.cause().startswith(f"{laz}: cannot be expanded")
    assert not any(map(storage.is_temporary, os.listdir(laz.parent)))
