"""In which order the axes of a chunk are coded, and how."""

from __future__ import annotations

from typing import NamedTuple


class AxisOrder(NamedTuple):
    """How the axes of a chunk are coded.

    Attributes
    ----------
    axes : tuple of int
        The axes, 0 to 2, in order of coding.
    near : bool
        Look for neighbours of the first axis in the plane of the others, where the point is expected.
    across : bool
        Look for neighbours of the last axis in the plane of the others.
    """

    axes: tuple[int, int, int]
    near: bool
    across: bool


AXIS_ORDERS = (
    AxisOrder((2, 1, 0), False, False),
    AxisOrder((2, 0, 1), False, False),
    AxisOrder((1, 0, 2), False, False),
    AxisOrder((0, 1, 2), False, True),
    AxisOrder((2, 0, 1), True, False),
    AxisOrder((0, 1, 2), True, True),
)
"""Scans in order, clouds in no order; and the same with more to look at, for little."""


class AxisCoding(NamedTuple):
    """What the encoder chooses for a chunk.

    Attributes
    ----------
    order : int
        Index of `AXIS_ORDERS`.
    unmixed : bool
        Mix contexts for the size of an error only, not for its sign and its last bits.
    """

    order: int
    unmixed: bool
