"""Points one after the other put into firings, by their rings and azimuths. Encoder only."""

from __future__ import annotations

import numpy as np

from lizip.jit import kernel
from lizip.sensor.stages.firing_azimuths import STEP, TURN

_LOST = 96
"""After so many points that fit into no firing the azimuth is taken anew."""
_FOLLOWED, _DOUBT = 0.3, 4.0
"""How far the azimuth follows each point, and how much less where it may be off."""


@kernel
def number_firings(ring, block, slack, none, rings, firing):
    """Number the firings: a new one begins where the ring falls, or the azimuth by more than half a step.

    `block` (N,): azimuth of each point's firing, 0.01 degrees, about; it may be off by `slack` (N,): of near points it
    tells little. A point that does not rise in its firing, or is behind it, gets -1. Those that are `none` (N,) are of
    the ring that comes next.
    """
    now = np.int64(0)
    first = np.int64(0)
    while first < ring.size - 1 and none[first]:
        first += 1
    at = np.float64(block[first])
    top = np.int64(-1)
    lost = np.int64(0)
    for i in range(ring.size):
        if none[i]:
            if top == rings - 1:
                top = np.int64(-1)
                now += 1
                at -= STEP
            top += 1
            ring[i] = top
            firing[i] = now
            continue
        fall = at - block[i]
        fall -= TURN * np.rint(fall / TURN)
        fell = ring[i] <= top
        usual = np.float64(STEP) if fell else 0.0
        steps = np.int64(np.rint(fall / STEP)) if abs(fall - usual) > 0.5 * STEP + slack[i] else np.int64(fell)
        if steps < np.int64(fell) or (steps > 3 and not fell):
            firing[i] = -1
            lost += 1
            if lost < _LOST:
                continue
            # so many points in a row are right, and what was made of those before is not
            steps = np.int64(1)
            at = block[i] + np.float64(STEP)
        lost = np.int64(0)
        if steps > 0:
            now += steps
            top = np.int64(-1)
            at -= steps * STEP
            fall -= steps * STEP
        # far points tell the azimuth best
        at -= _FOLLOWED * STEP / (STEP + _DOUBT * slack[i]) * (fall - TURN * np.rint(fall / TURN))
        firing[i] = now
        top = ring[i]
