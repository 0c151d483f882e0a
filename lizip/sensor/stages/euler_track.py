"""A pose for each return, at its own time: position and Euler angles of a vehicle, each linear between knots.

    p = place + Rz(yaw) Ry(pitch) Rx(roll) (mount s + lever)

where s is the point in the sensor's frame, `mount` turns it to the vehicle's axes and `lever` is where the sensor sits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lizip.errors import CorruptError
from lizip.exact.rotation import rotation_of_quaternion, turned
from lizip.exact.trig import sincos
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_varint

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

_MOST_KNOTS = 1 << 10
_FAR = 1e8
_MOST_TURN = 1e3
_FIXED = 7


@kernel
def segment_of(times, t, segment):
    """Interval of ascending knot times (K,) that holds t, or the nearest one; looked for from `segment` on."""
    while segment < times.size - 2 and t >= times[segment + 1]:
        segment += 1
    while segment > 0 and t < times[segment]:
        segment -= 1
    return segment


@kernel
def euler_points(knot_times, angles, places, mount, lever, times, points, out):
    """Fill out (M, 3) with points (M, 3) of the sensor's frame, moved by the poses at their times (M,).

    `angles` (K, 3) are roll, pitch and yaw at the knots (K,), `places` (K, 3) positions; mount (3, 3), lever (3,).
    """
    k = np.int64(0)
    for i in range(times.size):
        k = segment_of(knot_times, times[i], k)
        part = (times[i] - knot_times[k]) / (knot_times[k + 1] - knot_times[k])
        sr, cr = sincos(angles[k, 0] + part * (angles[k + 1, 0] - angles[k, 0]))
        sp, cp = sincos(angles[k, 1] + part * (angles[k + 1, 1] - angles[k, 1]))
        sy, cy = sincos(angles[k, 2] + part * (angles[k + 1, 2] - angles[k, 2]))
        b0, b1, b2 = turned(mount, points[i, 0], points[i, 1], points[i, 2])
        b0, b1, b2 = b0 + lever[0], b1 + lever[1], b2 + lever[2]
        y = cr * b1 - sr * b2
        z = sr * b1 + cr * b2
        x = cp * b0 + sp * z
        z = cp * z - sp * b0
        out[i, 0] = cy * x - sy * y + (places[k, 0] + part * (places[k + 1, 0] - places[k, 0]))
        out[i, 1] = sy * x + cy * y + (places[k, 1] + part * (places[k + 1, 1] - places[k, 1]))
        out[i, 2] = z + (places[k, 2] + part * (places[k + 1, 2] - places[k, 2]))


@dataclass(frozen=True)
class EulerTrack:
    """Knots of a track, and how the sensor sits on the vehicle.

    Attributes
    ----------
    times : (K,) float64
        Of the knots, ascending, in the units of the returns' times.
    angles, places : (K, 3) float64
        Roll, pitch, yaw (rad), and position (m).
    mount : (4,) float64
        Quaternion w x y z of the rotation from the sensor's to the vehicle's axes.
    lever : (3,) float64
        Sensor in the vehicle's frame, m.
    """

    times: np.ndarray
    angles: np.ndarray
    places: np.ndarray
    mount: np.ndarray
    lever: np.ndarray

    def points(self, times: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Points (M, 3) of the sensor's frame where the track takes them at their times (M,)."""
        out = np.empty(points.shape)
        mount = rotation_of_quaternion(self.mount)
        euler_points(self.times, self.angles, self.places, mount, self.lever, times, points, out)
        return out

    def apply(self, returns: Returns) -> None:
        """Move the points."""
        returns.need("points", "time")
        returns.points = self.points(returns.time, returns.points)

    def pack(self) -> bytes:
        """Write the numbers."""
        numbers = (self.times, self.angles.ravel(), self.places.ravel(), self.mount, self.lever)
        return pack_varint(len(self.times)) + np.concatenate(numbers).astype("<f8").tobytes()

    @classmethod
    def unpack(cls, data: bytes) -> EulerTrack:
        """Read what `pack` wrote; raises CorruptError."""
        unpacker = Unpacker(data)
        count = unpacker.varint()
        if not 2 <= count <= _MOST_KNOTS:
            raise CorruptError("impossible knots of a track")
        numbers = unpacker.array("<f8", 7 * count + _FIXED)
        unpacker.finish()
        times, rest, fixed = numbers[:count], numbers[count : 7 * count], numbers[7 * count :]
        angles, places = rest[: 3 * count].reshape(-1, 3), rest[3 * count :].reshape(-1, 3)
        if not (np.abs(numbers) < _FAR).all() or not (np.abs(angles) < _MOST_TURN).all():
            raise CorruptError("impossible knots of a track")
        if not (np.diff(times) >= 1).all() or not 0.5 <= (fixed[:4] * fixed[:4]).sum() <= 2:
            raise CorruptError("impossible knots of a track")
        return cls(times, angles, places, fixed[:4], fixed[4:])
