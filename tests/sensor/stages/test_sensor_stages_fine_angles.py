"""Two angles corrected as they turn: what is coded comes back, and what nobody writes is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lizip.errors import CorruptError
from lizip.packing import pack_signed, pack_varints
from lizip.sensor.returns import Returns
from lizip.sensor.stages.driver import DriverLaw
from lizip.sensor.stages.driver_arithmetic import FINE, FINE_SINGLE, SUM
from lizip.sensor.stages.fine_angles import PART, FineAngles
from lizip.simulator import at128

LAW = DriverLaw(0, FINE_SINGLE, 1, 1)


def returns_of(ring, firing, azimuths, rings=3):
    returns = Returns(np.zeros((1, rings), np.int32), None, (), len(ring))
    returns.ring, returns.firing = np.asarray(ring), np.asarray(firing)
    returns.azimuths, returns.firings = np.asarray(azimuths), len(azimuths)
    returns.column = returns.azimuths[returns.firing]
    returns.ticks = np.arange(1000, 1000 + len(ring))
    return returns


def stage_of(law=LAW, tick=0.004):
    return FineAngles(law, tick, np.array([-7, 0, 200]), np.array([320000, 0, -5000]))


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.sampled_from([1, 3, 300]))
@settings(max_examples=50, deadline=None)
def test_angles_come_back(seed, blocks, largest):
    draw = np.random.default_rng(seed)
    azimuths = np.cumsum(draw.integers(-3, 12, blocks)) % 36000
    firing = np.sort(draw.integers(0, blocks, 4 * blocks))
    returns = returns_of(draw.integers(0, 3, 4 * blocks), firing, azimuths)
    parts, corrections = draw.integers(0, PART, blocks), draw.integers(-largest, largest + 1, (2, 4 * blocks))
    stage = stage_of().coded(returns, parts, corrections)
    again = FineAngles.unpack(stage.pack())
    again.apply(returns)
    azimuth = PART * (returns.column + corrections[0]) + parts[firing] + stage.azimuths[returns.ring]
    elevation = PART * corrections[1] + stage.elevations[returns.ring]
    np.testing.assert_array_equal(returns.points, stage.points(0.004, azimuth, elevation, returns.ticks))
    assert again.pack() == stage.pack()


@pytest.mark.parametrize(("law", "driver"), [(LAW, "nebula"), (DriverLaw(1, FINE, 0, 1), "SDK")])
def test_points_are_those_of_the_drivers(law, driver):
    sweep = at128.sweep(11, driver, blocks=40)
    ticks = sweep.ranges[sweep.ranges > 0]
    points = stage_of(law).points(0.004, sweep.truth["azimuth"], sweep.truth["elevation"], ticks)
    np.testing.assert_array_equal(points.astype(np.float32), sweep.records[:, :3])


def coded():
    returns = returns_of([0, 1, 2, 0, 1], [0, 0, 0, 1, 1], [100, 110])
    return stage_of().coded(returns, np.array([3, 200]), np.ones((2, 5), np.int64)), returns


def test_steady_corrections_cost_next_to_nothing():
    count, blocks = 3000, 1000
    returns = returns_of(np.arange(count) % 3, np.arange(count) // 3, (10 * np.arange(blocks)) % 36000)
    corrections = np.stack([np.arange(count) // 60, np.zeros(count, np.int64)])
    stage = stage_of().coded(returns, np.zeros(blocks, np.int64), corrections)
    # each laser is corrected anew every 20 firings
    assert len(stage.adjustments) < count // 20
    assert len(stage.parts) < 40


@pytest.mark.parametrize(
    "numbers", [(3, FINE, 0, 1, 3), (0, SUM, 0, 1, 3), (0, FINE, 2, 1, 3), (0, FINE, 0, 4, 3), (0, FINE, 0, 1, 0)]
)
def test_impossible_laws_are_refused(numbers):
    body = np.array([0.004], "<f8").tobytes() + b"".join(map(pack_signed, [0] * 6))
    with pytest.raises(CorruptError):
        FineAngles.unpack(pack_varints([*numbers, 0]) + body)


@pytest.mark.parametrize(("tick", "angle"), [(np.nan, 0), (2.0, 0), (0.0, 0), (0.004, 9216001), (0.004, -(1 << 62))])
def test_impossible_numbers_are_refused(tick, angle):
    body = np.array([tick], "<f8").tobytes() + b"".join(map(pack_signed, [0, 0, angle, 0, 0, 0]))
    with pytest.raises(CorruptError):
        FineAngles.unpack(pack_varints([*LAW, 3, 0]) + body)


def test_other_grids_are_refused():
    stage, returns = coded()
    returns.ranges = np.zeros((1, 4), np.int32)
    with pytest.raises(CorruptError):
        stage.apply(returns)


def test_blocks_must_be_known():
    stage, returns = coded()
    returns.azimuths = None
    with pytest.raises(CorruptError):
        stage.apply(returns)
    stage, returns = coded()
    returns.azimuths = returns.azimuths[:1]
    with pytest.raises(CorruptError):
        stage.apply(returns)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_damage_is_told_or_bounded(data):
    stage, returns = coded()
    packed = bytearray(stage.pack())
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    try:
        FineAngles.unpack(bytes(packed[: data.draw(st.integers(0, len(packed)))])).apply(returns)
    except CorruptError:
        return
    assert np.isfinite(returns.points).all()
