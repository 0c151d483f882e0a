"""What the receiver makes of a hit: a range in whole ticks, an intensity, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lizip.simulator.draws import Draws
from lizip.simulator.rays import Hits


@dataclass(frozen=True)
class Receiver:
    """How good a sensor sees.

    Attributes
    ----------
    tick : float
        Step of the range, m.
    noise : float
        Standard deviation of a range, m.
    reach : float
        Distance (m) at which white paint, met head on, is seen half of the time.
    nearest : float
        Below this distance (m) nothing is reported.
    gain : float
        Intensity of white paint met head on.
    speckle : float
        Standard deviation of the intensity, in its own units.
    brightest : int
        Largest intensity.
    """

    tick: float
    noise: float
    reach: float
    nearest: float
    gain: float
    speckle: float
    brightest: int = 255


def receive(hits: Hits, receiver: Receiver, draws: Draws) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn hits into readings.

    Returns
    -------
    ticks : (N,) int32
        Range in ticks; 0 = no return.
    intensity : (N,) int32
        0 to `receiver.brightest`; also where nothing returned (meaningless there).
    power : (N,) float64
        Strength of the echo against what is needed; 0 where nothing was met.
    """
    count = len(hits.distance)
    met = np.isfinite(hits.distance) & (hits.distance > receiver.nearest)
    distance = np.where(met, hits.distance, 1.0)
    echo = np.where(met, hits.reflectivity * np.sqrt(hits.cosine), 0.0)
    power = echo * (receiver.reach / distance) ** 2 * (1 + 0.35 * draws.normal(count))
    # Now and then a mirror or a dark pane swallows the pulse whatever its power.
    seen = (power > 1.0) & ~draws.chance(0.004, count)
    spread = receiver.noise * (1 + 0.02 * distance) / np.sqrt(np.maximum(hits.cosine, 0.05) + 0.3)
    # Most readings are good and a few are poor, which gives the long tails of real sensors.
    poor = 0.6 + 4.0 * draws.uniform(size=count) ** 6
    ticks = np.rint((distance + spread * poor * draws.normal(count)) / receiver.tick)
    ticks = np.where(seen & (ticks > 0), ticks, 0).astype(np.int32)
    level = receiver.gain * echo + receiver.speckle * (0.4 + np.sqrt(echo)) * draws.normal(count)
    intensity = np.clip(np.rint(level), 0, receiver.brightest).astype(np.int32)
    return ticks, intensity, np.where(seen, power, 0.0)
