"""Generators of odd but valid files of every format, and what an independent reader makes of them.

Each is drawn from a numpy generator, so that a number is a file. As a program it tries many, which takes long:

    python tests/formats/odd_files.py 10000 [FORMAT ...]
"""

from __future__ import annotations

import io
import lzma
import struct
import sys
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import laspy
import numpy as np
import zstandard
from format_files import npy

import lizip
from lizip.formats import lzf


class Odd(NamedTuple):
    """A file, its format, and the columns that a reader other than ours finds in it; None where there is none."""

    content: bytes
    format: str
    columns: dict[str, np.ndarray] | None


def points(rng: np.random.Generator, count: int) -> np.ndarray:
    """Coordinates (count, 3) float32: a walk, decimals, noise, or some of all, with what is no number among them."""
    kind = rng.integers(0, 4)
    values = rng.normal(0, 10, (count, 3)).astype("<f4")
    if kind < 2:
        values = np.cumsum(values, 0, dtype="<f4") / np.float32(50)
    if kind % 2:
        values = np.round(values, int(rng.integers(0, 4)))
    if count and rng.random() < 0.3:
        values[rng.integers(0, count), rng.integers(0, 3)] = rng.choice([np.nan, np.inf, -np.inf, -0.0, 1e-30])
    return values


def fields_of(rng: np.random.Generator, count: int) -> np.ndarray:
    """Records (count,) of x, y, z and up to four further fields of any type."""
    types = ["u1", "i1", "<u2", "<i2", "<u4", "<i4", "<f4", "<f8"]
    further = [(f"a{i}", str(rng.choice(types))) for i in range(rng.integers(0, 5))]
    records = np.zeros(count, [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), *further])
    records["x"], records["y"], records["z"] = points(rng, count).T
    for name, _ in further:
        records[name] = rng.integers(0, 100, count) if rng.random() < 0.7 else rng.integers(0, 9, count) / 4
    return records


def columns_of(records: np.ndarray) -> dict[str, np.ndarray]:
    return {name: records[name] for name in records.dtype.names}


def number_text(rng: np.random.Generator) -> Callable[[float], str]:
    """One of the ways in which programs print numbers."""
    form = str(
        rng.choice(["%.3f", "%.6f", "%.8g", "%.6g", "%.9e", "%9.4f", "%-12.5f", "% .4f", "%+.3f", "%.7E", "%012.4f"])
    )
    repair = int(rng.integers(0, 4))

    def text(value: float) -> str:
        printed = form % value if np.isfinite(value) or "0" not in form[:2] else str(value)
        if repair == 1 and "e" in printed.lower():
            printed = printed.replace("e-", "e-0").replace("e+", "e+0")
        if repair == 2:
            return repr(value)
        return printed.replace("nan", "NaN") if repair == 3 else printed

    return text


def rows_text(rng: np.random.Generator, records: np.ndarray, newline: str = "\n") -> tuple[str, dict[str, np.ndarray]]:
    """The records printed, with a few odd lines; and the numbers that the text says, as float64."""
    said: dict[str, list[float]] = {name: [] for name in records.dtype.names}
    texts = {name: number_text(rng) for name in records.dtype.names}
    between = str(rng.choice([" ", "\t", "  "]))
    lines = []
    for record in records.tolist():
        words = []
        for name, value in zip(said, record, strict=True):
            whole = records.dtype[name].kind in "iu" and rng.random() < 0.98
            word = str(value) if whole else texts[name](float(value))
            said[name].append(float(word))
            words.append(word)
        line = between.join(words)
        lines.append(line + " " * int(rng.random() < 0.02))
    text = newline.join(lines) + newline * (rng.random() < 0.8)
    return text, {name: np.array(column) for name, column in said.items()}


def pcd(rng: np.random.Generator) -> Odd:
    """Every encoding, padding, counts, line ends, missing lines of the header."""
    count = int(rng.integers(0, 200))
    records = fields_of(rng, count)
    encoding = str(rng.choice(["binary", "ascii", "binary_compressed"]))
    newline = str(rng.choice(["\n", "\r\n"]))
    names, sizes, kinds, counts = [], [], [], []
    layout: list[tuple[str, str]] = []
    for name in records.dtype.names:
        if encoding == "binary" and rng.random() < 0.3:
            padding = int(rng.integers(0, 6))
            names, sizes, kinds, counts = [*names, "_"], [*sizes, 1], [*kinds, "U"], [*counts, padding]
            layout.append((f"_{len(layout)}", f"V{padding}"))
        dtype = records.dtype[name]
        kind = dtype.kind.upper() if rng.random() < 0.8 else dtype.kind
        names, sizes, kinds, counts = [*names, name], [*sizes, dtype.itemsize], [*kinds, kind], [*counts, 1]
        layout.append((name, dtype.str))
    body = np.zeros(count, [each for each in layout if each[1] != "V0"])
    for name in records.dtype.names:
        body[name] = records[name]
    columns: dict[str, np.ndarray] | None = columns_of(records)
    if encoding == "ascii":
        text, columns = rows_text(rng, records, newline)
        content = text.encode()
    elif encoding == "binary":
        content = body.tobytes()
    else:
        plain = b"".join(np.ascontiguousarray(records[name]).tobytes() for name in records.dtype.names)
        stream = lzf.pack(np.frombuffer(plain, "u1")) if plain else b""
        content = struct.pack("<II", len(stream), len(plain)) + stream
        columns = columns if count else None
    lines = ["# .PCD v0.7", "VERSION 0.7", "FIELDS " + " ".join(names)]
    listed = (("SIZE", sizes), ("TYPE", kinds), ("COUNT", counts))
    lines += [
        f"{key} {' '.join(map(str, values))}"
        for key, values in listed
        if key != "COUNT" or "_" in names or rng.random() < 0.8
    ]
    width = count if rng.random() < 0.8 else 0
    lines += [f"WIDTH {width}", "HEIGHT 1", f"POINTS {count}", "# a comment", f"DATA {encoding}", ""]
    return Odd(newline.join(lines).encode() + content, "pcd" if columns is not None else "opaque", columns)


