"""Turning sensors at rest as their drivers write them: Velodyne, Hesai, RoboSense.

azimuth   a = raw + advance(step, slot) + offset, in 0.01 degrees; raw whole for each firing, step to the next one
point     q = r cos(e) - up sin(e),  x = q cos(a) + origin cos(raw), y = -q sin(a) ...,  z = r sin(e) + up cos(e)

The advance of a laser inside its firing is rounded to whole hundredths, kept as it is, or left out. The point is
computed in double, or in float32 from tables of sines and cosines.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from lizip.simulator.conditions import CLEAR, Conditions
from lizip.simulator.draws import Draws
from lizip.simulator.exact import apply, sine_cosine
from lizip.simulator.rays import cast
from lizip.simulator.returns import Receiver
from lizip.simulator.scene import Scene, street
from lizip.simulator.sweep import Sweep
from lizip.simulator.vlp32 import AZIMUTH_OFFSET, ELEVATION

TURN, PACKET = 36000, 12
MOUNT = 1.8


@dataclass(frozen=True)
class Model:
    """What is printed about a sensor; lasers in firing order.

    Attributes
    ----------
    elevation, azimuth : (R,) float64
        Degrees.
    up : (R,) float64
        Vertical offsets, m.
    slot : (R,) float64
        When a laser fires, as a share of the time from one firing to the next.
    tick, origin : float
        Step of the range, distance of the lasers from the axis, m.
    step : float
        Hundredths of a degree from one firing to the next, on average.
    jitter : float
        Standard deviation of the azimuth, in hundredths of a degree.
    name : str
        Of a sensor that drivers treat in a way of its own.
    lateral, further, further_x, further_y : (R,) float64 or 0
        Of an HDL-64E: how far a laser sits aside, what is added to its range far off, and near by along two axes, m.
    asleep : (2, R) bool or None
        Lasers that rest in even blocks, and in odd ones.
    """

    elevation: np.ndarray
    azimuth: np.ndarray
    up: np.ndarray
    slot: np.ndarray
    tick: float
    step: float
    origin: float = 0.0
    jitter: float = 0.4
    name: str = ""
    lateral: np.ndarray | float = 0.0
    further: np.ndarray | float = 0.0
    further_x: np.ndarray | float = 0.0
    further_y: np.ndarray | float = 0.0
    asleep: np.ndarray | None = None

    @property
    def rings(self) -> int:
        """Number of lasers."""
        return len(self.elevation)


def model_of(elevation: np.ndarray, **numbers: Any) -> Model:
    """Fill in what is zero."""
    none = np.zeros(len(elevation))
    return Model(**{"elevation": elevation, "azimuth": none, "up": none, "slot": none, **numbers})


def _channels(seed: int, count: int) -> np.ndarray:
    """Corrections of a factory, degrees with three decimals."""
    return np.rint(40 * Draws(seed, "channels").normal(count)) / 1000


_16 = np.array([-15, 1, -13, 3, -11, 5, -9, 7, -7, 9, -5, 11, -3, 13, -1, 15.0])
_16_UP = np.array([11.2, -0.7, 9.7, -2.2, 8.1, -3.7, 6.6, -5.1, 5.1, -6.6, 3.7, -8.1, 2.2, -9.7, 0.7, -11.2]) / 1000
_32 = np.arange(32)
_HDL_32 = np.where(_32 % 2 == 0, -30.67 + 1.33 * (_32 // 2), -9.33 + 1.33 * (_32 // 2))
_64 = np.concatenate([[14.882, 11.032, 8.059, 5.057, 3.04], 2.028 - 0.1667 * np.arange(49), -7 - 1.8 * np.arange(10)])
_64_AZIMUTH = np.array([-1.042, 3.125, -5.208, 1.042])[np.arange(64) % 4]

MODELS = {
    "vlp16": model_of(_16, up=_16_UP, slot=np.arange(16) * 2.304 / 55.296, tick=0.002, step=19.9),
    "hdl32": model_of(_HDL_32, slot=_32 * 1.152 / 46.08, tick=0.002, step=16.6),
    "vlp32": model_of(ELEVATION, azimuth=AZIMUTH_OFFSET, slot=_32 // 2 * 2.304 / 55.296, tick=0.004, step=19.9),
    "pandar64": model_of(np.rint(_64 * 1000) / 1000, azimuth=_64_AZIMUTH, tick=0.004, step=20.0),
    "xt32": model_of(15.0 - _32 + _channels(1, 32), azimuth=_channels(2, 32), tick=0.004, step=18.0),
    "rs32": model_of(
        np.rint(15 - 1.29 * _32 + _channels(3, 32)), azimuth=_channels(4, 32), slot=_32 / 36, tick=0.005, step=20.0
    ),
}
"""By name: tables of the makers', or made up like them."""


