"""Beams that ship with lizip (`models/sensors/*.json`): a stream names them by a number and a hash.

A file may carry them itself (`lizip.embedded`): its beams as a stage has them, and its rhythm.
"""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lizip.errors import CorruptError, ModelMissingError
from lizip.packing import Unpacker, pack_varint
from lizip.resources import HASHES, INDEX, carried, models_folder, note, own_folders
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

    def pack(self) -> bytes:
        """Write all of it."""
        return np.array([*self[:3], *self.slot], "<f8").tobytes()

    @classmethod
    def unpack(cls, unpacker: Unpacker, count: int) -> Rhythm:
        """Read that of so many beams; raises CorruptError on numbers that make none."""
        numbers = unpacker.array("<f8", 3 + count)
        packet, period, slots = numbers[:3].tolist()
        if not (0 < packet < 1 << 16 and 0 < period < _LONGEST and 0 < slots < 1 << 16):
            raise CorruptError("impossible rhythm of a sensor")
        whole = np.delete(numbers, 1)
        if not ((whole[2:] >= 0) & (whole[2:] < slots)).all() or (whole != np.rint(whole)).any():
            raise CorruptError("impossible rhythm of a sensor")
        return cls(int(packet), period, int(slots), whole[2:].astype(np.int64))


_LONGEST = 1e6
"""Microseconds between firings: a second."""


@dataclass(frozen=True)
class Shipped:
    """A profile: its name and title for users; its beams and rhythm; decimals of its file (0: none); these as bytes
    where they came so, and their hash where the index of what ships says it."""

    name: str
    title: str
    beams: Beams
    rhythm: Rhythm | None = None
    decimal: int = 0
    packed: bytes | None = None
    listed: bytes | None = None

    @functools.cached_property
    def content(self) -> bytes:
        """Its beams as a stage has them, and its rhythm."""
        return self.packed or self.beams.pack() + (self.rhythm.pack() if self.rhythm else b"")

    @functools.cached_property
    def digest(self) -> bytes:
        """The hash of that, which streams hold."""
        return self.listed or HASHES["profile"](self.content)

    @classmethod
    def unpack(cls, name: str, content: bytes) -> Shipped:
        """Read `content`; raises CorruptError when it is not that of a profile."""
        unpacker = Unpacker(content)
        beams = Beams.read(unpacker)
        rhythm = Rhythm.unpack(unpacker, beams.count) if unpacker.remaining else None
        unpacker.finish()
        return cls(name, name, beams, rhythm, packed=content)


def load_profile(name: str, digest: bytes | None = None) -> Shipped:
    """Load the profile of a name, the one that ships, or with a digest the one that has it: from the user's own
    folders, or out of the file that is decoded.

    Raises
    ------
    ModelMissingError
        When there is none.
    CorruptError
        When what the file carries is none.
    """
    try:
        profile = installed(name, digest)
    except ModelMissingError:
        found = carried("profile", name, digest, Shipped.unpack) if digest else None
        if found is None:
            raise
        profile = found
    if digest:
        note("profile", name, digest, profile)
    return profile


@functools.cache
def installed(name: str, digest: bytes | None) -> Shipped:
    """The same without what a file carries; read once."""
    folders = [models_folder() / "sensors", *(own_folders() if digest is not None else ())]
    found = [read_profile(path) for folder in folders if (path := folder / f"{name}.json").is_file()]
    for profile in found:
        if digest is None or profile.digest == digest:
            return profile
    version = f" (version {digest.hex()})" if digest else ""
    cause = "is here in another version" if found else "is not installed"
    remedy = f"put that {name}.json into a folder named by LIZIP_MODELS" if digest else "install lizip again"
    raise ModelMissingError(f"sensor profile {name!r}{version} {cause}: {remedy}")


def read_profile(path: Path) -> Shipped:
    """Read a profile from its file; raises ModelMissingError when that is none."""
    try:
        content = path.read_bytes()
        return _read(path.stem, json.loads(content), _listed().get(hashlib.sha256(content).hexdigest()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ModelMissingError(
            f"{path} cannot be used as a sensor profile: {type(error).__name__}: {error}"
        ) from error


@functools.cache
def _listed() -> dict[str, bytes]:
    """SHA-256 of each file that ships -> the hash of what it holds: packing that takes longer than decoding a sweep."""
    index = models_folder() / INDEX
    entries = json.loads(index.read_bytes()) if index.is_file() else []
    return {entry["sha256"]: bytes.fromhex(entry["hash"]) for entry in entries if entry["kind"] == "profile"}


def _read(name: str, content: dict[str, Any], listed: bytes | None) -> Shipped:
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
    rhythm = None
    if timed := content.get("rhythm"):
        slot = np.array(timed["slot"], np.int64)
        rhythm = Rhythm(timed["packet"], timed["firing_microseconds"], timed["slots"], slot)
    return Shipped(name, content["title"], beams, rhythm, content["decimal"], listed=listed)


@dataclass(frozen=True)
class Profile:
    """Beams of a profile: its index, which of its beams are rings of the grid, (B,) bool, and the profile itself where
    it is not the one that ships."""

    index: int
    present: np.ndarray
    named: Shipped | None = None

    @property
    def whole(self) -> Shipped:
        """The profile."""
        return self.named or load_profile(PROFILES[self.index])

    @functools.cached_property
    def beams(self) -> Beams:
        """Those beams."""
        return self.whole.beams.select(np.flatnonzero(self.present))

    def apply(self, returns: Returns) -> None:
        """Say which beams the rings are, and when they fire."""
        self.beams.apply(returns)
        rhythm = self.whole.rhythm
        if rhythm is not None:
            returns.rhythm = rhythm._replace(slot=rhythm.slot[self.present])

    def pack(self) -> bytes:
        """Write number, hash and a bit for each beam."""
        return pack_varint(self.index) + self.whole.digest + np.packbits(self.present).tobytes()

    @classmethod
    def unpack(cls, data: bytes) -> Profile:
        """Read what `pack` wrote; raises CorruptError, ModelMissingError when that profile is not at hand."""
        unpacker = Unpacker(data)
        index, digest = unpacker.varint(), unpacker.take(8)
        if index >= len(PROFILES):
            raise CorruptError("unknown sensor profile")
        shipped = load_profile(PROFILES[index], digest)
        count = shipped.beams.count
        present = np.unpackbits(unpacker.array("u1", (count + 7) // 8), count=count)
        unpacker.finish()
        return cls(index, present.astype(bool), shipped)
