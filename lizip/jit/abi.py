"""How arguments travel into a kernel: what numba's C calling convention makes of arrays, numbers and tuples.

`int32 f(result *, exception **, arguments...)`. An array is seven or more arguments (two null pointers for reference
counting, number and size of its items, address, shape, strides); a tuple is its items one after another.
"""

from __future__ import annotations

import ctypes
import pickle
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

_POINTER, _LONG = ctypes.c_void_p, ctypes.c_int64
_FLAGS, _C_FLAGS = 0x503, 0x501
"""C contiguous, Fortran contiguous, aligned, writeable: what numba's array types tell apart. C goes before Fortran."""
_BUFFER = 0x401
"""C contiguous and writeable."""

_NUMBERS = {
    "b1": ctypes.c_bool,
    "i1": ctypes.c_int8,
    "i2": ctypes.c_int16,
    "i4": ctypes.c_int32,
    "i8": ctypes.c_int64,
    "u1": ctypes.c_uint8,
    "u2": ctypes.c_uint16,
    "u4": ctypes.c_uint32,
    "u8": ctypes.c_uint64,
    "f4": ctypes.c_float,
    "f8": ctypes.c_double,
}
_ITEMS = frozenset(f"{order}{number}" for number in _NUMBERS for order in ("|" if number[1] == "1" else "<"))
_first_item, _addressof = ctypes.c_char.from_buffer, ctypes.addressof
_OWN = {bool: "b1", int: "i8", float: "f8"}


_ITEM_NAMES: dict[np.dtype, str] = {}
"""`dtype.str` takes a microsecond each time, and a kernel gets dozens of arrays."""


def _address(array: np.ndarray, flags: int) -> int:
    """Address of an array's first item; by the buffer protocol, which is four times faster, where that gives one."""
    if flags & _BUFFER == _BUFFER and array.size:
        return _addressof(_first_item(array))
    return array.__array_interface__["data"][0]


def flatten(arguments: tuple, values: list) -> tuple:
    """Append to `values` what a kernel gets for its arguments; returns what tells their types apart.

    An array is (type of its items, axes, flags), a number the name of its type, a tuple its class and then its items.
    """
    key = []
    for argument in arguments:
        kind = type(argument)
        if kind is np.ndarray or isinstance(argument, np.ndarray):
            flags, dtype = argument.flags.num, argument.dtype
            values += (None, None, argument.size, argument.itemsize, _address(argument, flags), *argument.shape)
            values += argument.strides
            item = _ITEM_NAMES.get(dtype) or _ITEM_NAMES.setdefault(dtype, dtype.str)
            key.append((item, argument.ndim, flags & (_C_FLAGS if flags & 1 else _FLAGS)))
        elif kind in _OWN:
            values.append(argument)
            key.append(_OWN[kind] if kind is not int or -(2**63) <= argument < 2**63 else "u8")
        elif isinstance(argument, np.generic):
            values.append(argument.item())
            key.append(argument.dtype.str[1:])
        elif isinstance(argument, tuple):
            key.append((kind, *flatten(argument, values)))
        elif argument is None:
            values.append(None)
            key.append(None)
        else:
            raise TypeError(f"a kernel takes arrays, numbers and tuples of them, not {kind.__name__}")
    return tuple(key)


def argument_types(key: tuple) -> list:
    """The C types of the arguments, from what `flatten` returned; TypeError when a kernel cannot take them."""
    types: list = []
    for part in key:
        if part is None:
            types.append(_POINTER)
        elif isinstance(part, str):
            types.append(_number(part))
        elif isinstance(part[0], str):
            if part[0] not in _ITEMS:
                raise TypeError(f"a kernel takes no array of {part[0]}")
            types += [_POINTER, _POINTER, _LONG, _LONG, _POINTER] + [_LONG] * 2 * part[1]
        else:
            types += argument_types(part[1:])
    return types


def _number(name: str) -> Any:
    if name not in _NUMBERS:
        raise TypeError(f"a kernel takes no {name}")
    return _NUMBERS[name]


def text(key: tuple) -> str:
    """Spell out what `flatten` returned; the same in every process."""
    parts = []
    for part in key:
        if isinstance(part, tuple) and isinstance(part[0], type):
            parts.append(f"{part[0].__module__}.{part[0].__qualname__}{text(part[1:])}")
        else:
            parts.append(repr(part))
    return f"({', '.join(parts)})"


def entry(address: int, types: list, returns: str) -> Callable[[list], Any]:
    """Make machine code callable.

    Parameters
    ----------
    address : int
    types : list
        C types of the arguments.
    returns : str
        What it gives: "" for nothing, the `struct` letter of a number, or those of a tuple's items in parentheses.

    Returns
    -------
    Callable
        Takes the flattened arguments; gives what the kernel returns or raises what it raised.
    """
    function = ctypes.CFUNCTYPE(ctypes.c_int32, _POINTER, _POINTER, *types)(address)
    result = struct.Struct(returns.strip("()"))
    single = bool(returns) and returns[0] != "("
    slots = result.size + 16

    def run(values: list) -> Any:
        memory = ctypes.create_string_buffer(slots)
        raised = _POINTER()
        status = function(memory, ctypes.byref(raised), *values)
        if status and status != _NONE:
            _raise(status, raised.value)
        if not returns:
            return None
        answer = result.unpack_from(memory)
        return answer[0] if single else answer

    return run


_NONE = -2
"""Status of a kernel that returned None."""


class _Raised(ctypes.Structure):
    """What a kernel says of an exception: its class, arguments and place, pickled."""

    _fields_ = [("pickled", ctypes.c_void_p), ("size", ctypes.c_int32)]


def _raise(status: int, address: int | None) -> None:
    if status < 1 or not address:
        raise RuntimeError(f"a kernel failed with status {status}")
    raised = _Raised.from_address(address)
    kind, arguments, _ = pickle.loads(ctypes.string_at(raised.pickled, raised.size))
    raise kind(*arguments)
