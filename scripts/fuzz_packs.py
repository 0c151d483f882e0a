"""Damage packs: cut at the border of every record, and one byte changed at random places.

    python scripts/fuzz_packs.py --places 2000

A pack must give every sweep whose own record (and those that it follows) is whole, and never another content. What is
wrong is printed, and the exit status tells.
"""

from __future__ import annotations

import argparse
import random
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import lizip
from lizip.errors import CorruptError, FormatError, LizipWarning
from lizip.simulator import os_sensor
from lizip.simulator.scene import street


def main() -> int:
    """Damage and count; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=2000, help="bytes to change, one at a time")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    wrong = cases = 0
    for whole, sweeps, needs in (make(), make_standing()):
        for what, data, lost in (*cuts(whole), *changes(whole, given.places // 2, random.Random(given.seed))):
            found = list(complaints(whole, data, sweeps, needs, lost))
            for text in found:
                print(f"{what}: {text}")
            wrong += bool(found)
            cases += 1
    print(f"{cases} damaged packs, {wrong} of them read wrongly")
    return int(wrong > 0)


def parked(count: int) -> list[bytes]:
    """Sweeps of a sensor that stands."""
    scene, beams = street(3), os_sensor.Beams.draw(4, 16)
    return [os_sensor.sweep(k, 16, 128, beams=beams, scene=scene).data for k in range(count)]


def make_standing() -> tuple[bytes, dict[str, bytes], dict[str, set[str]]]:
    """The same of a sensor that stands long enough for a background, which the eleventh sweep carries."""
    sweeps = {f"{k:02}.bin": sweep for k, sweep in enumerate(parked(13))}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.lizips"
        with lizip.PackWriter(path) as pack:
            for k, (name, data) in enumerate(sweeps.items()):
                pack.add(name, data, time=k)
        whole = path.read_bytes()
    needs = {name: {name, "00.bin" if name < "10.bin" else "10.bin"} for name in sweeps}
    return whole, sweeps, needs


def make() -> tuple[bytes, dict[str, bytes], dict[str, set[str]]]:
    """A pack, its sweeps, and which others each takes to be read."""
    sweeps = {f"top/{k}.bin": sweep for k, sweep in enumerate(parked(5))}
    sweeps |= {f"notes/{k}.txt": b"a note, %d" % k * 99 for k in range(3)}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.lizips"
        with lizip.PackWriter(path, every=4, seeds=2) as pack:
            for k, (name, data) in enumerate(sweeps.items()):
                pack.add(name, data, time=k)
        whole = path.read_bytes()
    needs = {name: {name} for name in sweeps}
    needs["top/1.bin"] |= {"top/0.bin"}
    for k in (2, 3):
        needs[f"top/{k}.bin"] |= {"top/0.bin", "top/1.bin"}
    return whole, sweeps, needs


def cuts(whole: bytes) -> Iterator[tuple[str, bytes, set[str]]]:
    """The pack cut at, before and behind the beginning and the end of every body; and which sweeps are gone."""
    entries = lizip.PackReader(whole).entries
    for entry in entries:
        for border in (entry.offset, entry.offset + entry.length):
            for at in range(border - 2, border + 3):
                lost = {each.name for each in entries if each.offset + each.length > at}
                yield f"cut at {at}", whole[:at], lost


def changes(whole: bytes, places: int, draws: random.Random) -> Iterator[tuple[str, bytes, set[str]]]:
    """The pack with a byte changed; of a sweep in whose record it lies nothing is asked."""
    entries = lizip.PackReader(whole).entries
    begins = [8, *(entry.offset + entry.length for entry in entries)]
    for _ in range(places):
        at, bit = draws.randrange(len(whole)), 1 << draws.randrange(8)
        data = bytearray(whole)
        data[at] ^= bit
        lost = {
            each.name for each, begin in zip(entries, begins, strict=False) if begin <= at < each.offset + each.length
        }
        yield f"byte {at} ^ {bit}", bytes(data), lost


def complaints(
    whole: bytes, data: bytes, sweeps: dict[str, bytes], needs: dict[str, set[str]], lost: set[str]
) -> Iterator[str]:
    """What is wrong with how a damaged pack is read."""
    intact = lizip.PackReader(whole)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LizipWarning)
            pack = lizip.PackReader(data)
    except FormatError as error:  # of a file that no longer begins as a pack
        if data[:8] == whole[:8]:
            yield f"cannot be opened: {error}"
        return
    for name in pack:
        if name not in sweeps:
            yield f"{name} is none of its sweeps"
    for name, content in sweeps.items():
        gone = needs[name] & lost
        if name not in pack:
            if name not in lost:
                yield f"{name} is not found"
            continue
        try:
            # a body that is as it was need not be decoded again, if those that it follows are too
            same = not gone and pack.packed(name) == intact.packed(name)
            if not same and pack[name] != content:
                yield f"{name} is read wrongly"
        except CorruptError as error:
            if not gone:
                yield f"{name} is lost: {error}"


if __name__ == "__main__":
    sys.exit(main())
