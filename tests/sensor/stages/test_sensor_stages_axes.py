"""Axes are put back bit by bit, whatever the bits are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from lizip.errors import CorruptError
from lizip.sensor.returns import Returns
from lizip.sensor.stages.axes import AS_THEY_ARE, OTHERS, Axes

SCHEMA = tuple((name, np.dtype("<f4")) for name in "xyz")


@pytest.mark.parametrize("axes", [AS_THEY_ARE, *OTHERS])
@given(hnp.arrays(np.uint32, (7, 3)))
def test_any_bits_come_back(axes, bits):
    stored = bits.view(np.float32)
    returns = Returns(np.zeros((1, 1), np.int32), None, SCHEMA, len(bits))
    returns.columns = {name: axes.undone(stored)[:, k].copy() for k, name in enumerate("xyz")}
    Axes.unpack(axes.pack()).apply(returns)
    again = np.stack([returns.columns[name] for name in "xyz"], axis=1)
    np.testing.assert_array_equal(again.view(np.uint32), bits)


def test_foreign_axes_are_corrupt():
    with pytest.raises(CorruptError):
        Axes.unpack(b"\x08")
    with pytest.raises(CorruptError):
        Axes().apply(Returns(np.zeros((1, 1), np.int32), None, SCHEMA, 1))
