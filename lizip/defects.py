"""What should never happen and did: a codec that fails on a cloud, a decoder that stumbles over a file.

No such defect ends more than the attempt at hand: the next codec is taken, the file is refused as damaged. But none is
swallowed either: it is counted and shown as a `DefectWarning`.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from lizip.errors import CorruptError, DefectWarning, LizipError

_count = 0


def record(what: str, error: BaseException) -> None:
    """Count a defect and show it in one line: what failed, why, and where."""
    global _count
    _count += 1
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" at {place[0].filename.rsplit('lizip', 1)[-1].lstrip('/')}:{place[0].lineno}" if place else ""
    text = f"{what}: {type(error).__name__}: {error}{where}; please report this"
    warnings.warn(text, DefectWarning, stacklevel=4)


@contextmanager
def passed_over(what: str) -> Iterator[None]:
    """An attempt that ends nothing but itself: what it raises is a defect, but for what concerns the whole file."""
    try:
        yield
    except (LizipError, OSError, ImportError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic in a package written in Rust is no Exception
        record(what, error)


@contextmanager
def sheltered() -> Iterator[None]:
    """The last net below every decoder: what a file makes it raise, whatever it is, means that the file is damaged.

    Nothing should ever fall into it, so it is counted as a defect.
    """
    try:
        yield
    except (LizipError, OSError, ImportError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic in a package written in Rust is no Exception
        record("a decoder stumbled", error)
        raise CorruptError(f"the file is damaged, or made to do harm ({type(error).__name__}: {error})") from error


def count() -> int:
    """How many defects this process has met."""
    return _count
