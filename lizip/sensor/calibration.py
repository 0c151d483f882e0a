"""A sensor's calibration as numbers in a file: integers in fixed quanta, so both sides compute with the same doubles.

A profile is a calibration that ships (`models/sensors/*.json`); a stream names it by a hash. A calibration fitted from
one scan travels in the stream.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xxhash

from lizip.entropy.adaptive import INTEGER_NODES, code_integer, fresh_counters
from lizip.entropy.coder import finish_decoder, finish_encoder, open_decoder, open_encoder
from lizip.errors import CorruptError, ModelMissingError
from lizip.exact.trig import TURN, sincos
from lizip.jit import kernel
from lizip.packing import Unpacker, pack_bytes, pack_signed, pack_varint, pack_varints
from lizip.resources import models_folder
from lizip.sensor.arithmetic import PLAIN, Arithmetic
from lizip.sensor.beams import COSINE, FORWARD, LATERAL, PHASE, SINE, UP
from lizip.sensor.maker import UNITS, Maker, find_maker, lengths_of, quanta_of
from lizip.sensor.mount import Mount

PARAMETERS = ("phase", "lateral", "elevation", "forward", "up")
"""Of a beam: columns, m, rad, m, m; the columns of `Calibration.beams`, in quanta."""

MAX_BEAMS = 1024
_MAX_QUANTA = 1 << 40
_LARGEST = 1e5
_LARGEST_TRIM = 1 << 10
_LIMIT = 30


@dataclass(frozen=True)
class Calibration:
    """What is fixed about a sensor, or about one scan.

    Attributes
    ----------
    columns : int
        Azimuth columns of a turn: the beams fire at whole columns (plus their phase).
    tick : float
        Range resolution in metres.
    decimal : int
        Units a metre to which coordinates were rounded before they became float32; 0: not at all.
    hypotenuse : bool
        Which way a lateral offset enters, see `lizip.sensor.beams`.
    clockwise : bool
        Whether columns count against the azimuth: column numbers always rise with time.
    quanta : tuple of float
        Units of the five `PARAMETERS` in `beams`.
    beams : (B, 5) int64
        The parameters of each beam, in quanta, from the top of the file's order down.
    maker : Maker or None
        Where the numbers follow from those of a maker; then only azimuths and altitudes of the beams are sent.
    shifts : (B,) int64
        Columns by which a beam's firing is ahead: firing column = column + shift is common to all beams.
    mount : Mount or None
        Where points are stored in another frame than the sensor's.
    arithmetic : Arithmetic
        What points are computed in.
    trims : (B, 2) int64 or None
        ULPs by which the float32 cosine and sine of each beam's elevation differ from those of the true one.
    advances : (B,) int64 or None
        See `lizip.sensor.advance`; whole multiples of its quantum.
    """

    columns: int
    tick: float
    decimal: int
    hypotenuse: bool
    clockwise: bool
    quanta: tuple[float, ...]
    beams: np.ndarray = field(repr=False)
    shifts: np.ndarray = field(repr=False)
    maker: Maker | None = None
    mount: Mount | None = None
    arithmetic: Arithmetic = PLAIN
    trims: np.ndarray | None = None
    advances: np.ndarray | None = None

    @property
    def step(self) -> float:
        """Radians a column, negative when clockwise."""
        return -TURN / self.columns if self.clockwise else TURN / self.columns

    @functools.cached_property
    def table(self) -> np.ndarray:
        """The beam table (B, 6) float64 that `lizip.sensor.beams` computes with."""
        values = self.beams.astype(np.float64) * np.array(self.quanta)
        table = np.zeros((len(values), 6))
        table[:, [PHASE, LATERAL, FORWARD, UP]] = values[:, [0, 1, 3, 4]]
        for beam, elevation in enumerate(values[:, 2]):
            table[beam, SINE], table[beam, COSINE] = sincos(elevation)
        if self.trims is not None:
            trigonometry = table[:, [COSINE, SINE]].astype(np.float32)
            # away from zero where positive: the bits of a float32 count up with its size
            trigonometry.view(np.int32)[:] += self.trims.astype(np.int32)
            table[:, [COSINE, SINE]] = trigonometry
        return table

    @functools.cached_property
    def leads(self) -> np.ndarray:
        """Columns (B,) int64 by which a beam looks behind where its firing column says: brings rings side by side."""
        return self.shifts - np.rint(self.table[:, PHASE]).astype(np.int64)

    def select(self, beams: np.ndarray) -> Calibration:
        """Keep some of the beams, (K,) int64."""
        optional = {
            name: None if getattr(self, name) is None else getattr(self, name)[beams] for name in ("trims", "advances")
        }
        return replace(self, beams=self.beams[beams], shifts=self.shifts[beams], **optional)

    def pack(self) -> bytes:
        """Write everything into a stream."""
        computed = self.arithmetic != PLAIN
        form = self.hypotenuse + 2 * self.clockwise + 4 * (self.maker is not None) + 8 * (self.mount is not None)
        form += 16 * computed + 32 * (self.trims is not None) + 64 * (self.advances is not None)
        head = pack_varint(self.columns) + pack_varint(form) + np.array([self.tick], "<f8").tobytes()
        head += pack_varints([self.decimal, len(self.beams)])
        if self.maker:
            head += pack_varints([self.maker.unit, self.maker.origin]) + pack_signed(self.maker.lift)
            numbers = np.column_stack([self.shifts, self.beams[:, [0, 2]]])
        else:
            head += np.array(self.quanta, "<f8").tobytes()
            numbers = np.column_stack([self.shifts, self.beams])
        if self.trims is not None:
            numbers = np.column_stack([numbers, self.trims])
        if self.advances is not None:
            numbers = np.column_stack([numbers, self.advances])
        coder = open_encoder(100 * numbers.size + 64, 64 * numbers.size + 64)
        _code_numbers(coder, fresh_counters(numbers.shape[1] * INTEGER_NODES), numbers)
        tail = self.mount.pack() if self.mount else b""
        return head + pack_bytes(finish_encoder(coder)) + tail + (self.arithmetic.pack() if computed else b"")

    @staticmethod
    def unpack(unpacker: Unpacker) -> Calibration:
        """Read what `pack` wrote; raises CorruptError on numbers that make no sensor."""
        columns, form = unpacker.varint(), unpacker.varint()
        tick = float(np.frombuffer(unpacker.take(8), "<f8")[0])
        decimal, count = unpacker.varint(), unpacker.varint()
        if not 0 < columns < 1 << 20 or not 1e-6 < tick < 1 or decimal > 1 << 20 or form > 127 or count > MAX_BEAMS:
            raise CorruptError("impossible sensor calibration")
        maker = None
        if form & 4:
            maker = Maker(unpacker.varint(), unpacker.varint(), unpacker.signed())
            if maker.unit not in UNITS or maker.origin > 1 << 20 or abs(maker.lift) > 1 << 24:
                raise CorruptError("impossible sensor calibration")
            quanta = quanta_of(maker.unit, columns)
        else:
            quanta = tuple(np.frombuffer(unpacker.take(8 * len(PARAMETERS)), "<f8").tolist())
        trimmed, advanced = form & 32, form & 64
        width = 3 if maker else 1 + len(PARAMETERS)
        numbers = np.zeros((count, width + (2 if trimmed else 0) + (1 if advanced else 0)), np.int64)
        coder = open_decoder(unpacker.bytes())
        _code_numbers(coder, fresh_counters(numbers.shape[1] * INTEGER_NODES), numbers)
        finish_decoder(coder)
        mount = Mount.unpack(unpacker) if form & 8 else None
        arithmetic = Arithmetic.unpack(unpacker) if form & 16 else PLAIN
        shifts, beams = numbers[:, 0].copy(), numbers[:, 1:width].copy()
        trims = numbers[:, width : width + 2].copy() if trimmed else None
        advances = numbers[:, -1].copy() if advanced else None
        if trimmed and (np.abs(trims) > _LARGEST_TRIM).any():
            raise CorruptError("impossible sensor calibration")
        if (np.abs(shifts) > columns).any() or not all(1e-15 < q < 1e3 for q in quanta):
            raise CorruptError("impossible sensor calibration")
        if maker:
            if (np.abs(beams) > 360 * maker.unit).any():
                raise CorruptError("impossible sensor calibration")
            beams = beams_of(maker, beams[:, 0], beams[:, 1], bool(form & 2))
        if (np.abs(beams * np.array(quanta)) > _LARGEST).any():
            raise CorruptError("impossible sensor calibration")
        rest = maker, mount, arithmetic, trims, advances
        return Calibration(columns, tick, decimal, bool(form & 1), bool(form & 2), quanta, beams, shifts, *rest)

    def as_made(self) -> Calibration | None:
        """The calibration that a maker must have meant, if these numbers say so."""
        found = None if self.hypotenuse else find_maker(self.beams * np.array(self.quanta), self.step, self.tick)
        if found is None:
            return None
        maker, printed, turns = found
        columns = -printed[:, 0] if self.clockwise else printed[:, 0]
        beams = beams_of(maker, columns, printed[:, 1], self.clockwise)
        shifts = (self.shifts + turns + self.columns // 2) % self.columns - self.columns // 2
        return replace(
            self, quanta=quanta_of(maker.unit, self.columns), beams=beams, shifts=shifts, maker=maker, trims=None
        )


def beams_of(maker: Maker, phases: np.ndarray, altitudes: np.ndarray, clockwise: bool) -> np.ndarray:
    """Beams (B, 5) int64 of a maker's calibration, from phases and altitudes (B,) in its units."""
    beams = np.zeros((len(phases), len(PARAMETERS)), np.int64)
    beams[:, 0], beams[:, 2] = phases, altitudes
    for beam in beams:
        beam[[1, 3, 4]] = lengths_of(maker, int(-beam[0] if clockwise else beam[0]), int(beam[2]))
    return beams


