"""Size and speed of a file beside what people use instead; everything is measured here and now, or left out."""

from __future__ import annotations

import io
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from lizip import api
from lizip.bench import RIVALS, Subject
from lizip.codecs import NAMES, PROMISING_FIRST, Options
from lizip.container import Container
from lizip.errors import FormatError

BESIDE = ("zstd -19", "xz -9", "LASzip")

MOST_BYTES = 768 << 10
"""Of a larger file, general compressors get so many bytes from its middle."""

_MOST_WHOLE = 1 << 27
"""Larger files are not given to rivals that need them whole."""


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and seconds it took."""
    start = time.perf_counter()
    given = call()
    return given, time.perf_counter() - start


def row(name: str, size: int, of: int, encode: float | None, decode: float | None, note: str = "") -> dict[str, Any]:
    """A line of the table: bytes of `of` ones, seconds."""
    return {"name": name, "size": size, "of": of, "encode": encode, "decode": decode, "note": note}


def beside(data: bytes) -> list[dict[str, Any]]:
    """Rows of the rivals that are installed, each run once on this file."""
    return [measured for name in BESIDE if (measured := _measured(name, data)) is not None]


def by_codecs(data: bytes, options: Options, chosen: str) -> Iterator[tuple[str, int, float]]:
    """Name, bytes and seconds of each codec that takes a file, but the one that it has; nothing is compared."""
    for name in PROMISING_FIRST:
        sink = io.BytesIO()
        how = replace(options, codec=name, check=False)
        try:
            _, seconds = timed(partial(api.encode_data, data, how, sink))
        except FormatError:
            continue
        if name != chosen and NAMES[Container(sink).header.codec] == name:
            yield name, len(sink.getvalue()), seconds


def _measured(name: str, data: bytes) -> dict[str, Any] | None:
    rival = RIVALS[name]
    if rival.missing or (name == "LASzip" and len(data) > _MOST_WHOLE):
        return None
    part, note = data, f"loses: {rival.loses}" if rival.loses else ""
    if name == "LASzip" and Subject(data[:4]).is_las:
        note = "points and fields come back, not each byte around them"
    if name != "LASzip" and len(data) > MOST_BYTES:
        start = (len(data) - MOST_BYTES) // 2
        part, note = data[start : start + MOST_BYTES], f"on {MOST_BYTES >> 10} KiB from the middle"
    subject = Subject(part)
    try:
        stream, encode = timed(lambda: rival.encode(subject))
    except FormatError:
        return None
    _, decode = timed(lambda: rival.decode(stream, subject))
    return row(name, len(stream), len(part), encode, decode, note)


def machine() -> str:
    """Where it was measured."""
    return f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
