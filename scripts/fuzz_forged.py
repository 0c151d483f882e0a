"""Forge .lizip files whose checksums are right, and see what the decoders make of them.

    python scripts/fuzz_forged.py --count 1000000          the long run, hours
    NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=/tmp/checked python scripts/fuzz_forged.py --count 20000
                                                           kernels compiled with bounds checks, as in .ci/run

Small files of every kind under every codec that takes them are taken apart, changed (sections, headers, layouts, their
order, sections of other files in their place) and put together again with right checksums. Each must be refused with an
error of lizip's, or give what it gave before. Prints the escapes, the most memory that one took and the slowest; the
exit status is 1 when there is an escape. What escapes or is slow is written to --keep FOLDER.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import time
import traceback
import warnings
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import harness

import lizip
from lizip import container
from lizip.codecs import opaque
from lizip.container import Container, Header, Section
from lizip.decoder import Decoder
from lizip.errors import CorruptError, DefectWarning, LizipError
from lizip.packing import pack_varint

EDGES = [0, 1, 2, 127, 128, 255, 256, 65535, 65536, 1 << 20, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32]
EDGES += [1 << 40, 1 << 52, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]
FAST = ("kitti_part", "nuscenes_part", "ouster_part")
"""Samples whose grids are coded by other means at the fast level."""
EMBEDDED = "nuscenes_part"
"""One that carries what it needs, and is read where that is not installed."""
KINDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 20, 31, 40, 124, 200]


class Victim(NamedTuple):
    """A small file taken apart."""

    name: str
    header: Header
    sections: list[Section]
    content: bytes


class Worst(NamedTuple):
    """The most that one forged file took."""

    amount: float
    victim: str


def victims() -> list[Victim]:
    """Every sample under every codec that takes it, parts of sweeps at the fast level, and files that carry more."""
    found = []
    fast = ((f"{name} fast", coded) for name, coded in harness.streams(FAST, "fast") if name.endswith(".sweep"))
    embedded = ((f"{EMBEDDED}.sweep embedded", harness.golden(f"{EMBEDDED}.sweep.embedded")),)
    around = (("parked.sweep around", harness.golden("parked.sweep.around")),)
    for name, coded in (*harness.streams(harness.SAMPLES), *fast, *embedded, *around):
        box = Container(io.BytesIO(coded))
        sections = [Section(entry.kind, box.read(entry)) for entry in box.header.entries]
        found.append(Victim(name, box.header, sections, lizip.decompress(coded)))
    return found


def damage(data: bytes, chance: random.Random) -> bytes:
    """Change bytes, whole numbers, runs, the end."""
    out = bytearray(data)
    if not out:
        return chance.randbytes(chance.randrange(1, 9))
    at = min(int(len(out) * chance.random() ** chance.choice((1, 3))), len(out) - 1)  # beginnings have the headers
    run = slice(at, at + chance.randrange(1, 65))
    match chance.randrange(11):
        case 0 | 1:
            out[at] ^= 1 << chance.randrange(8)
        case 2:
            out[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
        case 3 | 4:
            stop = at
            while stop < len(out) - 1 and out[stop] & 0x80 and stop - at < 9:
                stop += 1
            out[at : stop + 1] = pack_varint(chance.choice(EDGES))
        case 5:
            out[run] = chance.randbytes(len(out[run]))
        case 6:
            out[at:] = chance.choice((b"\0", b"\xff")) * (len(out) - at)
        case 7:
            out[at:] = chance.randbytes(len(out) - at)
        case 8:
            del out[at:]
        case 9:
            del out[run]
        case _:
            out[at:at] = out[run]
    return bytes(out)


def forge(victim: Victim, others: list[Victim], chance: random.Random) -> bytes:
    """Change one to three things of a file, then make its checksums right."""
    header, sections = victim.header, list(victim.sections)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        what = chance.random()
        if what < 0.7 and sections:
            at = chance.choices(range(len(sections)), [1 / (8 + len(each.data)) ** 0.35 for each in sections])[0]
            sections[at] = Section(sections[at].kind, damage(sections[at].data, chance))
        elif what < 0.8 and sections:
            at, other = chance.randrange(len(sections)), chance.choice(others)
            change = chance.randrange(4)
            if change == 0:
                del sections[at]
            elif change == 1:
                sections.insert(at, sections[at])
            elif change == 2:
                sections[at] = Section(chance.choice(KINDS), sections[at].data)
            elif other.sections:
                sections[at] = Section(sections[at].kind, chance.choice(other.sections).data)
        elif what < 0.87:
            near = [header.count + step for step in (-1, 1, 65536) if header.count + step >= 0]
            header = replace(header, count=chance.choice(EDGES + near))
            header = replace(header, length=max(header.length, min(16 * header.count, (1 << 64) - 1)))
        elif what < 0.93:
            header = replace(header, length=chance.choice([*EDGES, header.length + 1]))
        else:
            layout = opaque.decode_bytes(header.layout, 1 << 20) if header.layout else b""
            header = replace(header, layout=opaque.encode_bytes(damage(layout, chance), "fast"))
    length, count = (min(number, (1 << 64) - 1) for number in (header.length, header.count))
    head = (header.codec, header.format, length, header.digest, count, header.layout)
    return container.write(sections, *head)


def decode(data: bytes, victim: Victim, chance: random.Random) -> None:
    """Read a file in one of the ways there are; AssertionError when other content comes."""
    way = chance.random()
    if way < 0.8:
        content = b"".join(Decoder(Container(io.BytesIO(data))).pieces())
        assert content == victim.content, "other content came back"
    elif way < 0.9:
        lizip.read(io.BytesIO(data), points=slice(chance.randrange(200), chance.randrange(400)))
    else:
        json.dumps(lizip.info(io.BytesIO(data)))


def memory(reset: bool = False) -> float:
    """Most MB that this process has had in memory since the last reset; Linux only."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        line = next(each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    except (OSError, StopIteration):
        return 0.0


