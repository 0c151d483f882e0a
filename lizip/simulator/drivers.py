"""Points as public drivers compute them from the integers of packets, float32 step by step.

Written down from the drivers' sources, apart from `lizip.sensor.stages.driver`, which has to find them out again.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from lizip.exact.single import MODERN, ROUNDED, sines_and_cosines
from lizip.simulator.draws import Draws
from lizip.simulator.exact import sine_cosine
from lizip.simulator.rays import cast
from lizip.simulator.returns import Receiver, receive
from lizip.simulator.scene import street
from lizip.simulator.sweep import Sweep
from lizip.simulator.turning import MOUNT, TURN, Model


class Fired(NamedTuple):
    """Azimuths (F,) of the blocks; block, laser and range of each point, (N,) int64."""

    azimuth: np.ndarray
    block: np.ndarray
    laser: np.ndarray
    ticks: np.ndarray


Name = Literal["nebula Hesai", "nebula Velodyne", "velodyne_pointcloud", "PCL", "Hesai general SDK"]

_FLOAT = np.float32
_DEGREE = np.pi / 180
_BLOCKS = 12


class Packets(NamedTuple):
    """What the packets of a turn hold.

    Attributes
    ----------
    azimuth : (F,) int64
        Of each block, 0.01 degrees.
    ticks, intensity : (F, R) int32
        Of each laser, in firing order; 0 = no return.
    second : (F, R) int32
        Second returns, 0 = none.
    """

    azimuth: np.ndarray
    ticks: np.ndarray
    intensity: np.ndarray
    second: np.ndarray


def packets(seed: int, model: Model, span: float = 1.0, twice: float = 0.0) -> Packets:
    """Let a sensor at rest look at a street; `twice` is the share of returns that have a second."""
    draws = Draws(seed, "drivers")
    blocks = int(span * TURN / model.step)
    exact = draws.uniform(0, TURN) + model.step * np.arange(blocks) + model.jitter * draws.normal(blocks)
    azimuth = np.rint(exact).astype(np.int64)
    angle = np.radians((azimuth[:, None] / 100 + model.azimuth).ravel())
    rise, fall = (np.tile(each, blocks) for each in sine_cosine(np.radians(model.elevation)))
    sine, cosine = sine_cosine(angle)
    rays = np.stack([fall * cosine, -fall * sine, rise], axis=1)
    receiver = Receiver(tick=model.tick, noise=0.008, reach=100.0, nearest=0.5, gain=110.0, speckle=3.5)
    start = np.zeros_like(rays) + np.array([0.0, 0.0, MOUNT])
    ticks, intensity, _ = receive(cast(street(seed), start, rays, draws), receiver, draws)
    further = np.rint(draws.uniform(0.4, 6.0, len(ticks)) / model.tick).astype(np.int32)
    second = np.where((ticks > 0) & draws.chance(twice, len(ticks)), ticks + further, 0)
    shape = blocks, model.rings
    return Packets(
        azimuth % TURN, ticks.reshape(shape), intensity.reshape(shape), second.reshape(shape).astype(np.int32)
    )


def sweep(
    seed: int,
    model: Model,
    driver: Name,
    missing: Literal["dropped", "zeros", "NaN"] = "dropped",
    span: float = 1.0,
    twice: float = 0.0,
    arranged: Literal["behind", "blocks", "apart"] = "behind",
    repeated: bool = False,
) -> Sweep:
    """Simulate a sweep of a sensor at rest as a driver hands it on: x, y, z, intensity in block order.

    Parameters
    ----------
    seed : int
        Decides scene and noise.
    model : Model
        Angles as printed; lasers in firing order.
    driver : str
        Who computes the points.
    missing : {"dropped", "zeros", "NaN"}
        What becomes of a laser without a return. Zeros are computed, so they have signs.
    span : float
        Share of the turn.
    twice : float
        Share of returns with a second one.
    arranged : {"behind", "blocks", "apart"}
        Where that stands in the file: right behind the first, behind the block of all first ones, behind the sweep.
    repeated : bool
        Whether a return without a second one is reported twice.
    """
    sent = packets(seed, model, span, twice)
    lasers = np.tile(np.arange(model.rings), len(sent.azimuth))
    blocks = np.repeat(np.arange(len(sent.azimuth)), model.rings)
    second = np.where(sent.second > 0, sent.second, sent.ticks if repeated else 0).ravel()
    nth = np.repeat([0, 1], len(lasers))
    take = np.tile(np.arange(len(lasers)), 2)
    order = {"behind": (nth, take), "blocks": (take, nth, take // model.rings), "apart": (take, nth)}[arranged]
    order = np.lexsort(order)
    order = order[(nth[order] == 0) | (second[take[order]] > 0)]
    ticks, take = np.where(nth == 0, sent.ticks.ravel()[take], second[take])[order], take[order]
    points = _LAWS[driver](model, Fired(sent.azimuth, blocks[take], lasers[take], ticks.astype(np.int64)))
    records = np.concatenate([points, sent.intensity.ravel()[take, None].astype(_FLOAT)], axis=1).astype(_FLOAT)
    if missing == "dropped":
        records = records[ticks > 0]
    elif missing == "NaN":
        records[ticks == 0, :3] = np.nan
    return Sweep(records.tobytes(), 4, sent.ticks, sent.intensity, {"azimuth": sent.azimuth, "second": sent.second})


def _trigonometry(angle: np.ndarray, kind: int) -> tuple[np.ndarray, np.ndarray]:
    sine, cosine = sines_and_cosines(angle.astype(_FLOAT), kind)
    return sine.astype(_FLOAT), cosine.astype(_FLOAT)


def _nebula_hesai(model: Model, fired: Fired) -> np.ndarray:
    azimuth, block, laser, ticks = fired
    distance = (ticks * model.tick).astype(_FLOAT)
    elevation, offset = (each.astype(_FLOAT) * _FLOAT(_DEGREE) for each in (model.elevation, model.azimuth))
    angle = (azimuth / 100.0 * _DEGREE).astype(_FLOAT)[block] + offset[laser]
    rise, fall = (each[laser] for each in _trigonometry(elevation, MODERN))
    sine, cosine = _trigonometry(angle, MODERN)
    level = distance * fall
    return np.stack([level * sine, level * cosine, distance * rise], axis=1)


def _nebula_velodyne(model: Model, fired: Fired) -> np.ndarray:
    azimuth, block, laser, ticks = fired
    step = (np.diff(azimuth, append=azimuth[-1:] + round(model.step)) % TURN).astype(_FLOAT)
    step[_BLOCKS - 1 :: _BLOCKS] = 0
    advance = step[block] * _FLOAT(2.304) / _FLOAT(55.296) * laser.astype(_FLOAT)
    turned = (azimuth[block].astype(_FLOAT) + advance).astype(np.float64) + 100 * model.azimuth[laser]
    index = np.floor(turned + 0.5).astype(np.int64) % TURN
    return _from_table(model, (0.01 * index * _DEGREE).astype(_FLOAT), laser, ticks, MODERN)


def _velodyne_pointcloud(model: Model, fired: Fired) -> np.ndarray:
    azimuth, block, laser, ticks = fired
    index = azimuth[block].astype(_FLOAT)
    angle = ((_FLOAT(0.01) * index).astype(np.float64) * _DEGREE).astype(_FLOAT)
    return _from_table(model, angle, laser, ticks, ROUNDED)


def _from_table(model: Model, angle: np.ndarray, laser: np.ndarray, ticks: np.ndarray, kind: int) -> np.ndarray:
    distance = ticks.astype(_FLOAT) * _FLOAT(model.tick)
    rise, fall = (each[laser] for each in _trigonometry((model.elevation * _DEGREE).astype(_FLOAT), kind))
    sine, cosine = _trigonometry(angle, kind)
    level = distance * fall
    return np.stack([level * cosine, -(level * sine), distance * rise], axis=1)


def _pcl(model: Model, fired: Fired) -> np.ndarray:
    azimuth, block, laser, ticks = fired
    distance = ticks * model.tick
    rise, fall = (each[laser] for each in sine_cosine(model.elevation * _DEGREE))
    sine, cosine = sine_cosine(azimuth[block] / 100.0 * _DEGREE)
    level = distance * fall
    return np.stack([level * sine - 0.0 * cosine, level * cosine + 0.0 * sine, distance * rise + 0.0], axis=1)


def _general_sdk(model: Model, fired: Fired) -> np.ndarray:
    azimuth, block, laser, ticks = fired
    distance = ticks * model.tick
    index = np.trunc(100 * model.azimuth[laser] + azimuth[block]).astype(np.int64) % TURN
    rise, fall = (each[laser] for each in _trigonometry((model.elevation * _DEGREE).astype(_FLOAT), MODERN))
    sine, cosine = _trigonometry((0.01 * index * _DEGREE).astype(_FLOAT), MODERN)
    level = (distance * fall).astype(_FLOAT)
    return np.stack([level * sine, level * cosine, distance * rise], axis=1)


_LAWS = {
    "nebula Hesai": _nebula_hesai,
    "nebula Velodyne": _nebula_velodyne,
    "velodyne_pointcloud": _velodyne_pointcloud,
    "PCL": _pcl,
    "Hesai general SDK": _general_sdk,
}
