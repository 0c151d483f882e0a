"""A shared library of kernels, linked from their object files: a process maps it, and loads the pages that it runs.

A kernel's code refers to its own constants, to `memset` and its like, and to a few addresses of exceptions. So linking
is to lay sections into three parts (constants, code, data) and to work out a few kinds of relocations: no linker need
be on the machine that builds a wheel, and none on the one that uses it.

A library has one symbol a kernel, `symbol_of` its identity: where the code begins, and what it returns.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from lizip.jit import elf
from lizip.jit.machines import MACHINES, Machine

TOTAL = "lizip_kernels"
"""Symbol of the number of kernels."""
NUMBER = struct.Struct("<q")
"""That number; and with which a kernel's symbol begins: bytes from there to the code. Text that ends with 0 follows."""

_HEADER, _SEGMENT = struct.Struct("<16sHHIQQQIHHHHHH"), struct.Struct("<IIQQQQQQ")
_SYMBOL, _RELOCATION, _TAGGED = struct.Struct("<IBBHQQ"), struct.Struct("<QQq"), struct.Struct("<QQ")
_SEGMENTS = 6
_MAPPED, _DYNAMIC, _STACK, _FIXED = 1, 2, 0x6474E551, 0x6474E552
"""Segments: mapped; what the system's loader reads; the stack's rights; data that is constant once loaded."""
_RUN, _WRITE, _READ = 1, 2, 4
_WRITABLE, _LOADED, _CODE = 1, 2, 4
"""Flags of a section."""
_ZEROS = 8
"""Type of a section that no file holds."""
_HERE, _ELSEWHERE = 0x11, 0x12
"""Symbols: data that is defined here; a function that others define."""

Move = tuple[int, int, int]
"""What the system's loader is to write: where, symbol's number << 32 | kind, a number that is added."""


def symbol_of(identity: str) -> str:
    """Name of a kernel in its object file and in a library."""
    return f"lizip_{identity}"


@dataclass
class _Part:
    """What is mapped with the same rights."""

    rights: int
    content: bytearray = field(default_factory=bytearray)
    address: int = 0
    known: dict[tuple[bytes, int], int] = field(default_factory=dict)

    def add(self, content: bytes, step: int = 8, shared: bool = False) -> int:
        """Lay something at a multiple of `step`, or find it there if it may be shared; returns where."""
        if shared and (content, step) in self.known:
            return self.known[content, step]
        self.content += bytes(-len(self.content) % step)
        at = self.known[content, step] = len(self.content)
        self.content += content
        return at

    def fill(self, at: int, content: bytes) -> None:
        """Say what stands at a place."""
        self.content[at : at + len(content)] = content


