"""Points as public drivers compute them from the integers of packets, float32 step by step.

Written down from the drivers' sources, apart from `lizip.sensor.stages.driver`, which has to find them out again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lizip.exact.single import MODERN, ROUNDED, sines_and_cosines
from lizip.simulator.exact import sine_cosine
from lizip.simulator.turning import TURN, Model


class Fired(NamedTuple):
    """Azimuths (F,) of the blocks; block, laser and range of each point, (N,) int64."""

    azimuth: np.ndarray
    block: np.ndarray
    laser: np.ndarray
    ticks: np.ndarray


_FLOAT = np.float32
_DEGREE = np.pi / 180
_BLOCKS = 12
"""Of a packet."""
_FINE = 25600
"""Parts of a degree in the tables of Hesai's SDK 2.0."""
_SLOT, _FIRING, _BLOCK = (_FLOAT(us) for us in (2.304, 55.296, 110.592))
"""Velodyne's times from laser to laser, for a firing, for two."""
_VLS_SLOT, _VLS_FIRING = _FLOAT(2.665), _FLOAT(53.3)
_MOTOR = 3600.0
"""Degrees a second."""


def _single(angle: np.ndarray, kind: int) -> tuple[np.ndarray, np.ndarray]:
    sine, cosine = sines_and_cosines(np.asarray(angle).astype(_FLOAT), kind)
    return sine.astype(_FLOAT), cosine.astype(_FLOAT)


def _steps(model: Model, azimuth: np.ndarray) -> np.ndarray:
    return np.diff(azimuth, append=azimuth[-1:] + round(model.step)) % TURN


