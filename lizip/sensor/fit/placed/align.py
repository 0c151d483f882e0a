"""Azimuths of lasers fitted apart, brought together: who fires together has one."""

from __future__ import annotations

import numpy as np

from lizip.sensor.fit.placed.exact import turned
from lizip.sensor.fit.placed.laser import Fitted
from lizip.sensor.stages.driver import TURN_UNITS


def aligned(fitted: dict[int, Fitted], places: dict[int, np.ndarray]) -> dict[int, Fitted]:
    """Turn lasers by whole 0.01 degrees so that points beside each other in the file mostly have one azimuth.

    `places` (K,) int64 are those of each laser's points in the file, ascending.
    """
    count = 1 + max(int(each[-1]) for each in places.values())
    laser, azimuth = np.full(count, -1, np.int64), np.zeros(count, np.int64)
    for k, each in places.items():
        laser[each], azimuth[each] = k, fitted[k].azimuth
    seen = np.flatnonzero(laser >= 0)
    laser, azimuth = laser[seen], azimuth[seen]
    pairs = laser[:-1] * (int(laser.max()) + 1) + laser[1:]
    off = (azimuth[:-1] - azimuth[1:]) % TURN_UNITS
    # for each pair of lasers that follow one another, what brings the second to the first, and how often
    keys, counts = np.unique(pairs * TURN_UNITS + off, return_counts=True)
    links: dict[tuple[int, int], tuple[int, int]] = {}
    for key, often in zip(keys.tolist(), counts.tolist(), strict=True):
        pair, brings = divmod(key, TURN_UNITS)
        both = divmod(pair, int(laser.max()) + 1)
        links[both] = max(links.get(both, (0, 0)), (often, brings))
    whole = {max(places, key=lambda k: len(places[k])): 0}
    while True:
        likely = [(link, both) for both, link in links.items() if (both[0] in whole) != (both[1] in whole)]
        if not likely:
            break
        (_, brings), (one, two) = max(likely)
        if one in whole:
            whole[two] = whole[one] + brings
        else:
            whole[one] = whole[two] - brings
    return {k: turned(each, whole[k]) for k, each in fitted.items() if k in whole}
