"""One job of a batch; what a bad file or a full disk can cause becomes an outcome, so that the others go on."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from typing import Any

import lizip
from lizip import codecs, storage
from lizip.batch.plan import Job
from lizip.container import Container
from lizip.errors import CorruptError, FormatError, LizipError, StorageError
from lizip.expand import expanded
from lizip.sensor.state import SensorState


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

    def record(self) -> dict[str, Any]:
        """The same in numbers and words, for JSON."""
        begin = {"source": self.source, "target": self.target, "status": self.status}
        if self.error is not None:
            return {**begin, "error": type(self.error).__name__, "message": cause(self.error, self.source)}
        return {
            **begin,
            "bytes": self.size,
            "compressed_bytes": self.compressed,
            "points": self.points,
            "codec": self.codec,
            "hash": self.hash,
            "seconds": round(self.seconds, 6),
        }


def cause(error: Exception, path: str) -> str:
    """One line: path, cause, and the remedy where the error names one."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        other = error.filename is not None and os.fsdecode(error.filename) != path
        text = f"{error.strerror} ({os.fsdecode(error.filename)})" if other else error.strerror
    text = " ".join(text.split()) or type(error).__name__
    return text if text.startswith(path) else f"{path}: {text}"


def perform(job: Job, state: SensorState | None = None) -> Outcome:
    """Do a job and say what became of it; `state` goes from one compression to the next where a job is to be warm."""
    start = time.perf_counter()
    try:
        status = _perform(job, state)
        known = _describe(job)
    except (LizipError, OSError, MemoryError) as error:
        return Outcome(job.source, job.target, "failed", error, time.perf_counter() - start)
    return Outcome(job.source, job.target, status, None, time.perf_counter() - start, **known)


def _perform(job: Job, state: SensorState | None) -> str:
    if job.verb == "verify":
        _verify(job)
        return "done"
    target = job.target or ""
    if job.expand:
        folder = None if storage.is_url(target) else os.path.dirname(target) or "."
        storage.make_folder(folder or ".")
        with expanded(job.source, folder) as content:
            return _perform(replace(job, source=content, expand=False), state)
    if job.resume and storage.exists(target):
        _check_finished(job, target)
        return "skipped"
    if folder := os.path.dirname(target):
        storage.make_folder(folder)
    options = dict(job.options)
    if options.pop("warm", False):
        options["state"] = state
    (lizip.compress_file if job.verb == "compress" else lizip.decompress_file)(job.source, target, **options)
    return "done"


def _verify(job: Job) -> None:
    lizip.verify(job.source, job.target)
    expected = job.options.get("hash")
    if expected is not None and lizip.info(job.source)["hash"] != expected:
        raise CorruptError(f"{job.source}: whole, but not the file that the manifest names")


def _check_finished(job: Job, target: str) -> None:
    """StorageError unless target and source are two forms of the same content and the sections are whole.

    Nothing is decoded for this, except where the source is to be removed.
    """
    packed, original = (target, job.source) if job.verb == "compress" else (job.source, target)
    try:
        with storage.open_binary(packed) as file:
            container = Container(file)
            for entry in container.header.entries:
                container.read(entry)
        same = (container.header.length, container.header.digest) == _content(original)
    except (FormatError, CorruptError):
        same = False
    if not same:
        raise StorageError(f"{target}: exists already and is not what {job.source} becomes; give -f to replace it")
    if job.options.get("remove"):
        lizip.verify(packed, original)
        storage.remove(job.source)


def _content(path: str) -> tuple[int, bytes]:
    """Length and XXH3-128 of a file."""
    import xxhash

    state, length = xxhash.xxh3_128(), 0
    with storage.open_binary(path) as file:
        while piece := file.read(1 << 20):
            state.update(piece)
            length += len(piece)
    return length, state.digest()


def _describe(job: Job) -> dict[str, Any]:
    """What the header of a finished job's .lizip file says; nothing when that file has been removed."""
    path = job.target if job.verb == "compress" else job.source
    if path is None or not storage.exists(path):
        return {}
    with storage.open_binary(path) as file:
        container = Container(file)
    header = container.header
    return {
        "size": header.length,
        "compressed": container.size,
        "points": header.count,
        "codec": codecs.NAMES[header.codec],
        "hash": header.digest.hex(),
    }