class _Linker:
    """Kernels that lie in three parts; what they say of addresses is worked out when all have their places."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.constants, self.code, self.data = _Part(_READ), _Part(_READ | _RUN), _Part(_READ | _WRITE)
        self.constants.add(bytes(_HEADER.size + _SEGMENTS * _SEGMENT.size))
        self.placed: list[tuple[elf.Object, list[tuple[_Part, int] | None]]] = []
        self.jumps: dict[str, tuple[int, int]] = {}
        """Name of a function elsewhere -> places of the code that jumps to it and, in data, of its address."""
        self.symbols: dict[str, int] = {}

    def add(self, identity: str, returns: str, code: bytes) -> None:
        """Lay down a kernel."""
        one = elf.read(code)
        relocated = {item.section for item in one.relocations}
        places = [self._place(section, index not in relocated) for index, section in enumerate(one.sections)]
        self.placed.append((one, places))
        for name in sorted(one.outside() - self.jumps.keys()):
            self.jumps[name] = self.code.add(bytes(16), 16), self.data.add(bytes(8))
        self.symbols[symbol_of(identity)] = self.constants.add(bytes(NUMBER.size) + returns.encode() + b"\0")

    def _place(self, section: elf.Section, fixed: bool) -> tuple[_Part, int] | None:
        """Where a section lies; None when nobody runs or reads it, as tables for unwinding."""
        if not section.flags & _LOADED or section.name.startswith(".eh_frame"):
            return None
        if section.kind == _ZEROS and section.content:
            raise ValueError("a kernel has no variables of its own")
        if section.flags & _CODE:
            return self.code, self.code.add(section.content, section.step)
        if section.flags & _WRITABLE:
            return self.data, self.data.add(section.content, section.step)
        return self.constants, self.constants.add(section.content, section.step, shared=fixed)

    def finish(self) -> bytes:
        """Work out all addresses; returns the library."""
        page = self.machine.page
        self.symbols[TOTAL] = self.constants.add(NUMBER.pack(len(self.placed)))
        self.code.address = _up(len(self.constants.content), page)
        self.data.address = _up(self.code.address + len(self.code.content), page)
        moves = self._fill_jumps()
        for one, places in self.placed:
            moves += self._relocate(one, places)
        tables = self._tell_loader(moves)
        self.data.content += bytes(-len(self.data.content) % page)
        self.constants.fill(0, self._head(tables))
        parts = (self.constants, self.code, self.data)
        return b"".join(bytes(part.content) + bytes(-len(part.content) % page) for part in parts)

    def _fill_jumps(self) -> list[Move]:
        moves = []
        for number, (stub, slot) in enumerate(self.jumps.values(), 1):
            self.code.fill(stub, self.machine.jump(self.code.address + stub, self.data.address + slot))
            moves.append((self.data.address + slot, number << 32 | self.machine.named, 0))
        return moves

    def _relocate(self, one: elf.Object, places: list[tuple[_Part, int] | None]) -> list[Move]:
        """Write into a kernel where things are; and where it begins into what its symbol stands for."""
        addresses = []
        for name, section, value in one.symbols:
            place = places[section] if 0 < section < len(places) else None
            if place:
                addresses.append(place[0].address + place[1] + value)
            else:
                addresses.append(self.code.address + self.jumps[name][0] if name in self.jumps else -1)
            if at := self.symbols.get(name):
                self.constants.fill(at, NUMBER.pack(addresses[-1] - at))
        moves = []
        for item in one.relocations:
            if place := places[item.section]:
                part, at = place[0], place[1] + item.at
                meant, here = addresses[item.symbol] + item.plus, part.address + at
                if item.kind == self.machine.absolute:
                    moves.append((here, self.machine.moved, meant))
                else:
                    word = int.from_bytes(part.content[at : at + 4], "little")
                    word = self.machine.relocated(item.kind, word, meant, here)
                    part.fill(at, (word & 0xFFFFFFFF).to_bytes(4, "little"))
        return moves

    def _tell_loader(self, moves: list[Move]) -> tuple[int, int]:
        """Lay down what the system's loader reads; returns place and size of the list of it all."""
        names = [*self.jumps, *self.symbols]
        strings = b"\0".join([b"", *(name.encode() for name in names), b""])
        table = bytearray(_SYMBOL.size)
        at = 1
        for name in names:
            here = self.symbols.get(name, 0)
            table += _SYMBOL.pack(at, _HERE if here else _ELSEWHERE, 0, 1 if here else 0, here, 0)
            at += len(name) + 1
        moved = b"".join(_RELOCATION.pack(*move) for move in moves)
        told = [(4, _hashed(names)), (5, strings), (6, bytes(table)), (7, moved)]
        tagged = [(tag, self.data.address + self.data.add(content)) for tag, content in told]
        tagged += [(8, len(moved)), (9, _RELOCATION.size), (10, len(strings)), (11, _SYMBOL.size), (0, 0)]
        dynamic = b"".join(_TAGGED.pack(*item) for item in tagged)
        return self.data.add(dynamic), len(dynamic)

    def _head(self, tables: tuple[int, int]) -> bytes:
        number = next(number for number, machine in MACHINES.items() if machine is self.machine)
        head = _HEADER.pack(
            elf.TITLE + b"\1", 3, number, 1, 0, _HEADER.size, 0, 0, _HEADER.size, _SEGMENT.size, _SEGMENTS, 64, 0, 0
        )
        data, page = self.data, self.machine.page
        segments = [
            *(
                (_MAPPED, part.rights, part.address, len(part.content), page)
                for part in (self.constants, self.code, data)
            ),
            (_DYNAMIC, data.rights, data.address + tables[0], tables[1], 8),
            (_STACK, data.rights, 0, 0, 16),
            (_FIXED, _READ, data.address, len(data.content), 1),
        ]
        for kind, rights, address, size, step in segments:
            head += _SEGMENT.pack(kind, rights, address, address, address, size, size, step)
        return head


def link(kernels: dict[str, tuple[str, bytes]]) -> bytes:
    """Make a shared library.

    Parameters
    ----------
    kernels : dict
        Identity -> what it returns (see `abi.entry`) and its object file; of one family of processors.

    Raises
    ------
    ValueError
        When an object file holds what no kernel does.
    """
    _, some = next(iter(kernels.values()))
    linker = _Linker(MACHINES[elf.read(some).machine])
    for identity, (returns, code) in sorted(kernels.items()):
        linker.add(identity, returns, code)
    return linker.finish()


def length(head: bytes) -> int:
    """Bytes that a library has, from its first 4096: one that was cut would end the process that runs it."""
    if head[: len(elf.TITLE)] != elf.TITLE or len(head) < _HEADER.size + _SEGMENTS * _SEGMENT.size:
        return -1
    segments = _SEGMENT.iter_unpack(head[_HEADER.size : _HEADER.size + _SEGMENTS * _SEGMENT.size])
    return max(int(segment[2] + segment[5]) for segment in segments)


def _up(number: int, step: int) -> int:
    return -(-number // step) * step


def _hashed(names: list[str]) -> bytes:
    """The table by which loaders find symbols: heads of lists, and for each symbol the next in its list."""
    heads, following = [0] * len(names), [0]
    for number, name in enumerate(names, 1):
        value = 0
        for byte in name.encode():
            value = (value << 4) + byte
            value = (value ^ (value >> 24 & 0xF0)) & 0x0FFFFFFF
        value %= len(heads)
        following.append(heads[value])
        heads[value] = number
    return struct.pack(f"<{2 + len(heads) + len(following)}I", len(heads), len(following), *heads, *following)
