"""Machine code from object files: llvmlite loads it, no linker and no compiler needed."""

from __future__ import annotations

from functools import cache
from typing import Any

import llvmlite.binding as llvm

from lizip.jit import elf


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


@cache
def _engine() -> Any:
    initialise()
    machine = llvm.Target.from_default_triple().create_target_machine(reloc="pic", codemodel="default")
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def outside(code: bytes) -> set[str]:
    """Names that an object file leaves for others to define; empty for files that are not ELF."""
    return elf.read(code).outside() if code.startswith(elf.TITLE) else set()


def load(code: bytes, symbol: str) -> int:
    """Load an object file for the life of the process; returns the address of one of its functions."""
    engine = _engine()
    engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return int(engine.get_function_address(symbol))
