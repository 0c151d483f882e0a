from __future__ import annotations

import io
import os
import stat

import laspy
import numpy as np
import pytest

import lizip
from lizip import storage
from lizip.batch import Input, plan, run
from lizip.expand import expand


@pytest.fixture
def laz(tmp_path):
    """A LAZ file with a record before and one behind the points, a mode and a time of its own."""
    header = laspy.LasHeader(point_format=6, version="1.4")
    header.vlrs.append(laspy.VLR("surveyor", 7, "before", b"before the points"))
    las = laspy.LasData(header)
    las.x, las.y, las.z = np.arange(50.0), np.arange(50.0), np.arange(50.0)
    las.evlrs = laspy.vlrs.vlrlist.VLRList([laspy.VLR("surveyor", 9, "behind", b"behind the points" * 10)])
    path = tmp_path / "tile.laz"
    las.write(path)
    path.chmod(0o640)
    os.utime(path, ns=(10**18, 10**18))
    return path


def test_expanding_keeps_records_mode_and_time(laz):
    (job,) = plan("compress", [Input(str(laz), laz.name)], expand=True, codec="opaque")
    (outcome,) = run([job])
    assert outcome.status == "done"
    assert outcome.target == str(laz.with_name("tile.las.lizip"))
    status = os.stat(outcome.target)
    assert (stat.S_IMODE(status.st_mode), status.st_mtime_ns) == (0o640, 10**18)
    las = laspy.read(lizip.open(outcome.target))
    assert [record.record_data for record in las.vlrs] == [b"before the points"]
    assert [record.record_data for record in las.evlrs] == [b"behind the points" * 10]
    assert las.points.array.tobytes() == laspy.read(laz).points.array.tobytes()


def test_errors_name_the_laz_file(laz):
    target = laz.with_name("tile.las.lizip")
    target.write_bytes(b"in the way")
    jobs = plan("compress", [Input(str(laz), laz.name)], expand=True, mirror=True)
    (outcome,) = run(jobs)
    assert outcome.status == "failed"
    assert outcome.cause().startswith(f"{target}: exists already and is not what {laz} becomes")
    laz.write_bytes(laz.read_bytes()[:400])
    (outcome,) = run(plan("compress", [Input(str(laz), laz.name)], expand=True, force=True))
    assert outcome.cause().startswith(f"{laz}: cannot be expanded")
    assert not any(map(storage.is_temporary, os.listdir(laz.parent)))


def test_copc(data):
    path = data / "public" / "copc.laz"
    if not path.exists():
        pytest.skip("no COPC file there")
    sink = io.BytesIO()
    expand(str(path), sink)
    sink.seek(0)
    las = laspy.read(sink)
    assert las.points.array.tobytes() == laspy.read(path).points.array.tobytes()
    assert not [record for record in las.vlrs if record.user_id == "copc"]
