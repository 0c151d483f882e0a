"""Spinning sensors as their makers print them, or made up like them: see `lizip.simulator.turning.Model`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lizip.simulator.draws import Draws
from lizip.simulator.turning import MODELS, Model, model_of


def _jittered(seed: int, angles: np.ndarray, spread: float, decimals: int = 3) -> np.ndarray:
    """Angles with a factory's corrections, in degrees with so many decimals."""
    scale = 10.0**decimals
    return np.rint((angles + spread * Draws(seed, "sensors").normal(len(angles))) * scale) / scale


def _staggered(seed: int, count: int, steps: list[float], decimals: int = 3) -> np.ndarray:
    return _jittered(seed, np.array(steps)[np.arange(count) % len(steps)], 0.03, decimals)


def _resting(lasers: int, groups: tuple[range, range]) -> np.ndarray:
    asleep = np.zeros((2, lasers), bool)
    for block, group in enumerate(groups):
        asleep[block, list(group)] = True
    return asleep


_40 = np.concatenate([[15, 11, 8, 5, 3], 2 - np.arange(25) / 3, -7.0 - np.arange(8), [-19, -25]])
_16, _32 = MODELS["vlp16"].elevation, np.arange(32)
_VLS = np.array([-6.354, -4.548, -2.732, -0.911, 0.911, 2.732, 4.548, 6.354])
_128 = np.arange(128)
_STAGGERED = np.concatenate([np.argsort(np.arange(32) * 7 % 32), 32 + np.argsort(np.arange(32) * 7 % 32)])
"""Rank by elevation of each laser of an HDL-64E's upper and lower block."""
_VLS_RISE = np.rint(1000 * (15 - 40 * (np.argsort(_128 * 37 % 128) / 127) ** 1.3)) / 1000


def _hdl64(seed: int) -> Model:
    """An HDL-64E with the decimals of published calibrations; lasers in the staggered order of its blocks."""
    lasers = np.arange(64)
    elevation = np.where(lasers < 32, 2.0 - lasers / 3, -8.87 - (lasers - 32) / 2)[_STAGGERED]
    draws = Draws(seed, "sensors")
    further = 1.42 + 0.07 * draws.normal(64)
    return model_of(
        np.rint(1e7 * (elevation + 0.05 * draws.normal(64))) / 1e7,
        azimuth=np.rint(1e7 * (np.tile([-4.7, -2.6, 2.1, 4.4], 16) + 0.2 * draws.normal(64))) / 1e7,
        up=np.rint(1e8 * (np.where(lasers < 32, 0.21, 0.155) - 0.0012 * elevation)) / 1e8,
        lateral=np.where(lasers % 2, -0.025999999, 0.025999999),
        further=np.rint(1e7 * further) / 1e7,
        further_x=np.rint(1e7 * (further + 0.03 + 0.02 * draws.normal(64))) / 1e7,
        further_y=np.rint(1e7 * (further + 0.01 + 0.02 * draws.normal(64))) / 1e7,
        tick=0.002,
        step=17.2,
    )


def _robosense(seed: int, elevation: np.ndarray, azimuth: np.ndarray, **numbers: Any) -> Model:
    count = len(elevation)
    slots = np.arange(count) * 0.9 / count
    return model_of(
        np.rint(100 * elevation) / 100, azimuth=azimuth, slot=slots, **{"tick": 0.005, "step": 20.0} | numbers
    )


SENSORS: dict[str, Model] = {
    "pandar40p": model_of(
        _jittered(40, _40, 0.02), azimuth=_staggered(41, 40, [-1.042, 3.125, -5.208, 1.042]), tick=0.004, step=20.0
    ),
    "pandar40 2 mm": model_of(
        _jittered(40, _40, 0.02), azimuth=_staggered(41, 40, [-1.042, 3.125, -5.208, 1.042]), tick=0.002, step=20.0
    ),
    "pandar64": MODELS["pandar64"],
    "qt64": model_of(
        _jittered(42, 52.0 - 104 * np.arange(64) / 63, 0.1),
        azimuth=_staggered(43, 64, [8.7, 8.2, 8.0, -8.3]),
        tick=0.004,
        step=60.0,
    ),
    "qt128": model_of(
        _jittered(44, 52.6 - 105.2 * _128 / 127, 0.1, 8),
        azimuth=_staggered(45, 128, [10.1, 8.8, -8.9, -9.9], 8),
        tick=0.004,
        step=40.0,
        asleep=_resting(128, (range(32), range(32, 64))),
    ),
    "xt16": model_of(15.0 - 2 * np.arange(16), tick=0.004, step=18.0),
    "xt32": MODELS["xt32"],
    "xt32m": model_of(
        _jittered(46, 19.5 - 1.3 * _32, 0.05), azimuth=_jittered(47, 0.0 * _32, 0.04), tick=0.005, step=18.0
    ),
    "ot128": model_of(
        _jittered(48, 15 - 40 * (_128 / 127) ** 1.2, 0.02),
        azimuth=_staggered(49, 128, [-3.2, 1.1, -1.1, 3.3]),
        tick=0.004,
        step=20.0,
        asleep=_resting(128, (range(0, 60, 2), range(1, 60, 2))),
    ),
    "vlp16": model_of(
        np.tile(_16, 2), azimuth=np.zeros(32), slot=np.arange(32) * 2.304 / 110.592, tick=0.002, step=39.8, name="vlp16"
    ),
    "vlp32c": replace(MODELS["vlp32"], slot=_32 * 2.304 / 55.296),
    "hdl32": MODELS["hdl32"],
    "hdl64": _hdl64(64),
    "vls128": model_of(_VLS_RISE, azimuth=_VLS[_128 % 8], tick=0.004, step=10.6, name="vls128"),
    "rs16": _robosense(50, np.sort(_16), np.zeros(16), origin=0.03825),
    "rs32": _robosense(51, MODELS["rs32"].elevation, _jittered(51, 0.0 * _32, 3.0, 2), origin=0.03997),
    "bpearl": _robosense(52, 2.3 + 2.81 * _32, 0.0 * _32, origin=0.01697, up=np.full(32, 0.12644)),
    "helios": _robosense(53, 15 - 2.2 * _32, _jittered(53, 0.0 * _32, 2.0, 2), origin=0.03498, tick=0.0025),
    "ruby": _robosense(54, 15 - 40 * _128 / 127, _staggered(54, 128, [-5.0, 4.9, 1.6, -1.7], 2), origin=0.02892),
}
"""By name; lasers in the order in which packets hold them."""
