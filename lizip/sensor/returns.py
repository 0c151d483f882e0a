"""The returns of a sweep on their way from the sensor's integers to the numbers of a file: what stages fill."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lizip.errors import CorruptError

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Schema
    from lizip.sensor.stages.beams import Beams
    from lizip.sensor.stages.driver import Driver
    from lizip.sensor.stages.far_frame import Far
    from lizip.sensor.stages.firings import Columns as Fired
    from lizip.sensor.stages.profile import Rhythm
    from lizip.sensor.stages.slots import Slots


def _none() -> Any:
    """Nothing; as a factory, so that the class has no attribute of a field's name.

    What a stage fills is None before (see `need`); its type is what it is after.
    """


@dataclass
class Returns:
    """What is known of the M returns of a part that has N points in the file; stages fill it.

    Attributes
    ----------
    ranges : (F, R) int32
        Range ticks by row and ring, 0 = no return.
    intensity : (F, R) int32 or None
        What the sensor reported, or a number for it.
    schema : tuple of (str, dtype)
        Fields of the file; the first three are the coordinates.
    count : int
        N.
    halved : bool
        Whether ranges count halves of a tick: see `lizip.sensor.stages.coarse`.
    beams : Beams
        From the beams stage: table, step (rad a column), tick (m), columns of a turn.
    fired : Columns
        From the firings stage: the azimuth columns in which the sensor fired.
    base : int
        Likewise: index of the firing in row 0 of a ring without lag.
    rhythm : Rhythm or None
        From a profile: when its lasers fire.
    firings : int
        Number of firings, where each row of the grid is one.
    phase : int
        Likewise: first firing that starts a packet.
    far : Far or None
        From the far frame's stage: the way back from it.
    blank : (M,) bool or None
        Likewise: points that have the coordinates `nothing`.
    ring, row : (M,) int64
        Cell of each return in the grid.
    firing : (M,) int64
        Index of its firing among `fired`, or among all `firings`.
    ticks : (M,) int32
    column : (M,) int64
        Azimuth column of the turn at which it was fired; beams' shifts and phases do not count.
    ahead : (M,) float64 or None
        Columns by which it is ahead of that.
    nth : (M,) int64 or None
        From the stage of second returns: which return of its cell each is, counted from 0.
    time : (M,) float64
        Microseconds since the time origin of the pose track.
    slots : Slots
        From the slots stage: lasers that fire in slots.
    laser : (M,) int64
        Likewise: laser of each return, by firing order.
    group : (M,) int64
        Which returns share a pose.
    pose_times : (G,) float64
        When that was, microseconds.
    turns, shifts : (G, 3, 3), (G, 3) float64
        The poses.
    points : (M, 3) float64 or float32
        Metres; in the sensor's frame, then (pose) in the frame of the file, unrounded.
    rounded : (M, 3) float32
        Points as their writer rounded them, if the model is right.
    decimal : int
        Units a metre in which that was done, 0: float32.
    fraction : (M, 3) float64
        What that took away, in units of the last place (or decimal): -0.5 to 0.5.
    xyz : (M, 3) float32
        Stored coordinates.
    azimuths : (F,) int64 or None
        From blocks: azimuths of the firings, 0.01 degrees.
    places : (R,) int64 or None
        Likewise: place of each ring in a firing.
    driver : Driver or None
        From the stage of that name.
    doubled : bool
        From blocks: whether the file holds every cell twice, and further returns are still to be told.
    place : (M,) int64
        Place of each return among the points of the part.
    every : tuple of three (N,) int64, or None
        Ring, firing and row of every point of the file, where all cells of the grid are stored.
    nothing : (3,) uint32
        Bits of the coordinates of a point that is no return.
    columns : dict
        The fields of the file, each (N,).
    """

    ranges: np.ndarray
    intensity: np.ndarray | None
    schema: Schema
    count: int
    halved: bool = False
    beams: Beams = field(default_factory=_none)
    fired: Fired = field(default_factory=_none)
    base: int = 0
    rhythm: Rhythm = field(default_factory=_none)
    firings: int = 0
    phase: int = 0
    far: Far = field(default_factory=_none)
    blank: np.ndarray | None = field(default_factory=_none)
    ring: np.ndarray = field(default_factory=_none)
    row: np.ndarray = field(default_factory=_none)
    firing: np.ndarray = field(default_factory=_none)
    ticks: np.ndarray = field(default_factory=_none)
    column: np.ndarray = field(default_factory=_none)
    ahead: np.ndarray | None = field(default_factory=_none)
    nth: np.ndarray | None = field(default_factory=_none)
    time: np.ndarray = field(default_factory=_none)
    slots: Slots = field(default_factory=_none)
    laser: np.ndarray = field(default_factory=_none)
    group: np.ndarray = field(default_factory=_none)
    pose_times: np.ndarray = field(default_factory=_none)
    turns: np.ndarray = field(default_factory=_none)
    shifts: np.ndarray = field(default_factory=_none)
    points: np.ndarray = field(default_factory=_none)
    rounded: np.ndarray = field(default_factory=_none)
    fraction: np.ndarray = field(default_factory=_none)
    decimal: int = 0
    xyz: np.ndarray = field(default_factory=_none)
    azimuths: np.ndarray | None = None
    places: np.ndarray | None = None
    driver: Driver | None = None
    doubled: bool = False
    place: np.ndarray = field(default_factory=_none)
    every: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    nothing: np.ndarray = field(default_factory=_none)
    columns: dict[str, np.ndarray] = field(default_factory=dict)

    _OF_EACH = (
        "ring",
        "row",
        "firing",
        "laser",
        "ticks",
        "column",
        "ahead",
        "nth",
        "blank",
        "time",
        "points",
        "rounded",
        "fraction",
        "xyz",
    )

    _waiting: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, init=False, repr=False)
    """Arrays that are not yet reordered, and how they will be: most are never asked for again."""

    def copied(self) -> Returns:
        """The same, to which stages can be applied; arrays are shared."""
        other = copy(self)
        other.columns, other._waiting = dict(self.columns), dict(self._waiting)
        return other

    def take(self, which: np.ndarray) -> None:
        """Keep, or reorder, returns: indices (K,) into all that is filled so far."""
        from lizip.exact.triples import taken

        for name in self._OF_EACH:
            if name in self.__dict__:
                if (array := self.__dict__[name]) is not None:
                    self._waiting[name] = array, which
                    delattr(self, name)
            else:
                array, before = self._waiting[name]
                self._waiting[name] = array, taken(before, which)

    def __getattr__(self, name: str) -> np.ndarray:
        """What waits to be reordered is not there until it is asked for."""
        if name not in self._OF_EACH or name not in self._waiting:
            raise AttributeError(f"returns have no {name}")
        from lizip.exact.triples import taken

        array, which = self._waiting.pop(name)
        setattr(self, name, ready := taken(array, which))
        return ready

    def unit(self, tick: float) -> float:
        """What ranges count, of a sensor with this tick (m)."""
        return 0.5 * tick if self.halved else tick

    def need(self, *names: str) -> None:
        """Raise CorruptError unless stages before have filled these."""
        if any(getattr(self, name) is None for name in names):
            raise CorruptError("the stages of a sweep are not in order")
