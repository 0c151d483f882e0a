"""Azimuth offsets of lasers that a driver adds in float32 radians, or by which it turns sine and cosine.

The azimuth of a block is a float32 already, so the sum rounds the offset to the spacing of float32 at the angle: coarse
at 4 to 2 pi, finer towards 0. In the coarsest binade it is rounded to one known value, which makes its whole hundredths
of a degree a matter of trying: wrong ones give about half of the points, the right one all. Its last digits show where
angles are small.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.trig import DEGREE, TURN
from lizip.jit import kernel
from lizip.sensor.fit.driver.heights import printed_angles
from lizip.sensor.stages.driver import DriverLaw
from lizip.sensor.stages.driver_arithmetic import SUM, azimuth_sincos, single_hundredths
from lizip.sensor.stages.rounding import rounded_coordinate

UNIT = DEGREE / 100
"""0.01 degrees in radians."""

FARTHEST = 1800
"""Largest offset looked for, in 0.01 degrees."""

_SAMPLE, _FINE_SAMPLE = 48, 160
_MOST_MISSES, _MOST_TURNED = 0.1, 0.45
"""Share of points that the right offset may miss before its last digits are known."""
_TURNED_SPREAD = 1.2e-8
"""Radians to which the mean of many azimuths tells an offset."""
_LEAST_POINTS = 6
_BINADES = (4.0, 2.0, 1.0, 0.5)
_CLEAR = 1.08
"""How far above a power of two angle and azimuth share a binade with most offsets."""
_TORN = 0.3
_BLUR = 0.4
"""Of a step of the decimals, how far to one side they move a point, mostly."""
_MOST_WHOLES, _MOST_EQUAL = 12, 12
_MOST_TRIED = 128
_FEW, _NEARLY_ALL = 192, 0.98
_COMMON = ((4, 64), (48, 1))
"""Points of each binade of each laser that tell a number all share, and how many numbers are left."""


@kernel
def _is_exact(law, level, x, y, decimal, azimuth, offset):
    """Whether x and y come out exactly."""
    sine, cosine = azimuth_sincos(azimuth, np.float64(np.float32(offset)), law.angle, law.sine)
    across = rounded_coordinate(np.float64(np.float32(level * sine)), decimal)
    along = rounded_coordinate(np.float64(np.float32(level * cosine)), decimal)
    if law.frame == 0:
        return along == x and -across == y
    if law.frame == 1:
        return across == x and along == y
    if law.frame == 2:
        return along == x and across == y
    return -across == x and along == y


@kernel
def _offset_of(law, units, phase, whole):
    """Offset (rad) of a laser with azimuths `units` (K,): where sines are turned, the table's own angles count."""
    if law.angle == SUM:
        return (phase + whole) * UNIT
    total = 0.0
    for i in range(units.size):
        index = np.rint(units[i] - phase) - whole
        index -= np.floor(index / 36000.0) * 36000.0
        off = units[i] * UNIT - np.float64(single_hundredths(index)) - whole * UNIT
        total += off - np.rint(off / TURN) * TURN
    return total / max(units.size, 1) + whole * UNIT


@kernel
def _try_wholes(law, levels, xy, decimal, units, phase, wholes, most_misses, hits):
    """Add to hits (W,) the points whose x and y are exact with an offset of phase + wholes (W,), in 0.01 degrees.

    Those with too many misses, now or before, get -1.
    """
    for k in range(hits.size):
        if hits[k] < 0:
            continue
        offset = _offset_of(law, units, phase, np.float64(wholes[k]))
        missed = np.int64(0)
        for i in range(levels.size):
            azimuth = np.rint(units[i] - phase) - wholes[k]
            if not _is_exact(law, levels[i], xy[i, 0], xy[i, 1], decimal, azimuth, offset):
                missed += 1
                if missed > most_misses:
                    break
        hits[k] = hits[k] + levels.size - missed if missed <= most_misses else -1


@kernel
def _try_offsets(law, levels, xy, decimal, units, offsets, hits):
    """Fill hits (T,): points whose x and y are exact with each of the offsets (T,) in radians."""
    for k in range(offsets.size):
        hit = np.int64(0)
        for i in range(levels.size):
            azimuth = np.rint(units[i] - offsets[k] / UNIT)
            if _is_exact(law, levels[i], xy[i, 0], xy[i, 1], decimal, azimuth, offsets[k]):
                hit += 1
        hits[k] = hit


