"""LZF streams of packed PCD files, made again from their data (docs/format/layouts.md, PCD)."""

from __future__ import annotations

from second_reader.bytestream import Bytes, demand


def pack(data: bytes) -> bytes:
    """As the Point Cloud Library does it."""
    out, literals, places, at, end = bytearray(), bytearray(), {}, 0, len(data)

    def flush() -> None:
        if literals:
            out.append(len(literals) - 1)
            out.extend(literals)
            literals.clear()

    def slot(place: int) -> int:
        value = int.from_bytes(data[place : place + 3], "big")
        return ((value >> 11) - value) & 8191

    def literal() -> None:
        literals.append(data[at])
        if len(literals) == 32:
            flush()

    while at < end - 2:
        seen = places.get(slot(at), 0)
        places[slot(at)] = at
        if not (seen > 0 and at - seen <= 8192 and data[seen : seen + 3] == data[at : at + 3]):
            literal()
            at += 1
            continue
        longest, size = min(end - at - 2, 264), 3
        most = max(longest, 19) if longest > 16 else longest
        while size < most and data[seen + size] == data[at + size]:
            size += 1
        flush()
        offset, code = at - seen - 1, size - 2
        out.append((offset >> 8) + (min(code, 7) << 5))
        if code >= 7:
            out.append(code - 7)
        out.append(offset & 255)
        at += size
        if at >= end - 2:
            break
        places[slot(at - 1)] = at - 1
    while at < end:
        literal()
        at += 1
    flush()
    return bytes(out)


def replay(operations: bytes, data: bytes) -> bytes:
    """From its operations, which leave out the bytes that are copied."""
    head, out, at = Bytes(operations), bytearray(), 0
    while head.left:
        control = head.u8()
        out.append(control)
        if control < 32:
            size = control + 1
            out += data[at : at + size]
        elif control >> 5 < 7:
            size = (control >> 5) + 2
            out += head.take(1)
        else:
            more = head.take(2)
            size = more[0] + 9
            out += more
        at += size
    demand(at == len(data), "operations do not fit their data")
    return bytes(out)
