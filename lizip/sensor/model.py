"""A sweep as a list of stages: the way of a return from the sensor's integers to the numbers of a file.

This page is the whole decoder. `Returns` begins as a grid of ranges and intensities; each stage, in turn, adds what it
knows to it; in the end the columns of the file stand there:

    returns = Returns(ranges, intensity, schema, count)
    for stage in part.stages:
        stage.apply(returns)
    returns.columns

A stage is a frozen dataclass in a module of `lizip.sensor.stages`, with

    pack(self) -> bytes                its own bytes in a stream
    unpack(data: bytes) -> stage       a classmethod; raises CorruptError, bounds everything that a stream can steer
    apply(self, returns) -> None       fills arrays of `Returns`, with array kernels; raises CorruptError too

and knows no data set. It is listed in `lizip.sensor.stages.STAGES` with the tag that streams call it by. What a stage
needs of others it takes from `Returns`, so that data sets differ only in which stages they list. A stage that codes
integers given the others (corrections, attributes ...) keeps its coded bytes and decodes them in `apply`; the encoder
makes it by `Stage.of(returns, ...)` from a `Returns` that has the arrays which the stages before it fill.

The usual order: beams, firings, timing, arithmetic, pose, order, rounding, corrections, places, axes, intensity,
attributes. Stages before `order` may have returns in any order; after it they are in the order of the file.

A file may hold points of several sensors, or several sweeps: each is a part of its own, with a grid and stages of its
own; their points follow one another in the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes, pack_signed, pack_varint
from lizip.sensor.stages import Row, number_of, row_of

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Columns, Schema
    from lizip.sensor.stages.beams import Beams
    from lizip.sensor.stages.far_frame import Far
    from lizip.sensor.stages.firings import Columns as Fired
    from lizip.sensor.stages.profile import Rhythm
    from lizip.sensor.stages.slots import Slots

MAX_PARTS = 64
_MAX_STAGES = 64

TITLES = (
    "spinning sensor",
    "Velodyne HDL-64E as in KITTI",
    "Velodyne HDL-32E as in nuScenes",
    "Velodyne VLP-32C in packets",
    "Hesai Pandar64 as in PandaSet",
)
"""Sensors as `lizip info` calls them; streams hold the index. Only ever appended to."""

NOTES = (
    *("exceptions", "corrected", "residual, um", "columns of a turn", "tick, um", "fitted to this scan"),
    *("far axes", "exact points"),
)
"""Whole numbers for `lizip info`, likewise."""


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
    time : (M,) float64 or None
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
    beams: Beams | None = None
    fired: Fired | None = None
    base: int = 0
    rhythm: Rhythm | None = None
    firings: int = 0
    phase: int = 0
    far: Far | None = None
    blank: np.ndarray | None = None
    ring: np.ndarray | None = None
    row: np.ndarray | None = None
    firing: np.ndarray | None = None
    ticks: np.ndarray | None = None
    column: np.ndarray | None = None
    ahead: np.ndarray | None = None
    time: np.ndarray | None = None
    slots: Slots | None = None
    laser: np.ndarray | None = None
    group: np.ndarray | None = None
    pose_times: np.ndarray | None = None
    turns: np.ndarray | None = None
    shifts: np.ndarray | None = None
    points: np.ndarray | None = None
    rounded: np.ndarray | None = None
    fraction: np.ndarray | None = None
    decimal: int = 0
    xyz: np.ndarray | None = None
    place: np.ndarray | None = None
    every: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    nothing: np.ndarray | None = None
    columns: dict[str, np.ndarray] = field(default_factory=dict)

    _OF_EACH = (
        "ring",
        "row",
        "firing",
        "laser",
        "ticks",
        "column",
        "ahead",
        "time",
        "points",
        "rounded",
        "fraction",
        "xyz",
    )

    def take(self, which: np.ndarray) -> None:
        """Keep, or reorder, returns: indices (K,) into all that is filled so far."""
        for name in self._OF_EACH:
            if (array := getattr(self, name)) is not None:
                setattr(self, name, array[which])

    def need(self, *names: str) -> None:
        """Raise CorruptError unless stages before have filled these."""
        if any(getattr(self, name) is None for name in names):
            raise CorruptError("the stages of a sweep are not in order")


class Stage(Protocol):
    """One stage; see the page's head."""

    def pack(self) -> bytes:
        """Bytes of the stage."""

    def apply(self, returns: Returns) -> None:
        """Fill in what follows from this stage."""


