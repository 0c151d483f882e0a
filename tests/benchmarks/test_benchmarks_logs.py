"""What the benchmark of logs says of floors: noise that is known comes out."""

import numpy as np
import pytest

from benchmarks.logs import floors


@pytest.mark.parametrize("deviation", [2.0, 6.0])
def test_the_floor_of_a_noisy_wall_is_that_of_its_noise(deviation):
    """A wall that runs away, with an edge: its noise to a tenth of a bit; lizip takes more than that."""
    random = np.random.default_rng(1)
    wall: np.ndarray = 5000 + 3.0 * np.arange(400)[:, None] + 20.0 * np.arange(32)
    wall[200:] += 3000
    ranges: np.ndarray = np.rint(wall + deviation * random.normal(size=wall.shape)).astype(np.int32)
    levels = random.integers(0, 8, wall.shape).astype(np.int32)
    share, floor, here, elsewhere, level, flags = floors._floor(ranges, levels, 60)
    assert share > 0.9
    assert floor == pytest.approx(np.log2(4.1327 * deviation), abs=0.1)
    assert floor < here < floor + 0.8
    assert elsewhere > here
    assert level == pytest.approx(3, abs=0.4)
    assert flags < 0.1


def test_costs_are_those_of_the_stream():
    random = np.random.default_rng(2)
    ranges = np.where(random.random((300, 16)) < 0.9, 1000 + random.integers(0, 50, (300, 16)), 0).astype(np.int32)
    levels = np.where(ranges > 0, random.integers(0, 100, ranges.shape), 0).astype(np.int32)
    stream = floors.encode_grid(ranges, levels, near=20, net=floors.DEFAULT_NET)
    assert floors._costs(ranges, levels).sum() == pytest.approx(8 * len(stream.data), rel=0.03)


def test_rounded_numbers():
    """Of a wide one log2(4.13 s) bits; of one beyond the end none."""
    wide, beyond = floors._rounded(np.array([50.0, 500.0]), np.array([6.0, 6.0]), 99)
    assert wide == pytest.approx(np.log2(4.1327 * 6), abs=0.01)
    assert beyond == pytest.approx(0, abs=1e-6)


def test_what_a_drive_draws():
    """Ranges of 9 mm of noise and more in steps of 2 mm take about 5 bits, intensities about 4."""
    ranges, intensities = floors._drawn(firings=100)
    cells = 2 * 100 * 64
    assert 4 < 8 * ranges / cells < 6
    assert 3 < 8 * intensities / cells < 5
