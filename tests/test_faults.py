"""Damaged and hostile files, full disks, interruptions: an error of ours or the original, and nothing left behind."""

import io
import os
import random
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import harness
import pytest

import lizip
from lizip import container
from lizip.container import Container, Section
from lizip.errors import CorruptError, FormatError, LizipError, UnsupportedVersionError
from lizip.pipeline import Decoder

VICTIMS = (
    "kitti.opaque",
    "kitti.floats",
    "kitti_part.sweep",
    "nuscenes_part.sweep",
    "ouster_part.sweep",
    "argoverse.floats",
    "las_1.survey",
    "las_3.survey",
    "las_3.floats",
    "pcd.floats",
    "ply.floats",
    "npy.opaque",
    "odd.floats",
    "one_point.floats",
    "text.opaque",
    "empty.opaque",
)
"""A sample and the codec it is under."""

MUTATIONS = 400
"""For each victim; nearly all end at a checksum."""

FORGERIES = 60
"""For each victim, of those whose checksums are put right again: they reach the decoders themselves. .ci/run makes
20,000 of them by scripts/fuzz_forged.py, under kernels that check every index."""

SLOWEST = 5.0
"""Seconds of processor time that decoding a file of some kilobytes may take, whatever is in it."""


@pytest.fixture(scope="module", params=VICTIMS)
def victim(request):
    """A .lizip file and the original."""
    name, codec = request.param.split(".")
    coded = harness.stream(harness.sample(name), codec)
    assert coded is not None, "the codec takes this sample no more"
    return coded, harness.sample(name)


@pytest.fixture(scope="module")
def small():
    """A small .lizip file of plain bytes."""
    return lizip.compress(harness.sample("text"))