_PLY_TYPES = {
    "u1": "uchar",
    "i1": "int8",
    "<u2": "ushort",
    "<i2": "short",
    "<u4": "uint32",
    "<i4": "int",
    "<f4": "float",
    "<f8": "double",
}


def ply(rng: np.random.Generator) -> Odd:
    """Faces before or behind the vertices, lists, both byte orders, text, three kinds of line ends."""
    count, faces = int(rng.integers(0, 120)), int(rng.integers(0, 20))
    records = fields_of(rng, count)
    encoding = str(rng.choice(["binary_little_endian", "binary_big_endian", "ascii"]))
    newline = str(rng.choice(["\n", "\n", "\r\n", "\r"])) if encoding == "ascii" else str(rng.choice(["\n", "\r\n"]))
    properties = [
        f"property {_PLY_TYPES[records.dtype[name].str.replace('|', '')]} {name}" for name in records.dtype.names
    ]
    vertex = [f"element vertex {count}", *properties]
    face = [f"element face {faces}", "property list uchar int vertex_indices", "property uchar quality"]
    lengths = rng.integers(3, 5, faces)
    columns = columns_of(records)
    if encoding == "ascii":
        text, columns = rows_text(rng, records, newline)
        text += newline * (bool(text) and not text.endswith(newline))
        polygons = "".join(f"{n} {' '.join('7' * n)} 1{newline}" for n in lengths.tolist()).encode()
        body = text.encode()
    else:
        order: Any = "<" if "little" in encoding else ">"
        polygons = b"".join(bytes([n]) + np.arange(n).astype(order + "i4").tobytes() + b"\1" for n in lengths.tolist())
        body = records.astype(records.dtype.newbyteorder(order)).tobytes()
    first = rng.random() < 0.4
    lines = [
        "ply",
        f"format {encoding} 1.0",
        "comment odd",
        *(face + vertex if first else vertex + face),
        "end_header",
        "",
    ]
    return Odd(newline.join(lines).encode() + (polygons + body if first else body + polygons), "ply", columns)


def text(rng: np.random.Generator) -> Odd:
    """Tables with headings, comments and blank lines among the rows."""
    count = int(rng.integers(3, 150))
    records = fields_of(rng, count)[["x", "y", "z"]]
    body, columns = rows_text(rng, records)
    lines = body.splitlines(keepends=True)
    for _ in range(rng.integers(0, 3)):
        lines.insert(int(rng.integers(0, len(lines))), str(rng.choice(["\n", "# a comment\n", "// x y\n"])))
    separator = str(rng.choice([" ", " ", ",", ";"]))
    content = "".join(lines)
    if separator != " ":
        content = "\n".join(separator.join(line.split()) for line in content.split("\n"))
    head = str(rng.choice(["", "x y z\n", "//X Y Z\n", f"{count}\n"]))
    names = ("X", "Y", "Z") if "X" in head else ("x", "y", "z")
    return Odd((head + content).encode(), "text", dict(zip(names, columns.values(), strict=True)))


