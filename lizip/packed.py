"""Dataclasses that are written field after field: each field says how, and what it may be at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, field, fields
from typing import Any, ClassVar, NamedTuple

from lizip.errors import CorruptError
from lizip.packing import Unpacker, pack_bytes, pack_signed, pack_varint


class _Form(NamedTuple):
    """How a field is written and read, and whether what was read may be."""

    write: Callable[[Any], bytes]
    read: Callable[[Unpacker], Any]
    fits: Callable[[Any], bool]


def _formed(
    write: Callable[[Any], bytes],
    read: Callable[[Unpacker], Any],
    fits: Callable[[Any], bool] = lambda value: True,
    **options: Any,
) -> Any:
    return field(metadata={"form": _Form(write, read, fits)}, **options)


def whole(most: int = (1 << 64) - 1, least: int = 0, **options: Any) -> Any:
    """A field that holds an int from `least` to `most`, as a varint; `options` go to `dataclasses.field`."""
    return _formed(pack_varint, Unpacker.varint, lambda value: least <= value <= most, **options)


def signed(most: int) -> Any:
    """A field that holds an int of magnitude at most `most`, as a signed varint."""
    return _formed(pack_signed, Unpacker.signed, lambda value: abs(value) <= most)


def three_signed(most: int) -> Any:
    """A field that holds a tuple of three of these."""
    read = Unpacker.signed
    return _formed(
        lambda values: b"".join(map(pack_signed, values)),
        lambda unpacker: (read(unpacker), read(unpacker), read(unpacker)),
        lambda values: max(map(abs, values)) <= most,
    )


def counted(**options: Any) -> Any:
    """A field that holds bytes, with their number before them."""
    return _formed(pack_bytes, Unpacker.bytes, repr=False, **options)


def rest(**options: Any) -> Any:
    """The last field: all bytes that are left."""
    return _formed(bytes, lambda unpacker: unpacker.take(unpacker.remaining), repr=False, **options)


class Packed:
    """What a dataclass inherits all of whose fields were made by the functions above."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def pack(self) -> bytes:
        """Write the fields in order."""
        return b"".join(entry.metadata["form"].write(getattr(self, entry.name)) for entry in fields(self))

    @classmethod
    def unpack(cls, data: bytes) -> Any:
        """Read what `pack` wrote; raises CorruptError, also on numbers out of bounds."""
        unpacker = Unpacker(data)
        forms = [entry.metadata["form"] for entry in fields(cls)]
        values = [form.read(unpacker) for form in forms]
        unpacker.finish()
        if not all(form.fits(value) for form, value in zip(forms, values, strict=True)):
            raise CorruptError(f"impossible numbers of {cls.__name__} in a sweep")
        return cls(*values)