@kernel
def _code_numbers(coder, counters, numbers):
    """Code shift and parameters (B, 6) int64 of each beam as differences from the beam before the last, if any."""
    for beam in range(numbers.shape[0]):
        for k in range(numbers.shape[1]):
            before = numbers[beam - 2, k] if beam > 1 else np.int64(0)
            difference = code_integer(coder, counters, k * INTEGER_NODES, _LIMIT, numbers[beam, k] - before)
            numbers[beam, k] = min(max(before + difference, -_MAX_QUANTA), _MAX_QUANTA)


@dataclass(frozen=True)
class Profile:
    """A calibration that ships: its name for users, its hash for streams."""

    name: str
    title: str
    digest: int
    calibration: Calibration = field(repr=False)


@functools.cache
def load_profile(name: str) -> Profile:
    """Load a profile by its file name without the suffix; raises ModelMissingError when it is not there."""
    path = models_folder() / "sensors" / f"{name}.json"
    if not path.is_file():
        raise ModelMissingError(f"sensor profile {name!r} is not installed ({path}); install a newer lizip")
    content: dict[str, Any] = json.loads(path.read_text())
    beams = content["beams"]
    quanta = tuple(content["quanta"][p] for p in PARAMETERS)
    values = np.array([[beam[p] for p in PARAMETERS] for beam in beams])
    calibration = Calibration(
        columns=content["columns"],
        tick=content["tick"],
        decimal=content["decimal"],
        hypotenuse=content["hypotenuse"],
        clockwise=content["clockwise"],
        quanta=quanta,
        beams=np.rint(values / np.array(quanta)).astype(np.int64),
        shifts=np.array([beam["shift"] for beam in beams], np.int64),
    )
    return Profile(name, content["title"], xxhash.xxh3_64_intdigest(calibration.pack()), calibration)
