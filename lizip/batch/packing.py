"""Jobs that put files into packs and take them out."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import lizip
from lizip import storage
from lizip.batch.find import Input
from lizip.batch.plan import Job
from lizip.container import SUFFIX, Container, content_hash_of, is_lizip, same_hash
from lizip.decoder import Decoder
from lizip.errors import StorageError
from lizip.packs import PackReader, PackWriter

_CLOCK = re.compile(r"\d{10,19}")
"""Digits in a name that are a time since 1970: seconds (10 digits) to nanoseconds (19)."""


def plan_packing(inputs: Sequence[Input], pack: PackWriter, **options: Any) -> list[Job]:
    """Jobs that compress files for a pack; their targets are names in it.

    What is in the pack already is compared and left out. StorageError when two files would get the same name.
    """
    jobs, taken = [], {}
    for each in inputs:
        name = each.place.removesuffix(SUFFIX)
        if taken.setdefault(name, each.path) != each.path:
            raise StorageError(f"{each.path}: would be called {name}, like {taken[name]}; pack them apart")
        known = pack.entry(name).digest.hex() if name in pack else None
        jobs.append(Job("pack", each.path, name, False, {**options, "known": known}, error=each.error))
    return jobs


def plan_unpacking(path: str, names: Sequence[str], output: str, packed: bool, force: bool) -> list[Job]:
    """Jobs that write the sweeps of a pack to a folder; KeyError when there is none of a name."""
    jobs = []
    with PackReader(path) as pack:
        places = range(len(pack)) if not names else [pack.place(name) for name in names]
        for place in places:
            name = pack.entries[place].name + (SUFFIX if packed else "")
            options = {"pack": path, "place": place, "packed": packed, "force": force}
            error = None if _stays_inside(name) else StorageError(f"{path}: {name}: the name leads out of the folder")
            jobs.append(
                Job("unpack", f"{path}: {name}", f"{output.rstrip('/')}/{name}", not force, options, error=error)
            )
    return jobs


def _stays_inside(name: str) -> bool:
    parts = name.replace("\\", "/").split("/") if os.name == "nt" else name.split("/")
    return not ({"", ".", ".."} & set(parts) or "\0" in name or (os.name == "nt" and ":" in name))


def time_of(name: str) -> int | None:
    """Nanoseconds since 1970 that the last long number of a name says, if one does."""
    numbers = _CLOCK.findall(os.path.basename(name))
    return int(numbers[-1].ljust(19, "0")) if numbers and len(numbers[-1]) in (10, 13, 16, 19) else None


def pack_one(job: Job) -> tuple[str, dict[str, Any]]:
    """Compress a file for a pack, or take it as it is when it is a .lizip file."""
    options = dict(job.options)
    known = options.pop("known")
    with storage.Source(job.source) as original:
        done = is_lizip(original.data)
        packed = bytes(original.data) if done else b""
        if known is not None:
            content = (
                Container(io.BytesIO(packed)).header.digest if done else content_hash_of(io.BytesIO(original.data))
            )
            if not same_hash(content, bytes.fromhex(known)):
                raise StorageError(f"{job.source}: another {job.target} is in the pack already")
            return "skipped", {"hash": known}
        packed = packed or lizip.compress(original.data, **options)
        original.check_unchanged()
    return "done", {"packed": packed}


def unpack_one(job: Job) -> tuple[str, dict[str, Any]]:
    """Write a sweep of a pack to a file."""
    pack, place, target = _reader(job.options["pack"]), job.options["place"], job.target or ""
    packed = pack.packed(place)
    if job.resume and storage.exists(target):
        with storage.open_binary(target) as file:
            same = (
                file.read() == packed
                if job.options["packed"]
                else same_hash(content_hash_of(file), pack.entries[place].digest)
            )
        if not same:
            raise StorageError(f"{target}: exists already and is not what is in the pack; give -f to replace it")
        return "skipped", {}
    with storage.publishing(target, force=job.options["force"]) as sink:
        decoder = Decoder(Container(io.BytesIO(packed)))
        for piece in [packed] if job.options["packed"] else decoder.pieces():
            sink.write(piece)
    return "done", {}


@lru_cache(1)
def _reader(path: str) -> PackReader:
    """The pack that this process takes apart."""
    return PackReader(path)
