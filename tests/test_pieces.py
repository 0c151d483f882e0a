"""Large files in pieces: any format, both ways, in part, and damaged. Sizes are made small for it."""

import io
import struct
from typing import Any

import harness
import numpy as np
import pytest

import lizip
from lizip import decoder, formats, pieces, pipeline, simulator
from lizip.container import PIECES, Container, Section, write
from lizip.decoder import Decoder
from lizip.formats import lzf, records
from lizip.pieces import cut, cut_table

POINTS = np.cumsum(np.random.default_rng(1).normal(size=(3000, 4)), 0).astype("<f4").round(2)
TAIL = bytes(range(256)) * 300

PLY = (
    b"ply\nformat binary_little_endian 1.0\nelement vertex 3000\nproperty float x\nproperty float y\n"
    b"property float z\nproperty float i\nend_header\n"
)

TEXT = b"".join(b"%.2f %.2f %.2f\n" % tuple(row[:3]) for row in POINTS)
FACES = (
    PLY.replace(b"binary_little_endian", b"ascii")
    .replace(b"property float i\n", b"")
    .replace(b"end_header", b"element face 2000\nproperty list uchar int v\nend_header")
    + TEXT
    + b"2 0 1\n" * 2000
)
ASCII_PCD = (
    b"VERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\nWIDTH 3000\nHEIGHT 1\nPOINTS 3000\nDATA ascii\n"
)
STREAM = lzf.pack(np.ascontiguousarray(POINTS[:, :3].T).view(np.uint8).ravel())
PACKED_PCD = ASCII_PCD.replace(b"ascii", b"binary_compressed") + struct.pack("<II", len(STREAM), 36_000) + STREAM

FILES = {
    "bin": lambda: POINTS.tobytes(),
    "bin, odd tail": lambda: POINTS.tobytes() + b"odd",
    "plain": lambda: np.random.default_rng(2).integers(0, 5, 50_000, np.uint8).tobytes(),
    "las": lambda: simulator.airborne_las(1, 3, 1500),
    "las, long tail": lambda: simulator.airborne_las(1, 3, 1500) + TAIL,
    "ply": lambda: PLY + POINTS.tobytes(),
    "ply, long tail": lambda: PLY + POINTS.tobytes() + TAIL,
    "ply, long comment": lambda: PLY.replace(b"element", b"comment " + b"c" * 9000 + b"\nelement") + POINTS.tobytes(),
    "big-endian ply": lambda: PLY.replace(b"little", b"big") + POINTS.astype(">f4").tobytes(),
    "npy": lambda: harness.npy(POINTS),
    "npy in columns": lambda: harness.npy(np.asfortranarray(POINTS)),
    "pcd": lambda: harness.pcd(2000),
    "big-endian npy in columns": lambda: harness.npy(np.asfortranarray(POINTS.astype(">f4"))) + b"odd",
    "npz": lambda: harness.npz(
        xyz=POINTS[:, :3].copy(), turned=np.asfortranarray(POINTS[::-1, :2]), i=POINTS[:, 3].copy()
    ),
    "npz, long member": lambda: harness.npz(a=POINTS, b=np.frombuffer(TAIL[:9000], "u1"), c=POINTS[:, 1].copy()),
    "text": lambda: TEXT,
    "text, no last newline": lambda: b"# a b c\n" + TEXT[:-1],
    "text with carriage returns": lambda: TEXT.replace(b"\n", b"\r"),
    "text, odd lines": lambda: TEXT.replace(b"7\n", b"7 \n# a comment\n\n") + b"the end",
    "text, nothing but odd lines in places": lambda: TEXT + b"# comment\n" * 3000 + TEXT + b"# " + b"c" * 40_000 + TEXT,
    "text, long end": lambda: TEXT + b"no newline " * 5000,
    "text, late fraction": lambda: b"1 2 3\n" * 9000 + b"1 0.5 3\n" + b"1 2 3\n" * 9,
    "ascii ply": lambda: PLY.replace(b"binary_little_endian", b"ascii").replace(b"property float i\n", b"") + TEXT,
    "ascii ply with faces": lambda: FACES,
    "ascii pcd": lambda: ASCII_PCD + TEXT,
    "ascii pcd, long end": lambda: ASCII_PCD.replace(b"3000", b"1000") + TEXT,
    "packed pcd": lambda: PACKED_PCD,
}
CUT = [name for name in FILES if name != "packed pcd"]
ACROSS = ["npy in columns", "big-endian npy in columns", "npz", "npz, long member"]
"""Of these the pieces are regions and runs of points, which go to several places of the file."""
PRINTED = [name for name in FILES if "text" in name or "ascii" in name]


