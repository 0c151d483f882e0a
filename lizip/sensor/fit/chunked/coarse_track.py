"""A track of few digits, as the near-lossless mode writes it; found again, it is the track to the bit. Encoder only.

A fit is known to a few billionths of a metre and radian, which leaves one point in a hundred on another float32.
Numbers that are multiples of a thousand times that are found exactly: by rounding what was fitted. When knots are goes
first: what that was off by is in the other numbers, too.
"""

from __future__ import annotations

import numpy as np

from lizip.exact.screw import Track, poses_at
from lizip.sensor.fit.chunked.flips import aimed_at
from lizip.sensor.fit.chunked.knots import FIXED, Groups, fit_points
from lizip.sensor.fit.chunked.point_sums import Placed
from lizip.sensor.stages.screw import Screw

_AGAIN = (1.0, 1.0, 1.0)
_TELLING = 4
"""Knots from which on the outermost ones stand where those between them say."""


def retimed(track: Track) -> Track:
    """The track with knots at whole microseconds.

    The outermost ones, of which few points tell, are as far from the next as that is from the one after.
    """
    times = np.rint(track.times)
    if len(times) >= _TELLING:
        times[0], times[-1] = 2 * times[1] - times[2], 2 * times[-2] - times[-3]
    poses = poses_at(track, times)
    return Track(times, poses.turns, poses.places)


def coarse_track(track: Track, placed: Placed, groups: Groups, begin: float) -> Track:
    """The coarse track near a fitted one of points; times count from `begin`."""
    timed = retimed(track._replace(times=track.times - begin))
    track = timed._replace(times=timed.times + begin)
    aimed, _ = aimed_at(track, placed, groups)
    track = fit_points(track, aimed, groups, _AGAIN, FIXED, exact=True)
    coarse = Screw.of(track._replace(times=timed.times), coarse=True).track()
    return coarse._replace(times=coarse.times + begin)
