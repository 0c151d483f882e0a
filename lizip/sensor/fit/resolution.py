"""The steps a sensor counts in, out of a few of its rings: columns of a turn, and metres a tick of the range."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from lizip.exact.trig import TURN, sincos
from lizip.jit import kernel
from lizip.sensor.fit.beams import ELEVATION, HEIGHT, SEARCH, fit_line, fit_offset, fit_phase
from lizip.sensor.stages.rounding import HALF, rounding_units

TURNS = (
    *(256, 300, 360, 400, 450, 500, 512, 600, 720, 750, 800, 900, 1000, 1024, 1080, 1200, 1250, 1440, 1500, 1600, 1800),
    *(1875, 2000, 2048, 2250, 2400, 2500, 3000, 3600, 4000, 4096, 4500, 5000, 6000, 7200, 8000, 8192, 9000, 10000),
    *(12000, 14400, 16000, 16384, 18000, 20000, 24000, 32768, 36000),
)
"""Columns of a turn to try, the coarsest first: a lattice that fits, fits at each of its refinements too."""

TICKS = (0.02, 0.016, 0.01, 0.008, 0.006, 0.005, 0.004, 0.003, 0.0025, 0.002, 0.0015, 0.00125, 0.001, 0.0005)
"""Range resolutions to try (m), likewise."""

_HIDDEN = 0.5
"""Range resolution taken where roundings hide the true one, as a share of these."""
_COHERENT = 0.8
_ON_LINE = 0.01
_BESIDE = 1.5
_LEAST_POINTS = 24
_MOST_COLUMNS = 9000
_MOST_TRIED = 40
_LATERALS = 25
_NEAR = 0.25
_FINEST, _COARSEST = 0.0004, 0.022
_FINENESS, _MOST_CANDIDATES = 1.0007, 6000


def find_quanta(points: np.ndarray, bounds: np.ndarray, decimal: int) -> tuple[Iterator[int], float] | None:
    """Find the columns of a turn and the range tick.

    Parameters
    ----------
    points : (N, 3) float32
        Ring after ring.
    bounds : (R + 1,) int64
        First point of each ring, N last. The rings with the most points are looked at.
    decimal : int
        Units a metre to which coordinates were rounded, 0 for none.

    Returns
    -------
    tuple or None
        Numbers of columns that may be, the fewest first; metres a tick. None when the rings do not agree on any.
    """
    largest = [ring for ring in telling_rings(points, bounds)[:3] if bounds[ring + 1] - bounds[ring] >= _LEAST_POINTS]
    spans = [(int(bounds[ring]), int(bounds[ring + 1])) for ring in largest]
    lines = []
    for first, last in spans:
        beam = np.zeros(5)
        if not fit_line(points, first, last, _stride(first, last), np.zeros(64), beam):
            return None
        if _typical_miss(points[first:last], beam) > _ON_LINE:
            return None
        lines.append(beam)
    if len(lines) < 3:
        return None
    finest = 2.0 / decimal if 0 < decimal < HALF else 0.0
    ticks = (tick for tick in TICKS if tick >= finest and _ticks_agree(points, spans, lines, tick))
    tick = next(ticks, None) or _scan_ticks(points, spans, lines, finest)
    if tick is None and decimal:
        # roundings hide it: any finer than they are will do
        tick = float(_HIDDEN * np.median(rounding_units(points.astype(np.float32), decimal).max(axis=1)))
        tick = round(tick, 3) or tick  # as makers have them
        points, spans = _far_points(points, bounds)
    if tick is None:
        return None
    return _turns(points, spans), tick


def _far_points(points: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """The farther half of all points in the three rings that have most of them, and where each ring's are: roundings
    blur azimuths the less the farther points are."""
    reach = points[:, 0] * points[:, 0] + points[:, 1] * points[:, 1]
    far = reach > np.median(reach)
    ends = np.concatenate([[0], np.cumsum(far)])[bounds]
    rings = np.argsort(-np.diff(ends), kind="stable")[:3]
    parts = [points[bounds[ring] : bounds[ring + 1]][far[bounds[ring] : bounds[ring + 1]]] for ring in rings]
    places = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).tolist()
    return np.concatenate(parts), list(itertools.pairwise(places))


def telling_rings(points: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Rings (R,) int64, those with the most points first; points beside the sensor, turned by offsets, do not count."""
    x, y = points[:, 0], points[:, 1]
    far = np.concatenate([[0], np.cumsum(x * x + y * y > _BESIDE * _BESIDE)])[bounds]
    return np.lexsort((-np.diff(bounds), -np.diff(far)))


def _turns(points: np.ndarray, spans: list[tuple[int, int]]) -> Iterator[int]:
    """Numbers of columns that azimuths of all rings gather in, the fewest first; those that are asked for only."""
    found = False
    for turn in TURNS:
        if _columns_agree(points, spans, turn):
            found = True
            yield turn
    if not found:
        yield from _scan_turns(points, spans)


def _typical_miss(points: np.ndarray, line: np.ndarray) -> float:
    """Median distance (m) of points (N, 3) from the cone of a beam."""
    sine, cosine = sincos(line[ELEVATION])
    x, y, z = points.astype(np.float64).T
    return float(np.median(np.abs(z * cosine - np.sqrt(x * x + y * y) * sine - line[HEIGHT])))