def pieces_of(data):
    progress: Any = list
    found = formats.find_table(memoryview(data))
    return list(cut_table(memoryview(data), *found, progress) if found else cut(memoryview(data), formats.split(data)))


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(pipeline, "MAX_WHOLE", 1 << 14)
    for module in (pieces, records):
        monkeypatch.setattr(module, "MAX_WHOLE", 1 << 14)
    monkeypatch.setattr(pieces, "PIECE", 1 << 13)
    monkeypatch.setattr(pieces, "_LITTLE", 1 << 11)
    monkeypatch.setattr(decoder, "MAX_REGIONS", 1 << 15)


@pytest.fixture(scope="module")
def made():
    return {name: make() for name, make in FILES.items()}


@pytest.mark.parametrize("name", FILES)
def test_clouds_of_pieces_are_the_file(made, name):
    data = made[name]
    parts = pieces_of(data)
    assert (len(parts) > 1) == (name in CUT)
    assert sum(len(content) for _, content in parts) == len(data)
    assert (b"".join(content for _, content in parts) == data) == (name not in ACROSS)
    for part, content in parts:
        format = formats.by_name(part.format)
        assert b"".join(format.join(part.layout, part.regions, [part.columns] if part.count else [])) == content
    if name in CUT:
        assert max(len(content) for _, content in parts) <= (1 << 13) + 2 * (1 << 11)


@pytest.mark.parametrize(
    "data",
    [harness.npz(a=POINTS, b=np.frombuffer(TAIL[:20_000], "u1"), c=POINTS[:, 1].copy()), b"1 2\n" + b"#\n" * 9000],
)
def test_what_stands_around_may_be_too_much(data):
    coded = lizip.compress(data, level="fast")
    assert lizip.decompress(coded) == data
    assert Container(io.BytesIO(coded)).entries(PIECES)


@pytest.mark.parametrize("name", PRINTED)
def test_runs_of_text_are_the_table(made, name):
    """Template, types and rows are those of the whole."""
    whole = formats.split(made[name])
    parts = [part for part, _ in pieces_of(made[name]) if part.count]
    assert {(part.format, part.layout) for part in parts} == {(whole.format, whole.layout)}
    for column in whole.columns:
        assert np.array_equal(np.concatenate([part.columns[column] for part in parts]), whole.columns[column])


@pytest.mark.parametrize("name", FILES)
def test_files_come_back(made, name):
    coded = lizip.compress(made[name], level="fast")
    assert lizip.decompress(coded) == made[name]
    assert bool(Container(io.BytesIO(coded)).entries(PIECES)) == (name in CUT)
    about = lizip.info(io.BytesIO(coded))
    assert about["bytes"] == len(made[name])
    assert about["points"] == formats.split(made[name]).count
    assert about["format"] == formats.split(made[name]).format
    if name in CUT:
        assert about["pieces"] > 1
        codecs = {part.codec.name for part in Decoder(Container(io.BytesIO(coded))).parts() if part.header.count}
        assert len(codecs) <= 1, "what is best for the first points is taken for the others"
        assert len(coded) - sum(about["streams"].values()) >= 0 or about["points"] == 0


@pytest.mark.parametrize(
    "name", ["bin, odd tail", "las", "ply, long comment", "npz", "text, odd lines", "ascii ply with faces"]
)
def test_any_slice(made, name):
    coded = io.BytesIO(lizip.compress(made[name], level="fast"))
    whole = lizip.read(coded)
    columns = formats.split(made[name]).columns
    for column in columns:
        assert np.array_equal(whole[column], columns[column])
    some = list(columns)[:2]
    for points in (slice(0, 10), slice(500, 1200), slice(-100, None), slice(None, None, -7), slice(900, 100, -3)):
        part = lizip.read(coded, fields=some, points=points)
        assert list(part) == some
        for column in some:
            assert np.array_equal(part[column], whole[column][points])


