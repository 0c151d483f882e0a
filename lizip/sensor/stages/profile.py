"""Beams that ship with lizip (`models/sensors/*.json`): a stream names them by a number and a hash."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xxhash

from lizip.errors import CorruptError, ModelMissingError
from lizip.packing import Unpacker, pack_varint
from lizip.resources import models_folder
from lizip.sensor.stages.beams import PARAMETERS, Beams

if TYPE_CHECKING:
    from lizip.sensor.returns import Returns

PROFILES = ("hdl64e-kitti", "hdl32e-nuscenes", "pandar64")
"""Files in models/sensors; streams hold the index and a hash."""


class Rhythm(NamedTuple):
    """When the lasers of a sensor fire.

    Attributes
    ----------
    packet : int
        Firings a packet.
    period : float
        Microseconds between firings of a packet.
    slots : int
        Parts of a firing.
    slot : (B,) int64
        In which of them each beam fires.
    """

    packet: int
    period: float
    slots: int
    slot: np.ndarray


@dataclass(frozen=True)
class Shipped:
    """A profile: its name and title for users, its hash for streams, its beams, decimals of its file (0: none)."""

    name: str
    title: str
    digest: int
    beams: Beams
    decimal: int
    rhythm: Rhythm | None = None


@functools.cache
def load_profile(name: str) -> Shipped:
    """Load a profile by its file name without the suffix; raises ModelMissingError when it is not there."""
    path = models_folder() / "sensors" / f"{name}.json"
    if not path.is_file():
        raise ModelMissingError(f"sensor profile {name!r} is not installed ({path}); install a newer lizip")
    content: dict[str, Any] = json.loads(path.read_text())
    quanta = tuple(content["quanta"][p] for p in PARAMETERS)
    values = np.array([[beam[p] for p in PARAMETERS] for beam in content["beams"]])
    beams = Beams(
        columns=content["columns"],
        tick=content["tick"],
        hypotenuse=content["hypotenuse"],
        clockwise=content["clockwise"],
        quanta=quanta,
        numbers=np.rint(values / np.array(quanta)).astype(np.int64),
        shifts=np.array([beam["shift"] for beam in content["beams"]], np.int64),
    )
    numbers, rhythm = beams.pack(), None
    if timed := content.get("rhythm"):
        slot = np.array(timed["slot"], np.int64)
        rhythm = Rhythm(timed["packet"], timed["firing_microseconds"], timed["slots"], slot)
        numbers += np.array([*rhythm[:3], *slot], "<f8").tobytes()
    return Shipped(name, content["title"], xxhash.xxh3_64_intdigest(numbers), beams, content["decimal"], rhythm)


@dataclass(frozen=True)
class Profile:
    """Beams of a profile: its index, and which of its beams are rings of the grid, (B,) bool."""

    index: int
    present: np.ndarray

    @functools.cached_property
    def beams(self) -> Beams:
        """Those beams."""
        return load_profile(PROFILES[self.index]).beams.select(np.flatnonzero(self.present))

    def apply(self, returns: Returns) -> None:
        """Say which beams the rings are, and when they fire."""
        self.beams.apply(returns)
        rhythm = load_profile(PROFILES[self.index]).rhythm
        if rhythm is not None:
            returns.rhythm = rhythm._replace(slot=rhythm.slot[self.present])

    def pack(self) -> bytes:
        """Write number, hash and a bit for each beam."""
        digest = load_profile(PROFILES[self.index]).digest.to_bytes(8, "little")
        return pack_varint(self.index) + digest + np.packbits(self.present).tobytes()

    @classmethod
    def unpack(cls, data: bytes) -> Profile:
        """Read what `pack` wrote; raises CorruptError, ModelMissingError when it was another profile of that name."""
        unpacker = Unpacker(data)
        index, digest = unpacker.varint(), int.from_bytes(unpacker.take(8), "little")
        if index >= len(PROFILES):
            raise CorruptError("unknown sensor profile")
        shipped = load_profile(PROFILES[index])
        if shipped.digest != digest:
            raise ModelMissingError(f"sensor profile {shipped.name!r} differs from the one the file was written with")
        count = shipped.beams.count
        present = np.unpackbits(np.frombuffer(unpacker.take((count + 7) // 8), np.uint8), count=count)
        unpacker.finish()
        return cls(index, present.astype(bool))
