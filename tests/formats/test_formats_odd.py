"""Odd but valid files of every format: exact, told as an independent reader tells them, never larger than zstd or xz.

`odd_files.py` runs many more of them as a program.
"""

from __future__ import annotations

import io

import numpy as np
import pytest
from format_files import round_trip
from hypothesis import given, settings
from hypothesis import strategies as st
from odd_files import FORMATS, bound, odd, same

import lizip
from lizip.codecs import opaque
from lizip.container.parts import SMALL

SEEDS = st.integers(0, 1 << 30)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25)
@given(seed=SEEDS)
def test_columns_are_those_of_another_reader(name, seed):
    file = odd(name, seed)
    cloud = round_trip(file.content)
    assert cloud.format == file.format
    if file.columns is not None:
        mine = list(cloud.columns.values()) if name == "bin" else [cloud.columns[each] for each in file.columns]
        assert name != "bin" or len(mine) == len(file.columns)
        for column, theirs in zip(mine, file.columns.values(), strict=False):
            assert same(column, theirs)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=6)
@given(seed=SEEDS, level=st.sampled_from(["default", "max"]))
def test_whole_way(name, seed, level):
    """Within the bound, at every level that promises it; what is read is what the format says."""
    file = odd(name, seed)
    coded = lizip.compress(file.content, level=level)
    assert len(coded) <= bound(file.content)
    assert len(file.content) >= SMALL or len(coded) <= len(opaque.encode_bytes(file.content)) + 24
    assert lizip.decompress(coded) == file.content
    cloud = round_trip(file.content)
    columns = lizip.read(io.BytesIO(coded))
    assert {each: column.tobytes() for each, column in columns.items()} == {
        each: column.tobytes() for each, column in cloud.columns.items()
    }
    assert lizip.info(io.BytesIO(coded))["points"] == cloud.count


@settings(max_examples=80)
@given(st.sampled_from(list(FORMATS)), st.sampled_from(list(FORMATS)), SEEDS)
def test_mixtures(first, second, seed):
    """Headers of one with bodies of another, two glued, cut anywhere: exact."""
    rng = np.random.default_rng(seed)
    one, two = odd(first, seed).content, odd(second, seed + 1).content
    head = one[: int(rng.integers(0, min(len(one), 600) + 1))]
    cut = int(rng.integers(0, len(two) + 1))
    for content in (head + two, head + two[cut:], one + two, two[:cut], two[cut:]):
        round_trip(content)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_ten_thousand(name):
    for seed in range(10_000):
        round_trip(odd(name, seed).content)
