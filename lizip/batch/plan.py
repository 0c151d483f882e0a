"""Where every result goes."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from lizip import storage
from lizip.batch.find import Input, identity
from lizip.compact import Compact, repeated
from lizip.container import SUFFIX
from lizip.errors import FormatError, StorageError
from lizip.expand import expanded_name, is_laz, is_stubborn
from lizip.files import original_name
from lizip.packs import SUFFIX as PACK_SUFFIX


@dataclass(frozen=True, slots=True)
class Job:
    """One file to do.

    Attributes
    ----------
    verb : {"compress", "decompress", "verify", "hash", "pack", "unpack"}
        `hash`: compare an uncompressed file with the hash expected. `pack`: compress into memory; the target is a name.
    source : str
        Path or URL.
    target : str or None
        Path or URL; for verify the original to compare with, if any.
    resume : bool
        Skip the file when its target is there and holds the same content.
    options : dict
        Further arguments of `lizip.compress_file` or `lizip.decompress_file`; for verify the `hash` expected, if any.
    expand : bool
        The source is LAZ, and its LAS content is what is compressed.
    error : Exception or None
        Why there is nothing to do for this file but to report it.
    chain : str or None
        Jobs of one chain that follow one another are done one after the other by the same worker.
    """

    verb: str
    source: str
    target: str | None = None
    resume: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    expand: bool = False
    error: Exception | None = None
    chain: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        told = self.verb, self.source, self.target, self.resume, self.options, self.expand, self.error, self.chain
        return type(self), told


def plan(
    verb: str,
    inputs: Sequence[Input],
    output: str | None = None,
    expand: bool = False,
    mirror: bool = False,
    **options: Any,
) -> Sequence[Job]:
    """Give every file its target: beside it, or mirrored below `output`; a job takes a few bytes until it is done.

    Of files found in folders or by patterns compressing leaves out those that end in .lizip, the other verbs those that
    do not; files that were named are all tried. A batch is resumed: targets that are there already and right are
    skipped, unless `force` is among the options.

    Parameters
    ----------
    verb : {"compress", "decompress", "verify"}
    inputs : sequence of Input
    output : str, optional
        A file for one input that was named; a folder otherwise, or when it is one or ends in a slash.
    expand : bool
        Compress the content of LAZ files (x.laz becomes x.las.lizip), and of logs whose compressed chunks cannot be
        made again (x.mcap becomes x.expanded.mcap.lizip).
    mirror : bool
        `output` is a folder even for one file, and the batch is resumed.
    **options
        Those of `lizip.compress_file` or `lizip.decompress_file`.

    Raises
    ------
    StorageError
        When two files would get the same target.
    """
    few = list(islice(_chosen(inputs, verb), 2))
    many = mirror or len(few) > 1 or any(not each.named for each in few)
    alone = output is not None and not (many or output.endswith(("/", os.sep)) or storage.is_folder(output))
    resume = many and verb != "verify" and not options.get("force")

    def job_of(each: Input) -> Job:
        made = expand and (is_laz(each.path) or is_stubborn(each.path))
        named = Input(expanded_name(each.path), expanded_name(each.place)) if made else each
        target, error = None, each.error
        if verb != "verify" and error is None:
            try:
                target = output if alone else _target(verb, named, output)
            except FormatError as refusal:
                error = refusal
        return Job(verb, each.path, target, resume, options, made, error)

    jobs = Compact(map(job_of, _chosen(inputs, verb)))
    if verb != "verify":
        _check_targets(jobs)
    return jobs


def _chosen(inputs: Iterable[Input], verb: str) -> Iterator[Input]:
    """What was named, and of what was found the files of this verb."""
    return (each for each in inputs if each.named or _of_kind(each, verb))


def part_of(jobs: Iterable[Job], part: int, parts: int) -> Sequence[Job]:
    """The jobs of one of so many parts (from 1), by the files' names, so that new files move no others.

    Packs are in all parts, each time with other sweeps.
    """
    return Compact(_part_of(jobs, part, parts))


def _part_of(jobs: Iterable[Job], part: int, parts: int) -> Iterator[Job]:
    for job in jobs:
        if job.source.endswith(PACK_SUFFIX):
            yield replace(job, options={**job.options, "part": (part, parts)})
        elif zlib.crc32(os.path.basename(job.source).encode("utf-8", "surrogateescape")) % parts == part - 1:
            yield job


def _of_kind(each: Input, verb: str) -> bool:
    """Whether a file that was found is one for this verb; a folder that cannot be read may hold such."""
    if isinstance(each.error, OSError):
        return True
    if each.path.endswith(PACK_SUFFIX):
        return verb == "verify"
    return each.path.endswith(SUFFIX) != (verb == "compress")


def _target(verb: str, each: Input, output: str | None) -> str:
    path = each.path if output is None else f"{output.rstrip('/' + os.sep)}/{each.place}"
    return path + SUFFIX if verb == "compress" else original_name(path)


def _check_targets(jobs: Sequence[Job]) -> None:
    """Refuse jobs for the same target."""
    doubtful = repeated(identity(job.target) for job in jobs if job.target is not None)
    taken: dict[str, str] = {}
    for job in jobs if doubtful else ():
        if job.target is not None and hash(name := identity(job.target)) in doubtful:
            other = taken.setdefault(name, job.source)
            if other != job.source:
                raise StorageError(f"{job.source}: would become {job.target}, like {other}; do them apart")
