"""Drivers that compute points from blocks of packets (docs/format/sweep.md, stage 17)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from second_reader.bytestream import Bytes, demand
from second_reader.sweep.arithmetic import f32, wide
from second_reader.sweep.returns import Returns
from second_reader.sweep.trig import DEGREE, sincos, sincos_single

SUM, HUNDREDTHS, SINGLE_HUNDREDTHS, SINGLE_DEGREES, EXACT, EXACT_MOVED, FINE, FINE_SINGLE, TURNED, LENS = range(10)
PLACED, PLACED_SINGLE, PLACED_EXACT = range(10, 13)
_TURN, _FINE_TURN = 36000.0, 9216000.0
_PI = np.float32(3.1415927410125732)
_NEAR_X, _NEAR_Y, _FAR = 2.4, 1.93, 25.04
_DOUBLE = (EXACT, EXACT_MOVED, PLACED_EXACT)
_Pair = tuple[np.ndarray, np.ndarray]


class Law(NamedTuple):
    """How a driver computes angles; elevations in radians, offsets as printed."""

    angle: int
    sine: int
    elevations: np.ndarray
    offset: tuple[np.ndarray, int, bool]

    @property
    def offsets(self) -> np.ndarray:
        """Offsets of lasers, radians, float32."""
        return f32(_radians(*self.offset))


def _printed(head: Bytes, lasers: int) -> tuple[np.ndarray, int, bool]:
    decimals, single = divmod(head.varint(), 2)
    if decimals == 0:
        return np.array(head.numbers(f"{lasers}I"), np.int64), -1, bool(single)
    return np.array([head.signed() for _ in range(lasers)], np.int64), decimals - 1, bool(single)


def _radians(numbers: np.ndarray, decimals: int, single: bool) -> np.ndarray:
    if decimals < 0:
        return wide(numbers.astype(np.uint32).view(np.float32))
    degrees = numbers / 10.0**decimals
    return wide(f32(degrees) * np.float32(DEGREE)) if single else degrees * DEGREE


def _rounded(value: np.ndarray) -> np.ndarray:
    return wide(f32(value))


def driver(head: Bytes, returns: Returns) -> None:
    """Stage 17."""
    distance_law, law, sine_law, frame, lasers = head.varints(5)
    demand(law <= PLACED_EXACT, "a sensor computes in an unknown way")
    tick = returns.unit(head.numbers("d")[0])
    printed, offset = _printed(head, lasers), _printed(head, lasers)
    lens = wide(np.array(head.numbers("2f"), np.float32)) if law == LENS else np.zeros(2)
    lengths = [_metres(*_printed(head, lasers)) for _ in range(5 if law >= PLACED else 0)]
    elevations, ring, ticks = _radians(*printed), returns.ring, wide(returns.ticks)
    fine = law in (FINE, FINE_SINGLE)
    returns.driver = Law(law, sine_law, printed[0] / 25600.0 * DEGREE if fine else elevations, offset)
    rise, fall = (each[ring] for each in _rises(printed[0], elevations, law, sine_law))
    offsets = _offsets(offset, law)[ring]
    sine, cosine = _angles(wide(returns.column), offsets, law, sine_law)
    distance = ticks * tick
    if distance_law == 0:
        distance = _rounded(distance)
    elif distance_law == 1:
        distance = wide(f32(ticks) * np.float32(tick))
    if law == PLACED_EXACT:
        up, aside, further = (each[ring] for each in lengths[:3])
        distance = ticks * tick + further
        level = distance * fall
        across, along, height = level * sine - aside * cosine, level * cosine + aside * sine, distance * rise + up
    elif law >= PLACED:
        places = [_rounded(each)[ring] for each in lengths]
        across, along, height = _placed(distance, (rise, fall), (sine, cosine), places, law == PLACED_SINGLE)
    else:
        level = distance * fall if law in _DOUBLE else _rounded(distance * fall)
        across, along, height = level * sine, level * cosine, distance * rise
        if law == EXACT_MOVED:
            across, along, height = across - 0.0 * cosine, along + 0.0 * sine, height + 0.0
        elif law == LENS:
            sine, cosine = _angles(wide(returns.column), np.zeros(len(ring)), law, sine_law)
            across = _rounded(across) + _rounded(lens[0] * sine)
            along = _rounded(along) + _rounded(lens[0] * cosine)
            height = _rounded(height) + lens[1]
    across, along, height = _rounded(across), _rounded(along), _rounded(height)
    x, y = ((along, -across), (across, along), (along, across), (-across, along))[frame]
    returns.points = np.stack([x, y, height], axis=1)


def _metres(numbers: np.ndarray, decimals: int, _single: bool) -> np.ndarray:
    return wide(numbers.astype(np.uint32).view(np.float32)) if decimals < 0 else numbers / 10.0**decimals


def _offsets(offset: tuple[np.ndarray, int, bool], law: int) -> np.ndarray:
    if law in (FINE, FINE_SINGLE):
        return wide(offset[0])
    if law == LENS or law in _DOUBLE:
        return offset[0] / 10.0 ** max(offset[1], 0) * 100.0
    return _rounded(_radians(*offset))


def _rises(numbers: np.ndarray, elevations: np.ndarray, law: int, modern: int) -> _Pair:
    if law in _DOUBLE:
        return sincos(elevations)
    if law in (FINE, FINE_SINGLE):
        return _fine(wide(numbers), law, modern)
    if law == LENS:
        return sincos_single(elevations, 0)
    return sincos_single(_rounded(elevations), modern)


def _fine(index: np.ndarray, law: int, modern: int) -> _Pair:
    index = index - np.floor(index / _FINE_TURN) * _FINE_TURN
    if law == FINE:
        return sincos_single(index * 6.283185307179586 / _FINE_TURN, 0)
    return sincos_single(wide(f32(2.0 * index) * _PI / np.float32(_FINE_TURN)), modern)


def _angles(azimuth: np.ndarray, offset: np.ndarray, law: int, modern: int) -> _Pair:
    if law in (FINE, FINE_SINGLE):
        return _fine(256.0 * azimuth + offset, law, modern)
    if law == LENS:
        azimuth = azimuth + offset
    index = azimuth - np.floor(azimuth / _TURN) * _TURN
    if law in _DOUBLE:
        turned = index + offset
        turned = turned - np.floor(turned / _TURN) * _TURN
        return sincos(turned / 100.0 * DEGREE)
    if law == LENS:
        return sincos_single(0.01 * index * DEGREE, 0)
    if law == SUM:
        angle = f32(index / 100.0 * DEGREE) + f32(offset)
    elif law == HUNDREDTHS:
        angle = f32(0.01 * index * DEGREE)
    elif law == SINGLE_DEGREES:
        angle = np.float32(0.01) * f32(index) * _PI / np.float32(180.0)
    else:
        angle = f32(wide(np.float32(0.01) * f32(index)) * DEGREE)
    sine, cosine = sincos_single(wide(angle), modern)
    if law < TURNED:
        return sine, cosine
    s, c = sincos_single(offset, modern)
    turned = f32(sine * c) + f32(cosine * s)
    return wide(turned), wide(f32(cosine * c) - f32(sine * s))


def _placed(
    distance: np.ndarray, elevation: _Pair, azimuth: _Pair, places: list[np.ndarray], single: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    (rise, fall), (sine, cosine) = elevation, azimuth
    up, aside, further, further_x, further_y = places
    distance = _rounded(distance + further)
    raised, left, ahead = _rounded(up * rise), _rounded(aside * cosine), _rounded(aside * sine)
    level = _rounded(_rounded(distance * fall) - raised)
    across = np.abs(_rounded(_rounded(level * sine) - left))
    along = np.abs(_rounded(_rounded(level * cosine) + ahead))
    reach_x = _rounded(distance + _nearer(further, further_x, across, _NEAR_X, single))
    reach_y = _rounded(distance + _nearer(further, further_y, along, _NEAR_Y, single))
    level_x = _rounded(_rounded(reach_x * fall) - raised)
    level_y = _rounded(_rounded(reach_y * fall) - raised)
    height = _rounded(reach_y * rise) + _rounded(up * fall)
    return _rounded(level_x * sine) - left, _rounded(level_y * cosine) + ahead, height


def _nearer(further: np.ndarray, near: np.ndarray, away: np.ndarray, start: float, single: bool) -> np.ndarray:
    if single:
        share = f32(further - near) * (f32(away) - np.float32(start))
        total = share / (np.float32(_FAR) - np.float32(start)) + f32(near)
    else:
        total = f32(_rounded(further - near) * (away - start) / (_FAR - start) + near)
    return wide(total - f32(further))
