"""Where strong coders are said to have no chance, they have none; where long repetitions help them, it is seen."""

import lzma

import numpy as np
import pytest
import zstandard

import lizip
from lizip import simulator
from lizip.yardstick import out_of_reach, repeated

NOISE = np.random.default_rng(1).bytes(300_000)
SCAN = simulator.kitti(1, firings=250)


def strong(data: bytes) -> int:
    return min(len(zstandard.ZstdCompressor(level=19).compress(data)), len(lzma.compress(data, preset=9)))


@pytest.mark.parametrize("data", [SCAN, NOISE, b"%r" % (np.arange(40_000) ** 2).tolist(), bytes(200_000)])
def test_strong_coders_do_not_come_below(data):
    """Twice the true size of LZMA's result is in its reach; what it would never reach is not."""
    least = strong(data)
    assert not out_of_reach(memoryview(data), least)
    assert not out_of_reach(memoryview(data), 2 * least)
    assert out_of_reach(memoryview(data), least // 20) or least < 4096


def test_short_files_are_not_judged():
    assert not out_of_reach(memoryview(NOISE[:60_000]), 0)


@pytest.mark.parametrize("gap", [b"", b"abc"])
@pytest.mark.parametrize("times", [2, 5, 40])
def test_repetitions_are_seen(times, gap):
    """At any distance and any phase: no strip holds both."""
    block = NOISE[:70_000]
    data = memoryview((block + gap) * times)
    assert repeated(data, bytes(data[:16384])) == pytest.approx(1 - 1 / times, abs=0.05)
    assert not out_of_reach(data, strong(bytes(data)))
    assert out_of_reach(memoryview(NOISE), 20_000)


def test_a_repeated_part_is_seen():
    data = memoryview(NOISE + NOISE[:100_000])
    assert repeated(data, bytes(data[:16384])) == pytest.approx(0.25, abs=0.05)
    assert repeated(memoryview(NOISE), NOISE[:16384]) == 0


def test_nothing_is_known_where_bytes_are_few_or_alike():
    for data in (bytes(200_000), b"ab" * 100_000, np.random.default_rng(2).integers(0, 2, 200_000, "u1").tobytes()):
        assert repeated(memoryview(data), data[:16384]) == 1
        assert not out_of_reach(memoryview(data), 1)


@pytest.mark.parametrize("times", [4, 25])
def test_files_of_repeated_points_come_out_no_larger(times):
    """A model of each sweep is far behind LZMA here."""
    data = SCAN[: 16 * 6000] * times
    assert len(lizip.compress(data)) <= strong(data) + 64
