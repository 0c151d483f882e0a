"""Beams of a sensor, in the file or in a profile (docs/format/sweep.md, stages 0 and 1)."""

from __future__ import annotations

import json
from functools import cached_property
from typing import NamedTuple

import numpy as np

from second_reader import ans, frozen
from second_reader.ans import Stream
from second_reader.bytestream import Bytes, demand
from second_reader.counters import Counters, integer
from second_reader.sweep.returns import Returns
from second_reader.sweep.trig import DEGREE, TURN, sincos

PROFILES = ("hdl64e-kitti", "hdl32e-nuscenes", "pandar64")
PARAMETERS = ("phase", "lateral", "elevation", "forward", "up")


class Beams:
    """What is fixed about a sensor."""

    def __init__(self, columns: int, tick: float, form: int, values: np.ndarray, shifts: np.ndarray, trims=None):
        self.columns, self.tick, self.form, self.trims = columns, tick, form, trims
        self.hypotenuse, self.clockwise = bool(form & 1), bool(form & 2)
        self.values, self.shifts = values, shifts

    @property
    def step(self) -> float:
        """Radians a column."""
        return -TURN / self.columns if self.clockwise else TURN / self.columns

    @cached_property
    def trigonometry(self) -> tuple[np.ndarray, np.ndarray]:
        """Cosine and sine of each elevation."""
        sine, cosine = sincos(self.values[:, 2])
        if self.trims is not None:
            both = np.stack([cosine, sine], axis=1).astype(np.float32)
            both.view(np.int32)[:] += self.trims.astype(np.int32)
            cosine, sine = both.astype(np.float64).T
        return cosine, sine

    @property
    def leads(self) -> np.ndarray:
        """Columns by which each beam looks behind."""
        return self.shifts - np.rint(self.values[:, 0]).astype(np.int64)


class Rhythm(NamedTuple):
    """When lasers fire."""

    packet: int
    period: float
    slots: int
    slot: np.ndarray


def _code_numbers(stream: Stream, count: int, width: int) -> np.ndarray:
    counters, numbers = Counters(), np.zeros((count, width), np.int64)
    for beam in range(count):
        for k in range(width):
            before = int(numbers[beam - 2, k]) if beam > 1 else 0
            numbers[beam, k] = before + integer(stream, counters, k, 30)
    return numbers


def beams(head: Bytes, returns: Returns) -> None:
    """Stage 0."""
    _apply(_read(head), returns)


def _read(head: Bytes) -> Beams:
    columns, form = head.varints(2)
    tick, count = head.numbers("d")[0], head.varint()
    maker = (head.varint(), head.varint(), head.signed()) if form & 4 else None
    quanta = (columns / (360.0 * maker[0]), 1e-12, DEGREE / maker[0], 1e-12, 1e-12) if maker else head.numbers("5d")
    width = 3 if maker else 6
    numbers = ans.decode(head.string(), _code_numbers, count, width + (2 if form & 8 else 0))
    shifts, trims = numbers[:, 0], numbers[:, width:] if form & 8 else None
    numbers = numbers[:, 1:width]
    if maker:
        numbers = _of_maker(maker, numbers, bool(form & 2))
    return Beams(columns, tick, form, numbers.astype(np.float64) * np.array(quanta), shifts, trims)


def _of_maker(maker: tuple[int, int, int], printed: np.ndarray, clockwise: bool) -> np.ndarray:
    unit, origin, lift = maker
    numbers = np.zeros((len(printed), 5), np.int64)
    numbers[:, 0], numbers[:, 2] = printed.T
    azimuth = -printed[:, 0] if clockwise else printed[:, 0]
    sine, cosine = sincos(azimuth * (DEGREE / unit))
    up, level = sincos(printed[:, 1] * (DEGREE / unit))
    far = origin * 1e-6
    lengths = -far * sine, far * cosine - far * level, lift * 1e-6 - far * up
    for k, length in zip((1, 3, 4), lengths, strict=True):
        numbers[:, k] = np.rint(length / 1e-12).astype(np.int64)
    return numbers


def _apply(found: Beams, returns: Returns) -> None:
    demand(returns.ranges.shape[1] == len(found.shifts), "a grid has not as many rings as its sensor beams")
    found.tick = returns.unit(found.tick)
    returns.beams = found


def profile(head: Bytes, returns: Returns) -> None:
    """Stage 1."""
    name, digest = PROFILES[head.varint()], head.take(8)
    numbers = frozen.carried("profile", name, digest)
    found, rhythm = _installed(name, digest) if numbers is None else _carried(Bytes(numbers))
    bits = np.frombuffer(head.take(-(-len(found.shifts) // 8)), np.uint8)
    present = np.unpackbits(bits, count=len(found.shifts)).astype(bool)
    _apply(Beams(found.columns, found.tick, found.form, found.values[present], found.shifts[present]), returns)
    if rhythm is not None:
        returns.rhythm = Rhythm(rhythm.packet, rhythm.period, rhythm.slots, rhythm.slot[present])


def _carried(body: Bytes) -> tuple[Beams, Rhythm | None]:
    """As a file carries it."""
    found, rhythm = _read(body), None
    if body.left:
        packet, period, slots, *slot = body.numbers(f"{3 + len(found.shifts)}d")
        rhythm = Rhythm(int(packet), period, int(slots), np.array(slot).astype(np.int64))
    body.end()
    return found, rhythm


def _installed(name: str, digest: bytes) -> tuple[Beams, Rhythm | None]:
    """As it ships."""
    content = json.loads(frozen.find("profile", name, digest).read_text(encoding="utf-8"))
    quanta = np.array([content["quanta"][p] for p in PARAMETERS])
    numbers = np.rint(np.array([[beam[p] for p in PARAMETERS] for beam in content["beams"]]) / quanta)
    shifts = np.array([beam["shift"] for beam in content["beams"]], np.int64)
    form, rhythm = content["hypotenuse"] + 2 * content["clockwise"], None
    if timed := content.get("rhythm"):
        slot = np.array(timed["slot"], np.int64)
        rhythm = Rhythm(timed["packet"], timed["firing_microseconds"], timed["slots"], slot)
    return Beams(content["columns"], content["tick"], form, numbers * quanta, shifts), rhythm