def test_a_slice_touches_one_piece(made):
    """The sections of the other pieces may be damaged."""
    coded = lizip.compress(made["bin"], level="fast")
    box = Container(io.BytesIO(coded))
    rows = (1 << 13) // 16
    damaged = bytearray(coded)
    for number, entry in enumerate(box.entries(PIECES)):
        if number != 2:
            damaged[entry.offset + 30] ^= 1
    part = lizip.read(io.BytesIO(damaged), points=slice(2 * rows, 3 * rows))
    assert np.array_equal(part["x"], POINTS[2 * rows : 3 * rows, 0])
    with pytest.raises(lizip.CorruptError):
        lizip.read(io.BytesIO(damaged), points=slice(2 * rows - 1, 3 * rows))


def test_bounds_over_pieces(made):
    coded = io.BytesIO(lizip.compress(made["las"], level="fast"))
    whole = lizip.read(coded)
    scale, offset = np.frombuffer(made["las"], "<f8", 6, 131).reshape(2, 3)
    x, y = whole["X"] * scale[0] + offset[0], whole["Y"] * scale[1] + offset[1]
    low, high = np.quantile(x, 0.3), np.quantile(x, 0.6)
    part = lizip.read(coded, fields=["X"], bounds=(low, y.min(), -1e9, high, y.max(), 1e9))
    assert np.array_equal(part["X"], whole["X"][(x >= low) & (x <= high)])


def test_open_seeks_across_pieces(made):
    file = lizip.open(io.BytesIO(lizip.compress(made["ply, long tail"], level="fast")))
    file.seek(20_000)
    assert file.read(20_000) == made["ply, long tail"][20_000:40_000]
    file.seek(0)
    assert file.read() == made["ply, long tail"]


@pytest.mark.parametrize("name", ["npy", "npy in columns", "npz", "text", "ascii ply", "ply, long tail"])
def test_near_pieces(made, name):
    """Every piece keeps to the bound, and the hash is that of what comes back, wherever it goes."""
    coded = lizip.compress(made[name], level="fast", max_error=0.1)
    about = lizip.info(io.BytesIO(coded))
    assert about["pieces"] > 1
    assert 0 < about["largest_error"] <= 0.1
    lizip.verify(io.BytesIO(coded), against=made[name])
    near, whole = formats.split(bytes(lizip.decompress(coded))), formats.split(made[name])
    assert near.schema == whole.schema
    columns = lizip.read(io.BytesIO(coded))
    for axis in "xyz" if "x" in whole.columns else ():
        assert np.array_equal(columns[axis], near.columns[axis])
        assert np.abs(near.columns[axis].astype(float) - whole.columns[axis]).max() <= 0.1


@pytest.mark.parametrize("name", ["ply, long tail", "npy in columns", "npz", "text"])
def test_pieces_in_any_order(made, name):
    """What comes back has the same points in some order, and its own hash."""
    coded = lizip.compress(made[name], level="fast", drop_order=True)
    near, whole = formats.split(bytes(lizip.decompress(coded))), formats.split(made[name])
    assert Container(io.BytesIO(coded)).entries(PIECES)
    records = [sorted(zip(*(column.tolist() for column in c.columns.values()), strict=True)) for c in (near, whole)]
    assert records[0] == records[1]


@pytest.mark.parametrize("name", ["bin", "npz", "text"])
@pytest.mark.parametrize("change", ["swapped", "missing", "twice"])
def test_pieces_in_disorder(made, change, name):
    coded = lizip.compress(made[name], level="fast")
    box = Container(io.BytesIO(coded))
    header = box.header
    sections = [Section(entry.kind, box.read(entry)) for entry in header.entries]
    order: dict[str, list[Any]] = {
        "swapped": [1, 0, *sections[2:]],
        "missing": sections[1:],
        "twice": [sections[0], *sections],
    }
    sections = [sections[each] if isinstance(each, int) else each for each in order[change]]
    forged = write(sections, header.codec, header.format, header.length, header.digest, header.count, header.layout)
    with pytest.raises(lizip.CorruptError):
        lizip.decompress(forged)
