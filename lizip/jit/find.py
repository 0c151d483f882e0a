"""Where the machine code of a kernel comes from: the wheel, the cache, or numba."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lizip.jit import abi, shipped
from lizip.jit import cache as kept
from lizip.jit.library import symbol_of

if TYPE_CHECKING:
    from lizip.jit import Kernel


def entry_for(
    kernel: Kernel, arguments: tuple[Any, ...], layout: tuple[str, list[abi.Argument]], identity: str
) -> Callable[[list[Any]], Any]:
    """Find or make the compiled form of a kernel.

    Parameters
    ----------
    kernel : Kernel
    arguments : tuple
        What it is called with.
    layout : (str, list of Argument)
        How these travel, see `abi.layout`.
    identity : str
        See `digest.identity_of`.
    """
    if ahead := shipped.get(identity):
        returns, address = ahead
        return abi.entry(address, layout[0], returns)
    from lizip.jit import objects

    name = f"{kernel.__name__}-{identity}-{_machine()}.o"
    found = kept.get(name)
    if found is None:
        found = _compile(kernel, arguments, layout[1], identity)
        kept.put(name, *found)
    returns, code = found
    return abi.entry(objects.load(code, symbol_of(identity)), layout[0], returns)


def described() -> str:
    """Where kernels come from in this process, for people."""
    if shipped.count():
        return f"{shipped.count()} compiled ahead of time for {shipped.level()}; others by numba when first used"
    folder = kept.place()
    return f"compiled by numba when first used; {'not kept' if folder is None else f'kept in {folder}'}"


@cache
def _machine() -> str:
    """What compiled code depends on besides its source: the processor, numba and its settings."""
    import llvmlite
    import llvmlite.binding as llvm

    from lizip.jit import objects

    parts = [
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        str(sorted(objects.features().items())),
        *shipped.settings(),
    ]
    parts += [sys.version, np.__version__, llvmlite.__version__, _numba_version()]
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def _numba_version() -> str:
    """What tells versions of numba apart, without importing it (that takes half a second)."""
    spec = importlib.util.find_spec("numba")
    return Path(spec.origin).with_name("_version.py").read_text() if spec and spec.origin else ""


def _compile(kernel: Kernel, arguments: tuple[Any, ...], flat: list[abi.Argument], identity: str) -> tuple[str, bytes]:
    _say_once()
    from lizip.jit import compiler

    lowered = compiler.lower(kernel, arguments, flat)
    code = compiler.emit(lowered, symbol_of(identity), compiler.host())
    if recorded is not None:
        recorded.append((identity, lowered, code))
    return lowered.returns, code


recorded: list[tuple[str, Any, bytes]] | None = None
"""Where it is a list: what this process had to compile, (identity, lowered, code), for `scripts/build_kernels.py`."""


@cache
def _say_once() -> None:
    print("lizip: compiling for this machine; this takes up to a minute, once", file=sys.stderr, flush=True)
