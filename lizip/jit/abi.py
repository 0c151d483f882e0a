"""How arguments travel into a kernel: as one block of memory, which a few instructions before the kernel take apart.

numba's own convention is `int32 f(result *, exception **, arguments...)`. An array is seven or more arguments (two null
pointers for reference counting, number and size of its items, address, shape, strides); a tuple is its items one after
another. Each costs a quarter of a microsecond through ctypes, and kernels have up to two hundred. So a kernel is called
by `int32 f(block)`: the exception's pointer, room for the result, then 8 bytes for each value of `flatten`, from which
the entry (`compiler.entry_text`) works out all arguments as `layout` says.
"""

from __future__ import annotations

import ctypes
import pickle
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

_FLAGS, _C_FLAGS = 0x503, 0x501
"""C contiguous, Fortran contiguous, aligned, writeable: what numba's array types tell apart. C goes before Fortran."""
_BUFFER = 0x401
"""C contiguous and writeable."""

_INTEGERS = frozenset(f"{sign}{size}" for sign in "iu" for size in (1, 2, 4, 8)) | {"b1"}
_PACKED = {**dict.fromkeys(_INTEGERS, "q"), "u8": "Q", "f4": "f4x", "f8": "d"}
"""Type of a number -> how `struct` writes it into 8 bytes."""
_ITEMS = frozenset(f"{'|' if name[1] == '1' else '<'}{name}" for name in _PACKED)
_first_item, _addressof = ctypes.c_char.from_buffer, ctypes.addressof
_OWN = {bool: "b1", int: "i8", float: "f8"}


class Argument(NamedTuple):
    """An argument of a kernel's machine code: a constant times the values in some places of the block."""

    constant: int
    places: tuple[int, ...] = ()


def flatten(arguments: tuple[Any, ...], values: list[Any]) -> tuple[Any, ...]:
    """Append to `values` what tells a kernel its arguments; returns what tells their types apart.

    An array is (type of its items, axes, flags), its values are address, shape and, where it is not contiguous in C's
    order, strides. A number is the name of its type, a tuple its class and then its items.
    """
    key: list[Any] = []
    for argument in arguments:
        kind = type(argument)
        if kind is np.ndarray or isinstance(argument, np.ndarray):
            flags, shape = argument.flags.num, argument.shape
            if flags & _BUFFER == _BUFFER and argument.size:  # by the buffer protocol, four times faster
                address = _addressof(_first_item(argument))
            else:
                address = argument.__array_interface__["data"][0]
            if flags & 1:
                values += (address, *shape)
                key.append((argument.dtype, len(shape), flags & _C_FLAGS))
            else:
                values += (address, *shape, *argument.strides)
                key.append((argument.dtype, len(shape), flags & _FLAGS))
        elif kind in _OWN:
            values.append(argument)
            key.append(_OWN[kind] if kind is not int or -(2**63) <= argument < 2**63 else "u8")
        elif isinstance(argument, np.generic):
            values.append(argument.item())
            key.append(argument.dtype.str[1:])
        elif isinstance(argument, tuple):
            key.append((kind, *flatten(argument, values)))
        elif argument is None:
            key.append(None)
        else:
            raise TypeError(f"a kernel takes arrays, numbers and tuples of them, not {kind.__name__}")
    return tuple(key)


def layout(key: tuple[Any, ...]) -> tuple[str, list[Argument]]:
    """How `struct` writes the values of arguments that `flatten` returned `key` for, and the arguments they stand for.

    Raises TypeError when a kernel cannot take them.
    """
    packed: list[str] = []
    arguments: list[Argument] = []

    def add(form: str) -> int:
        packed.append(form)
        return len(packed) - 1

    def visit(parts: tuple[Any, ...]) -> None:
        for part in parts:
            if part is None:
                arguments.append(Argument(0))
            elif isinstance(part, str):
                if part not in _PACKED:
                    raise TypeError(f"a kernel takes no {part}")
                arguments.append(Argument(1, (add(_PACKED[part]),)))
            elif isinstance(part[0], np.dtype):
                visit_array(*part)
            else:
                visit(part[1:])

    def visit_array(items: np.dtype, axes: int, flags: int) -> None:
        if items.str not in _ITEMS:
            raise TypeError(f"a kernel takes no array of {items.str}")
        size, address, shape = items.itemsize, add("Q"), tuple(add("q") for _ in range(axes))
        arguments.extend((Argument(0), Argument(0), Argument(1, shape), Argument(size), Argument(1, (address,))))
        arguments.extend(Argument(1, (place,)) for place in shape)
        for axis in range(axes):
            arguments.append(Argument(size, shape[axis + 1 :]) if flags & 1 else Argument(1, (add("q"),)))

    visit(key)
    return "".join(packed), arguments


def text(key: tuple[Any, ...]) -> str:
    """Spell out what `flatten` returned; the same in every process."""
    parts = []
    for part in key:
        if isinstance(part, tuple) and isinstance(part[0], type):
            parts.append(f"{part[0].__module__}.{part[0].__qualname__}{text(part[1:])}")
        else:
            parts.append(repr((part[0].str, *part[1:]) if isinstance(part, tuple) else part))
    return f"({', '.join(parts)})"


def result_size(returns: str) -> int:
    """Bytes of the block that are left for what a kernel returns, see `entry`."""
    return -(-struct.calcsize(returns.strip("()")) // 8) * 8


def entry(address: int, packed: str, returns: str) -> Callable[[list[Any]], Any]:
    """Make machine code callable.

    Parameters
    ----------
    address : int
    packed : str
        See `layout`.
    returns : str
        What it gives: "" for nothing, the `struct` letter of a number, or those of a tuple's items in parentheses.

    Returns
    -------
    Callable
        Takes the flattened arguments; gives what the kernel returns or raises what it raised.
    """
    function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(address)
    result, fill = struct.Struct(returns.strip("()")), struct.Struct("=" + packed).pack_into
    before = _EXCEPTION.size + result_size(returns)
    block_of = ctypes.c_char * (before + struct.calcsize("=" + packed))
    single = bool(returns) and returns[0] != "("

    def run(values: list[Any]) -> Any:
        block = block_of()
        fill(block, before, *values)
        status = function(block)
        if status and status != _NONE:
            _raise(status, *_EXCEPTION.unpack_from(block))
        if not returns:
            return None
        answer = result.unpack_from(block, _EXCEPTION.size)
        return answer[0] if single else answer

    return run


_EXCEPTION = struct.Struct("Q")
_NONE = -2
"""Status of a kernel that returned None."""


class _Raised(ctypes.Structure):
    """What a kernel says of an exception: its class, arguments and place, pickled."""

    _fields_ = [("pickled", ctypes.c_void_p), ("size", ctypes.c_int32)]


def _raise(status: int, address: int) -> None:
    if status < 1 or not address:
        raise RuntimeError(f"a kernel failed with status {status}")
    raised = _Raised.from_address(address)
    kind, arguments, _ = pickle.loads(ctypes.string_at(raised.pickled, raised.size))
    raise kind(*arguments)
