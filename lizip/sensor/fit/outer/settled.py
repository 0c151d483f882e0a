"""Angles of lasers as float32 words, where averages of moved points tell them but for some units in the last place.

Points before the transform were float32 products: with the right words, their roundings explain what averages leave.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lizip.exact.linear import multiply
from lizip.exact.ulp import spacing
from lizip.sensor.fit.driver.law import as_printed
from lizip.sensor.fit.driver.polar import Polar
from lizip.sensor.fit.outer.arithmetic import fitted_rows
from lizip.sensor.stages.driver import Driver, Printed

_WORDS = 8
"""Decimals as which words pass."""
_EITHER_WAY, _STEP = 12, 2e-9
"""Units in the last place either way, or such steps (rad) where these are finer."""
_SAMPLE = 1 << 15


def settled(driver: Driver, azimuth: np.ndarray, polar: Polar, stored: np.ndarray) -> Driver:
    """The driver with those words that leave least of stored points (K, 3) float32, laser by laser.

    Azimuths (K,) are in 0.01 degrees.
    """
    some = slice(None, None, 1 + len(azimuth) // _SAMPLE)
    laser, azimuth, ticks, stored = polar.laser[some], azimuth[some], polar.ticks[some], stored[some]
    weight = 1.0 / spacing(np.abs(stored).max(axis=1)) ** 2
    lasers = len(polar.bounds) - 1
    for name in ("elevations", "offsets"):
        printed: Printed = getattr(driver, name)
        if 0 <= printed.decimals < _WORDS:
            continue
        own = driver.points(laser, azimuth, ticks).astype(np.float32)
        rows = fitted_rows(own, stored)
        inner = multiply(stored - rows[:, 3], np.linalg.inv(rows[:, :3]).T)
        words = printed.radians().astype(np.float32)
        best, least = words, np.full(lasers, np.inf)
        for k in range(-_EITHER_WAY, _EITHER_WAY + 1):
            tried = (words + k * np.maximum(spacing(words), _STEP)).astype(np.float32)
            other = _with(driver, name, tried)
            away = other.points(laser, azimuth, ticks).astype(np.float32) - inner
            left = np.bincount(laser, weight * (away * away).sum(axis=1), lasers)
            best, least = np.where(left < least, tried, best), np.minimum(left, least)
        driver = _with(driver, name, best)
    return driver


def _with(driver: Driver, name: str, words: np.ndarray) -> Driver:
    """The driver with other elevations or offsets, words (L,) float32."""
    printed = as_printed(words.astype(np.float64), (_WORDS,), False)
    return replace(driver, elevations=printed) if name == "elevations" else replace(driver, offsets=printed)
