"""The one way a compiled kernel is made here: found ready at its first call, or compiled by numba and kept.

A kernel is a Python function over arrays and numbers. What runs is an object file, loaded by llvmlite and called
through ctypes (which lets other threads run meanwhile). It is looked for where the wheel brings it (`shipped`), then
in the user's cache (`cache`); only when neither has one for these types and these sources is numba imported to make
it. With NUMBA_DISABLE_JIT kernels are the Python functions they are written as.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import update_wrapper
from importlib import import_module
from types import ModuleType
from typing import Any

from lizip.jit import abi
from lizip.jit.digest import identity_of

DISABLED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
"""Whether everything runs in plain Python."""

_lock = threading.RLock()


class Kernel:
    """A function that is compiled for the types it is called with.

    Attributes
    ----------
    py_func : Callable
        The function in Python.
    inlined : bool
        Whether LLVM must inline it wherever another kernel calls it.
    """

    __name__: str
    __qualname__: str
    dispatcher: Any
    """What numba knows it by, see `compiler`; there once it was compiled."""

    def __init__(self, function: Callable[..., Any], inlined: bool) -> None:
        self.py_func, self.inlined = function, inlined
        self._entries: dict[tuple[Any, ...], Callable[[list[Any]], Any]] = {}
        update_wrapper(self, function)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Run on arrays, numbers, None and tuples of these; TypeError for anything else."""
        if named:
            names = self.py_func.__code__.co_varnames[len(arguments) : self.py_func.__code__.co_argcount]
            arguments += tuple(named.pop(name) for name in names if name in named)
            if named:
                raise TypeError(f"{self.__qualname__} has no argument {', '.join(named)}, or got it twice")
        values: list[Any] = []
        key = abi.flatten(arguments, values)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._resolve(key, arguments)
        return entry(values)

    def _resolve(self, key: tuple[Any, ...], arguments: tuple[Any, ...]) -> Callable[[list[Any]], Any]:
        expected = self.py_func.__code__.co_argcount
        if len(arguments) != expected:
            raise TypeError(f"{self.__qualname__} takes {expected} arguments, got {len(arguments)}")
        with _lock:
            if key not in self._entries:
                from lizip.jit.find import entry_for

                layout = abi.layout(key)
                self._entries[key] = entry_for(self, arguments, layout, identity_of(self, abi.text(key)))
            return self._entries[key]


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a kernel: no fastmath, C-like division, memory from the caller.

    Reference counting is off: it costs twenty times the work of a coding step. So a kernel cannot make or return arrays
    (compiling one that does fails); it fills those it is given. It returns nothing, a number, or a tuple of numbers.
    """
    return function if DISABLED else Kernel(function, inlined=False)


def inlined_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a kernel that LLVM inlines wherever another kernel calls it.

    For the inner loops' larger parts: arrays are passed as seven numbers each, so a call that stays one costs 10 ns.
    """
    return function if DISABLED else Kernel(function, inlined=True)


class Vectorised:
    """A plain function which compiled kernels replace by what `declare` spells out for LLVM."""

    spelled: Any
    """What numba makes of `declare`, see `compiler`; there once a kernel that calls it was compiled."""

    def __init__(self, plain: Callable[..., Any], declare: Callable[..., Any]) -> None:
        self.plain, self.declare = plain, declare
        update_wrapper(self, plain)

    def __call__(self, *arguments: Any) -> Any:
        """Compute in Python."""
        return self.plain(*arguments)


def vectorised(declare: Callable[..., Any]) -> Callable[[Callable[..., Any]], Vectorised]:
    """Spell a function out in vectors for the kernels that call it: `numba.extending.intrinsic`, see `lizip.vectors`.

    In Python it stays the plain function, which is also at hand as the attribute `plain`.
    """
    return lambda plain: Vectorised(plain, declare)


class Late:
    """A module that is imported when something in it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)


def late(name: str) -> ModuleType | Late:
    """Import a module only when something in it is asked for: numba and llvmlite take longer than most files."""
    return Late(name)
