"""Logs: the pieces are streams, and a splice says how they make the file (docs/format/container.md, Logs)."""

from __future__ import annotations

import zlib

from second_reader import chunks, coded
from second_reader.bytestream import Bytes, demand
from second_reader.container import PIECE, SPLICE, File


def join(file: File, read) -> bytes:
    """The bytes of a log; `read` reads a piece."""
    splice = Bytes(b"".join(map(coded.decode, file.all(SPLICE))))
    streams = splice.varint()
    for _ in range(2 * streams):
        splice.string()
    owner: dict[int, tuple[int, int]] = {}
    place = -1
    for _ in range(splice.varint()):
        place += 1 + splice.varint()
        stream = splice.varint()
        splice.signed()
        owner[place] = stream, splice.varint()
    for _ in range(splice.varint()):
        splice.string()
    flow = [bytearray() for _ in range(streams + 1)]
    for place, piece in enumerate(file.all(PIECE)):
        stream, turn = owner.get(place, (0, 0))
        content = read(piece)
        flow[stream] += content[turn:] + content[:turn]
    out, used = bytearray(), [0] * len(flow)
    while splice.left:
        kind = splice.varint()
        level = splice.signed() if kind else 0
        flags, size, crc = (splice.varint(), splice.varint(), splice.numbers("I")[0]) if kind else (0, 0, 0)
        span = _span(splice, flow, used)
        packed = chunks.compress(kind, level, flags, span) if kind else span
        demand(not kind or (len(packed) == size and zlib.crc32(packed) == crc), "a chunk is not what it was")
        out += packed
    demand(used == list(map(len, flow)), "a stream is not used up")
    return bytes(out)


def _span(splice: Bytes, flow: list[bytearray], used: list[int]) -> bytes:
    """Bytes of the rest and of streams, in turns."""
    out = bytearray()
    for _ in range(splice.varint()):
        rest, stream, size, times = splice.varints(4)
        for _ in range(times):
            for which, count in ((0, rest), (stream, size)):
                out += flow[which][used[which] : used[which] + count]
                used[which] += count
    return bytes(out)
