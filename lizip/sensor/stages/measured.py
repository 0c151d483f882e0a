"""Where the points of a file were measured: what further columns may follow from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns
    from lizip.sensor.stages.driver import Driver

TURN_UNITS = 36000
"""0.01 degrees of a turn."""

KINDS = 6
"""Kinds of returns: the only one of its cell; the first of several, nearer or farther than the next; one behind,
farther or nearer than the one before; a point that is no return."""


class Cells(NamedTuple):
    """Where the N points of a file were measured, in file order; -1 where that is not known.

    Attributes
    ----------
    ring, firing : (N,) int64
        Ring and index of the firing.
    ticks : (N,) int64
        Range, 0 without a return.
    rings, firings : int
        How many there are.
    kind : (N,) int64
        See `KINDS`.
    azimuth : (N,) int64 or None
        0.01 degrees, of points that a driver computed.
    fired : (F,) int64 or None
        Of their firings.
    places : (R,) int64 or None
        Places of rings in a firing.
    driver : Driver or None
    """

    ring: np.ndarray
    firing: np.ndarray
    ticks: np.ndarray
    rings: int
    firings: int
    kind: np.ndarray
    azimuth: np.ndarray | None = None
    fired: np.ndarray | None = None
    places: np.ndarray | None = None
    driver: Driver | None = None

    def firing_numbers(self) -> np.ndarray:
        """Numbers (F,) of the firings, those counted that nothing shows of: by their azimuths, where they are known."""
        if self.fired is None or len(self.fired) != self.firings or self.firings < 2:
            return np.arange(self.firings)
        steps = (np.diff(self.fired) + TURN_UNITS // 2) % TURN_UNITS - TURN_UNITS // 2
        usual = int(np.sort(steps)[len(steps) // 2])
        if not usual:
            return np.arange(self.firings)
        steps = (2 * steps * np.sign(usual) + abs(usual)) // (2 * abs(usual))
        return np.concatenate([[0], np.cumsum(np.maximum(steps, 1))])


def cells_of(returns: Returns) -> Cells:
    """Where the N points of a file were measured; `returns` are placed."""
    spread = np.full((5, returns.count), -1, np.int64)
    spread[2], spread[3] = 0, KINDS - 1
    if returns.every is not None:
        spread[0], spread[1] = returns.every[:2]
    for column, known in zip(spread[:4], (returns.ring, returns.firing, returns.ticks, _kinds(returns)), strict=True):
        column[returns.place] = known
    firings = returns.firings if returns.fired is None else len(returns.fired.fired)
    ring, firing, ticks, kind, azimuth = spread
    cells = Cells(ring, firing, ticks, returns.ranges.shape[1], firings, kind)
    if returns.driver is None or returns.azimuths is None:
        return cells
    azimuth[returns.place] = returns.column
    return cells._replace(azimuth=azimuth, fired=returns.azimuths, places=returns.places, driver=returns.driver)


def nowhere(count: int) -> Cells:
    """Cells of `count` points of which nothing is known."""
    none = np.full(count, -1, np.int64)
    return Cells(none, none, np.zeros(count, np.int64), 0, 0, np.full(count, KINDS - 1))


def _kinds(returns: Returns) -> np.ndarray:
    """Kind (M,) of each return."""
    count = len(returns.ring)
    if returns.nth is None or not returns.nth.any():
        return np.zeros(count, np.int64)
    cell = returns.row * returns.ranges.shape[1] + returns.ring
    sort = np.lexsort((returns.nth, cell))
    same = cell[sort][1:] == cell[sort][:-1]
    farther = returns.ticks[sort][1:] > returns.ticks[sort][:-1]
    kind = np.zeros(count, np.int64)
    kind[:-1][same] = np.where(farther[same], 1, 2)
    kind[1:][same] = np.where(farther[same], 3, 4)
    out = np.empty(count, np.int64)
    out[sort] = kind
    return out