def npy_file(rng: np.random.Generator) -> Odd:
    """Plain arrays of one to three axes in either order, structured ones with padding."""
    count = int(rng.integers(17, 90))
    code = str(rng.choice(["<f4", ">f4", "<f8", ">i2", "u1", "<i8", "<f2", "?"]))
    kind = int(rng.integers(0, 4))
    if kind == 0:
        records = fields_of(rng, count)
        aligned = np.zeros(count, np.dtype(records.dtype.descr, align=bool(rng.integers(0, 2))))
        for name in records.dtype.names:
            aligned[name] = records[name]
        return Odd(npy(aligned), "npy", columns_of(records))
    array = np.clip(np.nan_to_num(points(rng, count), posinf=1, neginf=0), 0, 100).astype(code)
    if kind == 1:
        array = array[:, 0].copy()
        return Odd(npy(array), "npy", {"value": array})
    if kind == 2:
        stored = np.asfortranarray(array) if rng.random() < 0.5 else array
        stored = stored.T if rng.random() < 0.3 else stored
        return Odd(npy(stored), "npy", dict(zip("xyz", array.T, strict=True)))
    image = array[: count // 4 * 4].reshape(4, -1, 3)
    return Odd(npy(image), "npy", dict(zip("xyz", image.reshape(-1, 3).T, strict=True)))


def npz(rng: np.random.Generator) -> Odd:
    """Several arrays, of one length or not."""
    count = int(rng.integers(100, 300))
    xyz = points(rng, count)
    file = io.BytesIO()
    np.savez(file, cloud=xyz, ring=rng.integers(0, 32, count).astype("u1"), pose=np.eye(4))
    return Odd(file.getvalue(), "npz", dict(zip("xyz", xyz.T, strict=True)))


def raw(rng: np.random.Generator) -> Odd:
    """Scans in records of three to sixteen numbers, float32 or float64."""
    count, further = int(rng.integers(500, 3000)), int(rng.integers(0, 13))
    angle = np.arange(count) * 0.01
    reach = 10 + 3 * np.sin(angle * 3) + rng.normal(0, 0.01, count)
    columns = [reach * np.cos(angle), reach * np.sin(angle), rng.normal(-1.7, 0.02, count)]
    columns += [rng.integers(0, 60, count) if rng.random() < 0.7 else rng.normal(0, 1, count) for _ in range(further)]
    if further and rng.random() < 0.3:
        columns[-1] = 1.55e15 + np.arange(count) * 1e8
    array = np.stack(columns, 1).astype(str(rng.choice(["<f4", "<f4", "<f8"])))
    return Odd(array.tobytes(), "bin", {str(i): array[:, i] for i in range(array.shape[1])})


def las(rng: np.random.Generator) -> Odd:
    """Every point format, extra bytes of any type, records before and behind the points."""
    count = int(rng.integers(0, 120))
    cloud = laspy.LasData(laspy.LasHeader(point_format=int(rng.integers(0, 11)), version="1.4"))
    cloud.points = laspy.ScaleAwarePointRecord.zeros(count, header=cloud.header)
    cloud.X, cloud.Y, cloud.Z = np.cumsum(rng.integers(-50, 60, (3, count)), 1)
    cloud.intensity = rng.integers(0, 500, count)
    for i in range(rng.integers(0, 3)):
        code = str(rng.choice(["f4", "f8", "u1", "i2", "u4", "3f4"]))
        cloud.add_extra_dim(laspy.ExtraBytesParams(f"extra{i}", code))
        values = rng.normal(0, 9, (count, 3) if code[0] == "3" else count)
        cloud[f"extra{i}"] = values if "f" in code else np.abs(values).astype(code)
    if rng.random() < 0.3:
        cloud.vlrs.append(laspy.VLR("somebody", 1, "note", b"a note"))
    file = io.BytesIO()
    cloud.write(file)
    content = file.getvalue() + (b"tail" if rng.random() < 0.2 else b"")
    array = cloud.points.array
    columns: dict[str, np.ndarray] = {}
    for name in array.dtype.names:
        column = array[name]
        columns |= {name: column} if column.ndim == 1 else {f"{name}_{i}": column[:, i] for i in range(column.shape[1])}
    return Odd(content, "las", columns)


FORMATS: dict[str, Callable[[np.random.Generator], Odd]] = {
    "pcd": pcd,
    "ply": ply,
    "text": text,
    "npy": npy_file,
    "npz": npz,
    "bin": raw,
    "las": las,
}


def odd(name: str, seed: int) -> Odd:
    return FORMATS[name](np.random.default_rng([sorted(FORMATS).index(name), seed]))


def same(mine: np.ndarray, theirs: np.ndarray) -> bool:
    """The same numbers; a text's as the type that we chose for them."""
    if theirs.dtype == np.float64 and mine.dtype.kind == "f":
        with np.errstate(over="ignore"):
            theirs = theirs.astype(mine.dtype)
    return len(mine) == len(theirs) and np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f")


def bound(content: bytes) -> int:
    """What a .lizip file may have at most: 64 bytes more than the best of zstd -19 and xz -9."""
    strong = zstandard.ZstdCompressor(level=19).compress(content)
    return min(len(strong), len(lzma.compress(content, preset=9))) + 64


def main() -> None:
    """Whole round trips of many files, with the bound on their size."""
    count, names = int(sys.argv[1]), sys.argv[2:] or list(FORMATS)
    warnings.simplefilter("error")
    for name in names:
        for seed in range(count):
            file = odd(name, seed)
            coded = lizip.compress(file.content)
            told, columns = lizip.info(io.BytesIO(coded)), lizip.read(io.BytesIO(coded))
            exact = lizip.decompress(coded) == file.content
            right = file.columns is None or all(
                same(mine, theirs)
                for mine, theirs in zip(
                    (columns.values() if name == "bin" else map(columns.get, file.columns)),
                    file.columns.values(),
                    strict=True,
                )
            )
            if not exact or told["format"] != file.format or not right or len(coded) > bound(file.content):
                print(name, seed, exact, told["format"], right, len(coded), bound(file.content), flush=True)
        print(f"{name}: {count} files", flush=True)


if __name__ == "__main__":
    main()
