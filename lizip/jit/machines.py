"""Families of processors: how their code holds addresses, as the ABIs of x86-64 and of 64-bit ARM for ELF say."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple


class Machine(NamedTuple):
    """What linking has to know of a family."""

    page: int
    """Bytes; the largest pages that its systems use."""
    absolute: int
    """Kind of relocation: an address in 8 bytes, which only the system's loader knows."""
    moved: int
    """Kind that the loader works out: where the library came to lie, plus a number."""
    named: int
    """Kind that the loader works out: where a symbol is."""
    relocated: Callable[[int, int, int, int], int]
    """What 4 bytes become: kind, what they were, the address that is meant, the address where they stand."""
    jump: Callable[[int, int], bytes]
    """16 bytes of code at an address which go on where the 8 bytes at another address say."""


def _relocated_x86(kind: int, word: int, meant: int, here: int) -> int:
    if kind not in (2, 4):  # R_X86_64_PC32, R_X86_64_PLT32
        raise ValueError(f"kernels have no relocations of kind {kind}")
    return meant - here


def _jump_x86(here: int, slot: int) -> bytes:
    return b"\xff\x25" + struct.pack("<i", slot - here - 6) + b"\xcc" * 10


_SCALES_ARM = {277: 0, 278: 0, 284: 1, 285: 2, 286: 3, 299: 4}
"""R_AARCH64_ADD_ABS_LO12_NC, R_AARCH64_LDST8_ABS_LO12_NC to LDST128: the place in a page, by powers of two."""


def _relocated_arm(kind: int, word: int, meant: int, here: int) -> int:
    if kind == 261:  # R_AARCH64_PREL32
        return meant - here
    if kind in (282, 283):  # R_AARCH64_JUMP26, R_AARCH64_CALL26
        return word & ~0x3FFFFFF | (meant - here) >> 2 & 0x3FFFFFF
    if kind == 275:  # R_AARCH64_ADR_PREL_PG_HI21
        pages = (meant >> 12) - (here >> 12)
        return word & ~0x60FFFFE0 | (pages & 3) << 29 | (pages >> 2 & 0x7FFFF) << 5
    if kind not in _SCALES_ARM:
        raise ValueError(f"kernels have no relocations of kind {kind}")
    return word & ~0x3FFC00 | (meant & 0xFFF) >> _SCALES_ARM[kind] << 10


def _jump_arm(here: int, slot: int) -> bytes:
    page = _relocated_arm(275, 0x90000010, slot, here)  # adrp x16, page of slot
    place = _relocated_arm(286, 0xF9400211, slot, here)  # ldr x17, [x16, place in it]
    return struct.pack("<IIII", page, place, 0xD61F0220, 0xD503201F)  # br x17; nop


MACHINES = {
    62: Machine(1 << 12, 1, 8, 6, _relocated_x86, _jump_x86),
    183: Machine(1 << 16, 257, 1027, 1025, _relocated_arm, _jump_arm),
}
"""By the number that stands in the files: x86-64, 64-bit ARM."""
