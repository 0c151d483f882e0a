"""Shows the product on made-up sweeps: compress to a file, bring it back, compare, beside gzip and LASzip."""

from __future__ import annotations

import filecmp
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import lizip
from lizip import simulator
from lizip.errors import LizipError
from lizip.rivals import RIVALS, Rival, Subject

SAMPLES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "kitti.bin": ("HDL-64E, as KITTI stores it", partial(simulator.kitti, 1)),
    "nuscenes.pcd.bin": ("HDL-32E, as nuScenes stores it", partial(simulator.nuscenes, 1)),
    "airborne.las": ("airborne survey", partial(simulator.airborne_las, 1)),
}
"""File name -> what it is, and what makes it."""


@dataclass(frozen=True)
class Shown:
    """One line of the demonstration: a sample and a way to compress it.

    Attributes
    ----------
    sample, way : str
    points : int
    size, compressed : int
        Bytes.
    encode_ms, decode_ms : float
    loses : str
        What does not come back; "" when the file came back byte for byte.
    """

    sample: str
    way: str
    points: int
    size: int
    compressed: int
    encode_ms: float
    decode_ms: float
    loses: str = ""


def show(folder: Path, names: tuple[str, ...] = tuple(SAMPLES)) -> Iterator[Shown]:
    """Make the samples in a folder and compress each with lizip, gzip and LASzip.

    Raises
    ------
    LizipError
        When a file does not come back byte for byte.
    """
    for name in names:
        description, make = SAMPLES[name]
        path = folder / name
        path.write_bytes(make())
        subject = Subject(path.read_bytes())
        yield _lizip(path, description, subject)
        for rival in ("gzip -9", "LASzip"):
            if not RIVALS[rival].missing:
                yield _rival(RIVALS[rival], description, subject)


def _lizip(path: Path, description: str, subject: Subject) -> Shown:
    """Compress, bring back under another name, compare. The first round loads the kernels; the second counts."""
    packed, back = Path(f"{path}.lizip"), path.with_name(f"back-{path.name}")
    for _ in range(2):
        start = time.perf_counter()
        lizip.compress_file(path, packed, force=True, check=False)
        middle = time.perf_counter()
        lizip.decompress_file(packed, back, force=True)
        end = time.perf_counter()
    if not filecmp.cmp(path, back, shallow=False):
        raise LizipError(f"{path}: did not come back byte for byte; please report this")
    sizes = len(subject.data), os.path.getsize(packed)
    return Shown(description, "lizip", subject.cloud.count, *sizes, 1e3 * (middle - start), 1e3 * (end - middle))


def _rival(rival: Rival, description: str, subject: Subject) -> Shown:
    start = time.perf_counter()
    stream = rival.encode(subject)
    middle = time.perf_counter()
    rival.decode(stream, subject)
    end = time.perf_counter()
    return Shown(
        description,
        rival.name,
        subject.cloud.count,
        len(subject.data),
        len(stream),
        1e3 * (middle - start),
        1e3 * (end - middle),
        rival.loses,
    )