def keep(data: bytes, folder: Path | None, name: str) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.lizip").write_bytes(data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slow", type=float, default=5.0, help="seconds that count as an escape")
    parser.add_argument("--memory", type=float, default=1024.0, help="MB above the start that count as an escape")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("error", DefectWarning)
    everything = victims()
    outcomes: Counter[str] = Counter()
    slowest, largest = Worst(0, ""), Worst(0, "")
    for number in range(options.seed, options.seed + options.count):
        chance = random.Random(number)
        victim = chance.choice(everything)
        data = forge(victim, everything, chance)
        before, begin = memory(reset=True), time.process_time()
        hidden = harness.without_models() if victim.name.endswith(" embedded") else nullcontext()
        try:
            with hidden:
                decode(data, victim, chance)
            outcome = "as before"
        except CorruptError:
            outcome = "refused"
        except LizipError as error:
            outcome = f"refused: {type(error).__name__}"
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            place = traceback.extract_tb(error.__traceback__)[-1]
            outcome = f"ESCAPE {type(error).__name__}: {str(error)[:160]} at {place.filename}:{place.lineno}"
        seconds, taken = time.process_time() - begin, memory() - before
        if seconds > options.slow or taken > options.memory:
            outcome = f"ESCAPE {seconds:.1f} s, {taken:.0f} MB"
        slowest = max(slowest, Worst(round(seconds, 2), f"{victim.name} {number}"))
        largest = max(largest, Worst(round(taken), f"{victim.name} {number}"))
        outcomes[outcome] += 1
        if outcome.startswith("ESCAPE"):
            print(number, victim.name, outcome, flush=True)
            keep(data, options.keep, f"{number}.{victim.name}")
        if (number + 1 - options.seed) % 10_000 == 0:
            print(number + 1 - options.seed, dict(outcomes), flush=True)
    print(json.dumps({"outcomes": outcomes, "slowest, s": slowest, "most memory, MB": largest}, indent=1))
    sys.exit(any(outcome.startswith("ESCAPE") for outcome in outcomes))


if __name__ == "__main__":
    main()
