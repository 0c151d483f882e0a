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
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes, pack_signed, pack_varint
from lizip.sensor.returns import Returns
from lizip.sensor.stages import Row, number_of, row_of

if TYPE_CHECKING:
    import numpy as np

    from lizip.cloud import Columns, Schema

MAX_PARTS = 64
_MAX_STAGES = 64

SAME = 1 << 10
"""Added to a tag: the stage is as in the key frame, in the same part."""

Said = Mapping[int, bytes]
"""Stages of a part by their tags, still packed."""

TITLES = (
    "spinning sensor",
    "Velodyne HDL-64E as in KITTI",
    "Velodyne HDL-32E as in nuScenes",
    "Velodyne VLP-32C in packets",
    "depth camera",
    "Hesai Pandar64 as in PandaSet",
)
"""Sensors as `lizip info` calls them; streams hold the index. Only ever appended to."""

NOTES = (
    *("exceptions", "corrected", "residual, um", "columns of a turn", "tick, um", "fitted to this scan"),
    *("far axes", "exact points"),
)
"""Whole numbers for `lizip info`, likewise."""


class Stage(Protocol):
    """One stage; see the page's head."""

    def pack(self) -> bytes:
        """Bytes of the stage."""

    @classmethod
    def unpack(cls, data: bytes) -> Stage:
        """The stage that its bytes say; raises CorruptError."""

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
    halves : bool
        Whether upper and lower rings have so little in common that each half is coded by itself.
    """

    ranges: np.ndarray
    intensity: np.ndarray | None
    tick: float
    everywhere: bool = False
    halves: bool = False


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
        if any(name not in columns or columns[name].dtype != dtype for columns in done for name, dtype in schema):
            raise CorruptError("the stages of a sweep leave a field out, or give another type")
        if len(done) == 1:
            return {name: done[0][name] for name, _ in schema}
        return {name: np.concatenate([columns[name] for columns in done]) for name, _ in schema}

    def pack(self, before: Sequence[Said] = ()) -> bytes:
        """Write all parts: points of all but the last, then each part's stages as tag and bytes.

        `before`: what the key frame said, which is not said again.
        """
        head = pack_varint(len(self.parts)) + b"".join(pack_varint(part.count) for part in self.parts[:-1])
        for k, part in enumerate(self.parts):
            said = before[k] if k < len(before) else {}
            head += pack_varint(len(part.stages))
            for stage in part.stages:
                tag, data = number_of(stage), stage.pack()
                head += pack_varint(tag + SAME) if said.get(tag) == data else pack_varint(tag) + pack_bytes(data)
        return head


class Solution(NamedTuple):
    """What a solver found: the model, the grid of each part, and words for `lizip info`."""

    model: SweepModel
    grids: Sequence[Grid]
    about: About


Listed = list[tuple[int, list[tuple[Row, bytes]]]]
"""Points and stages, still packed, of each part."""


def list_stages(unpacker: Unpacker, count: int, before: Sequence[Said] | None = None) -> Listed:
    """List what `SweepModel.pack` wrote of a file of `count` points; imports neither numpy nor numba.

    `before`: what the key frame said; None: a stage that is as there comes without its bytes. Raises CorruptError.
    """
    parts = unpacker.varint()
    if not 0 < parts <= MAX_PARTS:
        raise CorruptError("impossible number of parts in a sweep")
    counts = [unpacker.varint() for _ in range(parts - 1)]
    counts.append(count - sum(counts))
    if counts[-1] < 0:
        raise CorruptError("parts of a sweep have more points than its file")
    listed = []
    for k, points in enumerate(counts):
        stages = unpacker.varint()
        if stages > _MAX_STAGES:
            raise CorruptError("impossible number of stages in a sweep")
        said = {} if before is None or k >= len(before) else before[k]
        listed.append((points, [_stage(unpacker, said, before is not None) for _ in range(stages)]))
    return listed


def _stage(unpacker: Unpacker, said: Said, strict: bool) -> tuple[Row, bytes]:
    """A stage: its bytes, or those that the key frame said."""
    tag = unpacker.varint()
    if tag < SAME:
        return row_of(tag), unpacker.bytes()
    if strict and tag - SAME not in said:
        raise CorruptError("a stage of a sweep is not among the key frame's")
    return row_of(tag - SAME), said.get(tag - SAME, b"")


def said_by(listed: Listed) -> tuple[Said, ...]:
    """What sweeps that follow need not say again."""
    return tuple({row.tag: data for row, data in stages} for _, stages in listed)


def model_of(listed: Listed) -> SweepModel:
    """The model of listed stages; raises CorruptError."""
    return SweepModel([Part([row.load().unpack(data) for row, data in stages], points) for points, stages in listed])


def unpack_model(unpacker: Unpacker, count: int) -> SweepModel:
    """Read what `SweepModel.pack` wrote of a file of `count` points that follows none; raises CorruptError."""
    return model_of(list_stages(unpacker, count, ()))


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
