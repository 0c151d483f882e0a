"""Jobs on many machines, by a scheduler of Dask distributed: a few files a task, outcomes in the order of the jobs.

    dask scheduler                                             # on one machine
    dask worker tcp://HOST:8786 --nworkers auto --nthreads 1   # on each, with lizip installed
    lizip compress -r logs -o archive --scheduler tcp://HOST:8786

All see the files under the same names. A task whose worker dies is done again by another one; what it had finished by
then is found, checked and kept, so every file is done once. The scheduler knows of a few tasks at a time only.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from lizip import extras, storage
from lizip.batch.outcome import Outcome
from lizip.batch.perform import perform
from lizip.batch.plan import Job
from lizip.errors import LizipError
from lizip.parallel import threads
from lizip.sensor.state import SensorState

LOCAL = "local"
"""Instead of an address: a cluster of this machine's cores, for as long as the jobs last."""

_FILES = 16
"""Most files of a task."""

_AHEAD = 4
"""Tasks that wait at the scheduler for each thread of the workers."""

_PATIENCE = 10
"""Seconds to wait for the scheduler, and for its first worker."""

_one_at_a_time = threading.Lock()


def run_on(scheduler: str, chains: Iterable[Sequence[Job]], files: int, workers: int) -> Iterator[Outcome]:
    """Do chains of jobs; yield the outcomes of all, in order.

    Parameters
    ----------
    scheduler : str
        Address, as tcp://HOST:8786, or `LOCAL`.
    chains : iterable of sequence of Job
        A chain is done by one worker, in order.
    files : int
        Jobs of all chains.
    workers : int
        Processes of a local cluster.

    Raises
    ------
    LizipError
        When the scheduler, all workers, or lizip on them, cannot be had.
    """
    distributed = extras.load("distributed", "dask", "--scheduler was given")
    with _silence(), _client(distributed, scheduler, workers) as client:
        size = sum(client.nthreads().values())
        tasks = _tasks(chains, max(1, min(_FILES, files // (_AHEAD * size))))
        ahead: deque[tuple[list[Job], Any]] = deque()
        try:
            while True:
                while len(ahead) < _AHEAD * size and (task := next(tasks, None)) is not None:
                    ahead.append((task, client.submit(_do, [_placed(job) for job in task], pure=False)))
                if not ahead:
                    return
                task, future = ahead.popleft()
                for job, outcome in zip(task, _outcomes(distributed, client, scheduler, task, future), strict=True):
                    yield replace(outcome, source=job.source, target=job.target)
        finally:
            client.cancel([future for _, future in ahead])


def _tasks(chains: Iterable[Sequence[Job]], most: int) -> Iterator[list[Job]]:
    """Chains together, so many files a task."""
    task: list[Job] = []
    for chain in chains:
        task += chain
        if len(task) >= most:
            yield task
            task = []
    if task:
        yield task


def _placed(job: Job) -> Job:
    """A job that can be done from any folder, and done again where it was broken off."""

    def absolute(path: str) -> str:
        return path if storage.is_url(path) else os.path.abspath(path)

    if job.verb == "pack":
        return replace(job, source=absolute(job.source))
    target = None if job.target is None else absolute(job.target)
    if job.verb == "unpack":
        options = {**job.options, "pack": absolute(job.options["pack"])}
        return replace(job, target=target, options=options)
    again = job.verb != "verify" and job.target is not None and not storage.exists(job.target)
    return replace(job, source=absolute(job.source), target=target, resume=job.resume or again)


def _do(jobs: list[Job]) -> list[Outcome]:
    """The jobs of a task, in a worker."""
    state = SensorState()
    with _one_at_a_time, threads(1):  # warnings are heard by the process, not by the thread
        return [perform(job, state) for job in jobs]


def _outcomes(distributed: Any, client: Any, scheduler: str, task: list[Job], future: Any) -> list[Outcome]:
    """Outcomes of a task; where it ends all workers that try it, file by file, so that only one is lost."""
    try:
        return list(future.result())
    except distributed.KilledWorker:
        if len(task) > 1:
            again = [client.submit(_do, [_placed(job)], pure=False) for job in task]
            pairs = zip(task, again, strict=True)
            return [_outcomes(distributed, client, scheduler, [job], each)[0] for job, each in pairs]
        error = LizipError(f"{task[0].source}: the workers that worked on it died: out of memory?")
        return [Outcome(task[0].source, task[0].target, "failed", error)]
    except (ImportError, AttributeError) as error:
        raise LizipError(f"{scheduler}: its workers have another lizip, or none ({error}); install this one") from error
    except (OSError, distributed.client.FutureCancelledError) as error:
        raise LizipError(
            f"{scheduler}: the scheduler went away; what is done is done, run again for the rest"
        ) from error


@contextmanager
def _client(distributed: Any, scheduler: str, workers: int) -> Iterator[Any]:
    """Connect to a scheduler, or start a local one."""
    if scheduler == LOCAL:
        local = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
        with distributed.LocalCluster(**local) as cluster, distributed.Client(cluster) as client:
            yield client
        return
    try:
        distributed.comm.resolve_address(scheduler)
        client = distributed.Client(scheduler, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise LizipError(f"{scheduler}: no scheduler answers there; start one with: dask scheduler") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError as error:
            raise LizipError(f"{scheduler}: has no workers; start some with: dask worker {scheduler}") from error
        yield client


@contextmanager
def _silence() -> Iterator[None]:
    """Have distributed keep to itself what is told here in one line."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
