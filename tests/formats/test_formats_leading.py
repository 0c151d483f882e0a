"""Where x, y and z stand among columns without names: told by what stands before them, and kept in the layout."""

import numpy as np
import pytest
from format_files import round_trip

import lizip
from lizip import simulator
from lizip.errors import CorruptError
from lizip.formats import by_name
from lizip.formats.leading import count_before, named


@pytest.fixture(scope="module")
def points():
    """A part of a sweep, (N, 4) float32: x, y, z, intensity."""
    return np.frombuffer(simulator.kitti(1, firings=250), "<f4").reshape(-1, 4)


def before(*columns: np.ndarray) -> int:
    return count_before([np.asarray(column) for column in columns])


def test_what_may_stand_before(points):
    x, y, z, intensity = points.T
    time = np.arange(len(points)) * 1e-6
    assert before(x, y, z, intensity) == 0
    assert before(intensity, x, y, z) == 1
    assert before(time + 1.5e9, x, y, z) == 1
    assert before(-time[::-1], intensity, x, y, z, intensity) == 2
    assert before(*[intensity] * 5, x, y, z) == 5
    assert before(*[intensity] * 6, x, y, z) == 0


def test_coordinates_are_not_taken_for_others(points):
    """Half a sweep has an x of one sign, a sorted one is in order; neither leads to normals being points."""
    x, y, z, intensity = points[points[:, 0] > 0].T
    normals = np.random.default_rng(0).normal(size=(3, len(x)))
    assert before(x, y, z, *normals) == 0
    assert before(np.sort(x), y, z, intensity) == 0
    assert before(np.full(len(x), np.nan), x, y, z) == 1
    assert before(x[:40], y[:40], z[:40], intensity[:40]) == 0
    assert before(intensity[:40], x[:40], y[:40], z[:40]) == 0


def test_cropped_and_rounded_coordinates_are_not_taken_for_others(points):
    """An x of one sign in centimetres has few values, one that was sorted is in order; a velocity has both signs."""
    x, y, z, _ = points[points[:, 0] > 0].T
    velocity = np.random.default_rng(3).normal(size=len(x))
    assert before(*(np.round(each, 2) for each in (x, y, z)), velocity) == 0
    ahead = np.argsort(x)
    assert before(x[ahead], y[ahead], z[ahead], np.abs(velocity[ahead])) == 0


@pytest.mark.parametrize("error", [0.01, 0.05])
def test_near_lossless_is_as_small_wherever_they_stand(points, error):
    usual = len(lizip.compress(points.copy(), max_error=error))
    led = np.ascontiguousarray(points[:, [3, 0, 1, 2]])
    packed = lizip.compress(led, max_error=error)
    back = np.asarray(lizip.decompress(packed))
    assert (back[:, 0] == led[:, 0]).all()
    assert np.abs(back[:, 1:].astype(np.float64) - led[:, 1:]).max() <= error
    assert len(packed) < 1.02 * usual + 100


def test_odd_values_are_passed_over(points):
    """NaN that signal, infinities and denormals among coordinates are neither lengths nor of a sign."""
    x, y, z, intensity = points.copy().T
    odd = np.array([0x7F800001, 0xFF800001, 0x7F800000, 0xFF800000, 1], "<u4").view("<f4")
    for column in (x, y, z, intensity):
        column[::40] = np.resize(odd, len(column[::40]))
    assert before(intensity, x, y, z) == 1
    assert before(x, y, z, intensity) == 0
    with np.errstate(invalid="ignore"):
        wide = [column.astype("<f8") for column in (intensity, x, y, z)]
    assert before(*wide) == 1


def test_names():
    assert [name for name, _ in named(["f4"] * 6)] == ["x", "y", "z", "intensity", "ring", "f5"]
    assert [name for name, _ in named(["f4"] * 6, 2)] == ["f0", "f1", "x", "y", "z", "f5"]


def test_layouts_of_records_without_a_header():
    fields = by_name("bin").fields
    assert fields(bytes([129, 4])) == (("f0", "f4"), ("x", "f4"), ("y", "f4"), ("z", "f4"))
    assert fields(bytes([129, 0, 10, 9]))[:2] == (("f0", "f8"), ("x", "f4"))
    for layout in (bytes([134, 20]), bytes([129]), bytes([129, 0]), bytes([129, 130, 4]), bytes([128, 4]), bytes([65])):
        with pytest.raises(CorruptError):
            fields(layout)


@pytest.mark.parametrize("kind", ["bin", "npy", "text"])
def test_formats_name_them(points, kind, tmp_path):
    records = points[:, [3, 0, 1, 2]]
    if kind == "bin":
        content = records.tobytes()
    elif kind == "npy":
        np.save(tmp_path / "a.npy", records)
        content = (tmp_path / "a.npy").read_bytes()
    else:
        content = b"".join(b"%.2f %.3f %.3f %.3f\n" % tuple(row) for row in records[::20].tolist())
    cloud = round_trip(content)
    assert cloud.format == kind
    assert list(cloud.columns) == ["f0", "x", "y", "z"]
    assert cloud.led.columns["x"] is cloud.columns["x"]


def test_a_sweep_takes_as_many_bytes_wherever_its_coordinates_stand(points):
    usual = len(lizip.compress(points.copy()))
    led = np.ascontiguousarray(points[:, [3, 0, 1, 2]])
    structured = led.view([(name, "<f4") for name in ("intensity", "x", "y", "z")])[:, 0]
    for content in (led, led.tobytes(), structured, led.astype("<f8")):
        packed = lizip.compress(content)
        again = lizip.decompress(packed)
        assert (again if isinstance(content, bytes) else again.tobytes()) == (
            content if isinstance(content, bytes) else content.tobytes()
        )
        assert len(packed) < 1.02 * usual + 100
