"""LAZ files as LAS: everything but what only makes sense in LAZ."""

import io
import struct

import laspy
import numpy as np
import pytest
from laspy.vlrs.vlrlist import VLRList

from lizip.expand import expand


@pytest.fixture
def copc(tmp_path):
    """A .laz with the records of COPC, and a record of somebody else's in each list."""
    las = laspy.LasData(laspy.LasHeader(point_format=6, version="1.4"))
    las.X, las.Y, las.Z = np.random.default_rng(1).integers(0, 9000, (3, 500))
    las.vlrs.append(laspy.VLR("copc", 1, "info", struct.pack("<5d", 50, 50, 50, 50, 1) + bytes(120)))
    las.vlrs.append(laspy.VLR("somebody", 7, "else", b"kept"))
    las.evlrs = VLRList(
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