def _east(sine: np.ndarray, cosine: np.ndarray, level: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Angles from x, clockwise."""
    return np.stack([level * cosine, -(level * sine), up], axis=1)


def _north(sine: np.ndarray, cosine: np.ndarray, level: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Angles from y, clockwise."""
    return np.stack([level * sine, level * cosine, up], axis=1)


def _summed(model: Model, fired: Fired) -> tuple[np.ndarray, ...]:
    """Sine and cosine of azimuth and offset added in float32 radians, distances from the axis and heights."""
    distance = (fired.ticks * model.tick).astype(_FLOAT)
    elevation, offset = (each.astype(_FLOAT) * _FLOAT(_DEGREE) for each in (model.elevation, model.azimuth))
    angle = (fired.azimuth / 100.0 * _DEGREE).astype(_FLOAT)[fired.block] + offset[fired.laser]
    rise, fall = (each[fired.laser] for each in _single(elevation, MODERN))
    return (*_single(angle, MODERN), distance * fall, distance * rise)


def nebula_hesai(model: Model, fired: Fired) -> np.ndarray:
    """tier4/nebula for Hesai's spinning sensors."""
    return _north(*_summed(model, fired))


def nebula_robosense(model: Model, fired: Fired) -> np.ndarray:
    """tier4/nebula for Helios and Bpearl."""
    return _east(*_summed(model, fired))


def _from_table(
    model: Model, fired: Fired, angle: np.ndarray, kind: int, frame: Callable[..., np.ndarray] = _east
) -> np.ndarray:
    distance = fired.ticks.astype(_FLOAT) * _FLOAT(model.tick)
    rise, fall = (each[fired.laser] for each in _single((model.elevation * _DEGREE).astype(_FLOAT), kind))
    return frame(*_single(angle, kind), distance * fall, distance * rise)


def _late(model: Model, fired: Fired, repeated: bool) -> np.ndarray:
    """0.01 degrees (N,) float32 that Velodyne's sensor turned since the block's azimuth, when a laser fired.

    At the end of a packet the next block is not known: the last step is repeated, or counts as nothing.
    """
    step, laser = _steps(model, fired.azimuth), fired.laser
    packet = _BLOCKS // 4 if model.name == "vls128" else _BLOCKS
    step[packet - 1 :: packet] = np.roll(step, 1)[packet - 1 :: packet] if repeated else 0
    step = step.astype(_FLOAT)[fired.block]
    if model.name == "vls128":
        bank = (laser // 8 + laser // 64).astype(_FLOAT)
        return np.where(laser < 96, _FLOAT(0), step * (_VLS_SLOT / _VLS_FIRING) * bank)
    if model.name == "vlp16":
        return step * ((laser % 16).astype(_FLOAT) * _SLOT + (laser // 16).astype(_FLOAT) * _FIRING) / _BLOCK
    return step * _SLOT / _FIRING * laser.astype(_FLOAT)


def velodyne_index(model: Model, fired: Fired) -> np.ndarray:
    """Entry (N,) of nebula's table for each point of a VLP-16, VLP-32C or VLS-128."""
    turned = (fired.azimuth[fired.block].astype(_FLOAT) + _late(model, fired, False)).astype(np.float64)
    turned += 100 * model.azimuth[fired.laser]
    return np.floor(turned + 0.5).astype(np.int64) % TURN


def nebula_velodyne(model: Model, fired: Fired) -> np.ndarray:
    """tier4/nebula for VLP-16, VLP-32C, VLS-128."""
    return _from_table(model, fired, 0.01 * velodyne_index(model, fired) * _DEGREE, MODERN)


def _velodyne_pointcloud(model: Model, fired: Fired, kind: int, constants: type[np.floating]) -> np.ndarray:
    index = fired.azimuth[fired.block]
    if model.name in ("vlp16", "vls128"):
        late = _late(model, fired, model.name == "vlp16")
        index = np.floor((index.astype(_FLOAT) + late).astype(np.float64) + 0.5).astype(np.int64) % TURN
    sine, cosine = _single((_FLOAT(0.01) * index.astype(_FLOAT)).astype(np.float64) * _DEGREE, kind)
    turn_sine, turn_cosine = (each[fired.laser] for each in _single(-model.azimuth * _DEGREE, kind))
    across = sine * turn_cosine - cosine * turn_sine
    along = cosine * turn_cosine + sine * turn_sine
    rise, fall = (each[fired.laser] for each in _single(model.elevation * _DEGREE, kind))
    up, aside, further, near_x, near_y = (
        np.broadcast_to(np.asarray(each, _FLOAT), model.rings)[fired.laser]
        for each in (model.up, model.lateral, model.further, model.further_x, model.further_y)
    )
    distance = fired.ticks.astype(_FLOAT) * _FLOAT(model.tick) + further
    level = distance * fall - up * rise
    x = np.abs(level * across - aside * along)
    y = np.abs(level * along + aside * across)
    extra_x, extra_y = np.zeros_like(x), np.zeros_like(y)
    if np.any(model.further_x):
        # the constants of the source are doubles for ROS 1, floats for ROS 2; so is what comes of them
        start_x, start_y, end = (constants(each) for each in (2.4, 1.93, 25.04))
        extra_x = ((further - near_x) * (x - start_x) / (end - start_x) + near_x).astype(_FLOAT) - further
        extra_y = ((further - near_y) * (y - start_y) / (end - start_y) + near_y).astype(_FLOAT) - further
    level = (distance + extra_x) * fall - up * rise
    x = level * across - aside * along
    level = (distance + extra_y) * fall - up * rise
    y = level * along + aside * across
    return np.stack([y, -x, (distance + extra_y) * rise + up * fall], axis=1)


def velodyne_pointcloud(model: Model, fired: Fired) -> np.ndarray:
    """velodyne_pointcloud for ROS 1, built with an older C library: offsets are turned into sine and cosine."""
    return _velodyne_pointcloud(model, fired, ROUNDED, np.float64)


def velodyne_pointcloud_modern(model: Model, fired: Fired) -> np.ndarray:
    """The same for ROS 2, with a newer C library."""
    return _velodyne_pointcloud(model, fired, MODERN, np.float32)


def _double(model: Model, fired: Fired, azimuth: np.ndarray) -> np.ndarray:
    distance = fired.ticks * model.tick + np.broadcast_to(model.further, model.rings)[fired.laser]
    rise, fall = (each[fired.laser] for each in sine_cosine(model.elevation * _DEGREE))
    sine, cosine = sine_cosine(azimuth * _DEGREE)
    up, aside = (np.broadcast_to(each, model.rings)[fired.laser] for each in (model.up, model.lateral))
    level = distance * fall
    return np.stack([level * sine - aside * cosine, level * cosine + aside * sine, distance * rise + up], axis=1)


def pcl(model: Model, fired: Fired) -> np.ndarray:
    """PCL's HDLGrabber and VLPGrabber: double throughout; the second firing of a VLP-16's block half a step on."""
    azimuth = fired.azimuth[fired.block]
    if model.name == "vlp16":
        step = _steps(model, fired.azimuth)[fired.block // _BLOCKS * _BLOCKS]
        azimuth = (azimuth + np.where(fired.laser < 16, 0, step // 2)) % TURN
    return _double(model, fired, azimuth / 100.0 + model.azimuth[fired.laser])


def hesai_double(model: Model, fired: Fired) -> np.ndarray:
    """A driver of a Hesai sensor with 40 beams, as met: double throughout, offsets added in degrees."""
    return _double(model, fired, fired.azimuth[fired.block] / 100.0 + model.azimuth[fired.laser])


def _general_sdk(model: Model, fired: Fired, late: np.ndarray) -> np.ndarray:
    distance = fired.ticks * model.tick
    index = np.trunc(100 * model.azimuth[fired.laser] + fired.azimuth[fired.block] + late).astype(np.int64) % TURN
    rise, fall = (each[fired.laser] for each in _single(model.elevation * _DEGREE, MODERN))
    sine, cosine = _single(index * np.pi / 18000, MODERN)
    level = (distance * fall).astype(_FLOAT)
    return _north(sine, cosine, level, distance * rise)


def general_sdk(model: Model, fired: Fired) -> np.ndarray:
    """HesaiLidar_General_SDK without the times of firing."""
    return _general_sdk(model, fired, np.zeros(len(fired.laser)))


def general_sdk_timed(model: Model, fired: Fired) -> np.ndarray:
    """HesaiLidar_General_SDK: the sensor turns while a block fires."""
    return _general_sdk(model, fired, 100 * _MOTOR * model.slot[fired.laser] * model.step / 100 / _MOTOR)


def _fine(
    model: Model, fired: Fired, tick: float, table: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    distance = (fired.ticks * np.float64(tick)).astype(_FLOAT)
    whole, rise = (
        np.trunc(_FINE * degrees.astype(_FLOAT).astype(np.float64) + 0.0625).astype(np.int64)
        for degrees in (model.azimuth, model.elevation)
    )
    sine, cosine = table((256 * fired.azimuth[fired.block] + whole[fired.laser]) % (360 * _FINE))
    up, fall = (each[fired.laser] for each in table(rise % (360 * _FINE)))
    return _north(sine, cosine, distance * fall, distance * up)


def _fine_double(index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sine, cosine = sine_cosine(index * (2 * np.pi) / (360 * _FINE))
    return sine.astype(_FLOAT), cosine.astype(_FLOAT)


def _fine_single(index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _single((_FLOAT(2) * index.astype(_FLOAT)) * _FLOAT(np.pi) / _FLOAT(360 * _FINE), MODERN)


def sdk_2(model: Model, fired: Fired) -> np.ndarray:
    """HesaiLidar_SDK_2.0: both angles whole 1/25600 degrees, a table filled from double."""
    return _fine(model, fired, float(_FLOAT(model.tick)), _fine_double)


def fine_single(model: Model, fired: Fired) -> np.ndarray:
    """The same as nebula computes for the AT128: a table filled in float32, the tick a double."""
    return _fine(model, fired, model.tick, _fine_single)


def single_degrees(model: Model, fired: Fired) -> np.ndarray:
    """Made up: a table by whole 0.01 degrees that is filled in float32 throughout, for lasers that look straight on."""
    index = fired.azimuth[fired.block].astype(_FLOAT)
    return _from_table(model, fired, _FLOAT(0.01) * index * _FLOAT(np.pi) / _FLOAT(180), MODERN)


def rs_driver(model: Model, fired: Fired) -> np.ndarray:
    """RoboSense's rs_driver: whole 0.01 degrees, sines of double, the lens beside the axis."""
    distance = fired.ticks.astype(_FLOAT) * _FLOAT(model.tick)
    step = _steps(model, fired.azimuth)[fired.block].astype(_FLOAT)
    late = np.trunc(step * model.slot.astype(_FLOAT)[fired.laser]).astype(np.int64)
    before = fired.azimuth[fired.block] + late
    after = before + np.rint(100 * model.azimuth).astype(np.int64)[fired.laser]
    unit = 0.01 * _DEGREE
    rise, fall = (each.astype(_FLOAT)[fired.laser] for each in sine_cosine(np.rint(100 * model.elevation) * unit))
    sine, cosine = (each.astype(_FLOAT) for each in sine_cosine(after % TURN * unit))
    lens_sine, lens_cosine = (each.astype(_FLOAT) for each in sine_cosine(before % TURN * unit))
    away, up = _FLOAT(model.origin), _FLOAT(model.up[0])
    level = distance * fall
    return np.stack(
        [level * cosine + away * lens_cosine, -(level * sine) - away * lens_sine, distance * rise + up], axis=1
    )


LAWS: dict[str, Callable[[Model, Fired], np.ndarray]] = {
    "nebula Hesai": nebula_hesai,
    "nebula RoboSense": nebula_robosense,
    "nebula Velodyne": nebula_velodyne,
    "velodyne_pointcloud": velodyne_pointcloud,
    "velodyne_pointcloud, new libm": velodyne_pointcloud_modern,
    "PCL": pcl,
    "Hesai double": hesai_double,
    "Hesai general SDK": general_sdk,
    "Hesai general SDK, timed": general_sdk_timed,
    "Hesai SDK 2.0": sdk_2,
    "nebula Hesai, fine": fine_single,
    "table in float32": single_degrees,
    "rs_driver": rs_driver,
}
