"""What a sweep leaves to the next one of the same sensor: an object of the caller's, never hidden in a module."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


class SensorState:
    """What solvers found out about a sensor, to start from when the next sweep comes.

    Handed in with the options of a compression and filled by it: sweeps coded with one state depend on one another's
    order, those coded without any do not.
    """

    def __init__(self) -> None:
        self._left: dict[str, object] = {}

    def get(self, solver: str, kind: type[T]) -> T | None:
        """What `solver` left last, if it is of that kind."""
        left = self._left.get(solver)
        return left if isinstance(left, kind) else None

    def put(self, solver: str, left: object) -> None:
        """Keep what a solver found."""
        self._left[solver] = left
