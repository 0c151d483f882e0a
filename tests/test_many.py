"""Many items in threads: in order, the same bytes as alone, errors in their place, little ahead, all threads ended."""

from __future__ import annotations

import itertools
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lizip
from lizip import simulator
from lizip.container import is_lizip
from lizip.formats import npy


def arrays(count: int) -> list[np.ndarray]:
    random = np.random.default_rng(3)
    return [random.normal(size=(10 + number, 3)).astype(np.float32) for number in range(count)]


ITEMS = st.lists(
    st.one_of(
        st.binary(max_size=300).filter(lambda data: not is_lizip(data)),
        st.lists(st.floats(width=32), min_size=1, max_size=40).map(lambda values: np.array(values, np.float32)),
    ),
    max_size=8,
)


@settings(max_examples=25)
@given(items=ITEMS, threads=st.integers(0, 4))
def test_each_as_alone_and_in_order(items, threads):
    packed = list(lizip.compress_many(iter(items), threads=threads, level="fast"))
    assert packed == [lizip.compress(item, level="fast") for item in items]
    for item, back in zip(items, lizip.decompress_many(packed, threads=threads), strict=True):
        assert type(back) is type(item)
        assert (back if isinstance(back, bytes) else back.tobytes()) == (
            item if isinstance(item, bytes) else item.tobytes()
        )


def test_sweeps_of_several_kinds_at_the_same_time():
    """Whatever is kept between files, of any solver, is nothing to what runs beside."""
    pair = simulator.vlp32c_pair(1, packets=30)
    sweeps = [pair, simulator.kitti(1, firings=150), simulator.nuscenes(1, firings=200)]
    alone = [lizip.compress(sweep) for sweep in sweeps]
    assert list(lizip.compress_many([bytes(bytearray(pair)), *sweeps], threads=3)) == [alone[0], *alone]
    assert list(lizip.decompress_many(alone, threads=3)) == sweeps


def test_paths(tmp_path):
    paths = [tmp_path / "one.bin", tmp_path / "two.npy"]
    paths[0].write_bytes(simulator.kitti(1, firings=60))
    np.save(paths[1], arrays(1)[0])
    packed = list(lizip.compress_many([paths[0], str(paths[1])], threads=2))
    kept = [lizip.compress_file(path) for path in paths]
    assert packed == [(tmp_path / f"{path.name}.lizip").read_bytes() for path in paths]
    assert list(lizip.decompress_many(kept, threads=2)) == [path.read_bytes() for path in paths]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_an_error_comes_in_its_place_and_ends_it(threads):
    before = threading.active_count()
    results = lizip.compress_many([*arrays(7), "not a path", *arrays(3)], threads=threads)
    assert [lizip.decompress(next(results)).shape for _ in range(7)] == [(10 + number, 3) for number in range(7)]
    with pytest.raises(FileNotFoundError, match="not a path"):
        next(results)
    assert list(results) == []
    assert threading.active_count() == before


@pytest.mark.parametrize("threads", [1, 3])
def test_errors_as_results(threads):
    damaged = bytearray(lizip.compress(arrays(1)[0]))
    damaged[len(damaged) // 2] ^= 1
    results = list(lizip.decompress_many([b"", damaged, lizip.compress(b"x")], threads=threads, return_exceptions=True))
    assert [type(each) for each in results] == [lizip.FormatError, lizip.CorruptError, bytes]


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("return_exceptions", [False, True])
def test_what_the_iterable_raises_comes_after_the_items_before_it(threads, return_exceptions):
    def items():
        yield from arrays(3)
        raise KeyError("mine")

    results = lizip.compress_many(items(), threads=threads, return_exceptions=return_exceptions)
    assert len(list(itertools.islice(results, 3))) == 3
    with pytest.raises(KeyError, match="mine"):
        next(results)


@pytest.mark.parametrize("threads", [1, 3])
def test_endless_items_are_taken_as_results_are_asked_for(threads):
    taken = []
    before = threading.active_count()

    def items():
        for number in itertools.count():
            taken.append(number)
            yield b"%d" % number

    results = lizip.compress_many(items(), threads=threads)
    assert taken == []
    for number in range(200):
        assert lizip.decompress(next(results)) == b"%d" % number
        assert len(taken) <= number + threads + 2
    results.close()
    assert threading.active_count() == before
    assert len(taken) <= 200 + threads + 2


def test_what_is_wrong_with_the_call_is_said_at_once():
    for options in ({"state": None}, {"sequence": None}, {"colour": "red"}):
        with pytest.raises(TypeError):
            lizip.compress_many([], **options)
    with pytest.raises(ValueError, match="choose one of"):
        lizip.compress_many([], level="best")
    with pytest.raises(ValueError, match="threads"):
        lizip.decompress_many([], threads=-1)
    one: Any
    for one in (b"bytes", "path"):
        with pytest.raises(TypeError, match="iterable"):
            lizip.decompress_many(one)


def test_filters_of_warnings_outlive_threads():
    """What numpy says of old headers is kept quiet by changing the filters, which are the process's."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2L,), }"
    data = memoryview(b"\x93NUMPY\x01\x00\x46\x00" + header.ljust(69) + b"\n" + bytes(8))
    before, often = list(warnings.filters), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert {header.size for header in pool.map(lambda _: npy._read_header(data), range(1000))} == {80}
    finally:
        sys.setswitchinterval(often)
    assert warnings.filters == before
