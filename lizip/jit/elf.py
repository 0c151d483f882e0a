"""Object files as LLVM makes them for Linux: ELF of 64 bits, little endian."""

from __future__ import annotations

import struct
from typing import NamedTuple

TITLE = b"\x7fELF\x02\x01"

_MACHINE_AT, _HEADERS_AT, _COUNTS_AT = 18, 40, 58
"""Where the header says: for which processors; where sections' headers are; their size, number, the names' section."""
_SECTION, _SYMBOL, _RELOCATION = struct.Struct("<IIQQQQIIQQ"), struct.Struct("<IBBHQQ"), struct.Struct("<QQq")
_SYMBOLS, _RELOCATIONS = 2, 4
"""Types of sections."""


class Section(NamedTuple):
    """What is loaded together: code, constants, data."""

    name: str
    kind: int
    flags: int
    content: bytes
    step: int
    """Its address is a multiple of this."""


class Symbol(NamedTuple):
    """A place with a name."""

    name: str
    section: int
    """0: others define it."""
    value: int
    """Bytes from the section's begin."""


class Relocation(NamedTuple):
    """A place that holds an address, once addresses are known."""

    section: int
    at: int
    kind: int
    symbol: int
    plus: int


class Object(NamedTuple):
    """What an object file says."""

    machine: int
    """The family of processors, by number."""
    sections: list[Section]
    symbols: list[Symbol]
    relocations: list[Relocation]

    def outside(self) -> set[str]:
        """Names that it leaves for others to define."""
        return {symbol.name for symbol in self.symbols if symbol.name and not symbol.section}


def read(code: bytes) -> Object:
    """Read an object file; ValueError when it is of another format."""
    if code[: len(TITLE)] != TITLE:
        raise ValueError("this is no object file of ELF, 64 bits, little endian")
    (machine,), (at,) = struct.unpack_from("<H", code, _MACHINE_AT), struct.unpack_from("<Q", code, _HEADERS_AT)
    size, count, names = struct.unpack_from("<HHH", code, _COUNTS_AT)
    headers = [_SECTION.unpack_from(code, at + size * index) for index in range(count)]
    contents = [code[header[4] : header[4] + header[5]] for header in headers]
    sections = [
        Section(_text(contents[names], header[0]), header[1], header[2], content, max(header[8], 1))
        for header, content in zip(headers, contents, strict=True)
    ]
    symbols, relocations = [], []
    for header, content in zip(headers, contents, strict=True):
        if header[1] == _SYMBOLS:
            strings = contents[header[6]]
            symbols = [Symbol(_text(strings, item[0]), item[3], item[4]) for item in _SYMBOL.iter_unpack(content)]
        if header[1] == _RELOCATIONS:
            relocations += [
                Relocation(header[7], place, of & 0xFFFFFFFF, of >> 32, plus)
                for place, of, plus in _RELOCATION.iter_unpack(content)
            ]
    return Object(machine, sections, symbols, relocations)


def _text(strings: bytes, at: int) -> str:
    return strings[at : strings.index(b"\0", at)].decode()
