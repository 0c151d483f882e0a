"""Where every result goes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lizip import storage
from lizip.api import original_name
from lizip.batch.find import Input
from lizip.container import SUFFIX
from lizip.errors import StorageError
from lizip.expand import is_laz, las_name


@dataclass(frozen=True)
class Job:
    """One file to do.

    Attributes
    ----------
    verb : {"compress", "decompress", "verify"}
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
    """

    verb: str
    source: str
    target: str | None = None
    resume: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    expand: bool = False


def plan(
    verb: str, inputs: Sequence[Input], output: str | None = None, expand: bool = False, **options: Any
) -> list[Job]:
    """Give every file its target: beside it, or mirrored below `output`.

    Of several files compressing leaves out those that end in .lizip, the other verbs those that do not. A batch is
    resumed: targets that are there already are skipped, unless `force` is among the options.

    Parameters
    ----------
    verb : {"compress", "decompress", "verify"}
    inputs : sequence of Input
    output : str, optional
        A file for one input; a folder for many, or when it is one or ends in a slash.
    expand : bool
        Compress the content of LAZ files: x.laz becomes x.las.lizip.
    **options
        Those of `lizip.compress_file` or `lizip.decompress_file`.

    Raises
    ------
    StorageError
        When two files would get the same target.
    FormatError
        When a file to decompress does not end in .lizip.
    """
    many = len(inputs) > 1
    if many:
        inputs = [each for each in inputs if each.path.endswith(SUFFIX) != (verb == "compress")]
    as_folder = output is not None and (many or output.endswith(("/", os.sep)) or storage.is_folder(output))
    jobs: list[Job] = []
    taken: dict[str, str] = {}
    for each in inputs:
        laz = expand and is_laz(each.path)
        named = Input(las_name(each.path), las_name(each.place)) if laz else each
        target = None if verb == "verify" else _target(verb, named, output, as_folder)
        if target is not None and taken.setdefault(target, each.path) != each.path:
            raise StorageError(f"{each.path}: would become {target}, like {taken[target]}; do them apart")
        resume = many and verb != "verify" and not options.get("force")
        jobs.append(Job(verb, each.path, target, resume, options, laz))
    return jobs


def _target(verb: str, each: Input, output: str | None, as_folder: bool) -> str:
    if output is not None and not as_folder:
        return output
    path = each.path if output is None else f"{output.rstrip('/' + os.sep)}/{each.place}"
    return path + SUFFIX if verb == "compress" else original_name(path)
