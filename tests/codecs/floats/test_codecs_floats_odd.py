"""Odd values: what is packed comes back, and what stands for them is of their neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lizip.codecs.floats.odd import Odd
from lizip.errors import CorruptError
from lizip.packing import Unpacker


@given(st.sets(st.integers(0, 1 << 40)), st.sampled_from(["<f4", "<f8", "<u2"]))
def test_any_rows_come_back(rows, kind):
    odd = Odd(np.array(sorted(rows), np.int64), np.arange(len(rows)).astype(kind))
    again = Odd.unpack(Unpacker(odd.pack()), np.dtype(kind))
    assert again.rows.tolist() == odd.rows.tolist()
    assert again.values.tobytes() == odd.values.tobytes()


def test_odd_values_beyond_all_points_are_refused():
    odd = Odd(np.array([3, 7]), np.zeros(2, np.float32))
    odd.check(8)
    with pytest.raises(CorruptError):
        odd.check(7)


def test_the_value_before_stands_for_odd_ones_and_each_piece_gets_its_own_back():
    column = np.arange(12, dtype=np.float32)
    column.view(np.uint32)[[0, 1, 5, 6, 11]] = 0x7F800001  # a NaN that arithmetic would change
    odd = Odd.of(column, np.array([0, 1, 5, 6, 11]))
    smooth = odd.smoothed(column)
    assert smooth.tolist() == [2, 2, 2, 3, 4, 4, 4, 7, 8, 9, 10, 10]
    pieces = [smooth[:6].copy(), smooth[6:].copy()]
    for start, piece in zip((0, 6), pieces, strict=True):
        odd.put(piece, start)
    assert np.concatenate(pieces).tobytes() == column.tobytes()