@pytest.fixture(scope="module", autouse=True)
def _little_memory():
    """Whoever takes more than a gigabyte for a file of kilobytes fails with a MemoryError."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages:
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (1 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def attempt(damaged: bytes, original: bytes, errors: tuple[type[LizipError], ...], slowest: float = SLOWEST) -> bool:
    """Whether a damaged file is refused; it must be that or the original, soon."""
    begin = time.process_time()
    try:
        result = b"".join(Decoder(Container(io.BytesIO(damaged))).pieces())
    except errors:
        refused = True
    else:
        assert result == original, "wrong data came back"
        refused = False
    assert time.process_time() - begin < slowest
    return refused


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Flip a bit, set a byte, cut, drop, repeat or swap a run."""
    damaged = bytearray(data)
    kind = chance.randrange(7)
    at = chance.randrange(len(data))
    size = chance.randrange(1, 1 + min(64, len(data)))
    if kind <= 1:
        damaged[at] ^= 1 << chance.randrange(8)
    elif kind == 2:
        damaged[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
    elif kind == 3:
        del damaged[at:]
    elif kind == 4:
        del damaged[at : at + size]
    elif kind == 5:
        damaged[at:at] = damaged[at : at + size]
    else:
        damaged[at : at + size] = bytes(chance.randrange(256) for _ in range(len(damaged[at : at + size])))
    return bytes(damaged)


def test_cut_at_every_byte(victim):
    coded, original = victim
    for length in range(1, len(coded)):
        assert attempt(coded[:length], original, (CorruptError,))


def test_mutations(victim):
    """Any damage: noticed, except where it changes nothing."""
    coded, original = victim
    chance = random.Random(len(coded))
    for _ in range(MUTATIONS):
        damaged = mutate(coded, chance)
        refused = attempt(damaged, original, (CorruptError, FormatError, UnsupportedVersionError))
        assert refused or damaged == coded


def take_apart(coded: bytes) -> tuple[container.Header, list[Section]]:
    box = Container(io.BytesIO(coded))
    return box.header, [Section(entry.kind, box.read(entry)) for entry in box.header.entries]


def put_together(header: container.Header, sections: list[Section]) -> bytes:
    """A file whose checksums are right, whatever is in it."""
    head = (header.codec, header.format, header.length, header.digest, header.count, header.layout)
    return container.write(sections, *head)


def test_forged_sections(victim):
    """Checksums are put right after the damage, so that only decoders and the hash stand in the way."""
    coded, original = victim
    header, sections = take_apart(coded)
    chance = random.Random(len(coded) + 1)
    for _ in range(FORGERIES // 4 if header.layout else 0):
        attempt(put_together(replace(header, layout=mutate(header.layout, chance)), sections), original, (LizipError,))
    for _ in range(FORGERIES if sections else 0):
        forged = list(sections)
        at = chance.randrange(len(sections))
        for _ in range(chance.choice((1, 1, 1, 4))):
            if forged[at].data:
                forged[at] = Section(sections[at].kind, mutate(forged[at].data, chance))
        attempt(put_together(header, forged), original, (LizipError,))


def test_forged_sections_cut_at_every_byte(victim):
    coded, original = victim
    header, sections = take_apart(coded)
    for at, section in enumerate(sections):
        for length in range(0, len(section.data), 1 + len(section.data) // 40):
            forged = [*sections[:at], Section(section.kind, section.data[:length]), *sections[at + 1 :]]
            attempt(put_together(header, forged), original, (LizipError,))


def test_sections_missing_repeated_or_of_another_kind(victim):
    coded, original = victim
    header, sections = take_apart(coded)
    for at, section in enumerate(sections):
        for instead in ([], [section, section], *([Section(kind, section.data)] for kind in (0, 1, 4, 5, 6, 7, 200))):
            attempt(put_together(header, [*sections[:at], *instead, *sections[at + 1 :]]), original, (LizipError,))
    attempt(put_together(header, sections[::-1]), original, (LizipError,))


@pytest.mark.parametrize("huge", [2**20, 2**31, 2**32 - 1, 2**40, 2**60, 2**64 - 1])
def test_headers_that_promise_too_much(victim, huge):
    """2**60 points, or bytes, or both: refused before memory is taken."""
    coded, original = victim
    header, sections = take_apart(coded)
    for change in ({"count": huge}, {"length": huge}, {"count": huge, "length": huge}):
        forged = put_together(replace(header, **change), sections)
        if forged != put_together(header, sections):  # an empty file has no place to say how many points it has
            assert attempt(forged, original, (CorruptError,))


def test_headers_that_lie_a_little(victim):
    coded, original = victim
    header, sections = take_apart(coded)
    for count in {0, 1, header.count - 1, header.count + 1, 2 * header.count} - {header.count, -1}:
        attempt(put_together(replace(header, count=count), sections), original, (CorruptError,))
    for length in {0, header.length - 1, header.length + 1} - {header.length, -1}:
        assert attempt(put_together(replace(header, length=length), sections), original, (CorruptError,))
    assert attempt(put_together(replace(header, digest=bytes(16)), sections), original, (CorruptError,))


def test_other_codecs_and_formats(victim):
    """The sections of one codec or format given to the others."""
    coded, original = victim
    header, sections = take_apart(coded)
    for number in range(256):
        change: Any
        for change in ({"codec": number}, {"format": number}):
            # The first of another codec compiles it.
            attempt(put_together(replace(header, **change), sections), original, (LizipError,), slowest=300)


@pytest.mark.parametrize("change", [{"codec": 99}, {"format": 99}])
def test_numbers_of_a_newer_version(small, change):
    header, sections = take_apart(small)
    with pytest.raises(UnsupportedVersionError, match="newer lizip"):
        lizip.decompress(put_together(replace(header, **change), sections))


# What follows runs the command line in processes of its own.

LIZIP = [sys.executable, "-c", "from lizip.cli import main; main()"]


def lizip_command(*arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run([*LIZIP, *map(os.fspath, arguments)], capture_output=True, text=True, **options)


@pytest.fixture
def scan(tmp_path) -> Path:
    path = tmp_path / "scan.bin"
    path.write_bytes(random.Random(1).randbytes(300_000))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_full_disk(scan, tmp_path):
    """Files may grow to 100 kB: no target, no temporary, the source as it was, one line that says why."""

    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    before = scan.read_bytes()
    done = lizip_command("compress", "--rm", scan, preexec_fn=full)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert names(tmp_path) == ["scan.bin"]
    assert scan.read_bytes() == before


def test_interrupt(tmp_path):
    """Ctrl-C amid compression: status 130, no temporary, no target, the source as it was."""
    scan = tmp_path / "scan.bin"
    scan.write_bytes(os.urandom(64 << 20).translate(bytes(range(16)) * 16))  # slow to code
    process = subprocess.Popen([*LIZIP, "compress", "--codec", "opaque", os.fspath(scan)], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while len(names(tmp_path)) == 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(names(tmp_path)) == 2, "the temporary is there"
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in message
    assert names(tmp_path) == ["scan.bin"]


def test_damage_is_status_3(small, tmp_path):
    path = tmp_path / "scan.bin.lizip"
    path.write_bytes(small[:-1])
    for verb in ("verify", "decompress", "info"):
        done = lizip_command(verb, path)
        assert done.returncode == 3
        assert "truncated" in done.stderr
        assert "Traceback" not in done.stderr
    assert names(tmp_path) == ["scan.bin.lizip"]


def test_folder_same_file_and_compressed_input(scan, tmp_path):
    assert lizip_command("compress", tmp_path).returncode == 2
    assert lizip_command("compress", "-f", scan, "-o", scan).returncode == 1
    assert lizip_command("compress", scan).returncode == 0
    done = lizip_command("compress", f"{scan}.lizip")
    assert done.returncode == 1
    assert "already" in done.stderr
    assert names(tmp_path) == ["scan.bin", "scan.bin.lizip"]
