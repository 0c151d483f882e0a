"""Every rival gives back what it says, on small simulated files."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lizip import simulator
from lizip.bench import RIVALS, Subject, choose
from lizip.bench.lossy import laz_point_bytes, whole_numbers
from lizip.errors import FormatError

OTHERS = [rival for rival in RIVALS.values() if not rival.name.startswith("lizip")]


@pytest.fixture(scope="module")
def subjects():
    return {
        "kitti": Subject(simulator.kitti(1, firings=40)),
        "nuscenes": Subject(simulator.nuscenes(1, firings=60)),
        "las": Subject(simulator.airborne_las(1, 3, pulses=500)),
        "text": Subject(b"no points at all, only words\n" * 20),
    }


@pytest.mark.parametrize("name", ["kitti", "nuscenes", "las", "text"])
@pytest.mark.parametrize("rival", OTHERS, ids=lambda rival: rival.name)
def test_what_comes_back(rival, name, subjects):
    if rival.missing:
        pytest.skip(rival.missing)
    subject = subjects[name]
    try:
        stream = rival.encode(subject)
    except FormatError:
        assert rival.name.startswith("Draco") or name == "text"
        return
    decoded = rival.decode(stream, subject)
    if not rival.loses:
        assert decoded == subject.data
        return
    error = rival.error(decoded, subject)
    assert math.isnan(error) == (rival.name == "Draco")
    assert not error > 5.1e-5
    assert len(stream) < len(subject.data)


def test_laszip_keeps_whole_millimetres(subjects):
    laszip = RIVALS["LASzip"]
    kitti, nuscenes = subjects["kitti"], subjects["nuscenes"]
    assert kitti.step == 1e-3
    assert nuscenes.step == 1e-5
    assert laszip.error(laszip.decode(laszip.encode(kitti), kitti), kitti) < 1e-5
    assert laszip.error(laszip.decode(laszip.encode(subjects["las"]), subjects["las"]), subjects["las"]) == 0.0


def test_laz_point_bytes_leave_out_the_header(subjects):
    stream = RIVALS["LASzip"].encode(subjects["las"])
    assert len(stream) - 600 < laz_point_bytes(stream) < len(stream) - 227


def test_coordinates_that_laszip_cannot_take():
    points = np.zeros((50, 4), np.float32)
    points[:, 0] = np.arange(50)
    points[3, 1] = np.nan
    with pytest.raises(FormatError, match="finite"):
        RIVALS["LASzip"].encode(Subject(points.tobytes()))


def test_whole_numbers_finds_the_decimal_step():
    hundredths = (np.arange(100) / 100).astype(np.float32)
    assert (whole_numbers(hundredths, 65535) == np.arange(100)).all()
    assert (whole_numbers(np.arange(256.0), 65535) == np.arange(256)).all()
    stretched = whole_numbers(np.linspace(-1, 1, 11) / 3, 1000)
    assert stretched.min() == 0
    assert stretched.max() == 1000


def test_choose_by_name():
    assert [rival.name for rival in choose(["LIZIP"])] == ["lizip --fast", "lizip", "lizip --max"]
    assert [rival.name for rival in choose(["gzip", "draco"])] == ["gzip -9", "Draco"]
    assert [rival.name for rival in choose(["lizip --default"])] == ["lizip"]
    assert [rival.name for rival in choose(["draco sequential"])] == ["Draco sequential"]
    assert len(choose()) == len(RIVALS)
    with pytest.raises(ValueError, match="unknown rival"):
        choose(["winzip"])
