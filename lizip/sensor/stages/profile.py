"""Beams that ship with lizip (`models/sensors/*.json`): a stream names them by a number and a hash."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xxhash

from lizip.errors import CorruptError, ModelMissingError
from lizip.packing import Unpacker, pack_varint
from lizip.resources import models_folder, note, own_folders
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
def load_profile(name: str, digest: int | None = None) -> Shipped:
    """Load the profile of a name, the one that ships, or with a digest the one that has it, also from the user's own.

    Raises
    ------
    ModelMissingError
        When there is none.
    """
    folders = [models_folder() / "sensors", *(own_folders() if digest is not None else ())]
    found = [read_profile(path) for folder in folders if (path := folder / f"{name}.json").is_file()]
    for profile in found:
        if digest is None or profile.digest == digest:
            return profile
    if not found:
        raise ModelMissingError(f"sensor profile {name!r} is not installed ({folders[0]}); install a newer lizip")
    raise ModelMissingError(
        f"sensor profile {name!r} differs from the one the file was written with"
        f" ({digest_bytes(digest or 0).hex()}): put that {name}.json into a folder named by LIZIP_MODELS"
    )


def digest_bytes(digest: int) -> bytes:
    """A hash as streams hold it."""
    return digest.to_bytes(8, "little")


def read_profile(path: Path) -> Shipped:
    """Read a profile from its file; raises ModelMissingError when that is none."""
    try:
        return _read(path.stem, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ModelMissingError(
            f"{path} cannot be used as a sensor profile: {type(error).__name__}: {error}"
        ) from error


def _read(name: str, content: dict[str, Any]) -> Shipped:
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
    """Beams of a profile: its index, which of its beams are rings of the grid, (B,) bool, and a hash if not shipped."""

    index: int
    present: np.ndarray
    digest: int | None = None

    @property
    def whole(self) -> Shipped:
        """The profile."""
        return load_profile(PROFILES[self.index], self.digest)

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
        return pack_varint(self.index) + digest_bytes(self.whole.digest) + np.packbits(self.present).tobytes()

    @classmethod
    def unpack(cls, data: bytes) -> Profile:
        """Read what `pack` wrote; raises CorruptError, ModelMissingError when that profile is not at hand."""
        unpacker = Unpacker(data)
        index, digest = unpacker.varint(), int.from_bytes(unpacker.take(8), "little")
        if index >= len(PROFILES):
            raise CorruptError("unknown sensor profile")
        shipped = load_profile(PROFILES[index], digest)
        note("profile", shipped.name, digest_bytes(digest))
        count = shipped.beams.count
        present = np.unpackbits(unpacker.array("u1", (count + 7) // 8), count=count)
        unpacker.finish()
        return cls(index, present.astype(bool), digest)