def _stride(first: int, last: int) -> int:
    return max(1, (last - first) // SEARCH)


def _ticks_agree(points: np.ndarray, spans: list[tuple[int, int]], lines: list[np.ndarray], tick: float) -> bool:
    """Whether the ranges of all rings gather in steps of a tick."""
    return all(
        fit_offset(points, first, last, _stride(first, last), tick, line.copy()) > _COHERENT
        for (first, last), line in zip(spans, lines, strict=True)
    )


def _columns_agree(points: np.ndarray, spans: list[tuple[int, int]], turn: int) -> bool:
    """Whether the azimuths of all rings gather in so many columns of a turn."""
    sums, beam = np.zeros((2 * _LATERALS + 1, 2)), np.zeros(5)
    return all(
        fit_phase(points, first, last, _stride(first, last), TURN / turn, sums, beam) > _COHERENT
        for first, last in spans
    )


def _scan_turns(points: np.ndarray, spans: list[tuple[int, int]]) -> list[int]:
    """Find a whole number of columns of any size, from azimuth steps between neighbours at about the same distance."""
    single = np.concatenate([_azimuth_steps(points, first, last, 1) for first, last in spans])
    single = single[single > 1e-6]
    if len(single) < 60:
        return []
    longer = [_azimuth_steps(points, first, last, lag) for first, last in spans for lag in (4, 9, 20)]
    steps = np.concatenate([piece[:: 1 + len(piece) // 40] for piece in (single, *longer)])
    turns = np.arange(max(64, int(0.8 * TURN / np.percentile(single, 20))), _MOST_COLUMNS)
    sums = np.empty(len(turns))
    _comb(steps, TURN / turns, sums)
    good = turns[sums > max(_COHERENT, sums.max(initial=0.0) - 0.02)]
    good = (int(turn) for turn in good[:_MOST_TRIED])
    return list(itertools.islice((turn for turn in good if _columns_agree(points, spans, turn)), 1))


def _azimuth_steps(points: np.ndarray, first: int, last: int, lag: int) -> np.ndarray:
    """Small azimuth differences (rad) between points `lag` apart in a ring, at about the same distance."""
    x, y, _ = points[first:last].astype(np.float64).T
    cross = x[:-lag] * y[lag:] - y[:-lag] * x[lag:]
    dot = x[:-lag] * x[lag:] + y[:-lag] * y[lag:]
    here, there = x[:-lag] ** 2 + y[:-lag] ** 2, x[lag:] ** 2 + y[lag:] ** 2
    close = (np.abs(here - there) < 0.02 * here) & (dot > 0) & (np.abs(cross) < 0.15 * dot)
    tangent = np.abs(cross[close] / dot[close])
    square = tangent * tangent
    return tangent * (1.0 - square * (1.0 / 3.0 - square * (1.0 / 5.0 - square / 7.0)))


@kernel
def _comb(steps, ticks, sums):
    """Fill sums (G,) with the coherence of range steps (S,) in each tick of ticks (G,)."""
    for g in range(ticks.size):
        total = 0.0
        for i in range(steps.size):
            quotient = steps[i] / ticks[g]
            total += sincos((quotient - np.rint(quotient)) * TURN)[1]
        sums[g] = total / max(steps.size, 1)


def _scan_ticks(
    points: np.ndarray, spans: list[tuple[int, int]], lines: list[np.ndarray], finest: float
) -> float | None:
    """Find a tick of any size: first from small range steps, which forgive a wrong one, then from ever larger ones."""
    ranges = []
    for (first, last), line in zip(spans, lines, strict=True):
        sine, cosine = sincos(line[ELEVATION])
        x, y, z = points[first:last].astype(np.float64).T
        ranges.append(np.sqrt(x * x + y * y) * cosine + z * sine)
    low, reach = max(_FINEST, finest), _NEAR
    # products one after the other are the same on every machine, powers are not
    candidates = np.cumprod(np.concatenate([[low], np.full(_MOST_CANDIDATES, _FINENESS)]))
    candidates = candidates[candidates < _COARSEST]
    steps = np.concatenate([np.abs(np.diff(r)) for r in ranges])
    steps = steps[(steps < reach) & (steps > 1e-5)]
    steps = np.ascontiguousarray(steps[:: 1 + len(steps) // 200])
    if len(steps) < 60:
        return None
    sums = np.empty(len(candidates))
    _comb(steps, candidates, sums)
    good = np.flatnonzero(sums > _COHERENT)
    if not len(good):
        return None
    group = good[good > good[-1] - 40]
    tick = float(candidates[group[np.argmax(sums[group])]])
    while reach < 64.0:
        reach *= 2.0
        steps = np.concatenate([np.abs(r[k:] - r[:-k]) for r in ranges for k in (1, 3, 7, 15)])
        steps = np.ascontiguousarray(steps[steps < reach][:1000])
        candidates = tick * (1.0 + np.linspace(-1, 1, 81) * 0.5 * tick / reach)
        sums = np.empty(len(candidates))
        _comb(steps, candidates, sums)
        if sums.max() < _COHERENT:
            return None
        tick = float(candidates[np.argmax(sums)])
    # what people choose has few decimals
    short = round(tick, 6)
    return short if abs(short - tick) < 1e-6 * tick else tick