class Grid(NamedTuple):
    """What a sensor measured, as the grid coder takes it.

    Attributes
    ----------
    ranges : (F, R) int32
        Ticks by row and ring (rings by elevation), 0 = no return. Cells of a row look in about one direction.
    intensity : (F, R) int32 or None
        0 to 65535; where nothing returned it counts only if `everywhere`.
    tick : float
        Metres a tick.
    everywhere : bool
    """

    ranges: np.ndarray
    intensity: np.ndarray | None
    tick: float
    everywhere: bool = False


@dataclass(frozen=True)
class Part:
    """One sensor's points: stages in order, and number of points in the file."""

    stages: Sequence[Stage]
    count: int


class About(NamedTuple):
    """For `lizip info` only: index into `TITLES`, whole numbers by their names in `NOTES`."""

    title: int
    notes: Mapping[str, int]


@dataclass(frozen=True)
class SweepModel:
    """All parts of a file, in the order of their points."""

    parts: Sequence[Part]

    def rebuild(self, grids: Sequence[tuple[np.ndarray, np.ndarray | None]], schema: Schema) -> Columns:
        """Compute the columns of the file from (ranges, intensity) of each part; raises CorruptError."""
        import numpy as np

        done = []
        for part, (ranges, intensity) in zip(self.parts, grids, strict=True):
            returns = Returns(ranges, intensity, schema, part.count)
            for stage in part.stages:
                stage.apply(returns)
            done.append(returns.columns)
        if any(name not in columns for columns in done for name, _ in schema):
            raise CorruptError("the stages of a sweep leave a field out")
        if len(done) == 1:
            return {name: done[0][name] for name, _ in schema}
        return {name: np.concatenate([columns[name] for columns in done]) for name, _ in schema}

    def pack(self) -> bytes:
        """Write all parts: points of all but the last, then each part's stages as tag and bytes."""
        head = pack_varint(len(self.parts)) + b"".join(pack_varint(part.count) for part in self.parts[:-1])
        for part in self.parts:
            head += pack_varint(len(part.stages))
            for stage in part.stages:
                head += pack_varint(number_of(stage)) + pack_bytes(stage.pack())
        return head


class Solution(NamedTuple):
    """What a solver found: the model, the grid of each part, and words for `lizip info`."""

    model: SweepModel
    grids: Sequence[Grid]
    about: About


def list_stages(unpacker: Unpacker, count: int) -> list[tuple[int, list[tuple[Row, bytes]]]]:
    """Points and stages, still packed, of each part of a file of `count` points; imports neither numpy nor numba."""
    parts = unpacker.varint()
    if not 0 < parts <= MAX_PARTS:
        raise CorruptError("impossible number of parts in a sweep")
    counts = [unpacker.varint() for _ in range(parts - 1)]
    counts.append(count - sum(counts))
    if counts[-1] < 0:
        raise CorruptError("parts of a sweep have more points than its file")
    listed = []
    for points in counts:
        stages = unpacker.varint()
        if stages > _MAX_STAGES:
            raise CorruptError("impossible number of stages in a sweep")
        listed.append((points, [(row_of(unpacker.varint()), unpacker.bytes()) for _ in range(stages)]))
    return listed


def unpack_model(unpacker: Unpacker, count: int) -> SweepModel:
    """Read what `SweepModel.pack` wrote of a file of `count` points; raises CorruptError."""
    listed = list_stages(unpacker, count)
    return SweepModel([Part([row.load().unpack(data) for row, data in stages], points) for points, stages in listed])


def pack_about(about: About) -> bytes:
    """Write what `lizip info` shows."""
    notes = b"".join(pack_varint(NOTES.index(name)) + pack_signed(value) for name, value in about.notes.items())
    return pack_varint(about.title) + pack_varint(len(about.notes)) + notes


def unpack_about(unpacker: Unpacker) -> tuple[str, dict[str, int]]:
    """Sensor's name and numbers; raises CorruptError."""
    title, count, notes = unpacker.varint(), unpacker.varint(), {}
    if title >= len(TITLES) or count > len(NOTES):
        raise CorruptError("unknown words in a sweep's header")
    for _ in range(count):
        name = unpacker.varint()
        if name >= len(NOTES):
            raise CorruptError("unknown words in a sweep's header")
        notes[NOTES[name]] = unpacker.signed()
    return TITLES[title], notes
