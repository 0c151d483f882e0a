"""Lasers that sit beside the axis, each with distances of its own to add: the HDL-64E, by its public drivers.

What a laser is given (`PLACES`): how far up and aside it sits, what is added to its range, and what is added instead
near by along the two axes; in between these go over into one another with the place of the point.
"""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel
from lizip.sensor.stages.driver_arithmetic import (
    PLACED_EXACT,
    PLACED_SINGLE,
    laser_distance,
)

PLACES = 5
UP, ASIDE, FURTHER, FURTHER_X, FURTHER_Y = range(PLACES)
"""Vertical and horizontal offset, distance correction far off and near by, m."""

NEAR_X, NEAR_Y, FAR = 2.4, 1.93, 25.04
"""Metres along the two axes where the distance corrections were measured."""


@kernel
def _round(value):
    return np.float64(np.float32(value))


@kernel
def _nearer(further, near, away, start, form):
    """What is added to a range beyond `further`, at a distance `away` along an axis."""
    if form == PLACED_SINGLE:
        reach = np.float32(FAR) - np.float32(start)
        share = np.float32(_round(further - near)) * (np.float32(away) - np.float32(start))
        total = np.float32(share / reach) + np.float32(near)
    else:
        total = np.float32(_round(further - near) * (away - start) / (FAR - start) + near)
    return np.float64(total - np.float32(further))


@kernel
def placed_point(law, tick, rise, fall, sine, cosine, places, ticks):
    """One point: across, along and up (m, values of float32); see `lizip.sensor.stages.driver.driver_points`.

    Sine and cosine are those of `azimuth_sincos`; `places` (PLACES,) are values of float32 but for `PLACED_EXACT`.
    """
    up = places[UP]
    aside = places[ASIDE]
    if law.angle == PLACED_EXACT:
        distance = ticks * tick + places[FURTHER]
        level = distance * fall
        return (
            _round(level * sine - aside * cosine),
            _round(level * cosine + aside * sine),
            _round(distance * rise + up),
        )
    distance = _round(laser_distance(ticks, tick, law.distance) + places[FURTHER])
    raised = _round(up * rise)
    left = _round(aside * cosine)
    ahead = _round(aside * sine)
    level = _round(_round(distance * fall) - raised)
    across = abs(_round(_round(level * sine) - left))
    along = abs(_round(_round(level * cosine) + ahead))
    reach_x = _round(distance + _nearer(places[FURTHER], places[FURTHER_X], across, NEAR_X, law.angle))
    reach_y = _round(distance + _nearer(places[FURTHER], places[FURTHER_Y], along, NEAR_Y, law.angle))
    level_x = _round(_round(reach_x * fall) - raised)
    level_y = _round(_round(reach_y * fall) - raised)
    return (
        _round(_round(level_x * sine) - left),
        _round(_round(level_y * cosine) + ahead),
        _round(_round(reach_y * rise) + _round(up * fall)),
    )
