"""A sensor's model made coarser, within a bound of the cloud that it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lizip.cloud import Cloud
    from lizip.sensor.model import Solution


def coarser(cloud: Cloud, solution: Solution, bound: float) -> Solution | None:
    """A solution of a cloud within `bound` metres of the given one; None where that is no gain."""
    return None
