"""Logs: the pieces are streams, and a splice says how they make the file (docs/format/container.md, Logs)."""

from __future__ import annotations

from second_reader import coded
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
        demand(splice.varint() == 0, "compressed spans are not read here")
        for _ in range(splice.varint()):
            rest, stream, size, times = splice.varints(4)
            for _ in range(times):
                for which, count in ((0, rest), (stream, size)):
                    out += flow[which][used[which] : used[which] + count]
                    used[which] += count
    demand(used == list(map(len, flow)), "a stream is not used up")
    return bytes(out)
