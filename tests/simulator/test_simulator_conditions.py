"""Conditions change what a sensor sees, and nothing else."""

import numpy as np
import pytest

from lizip.simulator import at128, hdl32, hdl64, os_sensor, pandar64, turning, vlp32
from lizip.simulator.conditions import Conditions
from lizip.simulator.drivers import sweep as by_driver
from lizip.simulator.scene import street
from lizip.simulator.sensors import SENSORS

SIMULATORS = {
    "hdl64": lambda conditions: hdl64.sweep(3, firings=200, conditions=conditions),
    "hdl32": lambda conditions: hdl32.sweep(3, firings=200, conditions=conditions),
    "vlp32": lambda conditions: vlp32.sweep(3, packets=16, conditions=conditions),
    "pandar64": lambda conditions: pandar64.sweep(3, blocks=200, conditions=conditions),
    "ouster": lambda conditions: os_sensor.sweep(3, 16, 256, conditions=conditions),
    "turning": lambda conditions: turning.sweep(3, turning.MODELS["vlp16"], span=0.2, conditions=conditions),
    "driver": lambda conditions: by_driver(3, SENSORS["vlp16"], "rs_driver", span=0.3, conditions=conditions),
    "at128": lambda conditions: at128.sweep(3, blocks=100, conditions=conditions),
}


@pytest.mark.parametrize("name", SIMULATORS)
def test_less_comes_back_and_from_nearer(name):
    make = SIMULATORS[name]
    clear = make(Conditions())
    silent = make(Conditions(silence=0.5))
    assert 0.4 < np.count_nonzero(silent.ranges) / np.count_nonzero(clear.ranges) < 0.75
    for near in (Conditions(rain=0.6), Conditions(walls=2.0)):
        assert np.median(make(near).ranges) < np.median(clear.ranges) or not np.median(clear.ranges)
    lost = make(Conditions(gaps=1, gap=4))
    seen = [(each.ranges > 0).any(axis=1).sum() for each in (lost, clear)]
    assert 8 <= seen[1] - seen[0] <= 2 * 48


def test_own_roof_and_trailer_stand_still():
    for conditions, least in ((Conditions(roof=0.5), 300), (Conditions(trailer=True), 300)):
        near = [hdl32.sweep(4, conditions=each).ranges for each in (conditions, Conditions())]
        seen = [np.count_nonzero((each > 0) & (each < 2500)) for each in near]
        assert seen[0] > seen[1] + least


def test_lost_packets_leave_whole_ones():
    sent = hdl32.sweep(5, conditions=Conditions(lost=0.3))
    firings = len(sent.ranges)
    assert 0.55 * 1085 < firings < 0.85 * 1085
    starts = np.flatnonzero(np.abs(np.diff(sent.truth["times"])) > 60) + 1
    assert len(set((starts - starts[0]) % 12)) == 1


def test_jerks_make_it_rough():
    smooth, rough = (hdl32.sweep(6, conditions=Conditions(jerk=jerk)).truth["rotations"] for jerk in (1.0, 10.0))
    bend = [np.abs(np.diff(each, n=2, axis=0)).max() for each in (smooth, rough)]
    assert bend[1] > 3 * bend[0]


@pytest.mark.parametrize("name", ["at128", "driver"])
def test_streets_can_be_handed_in(name):
    plain = street(3, 0.0)
    makes = {
        "at128": lambda scene: at128.sweep(3, blocks=100, scene=scene),
        "driver": lambda scene: by_driver(3, SENSORS["vlp16"], "rs_driver", span=0.3, scene=scene),
    }
    open_field, town = (np.count_nonzero(makes[name](scene).ranges) for scene in (plain, None))
    assert open_field < town
