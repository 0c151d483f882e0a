"""The report on a folder or a pack: a row a file, what each codec took, all of it sortable."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import lizip
from lizip import access, storage
from lizip.codecs import Options
from lizip.container import PACK_MAGIC, is_lizip
from lizip.errors import LizipError
from lizip.packs import PackReader
from lizip.report import sizes, words
from lizip.report.subject import content_of, packed_of

MOST_ROWS = 10_000
"""Files on a page; sums are over all."""

_COLUMNS = (
    ("name", "File", "text"),
    ("points", "Points", "number"),
    ("bytes", "Size", "bytes"),
    ("packed", "Packed", "bytes"),
    ("ratio", "To 1", "ratio"),
    ("bits", "Bits a point", "ratio"),
    ("codec", "Codec", "text"),
    ("why", "Why", "text"),
)

_LAZ = "compressed already, kept as it is; lizip compress --expand takes the .las in it"


def is_pack(path: str) -> bool:
    """Whether a file is a pack."""
    with storage.open_binary(path) as file:
        return file.read(len(PACK_MAGIC)) == PACK_MAGIC


def of_pack(path: str, codecs: bool = False) -> dict[str, Any]:
    """All of the page of a pack; raises LizipError, OSError."""
    with PackReader(path) as pack:
        rows = [_row(entry.name, access.info(pack.packed(place))) for place, entry in enumerate(pack.entries)]
        for place, row in enumerate(rows if codecs else ()):
            row["next"] = _next(b"".join(pack.pieces(place)), Options(), row["codec"])
        for row, entry in zip(rows, pack.entries, strict=True):
            row["packed"] = entry.length
    return told(os.path.basename(path), rows, "pack")


def of_files(
    paths: Iterable[str], title: str, options: Options, tell: Callable[[str], None], codecs: bool = False
) -> dict[str, Any]:
    """All of the page of some files; those that are not compressed are, in memory. A file that fails has a row too."""
    return told(title, list(_rows(paths, options, tell, codecs)), "folder")


def _rows(
    paths: Iterable[str], options: Options, tell: Callable[[str], None], codecs: bool
) -> Iterator[dict[str, Any]]:
    paths = list(paths)
    local = not any(map(storage.is_url, paths))
    base = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths]) if local and paths else ""
    for path in paths:
        name = os.path.relpath(os.path.abspath(path), base) if base else path
        tell(name)
        try:
            info, following = _told_of(path, options, codecs)
            yield {**_row(name, info), **following}
        except (LizipError, OSError) as error:
            nothing = dict.fromkeys(("points", "bytes", "packed", "ratio", "bits"))
            yield {"name": name, **nothing, "codec": "failed", "why": str(error), "failed": True}


def _told_of(path: str, options: Options, codecs: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """What `info` says of a file, which is compressed where it is not, and, if asked for, which codec comes next."""
    with storage.open_binary(path) as file:
        done = is_lizip(file.read(8))
        file.seek(0)
        if done and not codecs:
            return access.info(file), {}
        data = file.read()
    packed = data if done else packed_of(data, options)
    info = access.info(packed)
    if not codecs:
        return info, {}
    return info, {"next": _next(content_of(packed) if done else data, options, info["codec"])}


def _next(content: bytes, options: Options, chosen: str) -> str:
    """The codec that would have come next, and what it takes."""
    others = [(size, name) for name, size, _ in sizes.by_codecs(content, options, chosen)]
    return f"{min(others)[1]}, {words.in_bytes(min(others)[0])}" if others else "none"


def _row(name: str, info: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "points": info["points"],
        "bytes": info["bytes"],
        "packed": info["compressed_bytes"],
        "ratio": info["ratio"],
        "bits": info["bits_per_point"],
        "codec": info["codec"],
        "why": _LAZ if name.lower().endswith(".laz") and info["format"] == "opaque" else words.why(info),
        "streams": info["streams"],
    }


def told(title: str, rows: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """For page.js: rows of files, sums, codecs."""
    there = [row for row in rows if not row.get("failed")]
    size, packed = (sum(row[key] for row in there) for key in ("bytes", "packed"))
    points = sum(row["points"] for row in there)
    of_points = sum(row["packed"] for row in there if row["points"])
    codecs: dict[str, int] = {}
    for row in there:
        codecs[row["codec"]] = codecs.get(row["codec"], 0) + 1
    taken = ", ".join(f"{name} took {count:,}" for name, count in sorted(codecs.items(), key=lambda item: -item[1]))
    failed = len(rows) - len(there)
    sentence = f"A {kind} of {len(rows):,} file{'s' * (len(rows) != 1)}" + (f": {taken}" if taken else "")
    tiles = [
        {"label": "Size", "value": words.in_bytes(packed), "note": f"of {words.in_bytes(size)}"},
        {"label": "Ratio", "value": f"{size / packed:.2f} to 1" if packed else "—", "note": "over all files"},
        {
            "label": "Bits a point",
            "value": f"{8 * of_points / points:.2f}" if points else "—",
            "note": "of files with points",
        },
        {"label": "Points", "value": f"{points:,}", "note": f"in {len(there):,} files"},
    ]
    streams = _streams(there, packed)
    columns = list(_COLUMNS)
    if any("next" in row for row in rows):
        columns.insert(-1, ("next", "Next codec", "text"))
    shown = [{key: value for key, value in row.items() if key != "streams"} for row in rows[:MOST_ROWS]]
    left = f" The first {MOST_ROWS:,} are listed, the sums are over all." if len(rows) > MOST_ROWS else ""
    return {
        "title": title,
        "sentence": f"{sentence}{f'; {failed} failed' if failed else ''}.",
        "tiles": tiles,
        "count": 0,  # streams of files without points are among the others
        "streams": streams,
        "files": shown,
        "fileColumns": [dict(zip(("key", "name", "kind"), column, strict=True)) for column in columns],
        "filesNote": f"Click a head to sort by it.{left}",
        "found": [],
        "rivals": [],
        "notes": [f"Made by lizip {lizip.__version__}."],
    }


def _streams(rows: list[dict[str, Any]], packed: int) -> list[dict[str, Any]]:
    """Streams of all files together."""
    sums: dict[str, int] = {}
    for row in rows:
        for name, size in row["streams"].items():
            sums[name] = sums.get(name, 0) + size
    return words.streams(sums, packed)