def _binades(laser: Laser) -> list[np.ndarray]:
    """Some points of each binade that has enough of them, the coarsest first, clear of its lower end; where decimals
    blur azimuths, the farthest ones."""
    found, angle = [], laser.units * UNIT
    for low in _BINADES:
        inside = np.flatnonzero((angle > low * _CLEAR) & (angle < min(2 * low, TURN)))
        if len(inside) < _LEAST_POINTS:
            continue
        if laser.decimal:
            found.append(inside[np.argsort(-laser.levels[inside], kind="stable")[:_SAMPLE]])
        else:
            found.append(inside[:: 1 + len(inside) // _SAMPLE])
    return found


def _thinned(laser: Laser) -> list[np.ndarray]:
    return [np.arange(0, len(laser.units), 1 + len(laser.units) // _FINE_SAMPLE)]


def _phase_of(units: np.ndarray, near: float) -> float:
    off = units - near
    return near + float(np.mean(off - np.rint(off)))


class Laser(NamedTuple):
    """The points of one laser.

    Attributes
    ----------
    levels : (K,) float64
        Distances from the axis as the law gives them, values of float32.
    xy : (K, 2) float32
    units : (K,) float64
        Azimuths in 0.01 degrees, 0 to 36000, in the law's frame.
    phase : float
        Of the azimuths.
    decimal : float
        What x and y were rounded to, 0.0 where they were not.
    """

    levels: np.ndarray
    xy: np.ndarray
    units: np.ndarray
    phase: float
    decimal: float = 0.0

    def wholes(self, azimuth: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Whole parts of the offset (J,) that the azimuths (J,) of the blocks of points `which` (K,) bool say."""
        whole = np.rint(self.units[which] - self.phase).astype(np.int64) - azimuth
        return (whole + 18000) % 36000 - 18000

    def blur(self, which: np.ndarray) -> float:
        """Radians by which decimals shift the azimuths of points (J,), mostly."""
        return _BLUR / (self.decimal * float(np.median(self.levels[which]))) if self.decimal else 0.0


def find_wholes(law: DriverLaw, laser: Laser) -> np.ndarray:
    """Likely whole parts of the offset of a laser, in 0.01 degrees, the best first."""
    wholes, hits = np.arange(-FARTHEST, FARTHEST + 1), np.zeros(2 * FARTHEST + 1, np.int64)
    if law.angle == SUM and len(laser.units) < _FEW and (few := _find_printed(law, laser, wholes)).size:
        return few
    groups = _binades(laser) if law.angle == SUM else _thinned(laser)
    for group in groups:
        rough = _phase_of(laser.units[group], laser.phase)
        if law.angle == SUM and _is_torn(laser.units[group], rough, laser.blur(group)):
            continue
        misses = int((_MOST_MISSES if law.angle == SUM else _MOST_TURNED) * len(group)) + 1
        _try_wholes(
            law, laser.levels[group], laser.xy[group], laser.decimal, laser.units[group], rough, wholes, misses, hits
        )
    # of those that explain as much, as on a small part of a turn, the smallest
    best = np.lexsort((np.abs(wholes), -hits))[:_MOST_WHOLES]
    return wholes[best[hits[best] > 0]]


def _find_printed(law: DriverLaw, laser: Laser, wholes: np.ndarray) -> np.ndarray:
    """Those of wholes (W,) that give nearly all points if offsets have three decimals, as most makers print them; of
    few points rounded sums alone tell too little."""
    degrees = np.rint((laser.phase + wholes) * 10) / 1000
    offsets = (degrees.astype(np.float32) * np.float32(DEGREE)).astype(np.float64)
    hits = np.zeros(len(wholes), np.int64)
    _try_offsets(law, laser.levels, laser.xy, laser.decimal, laser.units, offsets, hits)
    best = np.lexsort((np.abs(wholes), -hits))[:_MOST_WHOLES]
    return wholes[best[hits[best] >= _NEARLY_ALL * len(laser.units)]]


def find_common(law: DriverLaw, lasers: list[Laser], offsets: np.ndarray) -> int:
    """What to add to the whole parts of all lasers, 0.01 degrees, given their offsets (L,) in radians.

    Where decimals blur points, one laser alone does not tell it.
    """
    added = np.arange(-FARTHEST, FARTHEST + 1)
    groups = [_binades(laser) for laser in lasers]
    for points, left in _COMMON:
        total = np.zeros(len(added), np.int64)
        for laser, offset, some in zip(lasers, offsets.tolist(), groups, strict=True):
            for group in (each[:points] for each in some):
                rough = _phase_of(laser.units[group], laser.phase)
                wholes, hits = round(offset / UNIT - rough) + added, np.zeros(len(added), np.int64)
                cut = np.ascontiguousarray(laser.xy[group])
                _try_wholes(
                    law, laser.levels[group], cut, laser.decimal, laser.units[group], rough, wholes, len(group), hits
                )
                total += hits
        # of those that explain as much, the smallest
        added = added[np.lexsort((np.abs(added), -total))[:left]]
    return int(added[0])


def find_offset(law: DriverLaw, laser: Laser, wholes: np.ndarray) -> tuple[float, float]:
    """Offset of a laser in radians (the value of a float32) with one of the whole parts, and the share it explains."""
    binades = _binades(laser) if law.angle == SUM else []
    mixed, near, spread = _thinned(laser)[0], laser.phase, _TURNED_SPREAD
    likely: list[float] = []
    for whole in wholes.tolist():
        if law.angle == SUM:
            mixed, near, spread = _finest(laser, whole, binades)
        tried = _candidates(_offset_of(law, laser.units, near, float(whole)), spread)
        found = np.zeros(len(tried), np.int64)
        _try_offsets(law, laser.levels[mixed], laser.xy[mixed], laser.decimal, laser.units[mixed], tried, found)
        likely += tried[np.flatnonzero(found == found.max())[:_MOST_EQUAL]].tolist()
    # wrong ones explain nearly all points: all points tell them apart if anything does
    if not likely:
        return 0.0, 0.0
    offsets, found = np.array(likely), np.zeros(len(likely), np.int64)
    _try_offsets(law, laser.levels, laser.xy, laser.decimal, laser.units, offsets, found)
    best = int(np.argmax(found))
    return likely[best], float(found[best] / len(laser.units))


def _finest(laser: Laser, whole: int, binades: list[np.ndarray]) -> tuple[np.ndarray, float, float]:
    """Points of all kinds; the phase that those show whose sums were rounded least, and how far (rad) it may be off."""
    offset = laser.phase + whole
    # blocks count within a turn, sums beyond it
    angle = np.abs(np.mod(laser.units - offset, 36000.0) + offset) * UNIT
    fine = np.argsort(angle, kind="stable")[:_FINE_SAMPLE]
    few = fine[: max(_LEAST_POINTS, np.count_nonzero(angle[fine] < 1.0))]
    spread = max(float(np.spacing(np.float32(angle[few[-1]]))), 3e-8) + laser.blur(few) / np.sqrt(len(few))
    return np.unique(np.concatenate([fine, *binades])), _phase_of(laser.units[few], laser.phase), spread


def _is_torn(units: np.ndarray, phase: float, blur: float) -> bool:
    """Whether an offset lies on a tie of the binade's spacing, so that it is rounded up for half of the azimuths.

    Azimuths are off by `blur` (rad) anyway.
    """
    off = np.abs(units - phase - np.rint(units - phase))
    torn = _TORN * float(np.spacing(np.float32(units.max() * UNIT)))
    return float(np.sort(off)[len(off) // 2]) * UNIT > torn + blur


def _candidates(centre: float, spread: float) -> np.ndarray:
    """Float32 offsets within `spread` of `centre` (rad), those that decimals give first."""
    found: list[float | np.floating] = []
    for number, decimals in printed_angles(centre, spread):
        degrees = number / 10.0**decimals
        found += [np.float32(degrees) * np.float32(DEGREE), np.float32(degrees * DEGREE)]
    low, high = (int(np.float32(centre + side * spread).view(np.int32)) for side in (-1, 1))
    if (low < 0) == (high < 0):
        low, high = sorted((low, high))
        bits = np.arange(low, high + 1, 1 + (high - low) // _MOST_TRIED, dtype=np.int64).astype(np.int32)
        found += bits.view(np.float32).tolist()
    else:
        found.append(np.float32(0.0))
    return np.array(list(dict.fromkeys(map(float, found))))
