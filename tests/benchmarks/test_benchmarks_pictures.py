"""Pictures are drawn, and what they show is right."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import pictures
from benchmarks.pictures.grid import load_grid, project
from benchmarks.pictures.residuals import entropy, residuals
from benchmarks.pictures.streams import bits_of
from lizip import simulator
from lizip.errors import FormatError
from lizip.simulator import hdl64

pytest.importorskip("matplotlib")
PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    path = tmp_path_factory.mktemp("viz") / "kitti.bin"
    path.write_bytes(simulator.kitti(3, firings=700))
    return path


def test_grid_is_what_the_sensor_measured(sweep):
    truth = hdl64.sweep(3, firings=700).ranges
    grid = load_grid(sweep)
    assert grid.source != "projection"
    ours, theirs = (np.sort(ticks[ticks > 0]) for ticks in (grid.ticks, truth))
    assert abs(len(ours) - len(theirs)) < 0.01 * len(theirs)
    median = np.nanmedian(grid.ranges)
    assert abs(median - np.median(theirs) * 0.002) < 0.1
    seen = np.nanmedian(grid.ranges[:20]), np.nanmedian(grid.ranges[-20:])
    assert seen[0] > seen[1]  # the lowest beams, which see the road, are at the bottom


def test_range_image_of_any_cloud(sweep, tmp_path):
    assert pictures.range_image(sweep).startswith(PNG)
    loose = tmp_path / "loose.bin"
    loose.write_bytes(simulator.unordered(1, points=2000))
    assert load_grid(loose).source == "projection"
    assert pictures.range_image(loose).startswith(PNG)
    las = tmp_path / "survey.las"
    las.write_bytes(simulator.airborne_las(1, pulses=300))
    assert pictures.range_image(las).startswith(PNG)
    words = tmp_path / "words.txt"
    words.write_bytes(b"words " * 7)
    with pytest.raises(FormatError, match="coordinates"):
        pictures.range_image(words)


def test_residual_histogram(sweep, tmp_path):
    assert pictures.residual_histogram(sweep).startswith(PNG)
    loose = tmp_path / "loose.bin"
    loose.write_bytes(simulator.unordered(1, points=2000))
    with pytest.raises(FormatError, match="solver"):
        pictures.residual_histogram(loose)


def test_residuals_skip_missing_returns():
    ticks = np.array([[5, 7, 0, 4], [0, 2, 2, 1]], np.int32)
    assert residuals(ticks).tolist() == [2, 0, -1]


def test_entropy_of_even_and_of_constant_values():
    assert entropy(np.zeros(100)) == 0.0
    assert entropy(np.arange(128)) == pytest.approx(7.0)


def test_projection_keeps_the_nearest():
    points = np.array([[10.0, 0, 0], [4.0, 0, 0], [0, 3.0, 0], [np.nan, 0, 0]])
    image = project(points, rows=1, columns=4)
    assert np.nanmin(image) == 3.0
    assert sorted(image[~np.isnan(image)].tolist()) == [3.0, 4.0]


def test_bits_by_stream_add_up():
    bits = bits_of({"points": 100, "compressed_bytes": 250, "streams": {"range": 150, "intensity": 80}})
    assert bits == {"range": 12.0, "intensity": 6.4, "container": pytest.approx(1.6)}


def test_bits_by_stream_of_a_file(sweep, tmp_path):
    import lizip

    target = tmp_path / "kitti.bin.lizip"
    target.write_bytes(lizip.compress(sweep.read_bytes(), codec="floats"))
    assert pictures.bits_by_stream([target, target]).startswith(PNG)


def test_hidden_lattice(sweep, tmp_path):
    moving = tmp_path / "nuscenes.bin"
    moving.write_bytes(simulator.nuscenes(7))
    assert pictures.hidden_lattice(moving, "a name").startswith(PNG)
    with pytest.raises(FormatError, match="lattice"):
        pictures.hidden_lattice(sweep)


def test_polar_grid(sweep, tmp_path):
    assert pictures.polar_grid(sweep).startswith(PNG)
    loose = tmp_path / "loose.bin"
    loose.write_bytes(simulator.unordered(1, points=2000))
    with pytest.raises(FormatError, match="rings"):
        pictures.polar_grid(loose)


@pytest.mark.slow
def test_the_script_draws_all_pictures(tmp_path, monkeypatch):
    script = Path(__file__).resolve().parents[2] / "scripts" / "make_pictures.py"
    monkeypatch.setattr(sys, "argv", [str(script), "--out", str(tmp_path)])
    runpy.run_path(str(script), run_name="__main__")
    assert len(list(tmp_path.glob("*.png"))) == 5
