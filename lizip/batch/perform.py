"""One job of a batch; whatever goes wrong with a file becomes an outcome, so that the others go on."""

from __future__ import annotations

import io
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

import lizip
from lizip import codecs, embedded, storage
from lizip.batch.outcome import Outcome, one_line, portable
from lizip.batch.plan import Job
from lizip.container import Container, content_hash_of, same_hash
from lizip.errors import (
    CorruptError,
    FormatError,
    LizipError,
    LizipWarning,
    StorageError,
    TargetExistsError,
)
from lizip.near.said import STAYS, Said
from lizip.resources import Resource, noting
from lizip.sensor.state import SensorState

if TYPE_CHECKING:
    from lizip.packs import PackReader

_RUN = 10
"""Sweeps of a pack that are checked together: they may follow one another."""


def perform(job: Job, state: SensorState | None = None) -> Outcome:
    """Do a job and say what became of it, whatever that is; `state`: what warm jobs, and chains, leave to the next."""
    state = state or SensorState()
    if job.verb == "compress":
        options = dict(job.options)
        warm = options.pop("warm", False)
        job = replace(job, options={**options, "state": state if warm else None})
    return attempt(job.source, job.target, lambda: _perform(job, state))


def attempt(source: str, target: str | None, action: Callable[[], tuple[str, dict[str, Any]]]) -> Outcome:
    """Do something with a file; the action returns the status and what is known of the file (see `Outcome`)."""
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as heard:
        warnings.filterwarnings("always", category=LizipWarning)
        try:
            status, known = action()
            outcome = Outcome(source, target, status, None, time.perf_counter() - start, **known)
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:  # a panic in a package written in Rust is no Exception
            import traceback

            trace = "".join(traceback.format_exception(error))
            seconds = time.perf_counter() - start
            outcome = Outcome(source, target, "failed", portable(error), seconds, trace=trace)
    return replace(outcome, warnings=tuple(dict.fromkeys(one_line(str(each.message)) for each in heard)))


def _perform(job: Job, state: SensorState) -> tuple[str, dict[str, Any]]:
    """Status and what is known of the file."""
    if job.error is not None:
        raise job.error
    if job.verb in ("verify", "hash"):
        with noting() as needed:
            known, carried = _verify(job)
        return "done", {**known, "resources": tuple(sorted(set(needed) - set(carried)))}
    if job.verb == "pack":
        from lizip.batch.packing import pack_one

        return pack_one(job, state)
    target = job.target or ""
    if folder := os.path.dirname(target):
        storage.make_folder(folder)
    if job.verb == "unpack":
        from lizip.batch.packing import unpack_one

        return unpack_one(job)
    if not job.expand:
        return _transform(job, target)
    from lizip.expand import expanded

    with expanded(job.source, target) as content:
        try:
            return _transform(replace(job, source=content), target)
        except LizipError as error:
            raise type(error)(str(error).replace(content, job.source)) from error
        except OSError as error:
            if error.filename == content:
                error.filename = job.source
            raise


def _verify(job: Job) -> tuple[dict[str, Any], list[Resource]]:
    """Decode a .lizip file, or read an original; CorruptError unless it is what was expected.

    Returns what is known of it, and the resources that it carries.
    """
    from lizip.packs import PackReader, is_pack

    expected, carried = job.options.get("hash"), []
    if job.verb == "hash":
        known = _describe_original(job.source)
    elif is_pack(job.source):
        with PackReader(job.source) as pack:
            part, parts = job.options.get("part", (1, 1))
            pack.verify(place for place in range(len(pack)) if place // _RUN % parts == part - 1)
            known, carried = _sum_of(pack), pack.embedded
    else:
        lizip.verify(job.source, job.target)
        with storage.open_binary(job.source) as file:
            known, carried = described(file), embedded.listed(Container(file))
    if expected is not None and not same_hash(bytes.fromhex(known["hash"]), bytes.fromhex(expected)):
        raise CorruptError(f"{job.source}: whole, but not the file that the manifest names")
    return known, carried


def _transform(job: Job, target: str) -> tuple[str, dict[str, Any]]:
    """Compress or decompress, unless that is done already, by now or by another run at the same time."""
    if not (job.resume and storage.exists(target)):
        try:
            return "done", _make(job, target)
        except (TargetExistsError, FileNotFoundError):
            if not (job.resume and storage.exists(target)):
                raise
    return "skipped", _finished(job, target)


def _make(job: Job, target: str) -> dict[str, Any]:
    if job.verb == "compress":
        lizip.compress_file(job.source, target, **job.options)
        return describe(target)
    known = describe(job.source)
    lizip.decompress_file(job.source, target, **job.options)
    return known


def _finished(job: Job, target: str) -> dict[str, Any]:
    """What is known of a file that is done; StorageError when the target is not what the source becomes.

    Nothing is decoded for this, except where the source is to be removed, or has been by another run.
    """
    packed, original = (target, job.source) if job.verb == "compress" else (job.source, target)
    remove = job.options.get("remove", False)
    try:
        if not _same(packed, original, job):
            raise StorageError(f"{target}: exists already and is not what {job.source} becomes; give -f to replace it")
        known = describe(packed)
        if remove:
            lizip.verify(packed, original)
            storage.remove(job.source)
        return known
    except FileNotFoundError:
        if not remove or storage.exists(job.source):
            raise
        if job.verb == "decompress":
            return _describe_original(target)
        lizip.verify(target)
        return describe(target)


def _same(packed: str, original: str, job: Job) -> bool:
    """Whether a .lizip file is whole, section by section, and was made of the original as asked, or makes it."""
    try:
        with storage.open_binary(packed) as file:
            container = Container(file)
            for entry in container.header.entries:
                container.read(entry)
            said, carried = Said.of(container), embedded.listed(container)
    except (FormatError, CorruptError):
        if job.verb == "decompress":
            raise
        return False
    digest = container.header.digest
    if job.verb == "compress":
        made = (said.max_error, said.intensity_error, said.order != STAYS) if said else (0.0, 0.0, False)
        if made != tuple(job.options.get(name, 0) for name in ("max_error", "intensity_error", "drop_order")):
            return False
        if job.options.get("embed") and not carried and _needs(packed):
            return False
        digest = said.digest if said else digest
    return same_hash(digest, bytes.fromhex(_describe_original(original)["hash"]))


def _needs(packed: str) -> bool:
    """Whether decoding asks for a predictor or a sensor profile."""
    with noting() as needed:
        lizip.verify(packed)
    return bool(needed)


def _describe_original(path: str) -> dict[str, Any]:
    """Length and hash of a file."""
    with storage.open_binary(path) as file:
        return {"hash": content_hash_of(file).hex(), "size": file.tell()}


def _sum_of(pack: PackReader) -> dict[str, Any]:
    """What is known of all sweeps of a pack."""
    totals = {"size": sum(each.size for each in pack.entries), "points": sum(each.points for each in pack.entries)}
    return {**totals, "compressed": sum(each.length for each in pack.entries), "hash": ""}


def describe(path: str) -> dict[str, Any]:
    """What the header of a .lizip file says."""
    with storage.open_binary(path) as file:
        return described(file)


def described_bytes(data: bytes) -> dict[str, Any]:
    """The same of a .lizip file in memory."""
    return described(io.BytesIO(data))


def described(file: BinaryIO) -> dict[str, Any]:
    """The same of an open file."""
    container = Container(file)
    header = container.header
    return {
        "size": header.length,
        "compressed": container.size,
        "points": header.count,
        "codec": codecs.NAMES[header.codec],
        "hash": header.digest.hex(),
    }
