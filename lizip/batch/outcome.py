"""What became of a job, in a form that people, programs and other processes can take."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Any

from lizip.errors import DefectError, LizipError
from lizip.resources import Resource


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes
    ----------
    source : str
    target : str or None
    status : {"done", "skipped", "failed"}
    error : Exception or None
        Why it failed.
    seconds : float
    size, compressed : int
        Bytes of the original and of the .lizip file; 0 when not known, like the rest.
    points : int
    codec : str
    hash : str
        XXH3-128 of the original, hexadecimal.
    warnings : tuple of str
        What went wrong without harm to the result.
    trace : str
        Where the error came from, as Python prints it.
    packed : bytes
        The .lizip file, where it has no place yet.
    resources : tuple of Resource
        Predictors and sensor profiles that it needs, where it was verified.
    """

    source: str
    target: str | None
    status: str
    error: Exception | None = None
    seconds: float = 0.0
    size: int = 0
    compressed: int = 0
    points: int = 0
    codec: str = ""
    hash: str = ""
    warnings: tuple[str, ...] = ()
    trace: str = ""
    packed: bytes = field(default=b"", repr=False)
    resources: tuple[Resource, ...] = ()

    def cause(self) -> str:
        """Why it failed, in one line."""
        return cause(self.error, self.source, self.target) if self.error is not None else ""

    def record(self) -> dict[str, Any]:
        """The same in numbers and words, for JSON."""
        begin = {"source": self.source, "target": self.target, "status": self.status}
        if self.error is not None:
            return {**begin, "error": type(self.error).__name__, "message": self.cause()}
        return {
            **begin,
            "bytes": self.size,
            "compressed_bytes": self.compressed,
            "points": self.points,
            "codec": self.codec,
            "hash": self.hash,
            "seconds": round(self.seconds, 6),
            **({"needs": [each._asdict() for each in self.resources]} if self.resources else {}),
        }


def cause(error: BaseException, path: str, target: str | None = None) -> str:
    """One line: path, cause, and the remedy where the error names one.

    Parameters
    ----------
    error : BaseException
        One that knows the file it is about is told under that name.
    path, target : str
        What was worked on; an error that knows no file is about `path`.
    """
    if isinstance(error, OSError) and error.strerror:
        return one_line(f"{_unbroken(_file_of(error) or path)}: {error.strerror}")
    text = str(error) or type(error).__name__
    if not isinstance(error, (LizipError, OSError, MemoryError)):
        text = f"unexpected {type(error).__name__}: {text}; please report this (-vv shows where)"
    about = tuple(f"{each}: " for each in (path, target) if each)
    text = text if text.startswith(about) else f"{path}: {text}"
    for each in filter(None, (path, target)):
        text = text.replace(each, _unbroken(each))
    return one_line(text)


def _file_of(error: OSError) -> str | None:
    return os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes, os.PathLike)) else None


def _unbroken(path: str) -> str:
    """A name that keeps its line breaks, as escapes; those of other text go."""
    return path.replace("\n", "\\n").replace("\r", "\\r")


def one_line(text: str) -> str:
    """Text without line breaks."""
    return re.sub(r"\s*[\r\n]\s*", " ", text).strip()


def portable(error: BaseException) -> Exception:
    """An error that any process can read; what nobody foresaw becomes a DefectError."""
    if type(error).__module__.partition(".")[0] in ("builtins", "lizip"):
        if isinstance(error, (LizipError, OSError, MemoryError)):
            return error
    elif isinstance(error, OSError):
        return OSError(error.errno, error.strerror, error.filename) if error.errno else OSError(str(error))
    return DefectError(
        f"unexpected {type(error).__name__}: {one_line(str(error))}; please report this (-vv shows where)"
    )
