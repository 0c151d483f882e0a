"""Machine code from object files: llvmlite loads it, no linker and no compiler needed."""

from __future__ import annotations

import platform
import struct
from functools import cache
from typing import Any

import llvmlite.binding as llvm

_V2 = ("sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "cx16")
_V3 = (*_V2, "avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe")


def initialise() -> None:
    """Make LLVM ready for this machine; may be called again."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@cache
def features() -> dict[str, bool]:
    """What this processor can do, in LLVM's words; empty where LLVM cannot say."""
    try:
        return dict(llvm.get_host_cpu_features())
    except RuntimeError:
        return {}


def levels() -> list[str]:
    """Kinds of processors, as `scripts/build_kernels.py` names them, whose code runs here, best first."""
    if platform.system() != "Linux":
        return []
    if platform.machine() == "aarch64":
        return ["aarch64"]
    if platform.machine() not in ("x86_64", "AMD64"):
        return []
    needs = {"x86-64-v3": _V3, "x86-64-v2": _V2}
    return [level for level, needed in needs.items() if all(features().get(feature) for feature in needed)]


@cache
def _engine() -> Any:
    initialise()
    machine = llvm.Target.from_default_triple().create_target_machine(reloc="pic", codemodel="default")
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def outside(code: bytes) -> set[str]:
    """Names that an object file (ELF, 64 bits, little endian) leaves for others to define; empty for other formats."""
    if code[:6] != b"\x7fELF\x02\x01":
        return set()
    at, size, count = struct.unpack_from("<Q", code, 40)[0], *struct.unpack_from("<HH", code, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", code, at + size * i) for i in range(count)]
    names = set()
    for _, kind, _, _, begin, length, strings, _, _, step in sections:
        for symbol in range(begin + step, begin + length, step) if kind == _SYMBOLS else ():
            name, _, _, section = struct.unpack_from("<IBBH", code, symbol)
            if section == 0:
                text = sections[strings][4] + name
                names.add(code[text : code.index(b"\0", text)].decode())
    return names


_SYMBOLS = 2
"""Type of the section that is an object's table of symbols."""


def load(code: bytes, symbol: str) -> int:
    """Load an object file for the life of the process; returns the address of one of its functions."""
    engine = _engine()
    engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return int(engine.get_function_address(symbol))
