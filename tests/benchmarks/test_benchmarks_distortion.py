"""Bits against errors: every method within its own bound, the table and the picture of them."""

import harness
import numpy as np
import pytest

pytest.importorskip("scipy")
distortion, lossy = (pytest.importorskip(f"benchmarks.{name}") for name in ("distortion", "lossy"))


def test_errors_are_those_of_the_settings(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    methods = ["lizip", "lizip, x y z only", "LASzip"]
    for module, name in (("DracoPy", "Draco"), ("pureini", "Cloudini")):
        try:
            __import__(module)
        except ImportError:
            continue
        methods.append(name)
    bounds = (0.001, 0.01)
    monkeypatch.setattr(lossy, "BOUNDS", bounds)
    monkeypatch.setattr(lossy, "DRACO_BITS", (14, 18))
    path = tmp_path / "sweep.bin"
    path.write_bytes(harness.sample("nuscenes_part"))
    points = list(distortion.measure("nuscenes", path, methods))
    alone = methods.pop(1)
    assert [each.setting for each in points if each.method == alone] == ["10 um, x y z only"]
    for method in methods:
        one, other = sorted((each for each in points if each.method == method), key=lambda each: each.largest)
        assert one.bits > other.bits
        assert one.rms < one.largest
        assert one.rms < other.rms
        assert one.plane <= one.rms * 3**0.5
        assert one.chamfer < other.chamfer
        if method in ("lizip", "LASzip"):
            np.testing.assert_array_less([one.largest, other.largest], np.array(bounds) * 1.001)
    assert points[-1].method == distortion.PAPER
    table = distortion.table(points)
    assert "| lizip | 1 mm |" in table
    assert "| LASzip | 1 cm |" in table
    distortion.draw(points, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 5000


def test_lengths_as_users_write_them():
    assert [lossy.length(each) for each in (1e-5, 0.001, 0.005, 0.02)] == ["10 um", "1 mm", "5 mm", "2 cm"]


def test_points_in_any_order_say_their_error_themselves(tmp_path, monkeypatch):
    monkeypatch.setattr(lossy, "BOUNDS", (0.001, 0.01))
    path = tmp_path / "voxels.npy"
    points = harness.sample("kitti_part")
    np.save(path, distortion.means_of_voxels(distortion.points_of(lossy.Subject(points))))
    one, other = distortion.measure("voxels", path, list(lossy.METHODS)[:2])
    assert one.method == other.method == "lizip, order dropped"
    assert one.bits > other.bits
    assert 0 < one.largest <= 0.001 < other.largest <= 0.01
    assert 0 < one.chamfer < 0.002


def test_las_is_coarser_for_laszip_too(tmp_path, monkeypatch):
    monkeypatch.setattr(lossy, "BOUNDS", (0.001, 0.05))
    path = tmp_path / "some.las"
    path.write_bytes(harness.sample("las_1"))
    points = {(each.method, each.setting): each for each in distortion.measure("las", path, ["lizip", "LASzip"])}
    assert points["LASzip", "1 mm"].largest == 0
    for method in ("lizip", "LASzip"):
        assert points[method, "5 cm"].bits < points[method, "1 mm"].bits
        assert 0 < points[method, "5 cm"].largest < 0.0501
