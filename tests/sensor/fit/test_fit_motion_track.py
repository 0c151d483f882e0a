"""Where a moving sensor was, firing by firing."""

import numpy as np
import pytest

from lizip import simulator
from lizip.sensor.fit.motion.cells import lay_out
from lizip.sensor.fit.motion.firing import hdl32e
from lizip.sensor.fit.motion.observe import observe


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("shift", [(0, 0, 0), (6e-5, -4e-5, -8e-5), (-3e-5, 9e-5, 9e-5)])
def test_the_last_firing_may_be_a_tenth_of_a_millimetre_away(seed, shift):
    """Further than the gates of points let through that are known to a few micrometres."""
    sweep = np.frombuffer(simulator.nuscenes(seed), "<f4").reshape(-1, 5)
    xyz, others = np.ascontiguousarray(sweep[:, :3]), [sweep[:, 3], sweep[:, 4]]
    laid = lay_out(xyz, others, np.zeros(len(xyz), bool), np.zeros(3, np.uint32))
    seen = observe(laid.spread(xyz) + np.array(shift), hdl32e())
    assert seen.frame.rounded.all()
    assert seen.track.explained > 0.95
