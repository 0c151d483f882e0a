"""Which points of a file follow its order, and in which columns the sensor fired: from what a calibration explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.sensor.fit.ascent import keep_ascending
from lizip.sensor.fit.calibration import Calibration
from lizip.sensor.fit.columns import find_columns
from lizip.sensor.fit.explain import Explained
from lizip.sensor.fit.firings import anchor_firings, fill_anchors, gather_firings, unwrap
from lizip.sensor.fit.layout import Layout
from lizip.sensor.stages.firings import MOST_TURNS, Columns
from lizip.sensor.stages.order import ALL_FIRINGS, ALL_RINGS, RINGS, Order
from lizip.sensor.stages.timing import MOST_AWAY

_MOST_OUT_OF_STEP = 0.05


@dataclass(frozen=True)
class Fired:
    """Where the returns of a file were fired.

    Attributes
    ----------
    kept : (N,) bool
        Points that follow the order.
    firing, away : (N,) int64
        Column of the firing, and columns from there to the return's own; meaningless unless kept.
    columns : Columns
        All firings.
    order : Order
    """

    kept: np.ndarray
    firing: np.ndarray
    away: np.ndarray
    columns: Columns
    order: Order


def find_order(
    layout: Layout, explained: Explained, ring: np.ndarray, nothing: np.ndarray, c: Calibration
) -> Fired | None:
    """Find the firings, where the scan starts, and the points that follow its order."""
    kept = explained.kept.copy()
    column, away = explained.firing.astype(np.int64), np.zeros(len(ring), np.int64)
    rings = ring.astype(np.int64)
    at, bounds = np.flatnonzero(kept), None
    if layout.kind == RINGS:
        at = at[np.argsort(ring[at], kind="stable")]
        bounds = np.searchsorted(ring[at], np.arange(layout.rings + 1))
    else:
        assert layout.turn is not None
        at = at[np.argsort(layout.turn[at], kind="stable")]
    column[at], turns = unwrap(column[at], c.beams.columns, bounds)
    if turns > MOST_TURNS:
        return None
    span, whole = turns * c.beams.columns, layout.kind in (ALL_FIRINGS, ALL_RINGS)
    firings = len(ring) // layout.rings if whole else 0
    fired: np.ndarray | None = None
    rank = np.zeros(len(ring), np.int64) if layout.turn is None or not whole else layout.turn
    if whole:
        ahead = (column - rank) % span
        start = np.bincount(ahead[kept]).argmax()
        if np.count_nonzero(ahead[kept] == start) > (1 - _MOST_OUT_OF_STEP) * len(at):
            fired = (start + np.arange(firings)) % span
            kept &= ahead == start
        else:
            anchors, away[at] = anchor_firings(column[at], rings[at], rank[at], firings, span)
            fired = fill_anchors(anchors, span)
        if fired is None or firings > span:
            return None
        column = fired[rank]
    elif (firing := gather_firings(column[at], rings[at], span)) is not None:
        anchors, away[at] = anchor_firings(column[at], rings[at], firing, int(firing.max()) + 1, span)
        column[at] = anchors[firing]
    kept &= np.abs(away) < MOST_AWAY
    starts = np.zeros(layout.rings, np.int64)
    in_order = np.flatnonzero(kept)
    if not len(in_order):
        return None
    if layout.kind == RINGS:
        starts[rings[in_order[::-1]]] = column[in_order[::-1]]
    else:
        starts[:] = fired[0] if fired is not None else column[in_order[0]]
    order = Order(layout.kind, layout.places, starts, nothing)
    kept[in_order[~keep_ascending(order.keys(rings[in_order], column[in_order], rank[in_order], span, firings))]] = (
        False
    )
    if not kept.any():
        return None
    columns = find_columns(column[kept], span) if fired is None else Columns(span, fired, _is_closed(fired, span))
    return Fired(kept, column, away, columns, order)


def _is_closed(fired: np.ndarray, span: int) -> bool:
    return len(fired) == span or bool((fired[0] - fired[-1]) % span < span // 8)
