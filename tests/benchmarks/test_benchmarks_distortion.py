"""Bits against errors: every method within its own bound, the table and the picture of them."""

import harness
import numpy as np
import pytest

pytest.importorskip("scipy")
distortion = pytest.importorskip("benchmarks.distortion")


def test_errors_are_those_of_the_settings(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    methods = ["lizip", "LASzip"]
    for module, name in (("DracoPy", "Draco"), ("pureini", "Cloudini")):
        try:
            __import__(module)
        except ImportError:
            continue
        methods.append(name)
    bounds = (0.001, 0.01)
    monkeypatch.setattr(distortion, "BOUNDS", bounds)
    monkeypatch.setattr(distortion, "DRACO_BITS", (14, 18))
    path = tmp_path / "sweep.bin"
    path.write_bytes(harness.sample("nuscenes_part"))
    points = list(distortion.measure("nuscenes", path, methods))
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
    assert [distortion.length(each) for each in (1e-5, 0.001, 0.005, 0.02)] == ["10 um", "1 mm", "5 mm", "2 cm"]
