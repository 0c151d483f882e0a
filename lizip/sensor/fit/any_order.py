"""Any spinning sensor at rest, found out from one scan: beams, steps and order of the points.

What is assumed: beams from about one origin at fixed elevations, an azimuth lattice, a range tick, coordinates rounded
to float32 (or to decimals first), in the sensor's frame or moved from it by one transform. Points may come firing after
firing or ring after ring, missing returns left out or kept (as zeros, NaN, or whatever is repeated).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lizip.exact.triples import every
from lizip.sensor.fit.advances import Advances
from lizip.sensor.fit.calibrate import calibrate
from lizip.sensor.fit.calibration import Calibration
from lizip.sensor.fit.explain import explain, make_grid, residual_of
from lizip.sensor.fit.found import Found
from lizip.sensor.fit.layout import Layout, find_layout, layout_by_azimuth
from lizip.sensor.fit.mount import find_mount
from lizip.sensor.fit.order import Fired, find_order
from lizip.sensor.stages.firings import Columns
from lizip.sensor.stages.pose import Mount
from lizip.sensor.stages.timing import QUANTUM
from lizip.sensor.state import SensorState

_MOST_EXCEPTIONS = 0.05
_MOST_UNITS = 1 << 18
_MOST_DECIMALS = 8


def find_any_order(
    xyz: np.ndarray, missing: np.ndarray, nothing: np.ndarray, level: str, state: SensorState
) -> Found | None:
    """Explain points (N, 3) float32; None when they are in no order or from no lattice.

    Those that are missing (N,) are no returns and have the bits `nothing` (3,) uint32.
    """
    known = state.get("any order", Calibration)
    for layout, mount in _layouts(xyz, missing):
        if known is not None and known.mount is None and known.advances is None and known.beams.count == layout.rings:
            found = _explained(xyz, missing, nothing, layout, known)
            if found is not None:
                return found
        fitted = calibrate(xyz, layout, missing, 1 if level == "fast" else 3, mount)
        if fitted is not None:
            state.put("any order", fitted[0])
            return _explained(xyz, missing, nothing, layout, *fitted)
    return None


def _layouts(xyz: np.ndarray, missing: np.ndarray) -> Iterator[tuple[Layout, Mount | None]]:
    """Orders in which the points may be, and where the sensor is if not at the origin."""
    if (layout := find_layout(xyz, missing)) is not None:
        yield layout, None
    if not missing.any() and (layout := layout_by_azimuth(xyz)) is not None:
        yield layout, None
    valid = ~missing & every(np.isfinite(xyz))
    mount = find_mount(xyz[valid])
    if mount is not None:
        seen = mount.to_sensor(xyz)
        seen[~valid] = 0.0
        if (layout := find_layout(seen, missing)) is not None:
            yield layout, mount


def _explained(
    xyz: np.ndarray,
    missing: np.ndarray,
    nothing: np.ndarray,
    layout: Layout,
    calibration: Calibration,
    advances: Advances | None = None,
) -> Found | None:
    """Explain a scan by a calibration; None when too many points escape it."""
    c = calibration
    ring = np.where(missing, -1, layout.ring).astype(np.int32)
    ahead = None
    if advances is not None:
        assert layout.turn is not None
        assert c.advances is not None
        ahead = QUANTUM * c.advances[ring] * (advances.steps[layout.turn] - advances.usual)
    explained = explain(xyz, ring, c, _MOST_DECIMALS if c.decimal else _MOST_UNITS, ahead, repeats=True)
    least = (1 - _MOST_EXCEPTIONS) * np.count_nonzero(~missing)
    if np.count_nonzero(explained.kept) < least:
        return None
    fired = find_order(layout, explained, ring, nothing, c)
    if fired is None or np.count_nonzero(fired.kept) < least:
        return None
    kept = fired.kept
    if fired.order.whole:
        every = make_grid(fired.columns.fired[layout.turn], layout.ring, c, fired.columns)
        row = every.row[kept]
    else:
        every = make_grid(fired.firing[kept], ring[kept], c, fired.columns)
        row = every.row
    steps = None if advances is None else _steps_by_firing(layout, fired, every.columns, advances)
    place, residual = np.flatnonzero(kept), residual_of(explained, xyz)
    corrections, corrected = explained.corrections_of(place)
    return Found(
        calibration=c,
        profile=None,
        order=fired.order,
        columns=every.columns,
        base=every.base,
        rows=every.rows,
        place=place,
        ring=ring[kept].astype(np.int64),
        row=row,
        firing=every.columns.ranks(fired.firing[kept]),
        ticks=explained.ticks[kept],
        corrections=corrections,
        corrected=corrected,
        residual=residual,
        away=fired.away[kept],
        steps=steps,
        usual=0 if advances is None else advances.usual,
    )


def _steps_by_firing(layout: Layout, fired: Fired, columns: Columns, advances: Advances) -> np.ndarray:
    """Step (F,) int64 of each firing: that of its points in the file."""
    steps = np.full(len(columns.fired), advances.usual, np.int64)
    at = np.flatnonzero(fired.kept)
    assert layout.turn is not None
    steps[columns.ranks(fired.firing[at])] = advances.steps[layout.turn[at]]
    return steps
