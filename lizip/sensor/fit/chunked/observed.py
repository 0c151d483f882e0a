"""What is known of the returns of a sensor whose packets' returns went to the vehicle's frame chunk by chunk."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lizip.exact.screw import Track, poses_at
from lizip.jit import kernel
from lizip.sensor.fit.chunked.knots import Groups
from lizip.sensor.fit.chunked.point_sums import Placed
from lizip.sensor.fit.chunked.ray_sums import Rays
from lizip.sensor.stages.slots import TURN, Lasers, angles, sensor_points

_LEAST_SIGMA = 1.5e-7
_NEAREST, _FARTHEST = 2.0, 150.0
"""Metres: what is nearer tells directions badly, what is further off is too coarse to tell anything."""
_FEWEST = 4
"""Returns of a firing that tell something, or near ones have to."""

MIDDLE = 17.0
"""Microseconds from the start of a firing to its middle."""


class Observed(NamedTuple):
    """Returns with lasers and firings.

    Attributes
    ----------
    lasers : Lasers
    upside_down : bool
    stored : (N, 3) float32
    laser, firing : (N,) int64
    known : (N,) bool
        Whether laser and firing are believed.
    distance : (N,) float64
        Metres from the sensor.
    noise : float
        What a rounding more coarse than to float32 left in coordinates, standard deviation, m.
    """

    lasers: Lasers
    upside_down: bool
    stored: np.ndarray
    laser: np.ndarray
    firing: np.ndarray
    known: np.ndarray
    distance: np.ndarray
    noise: float = 0.0

    @property
    def inside(self) -> np.ndarray:
        """Microseconds (N,) from the start of the packet."""
        late = self.lasers.firing_time * (self.firing % self.lasers.packet)
        return late + self.lasers.slot_time * self.lasers.slot[self.laser]


class Law(NamedTuple):
    """What is known of how they came about.

    Attributes
    ----------
    azimuth : (F,) int64
        Of all firings of whole packets, units, not wrapped.
    packets : (P,) float64
        Times of the packets, us.
    ticks : (N,) int64
        Ranges.
    groups : Groups
        Returns that share a pose.
    track : Track
    clock : (float, float)
        Period and phase (us) of the packets' regular law.
    """

    azimuth: np.ndarray
    packets: np.ndarray
    ticks: np.ndarray
    groups: Groups
    track: Track
    clock: tuple[float, float]


def own_times(seen: Observed, packets: np.ndarray) -> np.ndarray:
    """Times (N,) of the returns, us."""
    return packets[seen.firing // seen.lasers.packet] + seen.inside


def by_firing(seen: Observed, packets: np.ndarray) -> Groups:
    """The firings as groups, each with the time of its middle."""
    place = seen.lasers.firing_time * np.arange(seen.lasers.packet) + MIDDLE
    times = (packets[:, None] + place).ravel()
    return Groups(np.searchsorted(seen.firing, np.arange(len(times) + 1)), times)


def packets_of(seen: Observed, groups: Groups) -> np.ndarray:
    """Packet (G,) of the middle return of each group."""
    middle = groups.starts[:-1] + np.diff(groups.starts) // 2
    return seen.firing[middle] // seen.lasers.packet


def alpha_of(seen: Observed, azimuth: np.ndarray) -> np.ndarray:
    """Angles (N,) float32 of the returns."""
    return angles(seen.lasers, seen.upside_down, azimuth % TURN, seen.firing, seen.laser)


def telling(known: np.ndarray, distance: np.ndarray, firing: np.ndarray, nearest: float) -> np.ndarray:
    """Mark returns (N,) that tell the track: known ones farther than `nearest` (m).

    Beside a wall a firing has few of these, or none; its near ones have to do.
    """
    told = known & (distance > nearest)
    few = np.bincount(firing, told) < _FEWEST
    return told | (known & few[firing])


def rays_of(seen: Observed, azimuth: np.ndarray, late: np.ndarray, use: np.ndarray) -> Rays:
    """The returns for the ray model; `late` and `use` as there."""
    alpha = alpha_of(seen, azimuth).astype(np.float64)
    return Rays(seen.stored, seen.laser, alpha if seen.upside_down else -alpha, late, use)


def placed_of(seen: Observed, law: Law) -> Placed:
    """The returns for the point model."""
    points = sensor_points(seen.lasers, seen.upside_down, alpha_of(seen, law.azimuth), seen.laser, law.ticks)
    sigma = np.maximum(0.5 * np.spacing(np.abs(seen.stored)).astype(np.float64), max(_LEAST_SIGMA, seen.noise))
    use = telling(seen.known, seen.distance, seen.firing, _NEAREST) & (seen.distance < _FARTHEST)
    return Placed(seen.stored.astype(np.float64), points, sigma, np.zeros(len(points)), use)


@kernel
def _inward(stored, starts, poses, late, out):
    for g in range(starts.size - 1):
        m = poses.turns[g]
        for j in range(starts[g], starts[g + 1]):
            b0 = np.float64(stored[j, 0]) - poses.places[g, 0] - poses.speed[g, 0] * late[j]
            b1 = np.float64(stored[j, 1]) - poses.places[g, 1] - poses.speed[g, 1] * late[j]
            b2 = np.float64(stored[j, 2]) - poses.places[g, 2] - poses.speed[g, 2] * late[j]
            # the spin of so short a time is a small rotation
            w0, w1, w2 = poses.spin[g, 0] * late[j], poses.spin[g, 1] * late[j], poses.spin[g, 2] * late[j]
            c0, c1, c2 = b0 - w1 * b2 + w2 * b1, b1 - w2 * b0 + w0 * b2, b2 - w0 * b1 + w1 * b0
            for a in range(3):
                out[j, a] = m[0, a] * c0 + m[1, a] * c1 + m[2, a] * c2


def to_sensor(stored: np.ndarray, groups: Groups, track: Track, late: np.ndarray) -> np.ndarray:
    """Stored points (N, 3) in the sensor's frame, float64; `late` (N,): their times after those of the groups."""
    out = np.empty((len(stored), 3))
    _inward(stored, groups.starts, poses_at(track, groups.times), late, out)
    return out
