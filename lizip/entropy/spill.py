"""Where an encoder's full buffers go: a kernel calls back, Python keeps a copy, and the kernel fills them anew.

So nobody says beforehand how many decisions a model takes, and kernels still make no arrays. A call costs microseconds
and comes once in 65,536 decisions.
"""

from __future__ import annotations

import ctypes
import itertools
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from lizip.jit import late, vectorised

v = late("lizip.vectors")


class Spilled:
    """What an encoder has put by, in the order of coding: copies of its buffers each time one was full.

    Attributes
    ----------
    buffers : tuple of (L,) uint32
        Of the encoder: decisions, raw words.
    pieces : tuple of list of (L,) uint32
        Of each buffer.
    error : BaseException or None
        Why a copy could not be made: no exception passes through a kernel.
    """

    def __init__(self, *buffers: np.ndarray) -> None:
        self.buffers = buffers
        self.pieces: tuple[list[np.ndarray], ...] = tuple([] for _ in buffers)
        self.error: BaseException | None = None

    def parts(self, which: int, used: int) -> list[np.ndarray]:
        """All that went through a buffer, of which the first `used` items are not put by yet, piece by piece."""
        if self.error is not None:
            raise self.error
        return [*self.pieces[which], self.buffers[which][:used]]

    def joined(self, which: int, used: int) -> np.ndarray:
        """The same in one piece."""
        parts = self.parts(which, used)
        return np.concatenate(parts) if len(parts) > 1 else parts[0]


_spilled: dict[int, Spilled] = {}
_keys = itertools.count(1)


def register(owner: object, *buffers: np.ndarray) -> tuple[int, int]:
    """Look after an encoder's buffers as long as `owner` lives; gives the numbers that `spill` wants."""
    key = next(_keys)
    _spilled[key] = Spilled(*buffers)
    weakref.finalize(owner, _spilled.pop, key).atexit = False
    return key, _ADDRESS


def spilled(key: int) -> Spilled:
    """What the encoder of this key has put by."""
    return _spilled[key]


def _put_by(key: int, which: int) -> None:
    entry = _spilled[key]
    try:
        entry.pieces[which].append(entry.buffers[which].copy())
    except BaseException as error:  # raised by `joined`
        entry.error = error


_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)(_put_by)
_ADDRESS = ctypes.cast(_FUNCTION, ctypes.c_void_p).value or 0


def _declare(context: Any, address: Any, key: Any, which: Any) -> tuple[Any, Callable[..., Any]]:
    """Call the C function at an address with two numbers."""

    def build(context: Any, builder: Any, signature: Any, arguments: list[Any]) -> Any:
        function = v.ir.FunctionType(v.ir.VoidType(), [v.I64, v.I64]).as_pointer()
        builder.call(builder.inttoptr(arguments[0], function), arguments[1:])
        return context.get_dummy_value()

    return v.types.void(v.types.int64, v.types.int64, v.types.int64), build


@vectorised(_declare)
def spill(address, key, which):
    """From a kernel: put by the full buffer `which` of the encoder."""
    _put_by(key, which)
