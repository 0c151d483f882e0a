"""Offsets of lasers, in float32 radians of any decimals, from azimuths of points that were moved."""

from __future__ import annotations

import numpy as np

from lizip.exact.trig import sines_of
from lizip.sensor.fit.driver.offsets import UNIT
from lizip.sensor.fit.outer.loose_offsets import find_loose_offsets
from lizip.sensor.fit.outer.table_angles import Aside, Turned, in_one_block, radians_of
from lizip.sensor.stages.driver_arithmetic import SUM

_LASERS, _STEP = 48, 40


def _seen(draw: np.random.Generator) -> tuple[Turned, np.ndarray, np.ndarray, Aside, np.ndarray]:
    """A sweep's azimuths, offsets (L,) rad and bounds, and how far points are beside a model that knows offsets but for
    1.7 degrees that all have in common."""
    azimuth = np.arange(0, 36000, _STEP)
    offsets = draw.uniform(-0.1, 0.15, _LASERS).astype(np.float32).astype(np.float64)
    laser = np.repeat(np.arange(_LASERS), len(azimuth))
    azimuth = np.tile(azimuth, _LASERS)
    sums = radians_of(SUM)[azimuth] + offsets[laser].astype(np.float32)
    sine, cosine = (each.astype(np.float32).astype(np.float64) for each in sines_of(sums.astype(np.float64)))
    true_sine, true_cosine = sines_of(azimuth * UNIT + offsets[laser])
    angle = sine * true_cosine - cosine * true_sine + draw.normal(0, 2e-8, len(azimuth))
    means = np.bincount(laser, angle, _LASERS) / np.bincount(laser)
    turned = Turned(SUM, 1, azimuth, np.zeros(_LASERS, np.int64), 1.0)
    bounds = np.arange(_LASERS + 1) * (len(azimuth) // _LASERS)
    known = (offsets + means) / UNIT - 170.0
    return turned, offsets, bounds, Aside(angle - means[laser], np.full(len(azimuth), 1e16)), known


def test_offsets_are_found_from_roundings_alone() -> None:
    turned, offsets, bounds, aside, known = _seen(np.random.default_rng(2))
    found = find_loose_offsets(turned, known, bounds, aside)
    assert found is not None
    assert np.abs(found - offsets).max() < 2e-8


def test_angles_that_no_sums_rounded_have_none() -> None:
    draw = np.random.default_rng(3)
    turned, _, bounds, aside, known = _seen(draw)
    aside = aside._replace(angle=draw.normal(0, 1e-7, len(aside.angle)))
    assert find_loose_offsets(turned, known, bounds, aside) is None


def test_lasers_of_the_next_block_are_told_by_its_azimuths() -> None:
    turned, _, bounds, aside, _ = _seen(np.random.default_rng(4))
    azimuth, wholes = turned.azimuth.copy(), turned.wholes.copy()
    azimuth[bounds[7] : bounds[8]] = (azimuth[bounds[7] : bounds[8]] + _STEP) % 36000
    wholes[7] = -_STEP
    again = in_one_block(turned._replace(azimuth=azimuth, wholes=wholes), bounds, aside, _STEP)
    np.testing.assert_array_equal(again.azimuth, turned.azimuth)
    np.testing.assert_array_equal(again.wholes, turned.wholes)
