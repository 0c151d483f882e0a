"""Jobs that put files into packs and take them out."""

from __future__ import annotations

import io
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import lizip
from lizip import access, storage
from lizip.batch.find import Input
from lizip.batch.plan import Job
from lizip.compact import Compact, repeated
from lizip.container import SUFFIX, Container, content_hash_of, is_lizip, same_hash
from lizip.errors import StorageError
from lizip.packs import PackReader, PackWriter
from lizip.packs.layout import folder_of
from lizip.sensor.state import SensorState
from lizip.sequence import EVERY, LASTING, MOST
from lizip.sequence import Sequence as Following

_CLOCK = re.compile(r"\d{10,19}")
"""Digits in a name that are a time since 1970: seconds (10 digits) to nanoseconds (19)."""

_CHAINS, _SHORTEST = 10, 50
"""About so many chains a folder has at least, where that leaves them so many sweeps: in shorter ones no background of a
sensor that stands pays (200 sweeps of 16 beams: 12 % more in chains of 20, 3.8 % in chains of 50, than in one)."""


def plan_packing(
    inputs: Sequence[Input], pack: PackWriter, every: int | None = 1, seeds: int = 1, **options: Any
) -> Sequence[Job]:
    """Jobs that compress files for a pack; their targets are names in it, and each takes a few bytes.

    What is in the pack already is compared and left out. `every` and `seeds`: see `PackWriter`. StorageError when two
    files would get the same name.
    """
    _check_names(inputs)
    return Compact(_jobs(inputs, pack, every, seeds, options))


def _jobs(
    inputs: Sequence[Input], pack: PackWriter, every: int | None, seeds: int, options: dict[str, Any]
) -> Iterator[Job]:
    sizes = Counter(folder_of(each.place) for each in inputs)
    chain, length, longest, folder = None, 0, 0, ""
    told = {**options, "known": None, "every": MOST if every else None, "seeds": seeds}
    for each in inputs:
        name = _name_of(each)
        known = pack.entry(name).digest.hex() if name in pack else None
        if known or length >= longest or folder != folder_of(name):
            chain, length, folder = None if known or every == 1 else each.path, 0, folder_of(name)
            longest = every or chain_for(sizes[folder])
        length = longest if known else length + 1
        asked = {**told, "known": known} if known else told
        yield Job("pack", each.path, name, False, asked, error=each.error, chain=chain)


def _name_of(each: Input) -> str:
    return each.place.removesuffix(SUFFIX)


def _check_names(inputs: Sequence[Input]) -> None:
    """Refuse files that would get the same name."""
    doubtful = repeated(map(_name_of, inputs))
    taken: dict[str, str] = {}
    for each in inputs if doubtful else ():
        name = _name_of(each)
        if hash(name) in doubtful and taken.setdefault(name, each.path) != each.path:
            raise StorageError(f"{each.path}: would be called {name}, like {taken[name]}; pack them apart")


def chain_for(sweeps: int) -> int:
    """How many sweeps one worker does in a row, of so many in a folder, where no key frames are asked for.

    At most those that share a first and a second background, and chains enough for several workers; how many these
    are is not asked, since bytes do not depend on it.
    """
    return min(max(-(-sweeps // (_CHAINS * EVERY)) * EVERY, _SHORTEST), EVERY + sum(LASTING))


def plan_unpacking(path: str, names: Sequence[str], output: str, packed: bool, force: bool) -> Sequence[Job]:
    """Jobs that write the sweeps of a pack to a folder; KeyError when there is none of a name."""
    with PackReader(path) as pack:
        places = [pack.place(name) for name in names] if names else range(len(pack))

        def job_of(place: int) -> Job:
            name = pack.entries[place].name + (SUFFIX if packed else "")
            options = {"pack": path, "place": place, "packed": packed, "force": force}
            error = None if _stays_inside(name) else StorageError(f"{path}: {name}: the name leads out of the folder")
            target = f"{output.rstrip('/')}/{name}"
            return Job("unpack", f"{path}: {name}", target, not force, options, error=error)

        return Compact(map(job_of, places))


def _stays_inside(name: str) -> bool:
    parts = name.replace("\\", "/").split("/") if os.name == "nt" else name.split("/")
    return not ({"", ".", ".."} & set(parts) or "\0" in name or (os.name == "nt" and ":" in name))


def time_of(name: str) -> int | None:
    """Nanoseconds since 1970 that the last long number of a name says, if one does."""
    numbers = _CLOCK.findall(os.path.basename(name))
    return int(numbers[-1].ljust(19, "0")) if numbers and len(numbers[-1]) in (10, 13, 16, 19) else None


def pack_one(job: Job, state: SensorState) -> tuple[str, dict[str, Any]]:
    """Compress a file for a pack, or take it as it is when it is a .lizip file.

    What the jobs before it in its chain left is found in `state`.
    """
    options = dict(job.options)
    known, every, seeds = (options.pop(name) for name in ("known", "every", "seeds"))
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
        sequence = _following(job, state, every, seeds)
        if done and sequence is not None:
            sequence.restart()
        packed = packed or lizip.compress(original.data, **options, sequence=sequence)
        if done and options.get("embed"):
            packed = access.completed(packed)
        original.check_unchanged()
    return "done", {"packed": packed}


def _following(job: Job, state: SensorState, every: int | None, seeds: int) -> Following | None:
    """What the chain of a job has left; begins anew where this worker has not done the job before."""
    if job.chain is None:
        return None
    held = state.get("chain", _Chain)
    if held is None or held.name != job.chain:
        held = _Chain(job.chain, Following(every, seeds))
        state.put("chain", held)
    return held.sequence


class _Chain(NamedTuple):
    """A chain of jobs that is being worked on."""

    name: str
    sequence: Following


def unpack_one(job: Job) -> tuple[str, dict[str, Any]]:
    """Write a sweep of a pack to a file."""
    pack, place, target = _reader(job.options["pack"]), job.options["place"], job.target or ""
    packed = pack.alone(place) if job.options["packed"] else b""
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
        for piece in [packed] if job.options["packed"] else pack.pieces(place):
            sink.write(piece)
    return "done", {}


@lru_cache(1)
def _reader(path: str) -> PackReader:
    """The pack that this process takes apart."""
    return PackReader(path)
