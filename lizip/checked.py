"""Compressing with a check: what was written is decoded and compared, and whatever fails this is left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from lizip import defects
from lizip.access import verified
from lizip.codecs import PROMISING_FIRST, Options
from lizip.container import is_lizip
from lizip.embedded import embed
from lizip.errors import CorruptError, FormatError
from lizip.pipeline import encode
from lizip.resources import noting

if TYPE_CHECKING:
    from lizip.codecs.sweep.past import Past


def encode_checked(
    data: memoryview,
    options: Options,
    sink: BinaryIO,
    release: Callable[[], None] = lambda: None,
    format: str | None = None,
) -> Past | None:
    """Encode, decode what was written, and compare; a codec that fails this is left out, loudly.

    Returns what the file leaves to the next, where it is one of a sequence.
    """
    if is_lizip(data):
        raise FormatError("is a .lizip file already")
    names = list(PROMISING_FIRST) if options.codec is None else [options.codec]
    failed: list[str] = []
    while names:
        try:
            used = encode(data, options, sink, names, format, release)
        except FormatError:
            if failed:
                break  # what is left does not fit the file: no news
            raise
        if not options.check and options.past is None and not options.embed:
            return None
        try:
            with noting() as needed:
                left = verified(sink, options.past)
            if options.embed:
                embed(sink, needed)
            return left
        except CorruptError as error:
            names = [name for name in names if name not in used] if used & set(names) else []
            failed.append(f"{', '.join(sorted(used))}: {error}")
            sink.seek(0)
            sink.truncate()
            if names:
                defects.record(f"the codec {', '.join(sorted(used))} failed its own check", error)
    raise CorruptError(
        f"what was written does not decode to the original ({'; '.join(failed)}): the disk or the memory may be at"
        " fault; nothing was kept"
    )