def sweep(
    seed: int,
    model: Model,
    advance: Literal["none", "whole", "exact"] = "none",
    arithmetic: Literal["double", "float", "ros"] = "double",
    offsets: Literal["whole", "exact"] = "exact",
    span: float = 1.0,
    scene: Scene | None = None,
    conditions: Conditions = CLEAR,
) -> Sweep:
    """Simulate one turn of a sensor at rest; `records` are a whole grid, firing after firing, zeros without a return.

    Parameters
    ----------
    seed : int
        Decides the scene and the noise.
    model : Model
        The sensor.
    advance : {"none", "whole", "exact"}
        What happens to the azimuth inside a firing.
    arithmetic : {"double", "float", "ros"}
        What points are computed in; the last takes sines of float32 angles too.
    offsets : {"whole", "exact"}
        Whether the lasers' azimuths are rounded to hundredths of a degree.
    span : float
        Share of the turn.
    scene : Scene, optional
        Use this street instead of drawing one.
    conditions : Conditions
        Weather, what stands beside, what is lost.
    """
    draws, rough = Draws(seed, "turning"), Draws(seed, "conditions")
    firings = int(span * TURN / model.step)
    exact = draws.uniform(0, TURN) + model.step * np.arange(firings + 1) + model.jitter * draws.normal(firings + 1)
    raw = np.rint(exact).astype(np.int64)
    fixed = np.rint(100 * model.azimuth) if offsets == "whole" else 100 * model.azimuth
    ahead = np.diff(raw)[:, None] * model.slot
    ahead = {"none": 0 * ahead, "whole": np.rint(ahead), "exact": ahead}[advance]
    azimuth = (raw[:-1, None] + ahead + fixed).ravel()
    ring = np.tile(np.arange(model.rings), firings)
    base = np.repeat(raw[:-1], model.rings)
    near = _points(model, ring, base, azimuth, np.zeros(len(ring)), "double")
    far = _points(model, ring, base, azimuth, np.ones(len(ring)), "double")
    receiver = Receiver(tick=model.tick, noise=0.008, reach=100.0, nearest=0.8, gain=110.0, speckle=3.5)
    hits = cast(scene or street(seed), near + np.array([0.0, 0.0, MOUNT]), far - near, draws)
    ticks, intensity, _ = conditions.receive(hits, far - near, receiver, draws, rough)
    ticks[np.repeat(conditions.lost_firings(firings, PACKET, rough), model.rings)] = 0
    records = np.zeros((len(ring), 4), "<f4")
    kind: Any = np.float64 if arithmetic == "double" else np.float32
    records[:, :3] = _points(model, ring, base, azimuth, ticks.astype(kind) * kind(model.tick), arithmetic)
    records[:, 3] = intensity
    records[ticks == 0] = 0.0
    shape = (firings, model.rings)
    return Sweep(records.tobytes(), 4, ticks.reshape(shape), intensity.reshape(shape), {"raw": raw[:-1]})


def _points(
    model: Model, ring: np.ndarray, base: np.ndarray, azimuth: np.ndarray, reach: np.ndarray, arithmetic: str
) -> np.ndarray:
    """Points (N, 3) of ranges (N,) in metres; float32 arithmetic rounds every step."""
    kind: Any = np.float64 if arithmetic == "double" else np.float32
    hundredth = np.radians(0.01)
    rise, fall = (each.astype(kind)[ring] for each in sine_cosine(np.radians(model.elevation)))
    angle = azimuth % TURN * hundredth
    if arithmetic == "ros":
        angle = np.radians((np.float32(0.01) * (azimuth % TURN).astype(np.float32)).astype(np.float64)).astype(kind)
    (sine, cosine), (across, along) = sine_cosine(angle), sine_cosine(base % TURN * hundredth)
    sine, cosine, across, along = (each.astype(kind) for each in (sine, cosine, across, along))
    reach, up, origin = reach.astype(kind), model.up.astype(kind)[ring], kind(model.origin)
    level = reach * fall - up * rise
    x = level * cosine + origin * along
    y = -(level * sine) - origin * across
    return np.stack([x, y, reach * rise + up * fall], axis=1)


def mounted(
    points: np.ndarray, rotation: np.ndarray, shift: np.ndarray, arithmetic: Literal["double", "float"] = "double"
) -> np.ndarray:
    """Points (N, 3) in the frame of a vehicle: rotation (3, 3), then shift (3,), m, in the given arithmetic."""
    kind = np.float32 if arithmetic == "float" else np.float64
    return (apply(rotation.astype(kind), points.astype(kind)) + shift.astype(kind)).astype(np.float32)


def finer(model: Model, tick: float) -> Model:
    """Return a model with another step of the range."""
    return replace(model, tick=tick)
