"""Lines of a table of text that are no rows, or rows that print differently: kept as text."""

from __future__ import annotations

from itertools import chain

from lizip.packing import Unpacker, pack_varint, pack_varints


class OddLines:
    """Lines that the template does not print: in the place of a row, or between rows."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, bool, bytes]] = []

    def insert(self, row: int, text: bytes) -> None:
        """Text before a row."""
        self._lines.append((row, False, text))

    def replace(self, row: int, text: bytes) -> None:
        """Text of a row."""
        self._lines.append((row, True, text))

    def pack(self, rows: int) -> bytes:
        """Those before the end of the last row: for each row, kind and length; then the texts. Nothing for none."""
        lines = sorted((each for each in self._lines if each[0] < rows), key=lambda each: each[:2])
        if not lines:
            return b""
        places = [row for row, _, _ in lines]
        gaps = [after - before for before, after in zip([0, *places[:-1]], places, strict=True)]
        heads = ((gap << 1 | instead, len(text)) for gap, (_, instead, text) in zip(gaps, lines, strict=True))
        return pack_varint(len(lines)) + pack_varints(chain.from_iterable(heads)) + b"".join(x[2] for x in lines)

    @staticmethod
    def unpack(packed: bytes) -> dict[int, list[tuple[bool, bytes]]]:
        """Read what `pack` wrote: of each such row whether the text stands instead of it, and the text."""
        odd: dict[int, list[tuple[bool, bytes]]] = {}
        if not packed:
            return odd
        unpack = Unpacker(packed)
        row, heads = 0, []
        for _ in range(min(unpack.varint(), unpack.remaining)):
            code = unpack.varint()
            row += code >> 1
            heads.append((row, bool(code & 1), unpack.varint()))
        for row, instead, length in heads:
            odd.setdefault(row, []).append((instead, unpack.take(length)))
        unpack.finish()
        return odd


def differ(lines: list[bytes], i: int, texts: list[tuple[bool, bytes]]) -> None:
    """Put odd lines before or in the place of line `i`."""
    own = [text for instead, text in texts if instead] or [lines[i]]
    lines[i] = b"".join([*(text for instead, text in texts if not instead), *own])
