"""From stored points to what a sensor measured, and back exactly.

`model` is the decoder: a sweep as a list of stages (`stages`), each a part of the way from a range to a stored number.
`solvers` find them, with what stands in `fit`; a decoder needs neither. This page lists the solvers without importing
any: they need numba, and `lizip info` must not wait for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from lizip.cloud import Cloud
    from lizip.sensor.model import Solution
    from lizip.sensor.state import SensorState


class Solver(Protocol):
    """What a module of `lizip.sensor.solvers` offers, as `SOLVER`."""

    def solve(self, cloud: Cloud, level: str, state: SensorState) -> Solution | None:
        """Find the stages that give a cloud; None when it is none of the solver's family (soon: within a few ms).

        What the sweep before left is taken from `state`, and what this one leaves is put there.
        """


class Registered(NamedTuple):
    """A solver known to the sweep codec.

    Attributes
    ----------
    name : str
        Of its family.
    module : str
        Where it is, as `SOLVER`.
    enough : float
        Bytes a point up to which others have explained a cloud so well that this one need not be asked: a few of
        corrections, and one for a range.
    """

    name: str
    module: str
    enough: float = 3.0

    def load(self) -> Solver:
        """Import the solver."""
        return importlib.import_module(self.module).SOLVER


SOLVERS = (
    Registered("azimuth rings", "lizip.sensor.solvers.azimuth_rings"),
    Registered("camera", "lizip.sensor.solvers.camera"),
    Registered("driver", "lizip.sensor.solvers.driver"),
    Registered("moving", "lizip.sensor.solvers.moving"),
    Registered("moved driver", "lizip.sensor.solvers.moved_driver", 1.2),
    Registered("chunked", "lizip.sensor.solvers.chunked"),
    Registered("timed", "lizip.sensor.solvers.timed"),
    Registered("static", "lizip.sensor.solvers.static"),
)
"""In the order in which the encoder tries them: those that decline soonest come first. A moved driver takes as long to
decline as a crop to encode; where a sweep is explained to a bit or two a point, it has nothing to gain."""
